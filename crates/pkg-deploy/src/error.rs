//! What can go wrong with a deploy.

use std::io;
use std::path::PathBuf;

use repository::layout::BadName;
use tool::{Exit, Fail};

/// What can go wrong with a deploy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An archive of that name is there.
    #[error("Archive {key} already exists.")]
    Exists {
        /// Its key.
        key: String,
    },
    /// The manifest of another archive has the name of this one's.
    #[error("manifest {key} already exists, for another archive")]
    OtherManifest {
        /// Its key.
        key: String,
    },
    /// There are no credentials to upload with. Historical wording, whole: so the store's error is
    /// no source, which would be told behind it.
    #[error("Deploy requires valid AWS credentials.")]
    NoCredentials(store::Error),
    /// The input has no build records at all.
    #[error("there are no build records in {from}")]
    NoRecords {
        /// `stdin`, or the file.
        from: String,
    },
    /// A producer of the input says that it failed.
    #[error("{tool} failed with status {status}, so nothing is deployed")]
    Failed {
        /// The producer.
        tool: String,
        /// What it ended with.
        status: u8,
    },
    /// A record of another kind.
    #[error("expected build.v1 records, found {kind}")]
    OtherRecord {
        /// Its kind.
        kind: &'static str,
    },
    /// A record names an object that no package has.
    #[error("the record of {formula}: {field} {name:?} {reason}")]
    Name {
        /// The formula of the record.
        formula: String,
        /// The field, as the record has it.
        field: &'static str,
        /// What it says.
        name: String,
        /// What is wrong with it.
        reason: BadName,
    },
    /// A build has no archive.
    #[error("the build of {formula} has no archive")]
    NoArchive {
        /// The formula.
        formula: String,
    },
    /// A file is not what its record says.
    #[error("{path} is not the file that was built: its {what} differs", path = path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// `checksum` or `size`.
        what: &'static str,
    },
    /// A manifest that no repository may hold.
    #[error("{path} is not a manifest: {reason}", path = path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file on this machine cannot be read.
    #[error("cannot use {path}", path = path.display())]
    Local {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A bucket.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A repository.
    #[error(transparent)]
    Repository(#[from] repository::Error),
    /// The records.
    #[error(transparent)]
    Record(#[from] record::Error),
}

impl Error {
    /// For `map_err`: a file that cannot be used.
    pub(crate) fn local(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Local { path, source }
    }
}

impl Fail for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Exists { .. } | Self::OtherManifest { .. } => Exit::Exists,
            Self::NoCredentials(_) => Exit::Usage,
            Self::NoRecords { .. }
            | Self::OtherRecord { .. }
            | Self::NoArchive { .. }
            | Self::Name { .. }
            | Self::Changed { .. }
            | Self::Manifest { .. } => Exit::BadInput,
            Self::Failed { .. } => Exit::Failure,
            Self::Local { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Exit::NotFound,
                _ => Exit::LocalIo,
            },
            Self::Store(error) => error.exit(),
            Self::Repository(error) => error.exit(),
            Self::Record(error) => error.exit(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Repository(error) => error.details(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Exists { .. } | Self::OtherManifest { .. } => {
                "Use the --overwrite flag to continue."
            }
            Self::Failed { .. } => "Give --keep-going to deploy what was built.",
            Self::NoRecords { .. } => tool::SEE_HELP,
            Self::Store(error) => return error.hint(),
            Self::NoCredentials(error) => return tool::Fail::hint(error),
            Self::Repository(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
