//! The endpoint that container services (ECS, EKS pod identity) give to their tasks.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use location::Env;
use ureq::Agent;

use super::{Credentials, LARGEST, check_address, json, near, set};
use crate::{Error, aws, http};

const ECS: &str = "http://169.254.170.2";
const TRIES: u32 = 3;

pub(super) struct Container {
    url: String,
    token: Token,
    agent: Agent,
}

enum Token {
    None,
    Text(String),
    /// Read anew each time: it is exchanged under us.
    File(PathBuf),
}

impl Container {
    pub(super) fn find(env: Env<'_>) -> Result<Option<Self>, Error> {
        let url = match (
            set(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
            set(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        ) {
            (Some(path), _) if path.starts_with('/') => format!("{ECS}{path}"),
            (Some(path), _) => {
                return Err(Error::Credentials {
                    from: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI".to_owned(),
                    detail: format!("{path:?} does not start with a slash"),
                });
            }
            (None, Some(url)) => url,
            (None, None) => return Ok(None),
        };
        if !is_allowed(&url) {
            return Err(Error::Credentials {
                from: "AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned(),
                detail: "it is neither https nor a host of this machine's own".to_owned(),
            });
        }
        check_address("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url)?;
        let token = match (
            set(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
            set(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        ) {
            (Some(path), _) => Token::File(PathBuf::from(path)),
            (None, Some(text)) => Token::Text(text),
            (None, None) => Token::None,
        };
        let patience = near(Duration::from_secs(2));
        let roots = aws::roots(env, None)?;
        let agent = http::agent(&patience, 1, http::Proxies::none(), None, roots);
        Ok(Some(Self { url, token, agent }))
    }

    pub(super) fn ask(&self) -> Result<Credentials, Error> {
        let token = self.token()?;
        let mut last = String::new();
        for tried in 0..TRIES {
            std::thread::sleep(Duration::from_millis(200) * tried);
            match self.once(token.as_deref()) {
                Ok((200, bytes)) => {
                    return json::read(&bytes).map_err(|detail| self.failure(&detail));
                }
                Ok((status, _)) if status < 500 && status != 429 => {
                    return Err(self.failure(&format!("it answers with status {status}")));
                }
                Ok((status, _)) => last = format!("it answers with status {status}"),
                Err(detail) => last = detail,
            }
        }
        Err(self.failure(&last))
    }

    fn once(&self, token: Option<&str>) -> Result<(u16, Vec<u8>), String> {
        let mut request = self.agent.get(&self.url).header("accept", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let response = request.call().map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        let mut body = response.into_body().into_reader().take(LARGEST);
        body.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok((status, bytes))
    }

    fn token(&self) -> Result<Option<String>, Error> {
        let token = match &self.token {
            Token::None => return Ok(None),
            Token::Text(text) => text.clone(),
            Token::File(path) => {
                let mut text = String::new();
                File::open(path)
                    .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
                    .map_err(|error| self.failure(&format!("{}: {error}", path.display())))?;
                text.trim().to_owned()
            }
        };
        if token.contains(char::is_control) {
            return Err(self.failure("the authorization token has several lines"));
        }
        Ok(Some(token))
    }

    fn failure(&self, detail: &str) -> Error {
        // Without the path and query, which may tell more than they should.
        let host = self.url.split('/').take(3).collect::<Vec<_>>().join("/");
        Error::Credentials {
            from: format!("the container endpoint {host}"),
            detail: detail.to_owned(),
        }
    }
}

/// As the AWS SDKs have it: any host by https; by http this machine and the link-local addresses of
/// ECS and EKS, so that nobody in between gets to see the token or the credentials.
fn is_allowed(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else {
        return false;
    };
    let Some(host) = uri.host() else { return false };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost"
                || bare.parse::<IpAddr>().is_ok_and(|address| {
                    address.is_loopback()
                        || ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(&bare)
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::Stub;

    #[test]
    fn hosts() {
        for good in [
            "https://anywhere.example/x",
            "http://localhost:80/x",
            "http://127.0.0.1/x",
            "http://127.8.9.1/x",
            "http://[::1]:9/x",
            "http://169.254.170.2/x",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in [
            "http://anywhere.example/x",
            "http://169.254.169.254/x",
            "http://10.0.0.1/x",
            "http://127.0.0.1.evil.example/x",
            "http://localhost.evil.example/x",
            "file:///etc/passwd",
            "ftp://localhost/x",
            "localhost",
            "",
        ] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    fn found(url: &str, more: &[(&str, &str)]) -> Result<Credentials, Error> {
        let env = |name: &str| match name {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI" => Some(url.to_owned()),
            _ => more.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()),
        };
        Container::find(&env).map(Option::unwrap)?.ask()
    }

    const GOOD: &str = r#"{"AccessKeyId":"a","SecretAccessKey":"b","Token":"c","Expiration":"2040-01-01T00:00:00Z"}"#;

    #[test]
    fn a_port_that_cannot_be_one_is_an_error() {
        let error = found("http://127.0.0.1:70000/creds?geheim", &[]).unwrap_err().to_string();
        assert!(error.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"), "{error}");
        assert!(error.contains("from 1 to 65535") && !error.contains("geheim"), "{error}");
    }

    #[test]
    fn asks_with_its_token() {
        let stub = Stub::start(|_| Stub::answer(200, &[], GOOD.as_bytes()));
        let keys =
            found(&format!("{}/creds", stub.url()), &[("AWS_CONTAINER_AUTHORIZATION_TOKEN", "t0")])
                .unwrap();
        assert_eq!(keys.token(), Some("c"));
        let seen = stub.seen();
        assert!(seen[0].starts_with("GET /creds "), "{seen:?}");
        assert!(seen[0].to_lowercase().contains("authorization: t0\r\n"), "{seen:?}");
    }

    #[test]
    fn the_token_file_goes_first_and_a_second_try_is_made() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from-file\n").unwrap();
        let stub = Stub::start(|index| match index {
            0 => Stub::answer(500, &[], b""),
            _ => Stub::answer(200, &[], GOOD.as_bytes()),
        });
        let more = [
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.path().to_str().unwrap()),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "t0"),
        ];
        found(stub.url(), &more).unwrap();
        assert!(stub.seen()[1].to_lowercase().contains("authorization: from-file\r\n"));
    }

    #[test]
    fn a_refusal_is_an_error_and_quotes_nothing() {
        let stub = Stub::start(|_| Stub::answer(403, &[], b"geheim"));
        let error = found(&format!("{}/x?geheim=1", stub.url()), &[]).unwrap_err().to_string();
        assert!(error.contains("403") && !error.contains("geheim"), "{error}");
        assert_eq!(stub.seen().len(), 1);
    }
}
