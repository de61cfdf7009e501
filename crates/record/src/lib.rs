//! The records that the tools exchange: one JSON object a line.
//!
//! A *producer* opens its part of a stream with `start.v1`, writes its records, and closes it with
//! `end.v1`, which says how many there were and how it went. Streams of several producers may be
//! concatenated or mixed, as `xargs -P` mixes them: a line stays within [`LINE_LIMIT`] bytes and is
//! written by one `write`, which a pipe keeps whole. What is large goes by path and checksum.
//!
//! A consumer reads to the end of its input first ([`Stream::read`]) and refuses a stream in which
//! a producer is not closed: a program that died looks like an end of file otherwise.
//!
//! `docs/protocol.md` describes every kind; the golden lines in this crate's tests stay for ever.

mod kinds;
mod producer;
mod stream;

pub use kinds::{
    Action, Archive, Build, Check, CheckSummary, Dependency, Deploy, Deployed, End, Gc, GcSummary,
    ManifestFile, Publish, Record, Remove, Severity, Start, Sync, Upload,
};
pub use producer::Producer;
pub use stream::{Closed, Stream};

/// The most bytes that a line has, its newline included: what POSIX promises that a `write` to a
/// pipe keeps whole on Linux (`PIPE_BUF`).
pub const LINE_LIMIT: usize = 4096;

/// Why records cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream cannot be written.
    #[error("cannot write records")]
    Write(#[source] std::io::Error),
    /// The stream cannot be read.
    #[error("cannot read records")]
    Read(#[source] std::io::Error),
    /// A record does not fit in a line.
    #[error("a {kind} record has {size} bytes, more than the {LINE_LIMIT} that a line may have")]
    TooLong {
        /// Its kind.
        kind: &'static str,
        /// What it would have had.
        size: usize,
    },
    /// A record cannot be put into JSON: a path that is not UTF-8.
    #[error("a {kind} record cannot be written as JSON")]
    Encode {
        /// Its kind.
        kind: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A producer's version is not one.
    #[error("{version:?} is not a version")]
    Version {
        /// As it was given.
        version: String,
        /// Why not.
        source: semver::Error,
    },
    /// A line is not a record.
    #[error("line {line} of the records {reason}")]
    Line {
        /// Counted from one.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A producer began and never ended: it died, or its output was cut.
    #[error("the records of {tool} do not end: it died, or its output was cut")]
    Unclosed {
        /// The tool that wrote them.
        tool: String,
    },
    /// A producer wrote another number of records than have arrived.
    #[error("{tool} wrote {written} records, but {arrived} have arrived")]
    Missing {
        /// The tool that wrote them.
        tool: String,
        /// How many it says that it wrote.
        written: u64,
        /// How many are there.
        arrived: u64,
    },
}
