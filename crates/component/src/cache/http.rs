//! Fetching over HTTP: one attempt, redirects included.

use std::io;

use http_client::{Broke, steady};
use store::Patience;
use store::http::reader;

use ureq::Agent;
use ureq::http::HeaderMap;
use ureq::tls::{Certificate, ClientCert, PrivateKey};

use super::entry::{Entry, Replace};
use super::{Error, Fetched, Trouble};
use crate::application::Environment;
use crate::console::Console;
use crate::text::sanitize;
use crate::value::{Map, Value};

const REDIRECTS: u32 = 10;
/// With one of these the announced length is not that of what is kept.
const ENCODINGS: [&str; 5] = ["br", "compress", "deflate", "gzip", "x-gzip"];

pub(super) struct Client {
    environment: Environment,
    patience: Patience,
    certificate: Option<ClientCert>,
    console: Console,
}

impl Client {
    pub fn new(
        settings: &Map,
        environment: &Environment,
        patience: Patience,
        console: Console,
    ) -> Result<Self, Error> {
        let authentication = settings.get("client_authentication").and_then(Value::as_map);
        let certificate = authentication.map(certificate).transpose()?.flatten();
        Ok(Self { environment: environment.clone(), patience, certificate, console })
    }

    /// One attempt: the entry is right afterwards, or the network is in trouble.
    pub fn fetch(&self, uri: &str, entry: &Entry) -> Result<Fetched, Trouble> {
        let mut uri = uri.to_owned();
        for hop in 0..=REDIRECTS {
            let response = self.request(&uri, entry).map_err(|trouble| match trouble {
                // Somebody has answered before.
                Trouble::Connect(text) if hop > 0 => Trouble::Answer(text),
                other => other,
            })?;
            let status = response.status().as_u16();
            self.console.debug(super::WHO, format!("Response status: {status}"));
            match status {
                200 => return self.store(response, entry),
                304 if entry.is_cached() => return Ok(Fetched::StillRight),
                301 | 302 | 303 | 307 => {
                    let location = header(response.headers(), "location")
                        .ok_or_else(|| Trouble::Answer(format!("{status} without a Location")))?;
                    uri = resolve(&uri, &location)
                        .ok_or_else(|| Trouble::Answer(format!("redirected to {location:?}")))?;
                }
                _ => {
                    let reason = response.status().canonical_reason().unwrap_or_default();
                    return Err(Trouble::Answer(format!("{status} {reason}").trim_end().into()));
                }
            }
        }
        Err(Trouble::Answer(format!("redirected more than {REDIRECTS} times")))
    }

    fn request(
        &self,
        uri: &str,
        entry: &Entry,
    ) -> Result<ureq::http::Response<ureq::Body>, Trouble> {
        let (uri, credentials) = without_credentials(uri);
        let agent = self.agent()?;
        let mut request = agent.get(&uri);
        if let Some(credentials) = credentials {
            request = request.header("Authorization", http_client::basic(credentials.as_bytes()));
        }
        if let Some(etag) = entry.etag() {
            request = request.header("If-None-Match", etag);
        }
        if let Some(time) = entry.last_modified() {
            request = request.header("If-Modified-Since", time);
        }
        self.console.debug(super::WHO, format!("Request: {}", sanitize(&uri)));
        request.call().map_err(|error| trouble(&error))
    }

    fn agent(&self) -> Result<Agent, Trouble> {
        let env = |name: &str| self.environment.get(name).cloned();
        reader(&self.patience, 1, &env, self.certificate.clone())
            .map_err(|error| Trouble::Connect(super::chain(&error)))
    }

    fn store(
        &self,
        response: ureq::http::Response<ureq::Body>,
        entry: &Entry,
    ) -> Result<Fetched, Trouble> {
        let note = |name| header(response.headers(), name);
        let (etag, modified) = (note("etag"), note("last-modified"));
        let encoded = note("content-encoding").is_some_and(|name| ENCODINGS.contains(&&*name));
        let announced = note("content-length").and_then(|length| length.parse::<u64>().ok());
        let expected = announced.filter(|_| !encoded);
        let mut body = steady(response.into_body().into_reader(), self.patience.idle);
        let replaced = entry.replace(&mut body, etag.as_deref(), modified.as_deref(), expected);
        match replaced {
            Ok(_) => Ok(Fetched::Anew),
            Err(Replace::Disk(error)) => Err(Trouble::Other(error.to_string())),
            Err(Replace::Length(was)) => {
                entry.destroy();
                let expected = expected.unwrap_or_default();
                Err(Trouble::Answer(format!(
                    "Content has invalid size.  Was {was}, should be {expected}."
                )))
            }
            Err(Replace::Body(error)) => {
                entry.destroy();
                let text = format!("the answer broke off: {error}");
                Err(match error.kind() {
                    io::ErrorKind::TimedOut => Trouble::Silent(text),
                    _ => Trouble::Answer(text),
                })
            }
        }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn trouble(error: &ureq::Error) -> Trouble {
    let text = error.to_string();
    match Broke::of(error) {
        Broke::Hopeless | Broke::Connect => Trouble::Connect(text),
        Broke::Stalled => Trouble::Silent(text),
        Broke::Cut => Trouble::Answer(text),
    }
}

/// Where a redirect leads; nowhere but to HTTP.
fn resolve(from: &str, location: &str) -> Option<String> {
    let is_http = |uri: &str| uri.starts_with("http://") || uri.starts_with("https://");
    if is_http(location) {
        return Some(location.to_owned());
    }
    let (scheme, rest) = from.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if let Some(elsewhere) = location.strip_prefix("//") {
        return Some(format!("{scheme}://{elsewhere}"));
    }
    if location.starts_with('/') {
        return Some(format!("{scheme}://{authority}{location}"));
    }
    if location.is_empty() || location.split(['/', '?']).next()?.contains(':') {
        return None;
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(format!("{scheme}://{authority}{folder}/{location}"))
}

/// The address without `user:password@`, and these, decoded.
fn without_credentials(uri: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return (uri.to_owned(), None);
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        None => (uri.to_owned(), None),
        Some((user, host)) => {
            let credentials = user.contains(':').then(|| decode(user));
            (format!("{scheme}://{host}{path}"), credentials)
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The client's certificate and key, if both are configured.
fn certificate(settings: &Map) -> Result<Option<ClientCert>, Error> {
    let path = |key: &str| settings.get(key).map(ToString::to_string).filter(|p| !p.is_empty());
    let (Some(chain), Some(key)) = (path("certificate_location"), path("private_key_location"))
    else {
        return Ok(None);
    };
    if path("private_key_password").is_some() {
        return Err(Error::Setting {
            what: "client_authentication.private_key_password: keys with a password cannot be \
                   read; decrypt the key with 'openssl pkey'"
                .to_owned(),
        });
    }
    let read = |path: &str| {
        std::fs::read(path).map_err(|source| Error::Read { path: path.into(), source })
    };
    let wrong = |path: &str| Error::Setting {
        what: format!("client_authentication: {path} is not valid PEM"),
    };
    let certificate = Certificate::from_pem(&read(&chain)?).map_err(|_| wrong(&chain))?;
    let private = PrivateKey::from_pem(&read(&key)?).map_err(|_| wrong(&key))?;
    Ok(Some(ClientCert::new_with_certs(&[certificate], private)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_to_http_only() {
        let from = "http://u:p@h:1/a/b?c=d";
        for (location, expected) in [
            ("https://x/y", Some("https://x/y")),
            ("//x/y", Some("http://x/y")),
            ("/y", Some("http://u:p@h:1/y")),
            ("y?z", Some("http://u:p@h:1/a/y?z")),
            ("file:///etc/passwd", None),
            ("ftp://x", None),
            ("", None),
        ] {
            assert_eq!(resolve(from, location).as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn credentials_leave_the_address() {
        let (uri, credentials) = without_credentials("http://a%20b:c@h/x@y");
        assert_eq!((uri.as_str(), credentials.as_deref()), ("http://h/x@y", Some("a b:c")));
        assert_eq!(without_credentials("http://h/x"), ("http://h/x".to_owned(), None));
    }
}
