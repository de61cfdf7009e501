//! What can go wrong, and the status for it.

use std::io;
use std::path::PathBuf;

use manifest::generate;
use tool::{Exit, Fail};

/// Why there is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The description of the package is not valid.
    #[error(transparent)]
    Request(generate::Error),
    /// A variable of the environment is missing.
    #[error("the environment variable {variable} must be set")]
    Missing {
        /// Its name.
        variable: &'static str,
    },
    /// The environment does not say where the archive will be.
    #[error(transparent)]
    Location(location::Error),
    /// The archive cannot be read.
    #[error("cannot read {}", path.display())]
    Archive {
        /// Its path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The manifest would be longer than any reader takes.
    #[error("the manifest would be longer than {} bytes", manifest::MAX_BYTES)]
    TooLong,
    /// Stdout cannot be written.
    #[error("cannot write to stdout")]
    Stdout {
        /// The cause.
        source: io::Error,
    },
}

impl Fail for Error {
    fn exit(&self) -> Exit {
        match self {
            Error::Request(_) | Error::Missing { .. } | Error::Location(_) => Exit::Usage,
            Error::Archive { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Exit::NotFound
            }
            Error::Archive { .. } => Exit::LocalIo,
            Error::TooLong => Exit::BadInput,
            Error::Stdout { source } if source.kind() == io::ErrorKind::BrokenPipe => {
                Exit::BrokenPipe
            }
            Error::Stdout { .. } => Exit::LocalIo,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Request(generate::Error::Arity { .. }) => Some(tool::SEE_HELP.to_owned()),
            Error::Missing { variable: "STACK" } => {
                Some("It names the stack that the package is built for, such as heroku-24.".into())
            }
            Error::Missing { .. } => {
                Some("S3_BUCKET and S3_PREFIX say where the archive will be.".to_owned())
            }
            Error::Request(_)
            | Error::Location(_)
            | Error::Archive { .. }
            | Error::TooLong
            | Error::Stdout { .. } => None,
        }
    }
}
