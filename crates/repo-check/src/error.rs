//! What can go wrong with a check, beside what it finds.

use std::path::PathBuf;

use tool::{Exit, Fail};

/// What can go wrong with a check, beside what it finds.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store does not answer as it should.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The history cannot be read.
    #[error(transparent)]
    Repository(#[from] repository::Error),
    /// An archive cannot be read, for a reason that is not the archive's.
    #[error(transparent)]
    Archive(archive::Error),
    /// The resolver cannot work with what it is given.
    #[error(transparent)]
    Resolution(#[from] resolution::Error),
    /// There is nothing at all.
    #[error("there is no repository in {place}")]
    NoRepository {
        /// The place that was looked in.
        place: String,
    },
    /// What may refer to archives cannot be understood.
    #[error("{place} has files that cannot be read: {}", names.join(", "))]
    Unreadable {
        /// The repository.
        place: String,
        /// Their names.
        names: Vec<String>,
    },
    /// The repository kept changing while it was read.
    #[error("{place} was changed over and over while it was read")]
    Moving {
        /// The repository.
        place: String,
    },
    /// Something was published that refers to what was just removed.
    #[error("{} was removed, but somebody began to refer to it at that moment", names.join(", "))]
    Lost {
        /// Their keys.
        names: Vec<String>,
    },
    /// A file that was named cannot be read.
    #[error("cannot read {path}")]
    Local {
        /// Its path.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A lock file or plan is not one.
    #[error("{path} is not {what}: {reason}")]
    Document {
        /// Its path.
        path: PathBuf,
        /// What it should be, with its article.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl Fail for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Store(error) => error.exit(),
            Self::Repository(error) => error.exit(),
            Self::Archive(_) => Exit::LocalIo,
            Self::NoRepository { .. } => Exit::NotFound,
            Self::Unreadable { .. } | Self::Document { .. } | Self::Resolution(_) => Exit::BadInput,
            Self::Moving { .. } | Self::Lost { .. } => Exit::Conflict,
            Self::Local { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Exit::NotFound
            }
            Self::Local { .. } => Exit::LocalIo,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Store(error) => return error.hint(),
            Self::Repository(error) => return error.hint(),
            Self::NoRepository { .. } => "Check bucket and prefix.",
            Self::Unreadable { .. } => {
                "They may refer to archives, so nothing is removed. 'repo-check' says what is \
                 wrong with them."
            }
            Self::Moving { .. } => "Nothing was removed; run it again.",
            Self::Lost { .. } => "Deploy these packages again with --overwrite.",
            Self::Archive(_) | Self::Local { .. } | Self::Document { .. } | Self::Resolution(_) => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}
