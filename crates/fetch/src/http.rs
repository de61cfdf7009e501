//! One web server's answers: redirects followed, broken transfers resumed, troubles tried again.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};

use http_client::{Broke, steady};
use store::Patience;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};
use url::Url;

use crate::Error;
use crate::auth::Auth;
use crate::origin::show;
use crate::password::{bare, basic};

/// As many as Composer follows.
const REDIRECTS: usize = 20;

/// How a transfer is told of its progress: bytes so far, and all of them where that is known.
pub(crate) type Watch<'a> = &'a dyn Fn(u64, Option<u64>);

/// What came back for a file.
pub(crate) enum Got {
    /// All of it is in the file.
    Whole {
        /// The server's name for this content.
        etag: Option<String>,
    },
    /// It still is what the caller has.
    Unchanged,
}

/// How a server is asked.
pub(crate) struct Web<'a> {
    pub agent: &'a Agent,
    pub auth: &'a Auth,
    pub patience: &'a Patience,
}

/// Reads a document into memory.
pub(crate) fn get(web: &Web<'_>, url: &Url, limit: u64) -> Result<Vec<u8>, Error> {
    let mut tries = Tries::new(url, web.patience);
    loop {
        // Any encoding but gzip would be bytes that nobody can read.
        let answer = match request(web, url, &[(header::ACCEPT_ENCODING, "gzip")]) {
            Ok(answer) => answer,
            Err(trouble) => {
                tries.again(trouble)?;
                continue;
            }
        };
        let expected = length(&answer);
        let mut bytes = Vec::new();
        let body = answer.into_body().into_reader();
        let mut reader = steady(body, web.patience.idle).take(limit + 1);
        match reader.read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 > limit => {
                return Err(Error::TooLarge { url: show(url.as_str()), limit });
            }
            Ok(_) => match expected.filter(|expected| *expected > bytes.len() as u64) {
                None => return Ok(bytes),
                Some(expected) => {
                    tries.again(Trouble::Short { got: bytes.len() as u64, expected })?;
                }
            },
            Err(error) => tries.again(Trouble::Broken(error.into()))?,
        }
    }
}

/// Reads a file, whose former content is replaced. With `known`, the name of the content that the
/// caller has, nothing is read where it is still that.
pub(crate) fn download(
    web: &Web<'_>,
    url: &Url,
    limit: u64,
    known: Option<&str>,
    file: &mut File,
    watch: Watch<'_>,
) -> Result<Got, Error> {
    let local = |source| Error::Local { path: "the file for a download".into(), source };
    let mut tries = Tries::new(url, web.patience);
    let (mut got, mut etag): (u64, Option<String>) = (0, None);
    // How long the whole content is, as the answer said that it began with.
    let mut whole = None;
    file.set_len(0).map_err(local)?;
    loop {
        let range = format!("bytes={got}-");
        // Archives are compressed already: as they are, please.
        let mut headers = vec![(header::ACCEPT_ENCODING, "identity")];
        match (&etag, known) {
            // The rest only of the same content, else all of the new one.
            (Some(etag), _) if got > 0 => {
                headers.extend([(header::RANGE, range.as_str()), (header::IF_RANGE, etag)]);
            }
            (_, Some(known)) if got == 0 => headers.push((header::IF_NONE_MATCH, known)),
            _ => {}
        }
        let answer = match request(web, url, &headers) {
            Ok(answer) => answer,
            Err(trouble) => {
                if matches!(trouble, Trouble::Status(StatusCode::RANGE_NOT_SATISFIABLE, _)) {
                    // It is shorter by now, or was announced too long.
                    (got, etag, whole) = (0, None, None);
                }
                tries.again(trouble)?;
                continue;
            }
        };
        if answer.status() == StatusCode::NOT_MODIFIED {
            return Ok(Got::Unchanged);
        }
        // Some servers send the rest of what is there now, whatever it is the rest of.
        let resumes = answer.status() == StatusCode::PARTIAL_CONTENT
            && starts_at(&answer, got)
            && strong_etag(&answer).is_none_or(|now| etag.as_ref() == Some(&now))
            && length(&answer).is_none_or(|rest| whole.is_none_or(|all| got + rest == all));
        if !resumes {
            if answer.status() == StatusCode::PARTIAL_CONTENT {
                // Not the part that was asked for: all of it, then.
                (got, etag, whole) = (0, None, None);
                tries.again(Trouble::Status(answer.status(), String::new()))?;
                continue;
            }
            got = 0;
            etag = strong_etag(&answer);
            whole = length(&answer);
        }
        file.seek(SeekFrom::Start(got)).map_err(local)?;
        file.set_len(got).map_err(local)?;
        let expected = length(&answer).map(|rest| got + rest);
        if expected.is_some_and(|expected| expected > limit) {
            return Err(Error::TooLarge { url: show(url.as_str()), limit });
        }
        let mut reader = steady(answer.into_body().into_reader(), web.patience.idle);
        let mut buffer = vec![0; 128 * 1024];
        let trouble = loop {
            match reader.read(&mut buffer) {
                Ok(0) => {
                    break expected
                        .filter(|expected| *expected > got)
                        .map(|expected| Trouble::Short { got, expected });
                }
                Ok(count) => {
                    file.write_all(&buffer[..count]).map_err(local)?;
                    got += count as u64;
                    if got > limit {
                        return Err(Error::TooLarge { url: show(url.as_str()), limit });
                    }
                    tries.reached(got);
                    watch(got, expected);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(Trouble::Broken(error.into())),
            }
        };
        match trouble {
            None => return Ok(Got::Whole { etag }),
            Some(trouble) => {
                if etag.is_none() {
                    // What comes next may be something else.
                    got = 0;
                }
                tries.again(trouble)?;
            }
        }
    }
}

/// What went wrong with one try.
enum Trouble {
    /// With what an object store says about it.
    Status(StatusCode, String),
    Short {
        got: u64,
        expected: u64,
    },
    Broken(ureq::Error),
    /// Trying again is pointless.
    Fatal(Error),
}

/// Tries of one request.
struct Tries<'a> {
    url: &'a Url,
    tries: store::retry::Tries,
}

impl<'a> Tries<'a> {
    fn new(url: &'a Url, patience: &'a Patience) -> Self {
        Self { url, tries: store::retry::Tries::new(patience) }
    }

    /// The file has so many bytes by now.
    fn reached(&mut self, offset: u64) {
        self.tries.reached(offset);
    }

    /// Waits before the next try, if there is to be one.
    fn again(&mut self, trouble: Trouble) -> Result<(), Error> {
        let url = show(self.url.as_str());
        let (passes, unanswered) = match &trouble {
            Trouble::Status(status, _) => (may_pass(*status), false),
            Trouble::Short { .. } => (true, false),
            Trouble::Broken(error) => {
                let broke = Broke::of(error);
                (broke != Broke::Hopeless, broke.is_unanswered())
            }
            Trouble::Fatal(_) => (false, false),
        };
        if passes && self.tries.again(unanswered) {
            return Ok(());
        }
        Err(match trouble {
            Trouble::Fatal(error) => error,
            Trouble::Short { got, expected } => Error::Truncated { url, got, expected },
            Trouble::Broken(source) => Error::Unreachable { url, source: Box::new(source) },
            Trouble::Status(status, words) => match status.as_u16() {
                404 | 410 => Error::NotFound { url },
                status @ (401 | 403 | 407) => Error::AccessDenied { url, status, words },
                status => Error::Status { url, status, words },
            },
        })
    }
}

/// Whether a status may be another one soon.
fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
        || matches!(status.as_u16(), 206 | 408 | 416 | 425 | 429)
}

/// Asks, and follows redirects: never to a file, never from a safe connection to one that is not.
fn request(
    web: &Web<'_>,
    url: &Url,
    headers: &[(header::HeaderName, &str)],
) -> Result<Response<Body>, Trouble> {
    let mut at = url.clone();
    for _ in 0..=REDIRECTS {
        let mut request = web.agent.get(bare(&at).as_str());
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        // Passwords are for the host that they were given with, and go before what is known of it.
        match basic(url).filter(|_| same_host(&at, url)) {
            Some(password) => request = request.header(header::AUTHORIZATION, password),
            None => {
                for (name, value) in web.auth.headers(&at) {
                    request = request.header(name, value);
                }
            }
        }
        let answer = request.call().map_err(Trouble::Broken)?;
        let status = answer.status();
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return match status {
                _ if status.is_success() || status == StatusCode::NOT_MODIFIED => Ok(answer),
                _ => Err(Trouble::Status(status, words(answer))),
            };
        }
        let next = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        let next =
            next.and_then(|to| at.join(to).ok()).ok_or(Trouble::Status(status, String::new()))?;
        if let Some(problem) = refused(&at, &next) {
            let url = show(next.as_str());
            return Err(Trouble::Fatal(Error::Forbidden { url, problem }));
        }
        at = next;
    }
    let problem = "too many redirects";
    Err(Trouble::Fatal(Error::Forbidden { url: show(url.as_str()), problem }))
}

/// The code and the message of an object store's refusal, after a comma; empty for other servers.
fn words(answer: Response<Body>) -> String {
    const LARGEST: u64 = 64 * 1024;
    let mut text = String::new();
    // Without it, the status has to do.
    let _ = answer.into_body().into_reader().take(LARGEST).read_to_string(&mut text);
    let part = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        Some(text.chars().take(300).collect::<String>())
    };
    match (part("Code"), part("Message")) {
        (Some(code), Some(message)) if text.contains("<Error>") => format!(", {code}: {message}"),
        _ => String::new(),
    }
}

/// Why a redirect is not followed.
fn refused(from: &Url, to: &Url) -> Option<&'static str> {
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => None,
        ("https", "http") => Some("a redirect from a safe connection to one that is not"),
        _ => Some("a redirect to something that is not on the web"),
    }
}

fn same_host(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

fn length(answer: &Response<Body>) -> Option<u64> {
    answer.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether a partial answer begins where it should.
fn starts_at(answer: &Response<Body>, at: u64) -> bool {
    let range = answer.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {at}-")))
}

/// A weak one says nothing of bytes.
fn strong_etag(answer: &Response<Body>) -> Option<String> {
    let etag = answer.headers().get(header::ETAG)?.to_str().ok()?;
    (!etag.starts_with("W/")).then(|| etag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_safe_and_on_the_web() {
        for (from, to, followed) in [
            ("https://h/", "https://other/", true),
            ("http://h/", "https://h/", true),
            ("http://h/", "http://other/", true),
            ("https://h/", "http://h/", false),
            ("http://h/", "file:///etc/passwd", false),
            ("https://h/", "ftp://h/", false),
        ] {
            let (from, to) = (Url::parse(from).unwrap(), Url::parse(to).unwrap());
            assert_eq!(refused(&from, &to).is_none(), followed, "{from} {to}");
        }
    }
}
