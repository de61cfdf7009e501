//! What can go wrong with a removal, beside the store.

use tool::{Exit, Fail};

/// What can go wrong with a removal, beside the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Names that match no manifest.
    #[error("no manifest in {place} matches {}", names.join(", "))]
    NoMatch {
        /// The names as given.
        names: Vec<String>,
        /// The repository that was looked in.
        place: String,
    },
}

impl Fail for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoMatch { .. } => Exit::NotFound,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoMatch { .. } => Some("Nothing was removed.".to_owned()),
        }
    }
}
