//! Instance metadata of EC2, version 2: first a session token, then the credentials of the
//! instance's role.

use std::io::Read;
use std::time::Duration;

use location::Env;
use serde_json::Value;
use ureq::http::Response;
use ureq::tls::RootCerts;
use ureq::{Agent, Body};

use super::{Credentials, LARGEST, check_address, json, near, set};
use crate::{Error, http};

const FOURTH: &str = "http://169.254.169.254";
const SIXTH: &str = "http://[fd00:ec2::254]";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

pub(super) struct Instance {
    endpoint: String,
    agent: Agent,
}

impl Instance {
    /// `None`: switched off.
    pub(super) fn find(env: Env<'_>) -> Result<Option<Self>, Error> {
        let is = |name: &str, value: &str| {
            set(env, name).is_some_and(|text| text.eq_ignore_ascii_case(value))
        };
        if is("AWS_EC2_METADATA_DISABLED", "true") {
            return Ok(None);
        }
        let default =
            if is("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6") { SIXTH } else { FOURTH };
        const VARIABLE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
        let endpoint = set(env, VARIABLE).unwrap_or_else(|| default.to_owned());
        check_address(VARIABLE, &endpoint)?;
        // Elsewhere than on an instance nobody answers, and that has to be found out quickly.
        let patience = near(Duration::from_secs(1));
        let roots = RootCerts::PlatformVerifier;
        let agent = http::agent(&patience, 1, http::Proxies::none(), None, roots);
        Ok(Some(Self { endpoint: endpoint.trim_end_matches('/').to_owned(), agent }))
    }

    /// `None`: this is no instance, or it has no role.
    pub(super) fn ask(&self) -> Result<Option<Credentials>, Error> {
        let token = self
            .agent
            .put(format!("{}/latest/api/token", self.endpoint))
            .header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
            .send_empty();
        // Many networks answer anything at this address; only a token makes it an instance.
        let Ok(token) = token else { return Ok(None) };
        if token.status() != 200 {
            return Ok(None);
        }
        let Ok(token) = text(token) else {
            return Ok(None);
        };
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Ok(None);
        }
        let Some(roles) = self.get(&token, ROLES)? else {
            return Ok(None);
        };
        let Some(role) = roles.lines().map(str::trim).find(|role| !role.is_empty()) else {
            return Ok(None);
        };
        if !role.bytes().all(|b| b.is_ascii_graphic() && b != b'/' && b != b'?' && b != b'#') {
            return Err(self.failure("the name of its role is unreadable"));
        }
        let answer = self
            .get(&token, &format!("{ROLES}{role}"))?
            .ok_or_else(|| self.failure(&format!("role {role} has no credentials")))?;
        let code = serde_json::from_str::<Value>(&answer)
            .ok()
            .and_then(|value| Some(value.get("Code")?.as_str()?.to_owned()));
        if let Some(code) = code.filter(|code| code != "Success") {
            let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
            return Err(self.failure(&format!("role {role}: {code}")));
        }
        json::read(answer.as_bytes()).map(Some).map_err(|detail| self.failure(&detail))
    }

    fn get(&self, token: &str, path: &str) -> Result<Option<String>, Error> {
        let response = self
            .agent
            .get(format!("{}{path}", self.endpoint))
            .header("x-aws-ec2-metadata-token", token)
            .call()
            .map_err(|error| self.failure(&error.to_string()))?;
        match response.status().as_u16() {
            200 => text(response).map(Some).map_err(|detail| self.failure(&detail)),
            404 => Ok(None),
            status => Err(self.failure(&format!("it answers with status {status}"))),
        }
    }

    pub(super) fn failure(&self, detail: &str) -> Error {
        Error::Credentials {
            from: format!("the instance metadata at {}", self.endpoint),
            detail: detail.to_owned(),
        }
    }
}

fn text(response: Response<Body>) -> Result<String, String> {
    let mut text = String::new();
    let mut body = response.into_body().into_reader().take(LARGEST);
    body.read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::Stub;

    fn ask(stub: &Stub) -> Result<Option<Credentials>, Error> {
        let env = |name: &str| {
            (name == "AWS_EC2_METADATA_SERVICE_ENDPOINT").then(|| format!("{}/", stub.url()))
        };
        Instance::find(&env).unwrap().unwrap().ask()
    }

    const GOOD: &str = r#"{"Code":"Success","AccessKeyId":"a","SecretAccessKey":"b","Token":"c","Expiration":"2040-01-01T00:00:00Z"}"#;

    #[test]
    fn three_steps() {
        let stub = Stub::start(|index| match index {
            0 => Stub::answer(200, &[], b"tok=="),
            1 => Stub::answer(200, &[], b"my-role\n"),
            _ => Stub::answer(200, &[], GOOD.as_bytes()),
        });
        let found = ask(&stub).unwrap().unwrap();
        assert_eq!((found.key(), found.token()), ("a", Some("c")));
        let seen: Vec<String> = stub.seen().iter().map(|text| text.to_lowercase()).collect();
        assert!(seen[0].starts_with("put /latest/api/token "), "{seen:?}");
        assert!(seen[0].contains("x-aws-ec2-metadata-token-ttl-seconds: 21600"), "{seen:?}");
        assert!(seen[1].contains("x-aws-ec2-metadata-token: tok==\r\n"), "{seen:?}");
        assert!(
            seen[2].starts_with("get /latest/meta-data/iam/security-credentials/my-role "),
            "{seen:?}"
        );
    }

    #[test]
    fn no_instance_or_no_role() {
        for status in [200, 302, 403, 404, 500] {
            let stub = Stub::start(move |_| Stub::answer(status, &[], b"<html> portal </html>"));
            assert!(ask(&stub).unwrap().is_none(), "{status}");
        }
        let stub = Stub::start(|index| match index {
            0 => Stub::answer(200, &[], b"tok"),
            _ => Stub::answer(404, &[], b""),
        });
        assert!(ask(&stub).unwrap().is_none());
    }

    #[test]
    fn an_instance_that_fails_is_an_error() {
        let stub = Stub::start(|index| match index {
            0 => Stub::answer(200, &[], b"tok"),
            1 => Stub::answer(200, &[], b"role"),
            _ => Stub::answer(200, &[], br#"{"Code":"AssumeRoleUnauthorizedAccess"}"#),
        });
        let error = ask(&stub).unwrap_err().to_string();
        assert!(error.contains("AssumeRoleUnauthorizedAccess"), "{error}");
    }

    #[test]
    fn an_endpoint_that_cannot_be_one_is_an_error() {
        let env = |name: &str| {
            (name == "AWS_EC2_METADATA_SERVICE_ENDPOINT").then(|| "http://127.0.0.1:65536".into())
        };
        let Err(error) = Instance::find(&env) else { panic!("no error") };
        let text = error.to_string();
        assert!(text.contains("AWS_EC2_METADATA_SERVICE_ENDPOINT"), "{text}");
        assert!(text.contains("the port must be a number from 1 to 65535"), "{text}");
    }

    #[test]
    fn switched_off() {
        let env = |name: &str| (name == "AWS_EC2_METADATA_DISABLED").then(|| "TRUE".to_owned());
        assert!(Instance::find(&env).unwrap().is_none());
    }
}
