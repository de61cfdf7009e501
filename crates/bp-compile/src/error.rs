//! What can go wrong beside the components.

use std::io;
use std::path::PathBuf;

use tool::{Exit, Fail};

/// What can go wrong beside the components.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file for other buildpacks cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Fail for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Write { .. } => Exit::LocalIo,
        }
    }
}
