//! How a bucket is opened.

use std::time::Duration;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// As whom requests are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// With the credentials found in the AWS order; having none is an error.
    #[default]
    Credentials,
    /// Unsigned.
    Anonymous,
}

/// How a bucket is opened. The folder store goes by `parallel` and `largest` only.
#[derive(Debug, Clone)]
pub struct Options {
    /// As whom requests are made.
    pub access: Access,
    /// Canned ACL of everything that is written; none is sent by default.
    pub acl: Option<String>,
    /// Bytes of a part of a multipart upload; grows by itself where 10,000 parts would not do.
    pub part_size: u64,
    /// Files larger than this go up in parts.
    pub multipart_threshold: u64,
    /// Objects larger than this are copied in parts (S3 copies at most 5 GiB in one request).
    pub copy_threshold: u64,
    /// Requests made side by side.
    pub parallel: usize,
    /// Profile of the shared AWS files, in place of `AWS_PROFILE`.
    pub profile: Option<String>,
    /// How long to wait, and how often to try again.
    pub patience: Patience,
    /// The most bytes of an object that is read into memory as a whole, or written from there.
    pub largest: u64,
}

/// What [`Options::largest`] is by default.
pub const LARGEST: u64 = 4 * GIB;

impl Default for Options {
    fn default() -> Self {
        Self {
            access: Access::default(),
            acl: None,
            part_size: 16 * MIB,
            multipart_threshold: 32 * MIB,
            copy_threshold: 5 * GIB,
            parallel: 32,
            profile: None,
            patience: Patience::default(),
            largest: LARGEST,
        }
    }
}

/// Deadlines and retries. Each hang is bounded, so every call ends.
#[derive(Debug, Clone)]
pub struct Patience {
    /// For name resolution, TCP and TLS together.
    pub connect: Duration,
    /// For a connection on which nothing moves.
    pub idle: Duration,
    /// Tries of a request that the service answers with 429 or 5xx, or whose connection breaks.
    pub attempts: u32,
    /// Tries when no connection comes about at all, or when nothing comes back in time.
    pub connect_attempts: u32,
    /// Upper bound of the first pause; it doubles with each try. The real pause is random below it.
    pub first_pause: Duration,
    /// Upper bound of all pauses.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            attempts: 10,
            connect_attempts: 3,
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(5),
        }
    }
}
