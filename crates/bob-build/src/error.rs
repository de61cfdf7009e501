//! What can go wrong with a build.

use std::io;
use std::path::PathBuf;

use tool::{Exit, Fail};

/// What can go wrong with a build.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No formula of that name in the workspace.
    #[error("Formula {name} doesn't exist.")]
    NoFormula {
        /// As it was given.
        name: String,
    },
    /// A formula is there, but cannot be read.
    #[error("cannot read formula {path}", path = path.display())]
    Formula {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A formula is there, but is no script with a header.
    #[error("{path} is not a formula: {reason}", path = path.display())]
    NotAScript {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Formulae need each other.
    #[error("formula {name} depends on itself, by way of other formulae")]
    Circle {
        /// One of them.
        name: String,
    },
    /// A build path that must not be emptied.
    #[error("build path {path:?} is refused: {reason}")]
    BuildPath {
        /// As it was given.
        path: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// A dependency is in none of the buckets.
    #[error("Archive {key} does not exist.")]
    NoArchive {
        /// The key, or pattern of keys.
        key: String,
    },
    /// A dependency's archive is damaged or not safe.
    #[error("cannot unpack {key}")]
    Unpack {
        /// Its key.
        key: String,
        /// Why.
        source: archive::Error,
    },
    /// The build path cannot be packed.
    #[error("cannot archive {path}", path = path.display())]
    Pack {
        /// The build path.
        path: PathBuf,
        /// Why.
        source: archive::Error,
    },
    /// The formula ended with a status of its own.
    #[error("Formula exited with return code {status}.")]
    Status {
        /// 1 to 255.
        status: u8,
    },
    /// The formula was ended by a signal.
    #[error("Formula terminated by signal {name}.")]
    Signal {
        /// `SIGTERM` and the like.
        name: String,
        /// Its number.
        number: u8,
    },
    /// The formula could not be started.
    #[error("cannot start bash for the formula")]
    Start(#[source] io::Error),
    /// What the formula says cannot be written to the log, or to the stream that it is for.
    #[error("cannot pass on what the formula says")]
    Words(#[source] io::Error),
    /// The formula left what is not one manifest.
    #[error("{path} is not a manifest: {reason}", path = path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The formula wrote several manifests and named none.
    #[error("formula {name} wrote several manifests: {files}")]
    Manifests {
        /// The formula.
        name: String,
        /// The files' names.
        files: String,
    },
    /// The formula left a command to upload a manifest, but not the manifest.
    #[error("formula {name} left no manifest, but a command to upload one: {command}")]
    NoSuchManifest {
        /// The formula.
        name: String,
        /// What it left.
        command: String,
    },
    /// The formula wrote no manifest, and `--require-manifest` was given.
    #[error("formula {name} wrote no manifest")]
    NoManifest {
        /// The formula.
        name: String,
    },
    /// `SOURCE_DATE_EPOCH` is not a number of seconds.
    #[error("SOURCE_DATE_EPOCH is {value:?}, which is not a number of seconds")]
    Epoch {
        /// Its value.
        value: String,
    },
    /// A file on this machine cannot be read or written.
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
            Self::NoFormula { .. } | Self::NoArchive { .. } => Exit::NotFound,
            Self::BuildPath { .. } | Self::Epoch { .. } => Exit::Usage,
            Self::NotAScript { .. }
            | Self::Circle { .. }
            | Self::Manifest { .. }
            | Self::Manifests { .. }
            | Self::NoSuchManifest { .. }
            | Self::NoManifest { .. } => Exit::BadInput,
            Self::Unpack { source, .. } | Self::Pack { source, .. } => source.exit(),
            Self::Status { status } => Exit::Formula(*status),
            Self::Signal { number, .. } => Exit::Signal(*number),
            Self::Formula { .. } | Self::Start(_) | Self::Words(_) | Self::Local { .. } => {
                Exit::LocalIo
            }
            Self::Store(error) => error.exit(),
            Self::Record(error) => error.exit(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoArchive { .. } => "Please deploy it to continue.",
            Self::BuildPath { .. } => {
                "Set \"# Build Path:\" in the formula, or DEFAULT_BUILD_PATH, to a folder that may \
                 be emptied."
            }
            Self::Manifests { .. } => {
                "Let it name one with print_or_export_manifest_cmd of include/manifest.sh."
            }
            Self::Unpack { source, .. } => return source.hint(),
            Self::Store(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
