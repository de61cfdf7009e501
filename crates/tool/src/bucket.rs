//! Buckets, as the environment names them and as a tool fails with them.

use std::time::Duration;

use location::{Env, Location, Role};
use repository::history::Origin;
use store::{Options, Patience, Store};

use crate::{Exit, Fail, Failure, Io, Tool};

impl Io {
    /// The bucket and prefix that packages are built to: `S3_BUCKET` and its like.
    ///
    /// # Errors
    /// When `S3_BUCKET` is not set, or a variable is wrong.
    pub fn own_location(&self) -> Result<Location, Failure> {
        Location::from_env(Role::Own, &self.env_fn())?.ok_or_else(|| {
            Failure::usage("The environment variable S3_BUCKET must be set to the bucket name")
        })
    }

    /// How buckets are opened: `S3_ACL` for what is written, `SLIPWAY_TIMEOUT` and
    /// `AWS_MAX_ATTEMPTS` for how long and how often it is tried. [`crate::run`] has refused
    /// wrong values of these before.
    #[must_use]
    pub fn store_options(&self) -> Options {
        let patience = patience(&self.env_fn()).unwrap_or_default();
        Options { acl: self.env("S3_ACL"), patience, ..Options::default() }
    }

    /// Who is at work with `tool`, and where: for the history of a repository. `command` is what it
    /// does to that: `publish`, `sync`, `remove` or `rollback`.
    #[must_use]
    pub fn origin(&self, tool: &Tool, command: &str) -> Origin {
        let host = rustix::system::uname().nodename().to_str().ok().map(str::to_owned);
        Origin::from_env(&self.env_fn(), host).by(tool.name, tool.version, command)
    }

    /// Warns before something is written to a store whose locks other machines may not see.
    pub fn caution(&self, store: &Store) {
        if let Some(caution) = store.caution() {
            self.warn_once(&caution);
        }
    }
}

/// How long and how often a service is tried, as the environment says.
pub(crate) fn patience(env: Env<'_>) -> Result<Patience, Failure> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let mut patience = Patience::default();
    if let Some(value) = set("SLIPWAY_TIMEOUT") {
        let seconds = value.parse().ok().filter(|seconds| *seconds > 0.0);
        let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let wrong = || format!("SLIPWAY_TIMEOUT is not a number of seconds: {value:?}");
        patience.idle = limit.ok_or_else(|| Failure::usage(wrong()))?;
        patience.connect = patience.connect.min(patience.idle);
    }
    if let Some(value) = set("AWS_MAX_ATTEMPTS") {
        let wrong = || format!("AWS_MAX_ATTEMPTS is not a number from 1 on: {value:?}");
        let attempts = value.parse().ok().filter(|attempts| *attempts > 0);
        patience.attempts = attempts.ok_or_else(|| Failure::usage(wrong()))?;
        patience.connect_attempts = patience.connect_attempts.min(patience.attempts);
    }
    Ok(patience)
}

impl Fail for location::Error {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl Fail for store::Error {
    fn exit(&self) -> Exit {
        use store::Error as E;
        match self {
            E::NoCredentials { .. } | E::Credentials { .. } => Exit::Usage,
            E::NoBucket { .. } | E::NotFound { .. } => Exit::NotFound,
            E::AccessDenied { .. } => Exit::AccessDenied,
            E::Precondition { .. } => Exit::Conflict,
            E::Unreachable { .. } | E::Service { .. } | E::Corrupt { .. } => Exit::Unreachable,
            E::TooLarge { .. } | E::InvalidKey { .. } => Exit::BadInput,
            E::Local { .. } => Exit::LocalIo,
        }
    }

    fn hint(&self) -> Option<String> {
        use store::Error as E;
        let hint = match self {
            E::NoCredentials { .. } => {
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
            }
            E::NoBucket { .. } => {
                "Make the bucket first (on the folder store: a folder of that name), or correct \
                 its name."
            }
            E::AccessDenied { .. } => "Check the credentials, and what they may do in this bucket.",
            E::Unreachable { .. } => {
                "Check the network, and AWS_ENDPOINT_URL_S3 or the region; nothing is half-done \
                 that another run would not complete."
            }
            E::Local { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                "Make room, or set TMPDIR to a folder on another disk."
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Fail for repository::Error {
    fn exit(&self) -> Exit {
        use repository::Error as E;
        match self {
            E::Store(error) => error.exit(),
            E::Manifest { .. } | E::Index { .. } | E::Generation { .. } => Exit::BadInput,
            E::Refused { .. } => Exit::Failure,
            E::Contended { .. } | E::Moved { .. } => Exit::Conflict,
            E::NoManifests { .. } | E::NoGeneration { .. } | E::ArchivesGone { .. } => {
                Exit::NotFound
            }
            E::NoSourceStore { .. } | E::SnapshotName { .. } => Exit::Usage,
            E::SnapshotExists { .. } => Exit::SnapshotExists,
            E::Local { .. } => Exit::LocalIo,
        }
    }

    fn hint(&self) -> Option<String> {
        use repository::Error as E;
        let hint = match self {
            E::Store(error) => return error.hint(),
            E::Contended { .. } | E::Moved { .. } => "Nothing was lost; run it again.",
            E::ArchivesGone { .. } => {
                "Nothing was changed. Bring these archives back, or choose another generation."
            }
            E::Refused { .. } => {
                "packages.json is as it was. Deploy what is missing, or publish without --check."
            }
            E::NoGeneration { .. } => "'repo-mkrepo log' lists the generations that there are.",
            E::Manifest { .. } => "Correct or remove that manifest, then run it again.",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_a_matter_of_the_environment() {
        let of = |timeout: &'static str, attempts: &'static str| {
            patience(&|name: &str| match name {
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
    }
}
