//! Which keys of a repository are whose.
//!
//! Readers get archives, manifests, `packages.json` and its snapshots. What lies below `.slipway/`
//! (the history, removals under way, probes of the service) is for the tools alone.

use manifest::FILE_SUFFIX;
use store::key;

use crate::index;

/// Folder of what is for the tools alone, in any repository.
const OWN: &str = ".slipway";

/// Whether an object is for the tools alone, and not for readers.
#[must_use]
pub fn is_private(key: &str) -> bool {
    key.split('/').any(|segment| segment == OWN)
}

/// What is wrong with a name that is to be a key below the prefix of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing, or nothing between two slashes, before the first or behind the last.
    #[error("has an empty segment")]
    Empty,
    /// It leads to another place than it seems to.
    #[error("has '.' or '..' as a segment")]
    Dots,
    /// No key of a package has these.
    #[error("has a backslash or a control character")]
    Letter,
    /// Below `.slipway/`.
    #[error("lies below .slipway/, where only the tools write")]
    Private,
    /// The name of `packages.json`, or of a snapshot.
    #[error("is the name of an index")]
    Index,
    /// An archive's name ends as a manifest's.
    #[error("is the name of a manifest")]
    Manifest,
    /// A manifest lies directly below the prefix.
    #[error("has a folder; manifests lie directly below the prefix")]
    Folder,
    /// A manifest's name has its ending.
    #[error("does not end in .composer.json behind a name")]
    Suffix,
    /// The store has no such keys.
    #[error("is too long for a key")]
    Long,
}

/// Checks the path of an archive below the prefix, where a record says it.
///
/// # Errors
/// When an archive there would be taken for something else, or lie elsewhere.
pub fn check_archive(path: &str) -> Result<(), BadName> {
    check(path)?;
    match path.ends_with(FILE_SUFFIX) {
        true => Err(BadName::Manifest),
        false => Ok(()),
    }
}

/// Checks the file name of a manifest, where a record says it.
///
/// # Errors
/// When no repository has manifests of that name.
pub fn check_manifest(name: &str) -> Result<(), BadName> {
    check(name)?;
    if name.contains('/') {
        return Err(BadName::Folder);
    }
    match name.strip_suffix(FILE_SUFFIX) {
        None | Some("") => Err(BadName::Suffix),
        Some(_) => Ok(()),
    }
}

fn check(name: &str) -> Result<(), BadName> {
    let segments = || name.split('/');
    if name.contains('\\') || name.contains(char::is_control) {
        return Err(BadName::Letter);
    }
    if segments().any(str::is_empty) {
        return Err(BadName::Empty);
    }
    if segments().any(|segment| matches!(segment, "." | "..")) {
        return Err(BadName::Dots);
    }
    if is_private(name) {
        return Err(BadName::Private);
    }
    if index::is_index(name) {
        return Err(BadName::Index);
    }
    Ok(())
}
