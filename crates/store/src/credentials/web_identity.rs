//! A token of the platform (Kubernetes, a CI service), exchanged for the credentials of a role:
//! `AssumeRoleWithWebIdentity` of STS.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use location::Env;
use ureq::Agent;
use ureq::tls::RootCerts;

use super::{Credentials, LARGEST, near, set};
use crate::shared::Section;
use crate::{Error, aws, http};

/// How long STS may take.
const PATIENCE: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;

pub(super) struct WebIdentity {
    /// Read again each time: the platform replaces it.
    token: PathBuf,
    role: String,
    session: String,
    endpoint: String,
    agent: Agent,
}

impl WebIdentity {
    /// `None`: neither the environment nor the profile's `section` names a token. A variable goes
    /// before the profile's setting of that meaning.
    pub(super) fn find(
        env: Env<'_>,
        section: Option<&Section>,
        profile: Option<&str>,
    ) -> Result<Option<Self>, Error> {
        let setting = |key: &str| {
            section.and_then(|section| section.get(key)).filter(|value| !value.is_empty()).cloned()
        };
        let named = |variable: &str, key: &str| match section {
            // A profile is whole; the environment's role belongs to the environment's token.
            Some(_) => setting(key),
            None => set(env, variable),
        };
        let Some(token) = named("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else {
            return Ok(None);
        };
        let role = named("AWS_ROLE_ARN", "role_arn").ok_or_else(|| Error::Credentials {
            from: "the web identity".to_owned(),
            detail: "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not".to_owned(),
        })?;
        let session = named("AWS_ROLE_SESSION_NAME", "role_session_name");
        let session = session.unwrap_or_else(|| format!("slipway-{}", std::process::id()));
        let endpoint = aws::sts(env, profile);
        let proxies = http::proxies(env)?;
        let roots = aws::roots(env, profile)?;
        Ok(Some(Self {
            token: token.into(),
            role,
            session,
            agent: agent(proxies, roots),
            endpoint,
        }))
    }

    pub(super) fn ask(&self) -> Result<Credentials, Error> {
        let mut last = String::new();
        for tried in 0..TRIES {
            std::thread::sleep(Duration::from_millis(200) * tried);
            match self.once()? {
                (200, text) => return self.read(&text),
                (status, text) if (400..500).contains(&status) && status != 429 => {
                    return Err(self.failure(&refusal(status, &text)));
                }
                (0, text) => last = text,
                (status, text) => last = refusal(status, &text),
            }
        }
        Err(self.failure(&last))
    }

    /// Status and body; status 0 with the reason where there was no answer.
    fn once(&self) -> Result<(u16, String), Error> {
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", &self.role),
            ("RoleSessionName", &self.session),
            ("WebIdentityToken", &self.token()?),
        ];
        let request = self.agent.post(&self.endpoint).header("accept", "text/xml");
        let answer =
            request.send_form(form).map_err(|error| error.to_string()).and_then(|answer| {
                let status = answer.status().as_u16();
                let mut text = String::new();
                let mut body = answer.into_body().into_reader().take(LARGEST);
                body.read_to_string(&mut text).map_err(|error| error.to_string())?;
                Ok((status, text))
            });
        Ok(answer.unwrap_or_else(|reason| (0, reason)))
    }

    fn token(&self) -> Result<String, Error> {
        let text = std::fs::read_to_string(&self.token);
        let text = text.map_err(|error| {
            let path = self.token.display();
            Error::Credentials {
                from: format!("the web identity token {path}"),
                detail: error.to_string(),
            }
        })?;
        Ok(text.trim().to_owned())
    }

    fn read(&self, text: &str) -> Result<Credentials, Error> {
        let lacks = |name: &str| self.failure(&format!("its answer lacks {name}"));
        let needed = |name: &str| element(text, name).ok_or_else(|| lacks(name));
        let expires = needed("Expiration")?.parse();
        Ok(Credentials {
            key: needed("AccessKeyId")?,
            secret: needed("SecretAccessKey")?,
            token: Some(needed("SessionToken")?),
            expires: Some(expires.map_err(|_| lacks("a valid Expiration"))?),
        })
    }

    fn failure(&self, detail: &str) -> Error {
        Error::Credentials {
            from: format!("STS at {} for role {}", self.endpoint, self.role),
            detail: detail.to_owned(),
        }
    }
}

fn agent(proxies: http::Proxies, roots: RootCerts) -> Agent {
    http::agent(&near(PATIENCE), 1, proxies, None, roots)
}

/// What a refusal says: the code and the message of its document.
fn refusal(status: u16, text: &str) -> String {
    let part = |name: &str| element(text, name).unwrap_or_default();
    let (code, message) = (part("Code"), part("Message"));
    if code.is_empty() {
        return format!("it answers with status {status}");
    }
    format!("it answers with status {status} ({code}: {message})")
}

/// The text of the first element of this name.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Some(text.replace("&apos;", "'").replace("&amp;", "&")).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::Stub;

    const GOOD: &str = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>\
        <Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b+/</SecretAccessKey>\
        <SessionToken>c&amp;</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration>\
        </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";

    fn found(url: &str, token: &str) -> Result<Credentials, Error> {
        let env = |name: &str| match name {
            "AWS_WEB_IDENTITY_TOKEN_FILE" => Some(token.to_owned()),
            "AWS_ROLE_ARN" => Some("arn:aws:iam::1:role/r".to_owned()),
            "AWS_ROLE_SESSION_NAME" => Some("me".to_owned()),
            "AWS_ENDPOINT_URL_STS" => Some(url.to_owned()),
            _ => None,
        };
        WebIdentity::find(&env, None, None).map(Option::unwrap)?.ask()
    }

    #[test]
    fn a_token_for_credentials() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "to.k/en\n").unwrap();
        let path = file.path().to_str().unwrap();
        let stub = Stub::start(|index| match index {
            0 => Stub::answer(503, &[], b""),
            _ => Stub::answer(200, &[], GOOD.as_bytes()),
        });
        let keys = found(stub.url(), path).unwrap();
        assert_eq!((keys.key(), keys.secret(), keys.token()), ("a", "b+/", Some("c&")));
        let seen = stub.seen();
        assert!(seen[1].starts_with("POST / "), "{seen:?}");
        for word in ["Action=AssumeRoleWithWebIdentity", "RoleSessionName=me", "=to.k%2Fen"] {
            assert!(seen[1].contains(word), "{seen:?}");
        }
    }

    #[test]
    fn what_goes_wrong_is_said_without_the_token() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "geheim").unwrap();
        let path = file.path().to_str().unwrap();
        let text = "<ErrorResponse><Error><Code>InvalidIdentityToken</Code>\
                    <Message>No provider.</Message></Error></ErrorResponse>";
        let stub = Stub::start(|_| Stub::answer(400, &[], text.as_bytes()));
        let error = found(stub.url(), path).unwrap_err().to_string();
        assert!(error.contains("InvalidIdentityToken: No provider."), "{error}");
        assert!(!error.contains("geheim"), "{error}");
        assert_eq!(stub.seen().len(), 1);
        let error = found(stub.url(), "/nonexistent").unwrap_err().to_string();
        assert!(error.contains("/nonexistent"), "{error}");
        let env = |name: &str| (name == "AWS_WEB_IDENTITY_TOKEN_FILE").then(|| path.to_owned());
        assert!(WebIdentity::find(&env, None, None).is_err());
    }
}
