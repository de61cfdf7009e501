//! Which keys of a repository are whose.
//!
//! Readers get archives, manifests, `packages.json` and its snapshots. What lies below `.slipway/`
//! (the history, removals under way, probes of the service) is for the tools alone.

use location::Location;
use manifest::FILE_SUFFIX;

use crate::index;

/// The metadata of archives and manifests that names the process that wrote them.
pub const WRITER: &str = "writer";

/// The longest key, in bytes.
const LONGEST: usize = 1024;

/// Whether an object is for the tools alone, and not for readers.
#[must_use]
pub fn is_private(key: &str) -> bool {
    key.split('/').any(|segment| segment == location::PRIVATE)
}

/// What is wrong with a name that others give, and that is to be a key below the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing at all, between two slashes, before the first or behind the last.
    #[error("has an empty segment")]
    Empty,
    /// It leads to another place than it seems to.
    #[error("has '.' or '..' as a segment")]
    Dots,
    /// Some programs read these as a slash, or as the end.
    #[error("has a backslash or a control character")]
    Letter,
    /// Below `.slipway/`.
    #[error("lies below .slipway/, where only the tools write")]
    Private,
    /// `packages.json`, or a snapshot of it.
    #[error("is the name of an index")]
    Index,
    /// A manifest is directly below the prefix.
    #[error("has a folder; manifests lie directly below the prefix")]
    Folder,
    /// A manifest's name has its ending.
    #[error("is not NAME.composer.json")]
    Suffix,
    /// It does not begin with the prefix.
    #[error("lies outside of the repository")]
    Elsewhere,
    /// Services have no such keys.
    #[error("is longer than a key can be")]
    Long,
}

/// Checks the name of a package, whose archive is `NAME.tar.gz` below the prefix.
///
/// # Errors
/// When that archive would lie elsewhere, or among what is ours.
pub fn check_package(location: &Location, name: &str) -> Result<(), BadName> {
    check(name)?;
    fits(&location.key(&format!("{name}.tar.gz")))
}

/// Checks the file name of a manifest below the prefix.
///
/// # Errors
/// When no manifest has such a name.
pub fn check_manifest(location: &Location, name: &str) -> Result<(), BadName> {
    check(name)?;
    if name.contains('/') {
        return Err(BadName::Folder);
    }
    match name.strip_suffix(FILE_SUFFIX) {
        None | Some("") => Err(BadName::Suffix),
        Some(_) => fits(&location.key(name)),
    }
}

/// Checks the key of an archive.
///
/// # Errors
/// When it lies outside of the repository, or among what is ours.
pub fn check_archive_key(location: &Location, key: &str) -> Result<(), BadName> {
    check(below(location, key)?)?;
    fits(key)
}

/// Checks the key of a manifest.
///
/// # Errors
/// When it lies outside of the repository, or no manifest has such a name.
pub fn check_manifest_key(location: &Location, key: &str) -> Result<(), BadName> {
    check_manifest(location, below(location, key)?)
}

/// The path of a key below the prefix.
fn below<'k>(location: &Location, key: &'k str) -> Result<&'k str, BadName> {
    key.strip_prefix(location.prefix.as_str()).ok_or(BadName::Elsewhere)
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
    let snapshot = name.starts_with("packages-") && name.ends_with(".json");
    if !name.contains('/') && (name == index::FILE_NAME || snapshot) {
        return Err(BadName::Index);
    }
    Ok(())
}

fn fits(key: &str) -> Result<(), BadName> {
    if key.len() > LONGEST { Err(BadName::Long) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use location::{Prefix, Region, Service};

    use super::*;

    fn location() -> Location {
        let service = Service::Aws { region: Region::default() };
        Location::new(service, "b", Prefix::parse("p/").unwrap()).unwrap()
    }

    #[test]
    fn private_keys() {
        for key in [".slipway/x", "p/.slipway/generations/1.json", "a/b/.slipway/probe-1"] {
            assert!(is_private(key), "{key}");
        }
        for key in ["p/packages.json", "p/a.slipway/b", "p/.slipway-x", "p/a-1.tar.gz"] {
            assert!(!is_private(key), "{key}");
        }
    }

    #[test]
    fn names_of_packages() {
        let at = location();
        for name in ["php-8.3.4", "libraries/x-1", "a/b/c", "ä+b c", "a..b", "packages", ".x"] {
            assert_eq!(check_package(&at, name), Ok(()), "{name}");
        }
        let (short, long) = ("x".repeat(1015), "x".repeat(1016));
        assert_eq!(check_package(&at, &short), Ok(()));
        for (name, expected) in [
            ("", BadName::Empty),
            ("/a", BadName::Empty),
            ("a/", BadName::Empty),
            ("a//b", BadName::Empty),
            (".", BadName::Dots),
            ("./.slipway/a", BadName::Dots),
            ("a/../.slipway/b", BadName::Dots),
            ("..\\x", BadName::Letter),
            (".slipway\\x", BadName::Letter),
            ("a\nb", BadName::Letter),
            (".slipway\0/a", BadName::Letter),
            (".slipway/generations/1", BadName::Private),
            ("x/.slipway/a", BadName::Private),
            ("packages.json", BadName::Index),
            ("packages-1.json", BadName::Index),
            (long.as_str(), BadName::Long),
        ] {
            assert_eq!(check_package(&at, name), Err(expected), "{name}");
        }
    }

    #[test]
    fn keys() {
        let at = location();
        assert_eq!(check_archive_key(&at, "p/a-1.tar.gz"), Ok(()));
        assert_eq!(check_archive_key(&at, "q/a-1.tar.gz"), Err(BadName::Elsewhere));
        assert_eq!(check_archive_key(&at, "p/../a-1.tar.gz"), Err(BadName::Dots));
        assert_eq!(check_manifest_key(&at, "p/a-1.composer.json"), Ok(()));
        assert_eq!(check_manifest_key(&at, "p/packages.json"), Err(BadName::Index));
        assert_eq!(check_manifest_key(&at, "a-1.composer.json"), Err(BadName::Elsewhere));
    }

    #[test]
    fn names_of_manifests() {
        let at = location();
        assert_eq!(check_manifest(&at, "ext-a-1_php-8.3.composer.json"), Ok(()));
        for (name, expected) in [
            ("a/b.composer.json", BadName::Folder),
            (".slipway/b.composer.json", BadName::Private),
            ("./b.composer.json", BadName::Dots),
            ("/b.composer.json", BadName::Empty),
            ("b.json", BadName::Suffix),
            ("b.tar.gz", BadName::Suffix),
            (".composer.json", BadName::Suffix),
            ("packages.json", BadName::Index),
            ("packages-1.json", BadName::Index),
            ("packages-1.composer.json", BadName::Index),
            ("b\u{85}.composer.json", BadName::Letter),
        ] {
            assert_eq!(check_manifest(&at, name), Err(expected), "{name}");
        }
        let long = format!("{}.composer.json", "x".repeat(1024));
        assert_eq!(check_manifest(&at, &long), Err(BadName::Long));
    }
}
