//! Answers: what is expected of them, what they mean, and what belongs to them.

use std::io::{self, Read};
use std::time::Duration;

use ureq::Body;
use ureq::http::{HeaderMap, Response};

use super::address::{self, Address};
use super::failure::{Refusal, tame};
use super::xml;
use crate::http::steady;

/// The most that is read of an answer whose body does not matter.
const IGNORED: u64 = 1024 * 1024;

/// What is expected of an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// Bytes of an object, for the caller to read.
    Object,
    /// XML with this outermost element. It is read here, and counts as part of the request.
    Document(&'static str),
    /// Nothing of interest.
    Nothing,
}

/// A good answer (2xx).
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Received,
}

pub(super) enum Received {
    Stream(Box<dyn Read + Send>),
    Whole(Vec<u8>),
}

impl Answer {
    /// A header's value. Bytes that are no text are replaced.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        header(&self.headers, name)
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

/// What to do about an answer.
pub(super) enum Verdict {
    Done(Box<Answer>),
    Refused(Refusal),
    Malformed(String),
    Oversized(String),
    Cut(io::Error),
    Moved(String),
}

/// Decides what an answer means, and reads what belongs to it.
/// A body that trickles for longer than `idle` counts as cut.
pub(super) fn judge(
    response: Response<Body>,
    expect: Expect,
    address: &Address,
    idle: Duration,
) -> Verdict {
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    let mut body = steady(body.into_reader(), idle);
    if (200..300).contains(&status) {
        let received = match expect {
            Expect::Object => Received::Stream(Box::new(body)),
            Expect::Nothing => {
                // Read to its end, so that the connection can be used again.
                match io::copy(&mut body.by_ref().take(IGNORED), &mut io::sink()) {
                    Ok(_) => Received::Whole(Vec::new()),
                    Err(error) => return Verdict::Cut(error),
                }
            }
            Expect::Document(root) => match document(&mut body, status, root) {
                Ok(bytes) => Received::Whole(bytes),
                Err(verdict) => return verdict,
            },
        };
        return Verdict::Done(Box::new(Answer { status, headers: parts.headers, body: received }));
    }
    let mut bytes = Vec::new();
    // Half a reason would be taken for none, and a 404 without a reason means something else.
    if let Err(error) = body.by_ref().take(IGNORED).read_to_end(&mut bytes) {
        return Verdict::Cut(error);
    }
    let document = xml::check(&bytes).ok().filter(xml::Document::is_error);
    let document = document.unwrap_or_default();
    let named = header(&parts.headers, "x-amz-bucket-region")
        .or_else(|| Some(document.region.clone()))
        .filter(|region| address::region_is_valid(region) && region != address.region_name());
    match (status, named) {
        (301 | 307 | 308 | 400, Some(region)) => return Verdict::Moved(region),
        (403, Some(region)) if document.code == "AuthorizationHeaderMalformed" => {
            return Verdict::Moved(region);
        }
        _ => {}
    }
    if (300..400).contains(&status) && status != 304 {
        let to = header(&parts.headers, "location").unwrap_or_default();
        let host = to.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        // Neither a request nor its signature goes to somebody else.
        return Verdict::Refused(Refusal {
            status,
            code: "Redirect".to_owned(),
            message: tame(&format!("the service sends us elsewhere ({host:?}); not followed")),
        });
    }
    Verdict::Refused(Refusal {
        status,
        code: tame(&document.code),
        message: tame(&document.message),
    })
}

/// Reads an XML answer. A failure can still stand in an answer that began with 200.
fn document(body: &mut impl Read, status: u16, root: &str) -> Result<Vec<u8>, Verdict> {
    let mut bytes = Vec::new();
    body.by_ref().take(xml::LARGEST + 1).read_to_end(&mut bytes).map_err(Verdict::Cut)?;
    if bytes.len() as u64 > xml::LARGEST {
        let detail = format!("it is larger than {} bytes", xml::LARGEST);
        return Err(Verdict::Oversized(detail));
    }
    // Services that work for long send spaces before the document, to keep the connection alive.
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
    bytes.drain(..start);
    // The client library would take an empty answer, or somebody's login page, for an empty listing.
    let document = xml::check(&bytes).map_err(Verdict::Malformed)?;
    if document.is_error() {
        return Err(Verdict::Refused(Refusal {
            status,
            code: tame(&document.code),
            message: tame(&document.message),
        }));
    }
    if document.root != root {
        let found = tame(&document.root);
        return Err(Verdict::Malformed(format!("it is a <{found}>, not a <{root}>")));
    }
    Ok(bytes)
}
