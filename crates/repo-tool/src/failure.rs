//! How a tool ends when a repository fails.

use std::io::ErrorKind;
use std::iter;

use repository::Error;
use tool::{Exit, Failure};

/// The failure for an error of a repository, for `map_err`. The one place that knows the status.
#[must_use]
pub fn failed(error: Error) -> Failure {
    let (exit, hint) = match &error {
        Error::Store(_) => (Exit::Failure, None),
        Error::Manifest { .. } => (
            Exit::BadInput,
            Some("Nothing was published. Correct or remove that file."),
        ),
        Error::Index { .. } => (Exit::BadInput, None),
        Error::NoManifests { .. } => (Exit::NotFound, None),
        Error::Contended { .. } | Error::Moved { .. } => (
            Exit::Conflict,
            Some("Nothing is lost or half-done. Run it again."),
        ),
        Error::SnapshotName { .. } | Error::NoSourceStore { .. } => (Exit::Usage, None),
        Error::SnapshotExists { .. } => (Exit::SnapshotExists, None),
        Error::Local { source, .. } if source.kind() == ErrorKind::NotFound => {
            (Exit::NotFound, None)
        }
        Error::Local { .. } => (Exit::LocalIo, None),
    };
    if let Error::Store(error) = error {
        return error.into();
    }
    let first: &dyn std::error::Error = &error;
    let causes = iter::successors(Some(first), |cause| cause.source()).map(ToString::to_string);
    Failure {
        exit,
        causes: causes.collect(),
        hint: hint.map(str::to_owned),
    }
}
