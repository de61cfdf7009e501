//! How a bucket is opened.

use std::time::Duration;

use location::Env;

use crate::Error;

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
    /// Canned ACL of what is written for readers; none is sent by default.
    pub acl: Option<String>,
    /// Whether a key is private: written without that ACL.
    pub private: fn(&str) -> bool,
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
    /// How long to wait, and how often to try again; by default as the environment says.
    pub patience: Option<Patience>,
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
            private: |_| false,
            part_size: 16 * MIB,
            multipart_threshold: 32 * MIB,
            copy_threshold: 5 * GIB,
            parallel: 32,
            profile: None,
            patience: None,
            largest: LARGEST,
        }
    }
}

impl Options {
    /// The patience that was asked for, else that of the environment.
    pub(crate) fn patience(&self, env: Env<'_>) -> Result<Patience, Error> {
        self.patience.clone().map_or_else(|| Patience::from_env(env), Ok)
    }

    /// The canned ACL of the object that is written to `key`.
    #[must_use]
    pub fn acl_of(&self, key: &str) -> Option<&str> {
        self.acl.as_deref().filter(|_| !(self.private)(key))
    }
}

/// The canned ACLs of S3.
const CANNED_ACLS: [&str; 7] = [
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
];

/// Whether a text is the name of a canned ACL.
#[must_use]
pub fn is_canned_acl(text: &str) -> bool {
    CANNED_ACLS.contains(&text)
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

impl Patience {
    /// What `SLIPWAY_TIMEOUT` and `AWS_MAX_ATTEMPTS` say, in place of the usual.
    ///
    /// # Errors
    /// [`Error::Setting`] when one of them is not valid.
    pub fn from_env(env: Env<'_>) -> Result<Self, Error> {
        Self::default().with_env(env)
    }

    /// What `SLIPWAY_TIMEOUT` and `AWS_MAX_ATTEMPTS` say, in place of this.
    ///
    /// # Errors
    /// [`Error::Setting`] when one of them is not valid.
    pub fn with_env(mut self, env: Env<'_>) -> Result<Self, Error> {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        if let Some(value) = set("SLIPWAY_TIMEOUT") {
            let seconds = value.parse().ok().filter(|seconds| *seconds > 0.0);
            let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            let wrong = || format!("SLIPWAY_TIMEOUT is not a number of seconds: {value:?}");
            self.idle = limit.ok_or_else(|| Error::Setting { detail: wrong() })?;
            self.connect = self.connect.min(self.idle);
        }
        if let Some(value) = set("AWS_MAX_ATTEMPTS") {
            let wrong = || format!("AWS_MAX_ATTEMPTS is not a number from 1 on: {value:?}");
            let attempts = value.parse().ok().filter(|attempts| *attempts > 0);
            self.attempts = attempts.ok_or_else(|| Error::Setting { detail: wrong() })?;
            self.connect_attempts = self.connect_attempts.min(self.attempts);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_a_matter_of_the_environment() {
        let of = |timeout: &'static str, attempts: &'static str| {
            Patience::from_env(&|name: &str| match name {
                "SLIPWAY_TIMEOUT" => Some(timeout.to_owned()),
                "AWS_MAX_ATTEMPTS" => Some(attempts.to_owned()),
                _ => None,
            })
        };
        let usual = Patience::default();
        let found = of("", "").unwrap();
        assert_eq!((found.idle, found.attempts), (usual.idle, usual.attempts));
        let found = of("0.5", "2").unwrap();
        assert_eq!((found.idle, found.connect), (Duration::from_millis(500), found.idle));
        assert_eq!((found.attempts, found.connect_attempts), (2, 2));
        assert_eq!(of("600", "").unwrap().connect, usual.connect);
        for (timeout, attempts) in
            [("0", ""), ("-1", ""), ("NaN", ""), ("1e300", ""), ("5s", ""), ("", "0"), ("", "x")]
        {
            assert!(of(timeout, attempts).is_err(), "{timeout} {attempts}");
        }
        // What was asked for goes before it.
        let env = |_: &str| Some("7".to_owned());
        assert_eq!(Options::default().patience(&env).unwrap().attempts, 7);
        let asked = Options { patience: Some(usual.clone()), ..Options::default() };
        assert_eq!(asked.patience(&env).unwrap().attempts, usual.attempts);
    }
}
