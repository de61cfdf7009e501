//! Buckets, as the environment names them and as a tool fails with them.

use location::{Env, Location, Role};
use repository::history::Origin;
use repository::removed::Keep;
use store::{Options, Reason, Store};

use crate::archives::Size;
use crate::{Age, Exit, Fail, Failure, Io, Tool};

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

    /// How buckets are opened: `S3_ACL` for what is written for readers. How long and how often is
    /// tried, the environment says to whatever makes requests ([`store::Patience::from_env`]).
    #[must_use]
    pub fn store_options(&self) -> Options {
        let (private, largest) = (repository::layout::is_private, self.max_index());
        Options { acl: self.env("S3_ACL"), private, largest, ..Options::default() }
    }

    /// The most bytes of `packages.json`, and of what is made or read like it: `SLIPWAY_MAX_INDEX`.
    /// Reader and writer go by it alike. [`crate::run`] has refused a wrong value before.
    #[must_use]
    pub fn max_index(&self) -> u64 {
        max_index_of(&self.env_fn())
    }

    /// Who is at work with `tool`, and where: for the history of a repository. `command` is what it
    /// does to that: `publish`, `sync`, `remove` or `rollback`.
    #[must_use]
    pub fn origin(&self, tool: &Tool, command: &str) -> Origin {
        let host = rustix::system::uname().nodename().to_str().ok().map(str::to_owned);
        Origin::from_env(&self.env_fn(), host).by(tool.name, tool.version, command)
    }

    /// How long what is taken away from a repository can come back: `SLIPWAY_KEEP_REMOVED`.
    ///
    /// # Errors
    /// When the variable is no span of time.
    pub fn keep_removed(&self) -> Result<Keep, Failure> {
        let Some(text) = self.env("SLIPWAY_KEEP_REMOVED").filter(|text| !text.is_empty()) else {
            return Ok(Keep::default());
        };
        let age: Age = text.parse().map_err(|reason| {
            Failure::usage(format!("SLIPWAY_KEEP_REMOVED cannot be used: {reason}"))
        })?;
        Ok(Keep(age.duration()))
    }

    /// Warns before something is written to a store whose locks other machines may not see.
    pub fn caution(&self, store: &Store) {
        if let Some(caution) = store.caution() {
            self.warn_once(&caution);
        }
    }
}

/// So many archives of one failure are listed.
const LISTED: usize = 20;

/// The variable that says how large a `packages.json` may be.
const MAX_INDEX: &str = "SLIPWAY_MAX_INDEX";

/// What to do about something that is larger.
#[must_use]
pub fn max_index_hint() -> String {
    format!("{MAX_INDEX} allows more, as in {MAX_INDEX}=8G.")
}

/// [`Io::max_index`], of an environment.
#[must_use]
pub fn max_index_of(env: Env<'_>) -> u64 {
    max_index(env).unwrap_or(store::LARGEST)
}

/// How large a `packages.json` may be, as the environment says.
pub(crate) fn max_index(env: Env<'_>) -> Result<u64, Failure> {
    let Some(value) = env(MAX_INDEX).filter(|value| !value.is_empty()) else {
        return Ok(store::LARGEST);
    };
    let Size(bytes) =
        value.parse().map_err(|error| Failure::usage(format!("{MAX_INDEX}: {error}")))?;
    Ok(bytes)
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
            E::NoCredentials { .. } | E::Credentials { .. } | E::Setting { .. } => Exit::Usage,
            E::NoBucket { .. } | E::NotFound { .. } => Exit::NotFound,
            E::AccessDenied { .. } | E::Refused { .. } => Exit::AccessDenied,
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
            E::TooLarge { .. } => return Some(max_index_hint()),
            E::AccessDenied { .. } | E::Refused { .. } => advice(self.reason()?),
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

/// What to do about a refusal.
fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::Rights => "Check the credentials, and what they may do in this bucket.",
        Reason::Identity => {
            "Check the access key and its secret, and that they belong to this service \
             (AWS_ENDPOINT_URL_S3)."
        }
        Reason::Clock => "Set the clock of this machine; requests are signed with its time.",
        Reason::Expired => {
            "Get new credentials: these are temporary, and their time is over ('aws sso login', or \
             the same way as before)."
        }
        Reason::Encryption => {
            "The objects are encrypted with a key of KMS: enable that key, or let these credentials \
             use it (kms:Decrypt to read, kms:GenerateDataKey to write)."
        }
        Reason::RequesterPays => {
            "Who reads this bucket pays for it: set AWS_REQUEST_PAYER=requester to agree, with \
             credentials of an account that pays."
        }
        Reason::Archived => {
            "The object is archived (Glacier): restore it first ('aws s3api restore-object'), or \
             change the lifecycle rule; 'repo-check' lists all such objects."
        }
        Reason::Quota => {
            "Make room ('repo-check --gc'), or have the quota of the bucket or account raised."
        }
    }
}

impl Fail for repository::Error {
    fn exit(&self) -> Exit {
        use repository::Error as E;
        match self {
            E::Store(error) => error.exit(),
            E::Manifest { .. } | E::Index { .. } | E::Generation { .. } | E::Claimed { .. } => {
                Exit::BadInput
            }
            E::Refused { .. } => Exit::Failure,
            E::Contended { .. } | E::Moved { .. } | E::Vanished { .. } => Exit::Conflict,
            E::NoManifests { .. }
            | E::NoRepository { .. }
            | E::NoGeneration { .. }
            | E::ArchivesGone { .. } => Exit::NotFound,
            E::NoSourceStore { .. } | E::SnapshotName { .. } => Exit::Usage,
            E::SnapshotExists { .. } => Exit::SnapshotExists,
            E::Local { .. } => Exit::LocalIo,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Refused { reasons, .. } => reasons.iter().skip(1).cloned().collect(),
            Self::Claimed { archives, .. } => {
                let shown = archives.iter().take(LISTED).map(|archive| format!("  {archive}"));
                let more = archives.len().saturating_sub(LISTED);
                let more = (more > 0).then(|| format!("  … and {more} more"));
                shown.chain(more).collect()
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        use repository::Error as E;
        let hint = match self {
            E::Store(error) => return error.hint(),
            E::Contended { .. } | E::Moved { .. } => "Nothing was lost; run it again.",
            E::Vanished { .. } => {
                "The packages that need them are as they were before. Run it again, or deploy them \
                 again."
            }
            E::ArchivesGone { .. } => {
                "Nothing was changed. Bring these archives back, or choose another generation."
            }
            E::Refused { .. } => {
                "packages.json is as it was. Deploy what is missing, or publish without --check."
            }
            E::Claimed { .. } => {
                "Nothing was changed. Deploy the source's package under another name, or remove or \
                 update the packages that have these archives."
            }
            E::NoRepository { .. } => "Check bucket and prefix.",
            E::NoGeneration { .. } => "'repo-mkrepo log' lists the generations that there are.",
            E::Manifest { .. } => "Correct or remove that manifest, then run it again.",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
