//! What the test server does to a request: the seam for faults.

use std::time::Duration;

/// A request as the server received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Counted from 1 since the start (or [`super::Server::forget_requests`]), in order of arrival.
    pub number: usize,
    /// `GET`, `PUT`, …
    pub method: String,
    /// `/bucket/key`, percent-decoded.
    pub path: String,
    /// What follows the `?`, as sent; empty without one.
    pub query: String,
    /// Was it signed (by header or query)?
    pub signed: bool,
    /// What was answered; `None` while under way, or when the connection was cut without an answer.
    pub status: Option<u16>,
}

impl Request {
    /// `PUT /bucket/key`, without the query: handy to compare sequences of requests.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is served.
    Serve,
    /// It is answered with this status and S3 error code, without any effect.
    Answer(u16, &'static str),
    /// The connection is cut before the request has any effect.
    ResetBefore,
    /// The request has its effect, then the connection is cut in place of an answer.
    ResetAfter,
    /// It is served after this time.
    Delay(Duration),
    /// It is served, but of the answer's body only so many bytes arrive before the connection is cut.
    Truncate(usize),
}

/// Decides what becomes of each request. It is called in order of arrival, one call at a time, and
/// may also act on the test's own state (or kill a process).
pub type Hook = dyn FnMut(&Request) -> Action + Send;
