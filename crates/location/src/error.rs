//! Why a location is not valid.

use crate::Invalid;

/// Why a location is not valid.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The bucket's name cannot be one: empty, a slash in it, or `.` or `..`.
    #[error("{bucket:?} is not the name of a bucket")]
    Bucket {
        /// The name as given.
        bucket: String,
    },
    /// An endpoint is neither `http(s)://host` nor `file:///folder`.
    #[error("{variable} is {value:?}: expected http://…, https://… or file:///…")]
    Endpoint {
        /// The variable or option that it came from.
        variable: String,
        /// Its value, without what may be secret in it: user, password, query.
        value: String,
    },
    /// An endpoint names a port that cannot be one.
    #[error("{variable} is {value:?}: {problem}")]
    Port {
        /// The variable or option that it came from.
        variable: String,
        /// Its value, without what may be secret in it.
        value: String,
        /// What a port must be.
        problem: Invalid,
    },
    /// What readers are to see holds a user or a password.
    #[error("S3_PUBLIC_URL is {value:?}: all readers would see the user or the password in it")]
    PublicUrl {
        /// Its value, without what may be secret in it.
        value: String,
    },
    /// A region that would not make a host name.
    #[error("{value:?} is not a region: expected one like eu-west-1, or a label like s3-eu-west-1")]
    Region {
        /// The value as given.
        value: String,
    },
    /// A prefix that no key can begin with on every store (`.` or `..` as a segment, NUL).
    #[error("{value:?} is not a prefix: it has an empty, \".\" or \"..\" segment")]
    Prefix {
        /// The value as given.
        value: String,
    },
    /// A prefix below the folder of the tools, in another repository.
    #[error("{value:?} is not a prefix: below .slipway/ only the tools write")]
    PrivatePrefix {
        /// The value as given.
        value: String,
    },
}
