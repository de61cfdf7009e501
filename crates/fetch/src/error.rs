//! What can go wrong. URLs in errors have neither passwords nor queries.

use std::io;
use std::path::PathBuf;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("{url} does not exist")]
    NotFound {
        /// Its address.
        url: String,
    },
    /// The server wants other credentials.
    #[error("{url}: the server refuses access (status {status}{words})")]
    AccessDenied {
        /// The address.
        url: String,
        /// 401, 403 or 407.
        status: u16,
        /// What an object store says about it, after a comma.
        words: String,
    },
    /// The server answers with something else.
    #[error("{url}: the server answers with status {status}{words}")]
    Status {
        /// The address.
        url: String,
        /// The last status.
        status: u16,
        /// What an object store says about it, after a comma.
        words: String,
    },
    /// What Composer is given as credentials is not valid.
    #[error("the credentials in {from} are not valid: {problem}")]
    Auth {
        /// The variable or file.
        from: String,
        /// What is wrong with it; nothing of it is quoted.
        problem: String,
    },
    /// The server cannot be reached, or the connection breaks again and again.
    #[error("{url} cannot be reached")]
    Unreachable {
        /// The address.
        url: String,
        /// The cause.
        source: Box<ureq::Error>,
    },
    /// The answer ends too early, again and again.
    #[error("{url} ends after {got} of {expected} bytes")]
    Truncated {
        /// The address.
        url: String,
        /// How much came.
        got: u64,
        /// How much was announced.
        expected: u64,
    },
    /// There is more than is allowed.
    #[error("{url} is larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// The content is not what its checksum or size says.
    #[error("{url}: the {what} is {got}, and should be {expected}")]
    Differs {
        /// The address.
        url: String,
        /// `SHA-1`, `SHA-256` or `size`.
        what: &'static str,
        /// What it is.
        got: String,
        /// What it should be.
        expected: String,
    },
    /// The answer claims to be gzip and is not.
    #[error("{url} is not the gzip that it begins as")]
    Gzip {
        /// The address.
        url: String,
        /// The cause.
        source: io::Error,
    },
    /// No address that can be read here.
    #[error("{url} is no address that can be read: {problem}")]
    Address {
        /// What stands there.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Whoever named the address may not do so.
    #[error("{url} is refused: {problem}")]
    Forbidden {
        /// The address.
        url: String,
        /// Why.
        problem: &'static str,
    },
    /// A bucket cannot be read.
    #[error(transparent)]
    Store(store::Error),
    /// The environment does not say where buckets are.
    #[error(transparent)]
    Location(location::Error),
    /// This machine's own files.
    #[error("cannot read or write {}", path.display())]
    Local {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}
