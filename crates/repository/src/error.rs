//! What can go wrong with a repository.

use std::io;
use std::path::PathBuf;

/// An error of this crate; every variant names the key or path concerned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed; its error names the operation.
    #[error(transparent)]
    Store(#[from] store::Error),

    /// A manifest in the store, or in a folder, is not a JSON object.
    #[error("{name} is not a valid manifest")]
    Manifest {
        /// Key or path of the manifest.
        name: String,
        /// Where and why.
        source: manifest::Error,
    },

    /// A `packages.json` or snapshot is not a valid index.
    #[error("{name} is not a valid index")]
    Index {
        /// Key or path of the index.
        name: String,
        /// Where and why.
        source: manifest::index::Error,
    },

    /// Others kept changing the repository for as long as we tried.
    #[error("gave up on {key} after {attempts} attempts: others keep changing it")]
    Contended {
        /// Key of the index, or the prefix that would not hold still.
        key: String,
        /// How often it was tried.
        attempts: u32,
    },

    /// There is no manifest, and no `packages.json` either.
    #[error("no manifests found in {place}")]
    NoManifests {
        /// The repository that was looked in.
        place: String,
    },

    /// There is nothing of a repository: no manifest, no `packages.json`, no snapshot, no history.
    #[error("there is no repository at {place}")]
    NoRepository {
        /// Where it was looked for.
        place: String,
    },

    /// A manifest is not what it was when the sync was planned.
    #[error("{key} was changed by somebody else meanwhile")]
    Moved {
        /// Key of the manifest.
        key: String,
    },

    /// Archives that the change needs were removed concurrently, and cannot be brought back.
    #[error("archives of {place} were removed concurrently: {}", archives.join(", "))]
    Vanished {
        /// The repository.
        place: String,
        /// The archives, as paths below the prefix.
        archives: Vec<String>,
    },

    /// Archives are to be copied from a source that was given as a folder of manifests only.
    #[error("archives are to be copied from {place}, which was not opened")]
    NoSourceStore {
        /// The source.
        place: String,
    },

    /// The check before the write says no.
    #[error("{key} is not published: {}", reasons.first().map_or("", |reason| reason))]
    Refused {
        /// Key of the index.
        key: String,
        /// Why: the first line, and those below it.
        reasons: Vec<String>,
    },

    /// The snapshot that is to be made exists already.
    #[error("snapshot {key} exists already")]
    SnapshotExists {
        /// Key of the snapshot.
        key: String,
    },

    /// A generation that is not on the chain of the repository's, or whose files are gone.
    #[error("there is no generation {name} of {place}")]
    NoGeneration {
        /// As it was named.
        name: String,
        /// The repository.
        place: String,
    },

    /// Archives that a generation names were removed since.
    #[error(
        "generation {generation} cannot come back: {} of its archives are gone: {}",
        archives.len(),
        archives.join(", ")
    )]
    ArchivesGone {
        /// The generation.
        generation: String,
        /// Keys of the archives, all of them.
        archives: Vec<String>,
    },

    /// A sync would change archives of packages that it does not name.
    #[error("{place} has other packages with archives that the sync would write over")]
    Claimed {
        /// The destination.
        place: String,
        /// For each archive, whose it is and what would replace it.
        archives: Vec<String>,
    },

    /// A file of a generation is not what it was when it was written.
    #[error("{key} is damaged: {reason}")]
    Generation {
        /// Key of the file.
        key: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A snapshot name that cannot be part of a key.
    #[error("'{name}' is not a name for a snapshot: use letters, digits, '.', '_', '+' and '-'")]
    SnapshotName {
        /// The name as given.
        name: String,
    },

    /// A local folder or file could not be read or written.
    #[error("{path}")]
    Local {
        /// The path concerned.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl Error {
    /// Whether the store refuses the credentials.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        matches!(self, Self::Store(store::Error::AccessDenied { .. }))
    }

    /// Whether the store has an object only in an archive, from which it is to be restored first.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        self.store().is_some_and(|error| error.reason() == Some(store::Reason::Archived))
    }

    /// The store's error, if that is what it was.
    #[must_use]
    pub fn store(&self) -> Option<&store::Error> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
