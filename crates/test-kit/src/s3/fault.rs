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
    /// The canned ACL that it asks for (`x-amz-acl`).
    pub acl: Option<String>,
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
    /// The same, with this message.
    Say(u16, &'static str, &'static str),
    /// The connection is cut before the request has any effect.
    ResetBefore,
    /// The request has its effect, then the connection is cut in place of an answer.
    ResetAfter,
    /// As [`Action::ResetBefore`], and for this time nobody can connect: the port refuses.
    Refuse(Duration),
    /// Nothing happens, and nothing is answered, for as long as the client holds the connection.
    StallBefore,
    /// The request has its effect, then nothing is answered for as long as the client waits.
    StallAfter,
    /// It waits, before any effect, until [`super::Server::release`].
    Hold,
    /// It is served after this time.
    Delay(Duration),
    /// It is served, and its answer comes in pieces with this pause between them.
    Slow(Duration),
    /// It is served, but of the answer's body only so many bytes arrive before the connection is cut.
    Truncate(usize),
    /// It is served, and `Content-Length` announces so many bytes more than come.
    TooLong(usize),
    /// It is served, but the last so many bytes are left off, and `Content-Length` fits that.
    TooShort(usize),
    /// It is served, but every `ETag` in the answer's head and body is one that nothing ever had.
    OtherEtag,
    /// A listing shows the bucket as it was before its last so many changes; others are served.
    StaleList(usize),
    /// The process with this id is killed (`SIGKILL`) before the request has any effect.
    KillBefore(u32),
    /// The request has its effect, then the process with this id is killed in place of an answer.
    KillAfter(u32),
}

/// Decides what becomes of each request. It is called in order of arrival, one call at a time, and
/// may also act on the test's own state (or kill a process).
pub type Hook = dyn FnMut(&Request) -> Action + Send;
