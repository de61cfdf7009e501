//! What can go wrong with a sync, beside the stores.

use std::path::PathBuf;

use tool::{Exit, Fail};

/// What can go wrong with a sync, beside the stores.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither arguments nor the environment name the source.
    #[error("The environment variable S3_BUCKET must be set to the bucket name")]
    NoSource,
    /// The source has no `packages.json`.
    #[error("{key} does not exist in {place}: there is nothing to sync from")]
    NoIndex {
        /// Its key.
        key: String,
        /// The source.
        place: String,
    },
    /// The source's snapshot is missing, or is not what its `packages.json` is.
    #[error("snapshot {key} is missing in {place}, or does not match packages.json")]
    SnapshotDiffers {
        /// Key of the snapshot.
        key: String,
        /// The source.
        place: String,
    },
    /// The destination has that snapshot.
    #[error("snapshot {key} exists in {place} already")]
    SnapshotExists {
        /// Key of the snapshot.
        key: String,
        /// The destination.
        place: String,
    },
    /// A plan that says not where packages come from.
    #[error("the plan names no source")]
    NoPlannedSource,
    /// A file of a destination folder cannot be changed.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Fail for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoSource => Exit::Usage,
            Self::NoIndex { .. } => Exit::NotFound,
            Self::SnapshotDiffers { .. } => Exit::SnapshotDiffers,
            Self::SnapshotExists { .. } => Exit::SnapshotExists,
            Self::NoPlannedSource => Exit::BadInput,
            Self::Write { .. } => Exit::LocalIo,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::SnapshotDiffers { .. } => "Make it anew with 'mkrepo.sh -c', or leave out -c.",
            Self::SnapshotExists { .. } => "Choose another name: snapshots do not change.",
            Self::NoIndex { .. } => "Publish the source with 'mkrepo.sh --upload' first.",
            Self::NoSource | Self::NoPlannedSource | Self::Write { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
