//! What can go wrong with a bucket.

use std::io;
use std::path::PathBuf;

use crate::Reason;

/// What can go wrong with a bucket. No variant ever holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Credentials were asked for, and no place in the AWS order has any.
    #[error("no AWS credentials found for bucket {bucket}")]
    NoCredentials {
        /// The bucket that was to be opened.
        bucket: String,
    },
    /// A place in the AWS order should give credentials, but does not.
    #[error("cannot get AWS credentials from {from}: {detail}")]
    Credentials {
        /// The place: a file and profile, a command, an endpoint.
        from: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A variable of the environment is not valid.
    #[error("{detail}")]
    Setting {
        /// Which one, and what it must be.
        detail: String,
    },
    /// There is no such bucket.
    #[error("bucket {bucket} does not exist")]
    NoBucket {
        /// The bucket.
        bucket: String,
    },
    /// The service knows who asks (or that nobody does), and refuses.
    #[error("access denied: {operation} ({})", words(code, message))]
    AccessDenied {
        /// What was asked, such as `GET s3://bucket/key`.
        operation: String,
        /// The service's own code: `AccessDenied`, `InvalidAccessKeyId`, `SignatureDoesNotMatch`, …
        code: String,
        /// The service's own message, shortened; empty where it sent none.
        message: String,
    },
    /// The service refuses what was asked, with any credentials: [`Error::reason`] says why.
    #[error("{operation} is refused ({})", words(code, message))]
    Refused {
        /// What was asked, such as `GET s3://bucket/key`.
        operation: String,
        /// The service's own code: `InvalidObjectState`, `QuotaExceeded`, …
        code: String,
        /// The service's own message, shortened; empty where it sent none.
        message: String,
    },
    /// The condition of a write does not hold; nothing was written.
    #[error("{key} is not in the state that the write requires")]
    Precondition {
        /// The key that was to be written.
        key: String,
    },
    /// The object that is to be copied is not there.
    #[error("{key} does not exist")]
    NotFound {
        /// The key that was to be read.
        key: String,
    },
    /// No connection to the service, or none that answers in time.
    #[error("cannot reach {endpoint}")]
    Unreachable {
        /// Scheme, host and port.
        endpoint: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The service answered with an error, also after retries.
    #[error("{operation} failed with status {status} ({code}): {message}")]
    Service {
        /// What was asked, such as `PUT s3://bucket/key`.
        operation: String,
        /// HTTP status.
        status: u16,
        /// The service's own code, or a word of ours where it sent none.
        code: String,
        /// The service's own message, shortened.
        message: String,
    },
    /// What came back is not what the service announced.
    #[error("{key} arrived damaged: {detail}")]
    Corrupt {
        /// The key (or the prefix of a listing).
        key: String,
        /// What does not fit.
        detail: String,
    },
    /// The object is larger than this call takes.
    #[error("{key} is larger than {limit} bytes")]
    TooLarge {
        /// The key.
        key: String,
        /// The most that would have been taken.
        limit: u64,
    },
    /// The key is not one that this project reads or writes.
    #[error("{key:?} is not a valid key: {reason}")]
    InvalidKey {
        /// The key.
        key: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// A file on this machine cannot be read or written.
    #[error("cannot use {path}", path = path.display())]
    Local {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// Why the service refuses, where it does.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::AccessDenied { code, message, .. }
            | Self::Refused { code, message, .. }
            | Self::Service { code, message, .. } => Some(Reason::of(code, message)),
            _ => None,
        }
    }

    /// Whether the service has refused the request before it took effect: the rights of who asks, or
    /// what was asked.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::AccessDenied { .. } | Self::Refused { .. })
    }
}

/// A service's code and message.
fn words(code: &str, message: &str) -> String {
    if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") }
}
