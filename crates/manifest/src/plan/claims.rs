//! Archives that a plan brings, and that other manifests of the destination name.

use std::collections::{BTreeMap, HashSet};

use super::decide::last_part;
use super::{Plan, Urls};
use crate::json::Value;
use crate::package::{FILE_SUFFIX, Manifest};

/// Whether two manifests mean the same archive, by what they say of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contents {
    /// A checksum of both is the same.
    Same,
    /// They do not say enough.
    Unknown,
    /// A checksum or the size is another.
    Other,
}

/// A manifest of the destination, which the plan leaves alone, names an archive that the plan
/// brings for another package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The archive's path below the destination's prefix.
    pub archive: String,
    /// The package of the destination that names it, as in [`PackageChange::package`].
    ///
    /// [`PackageChange::package`]: super::PackageChange::package
    pub owner: String,
    /// The package of the source that it is brought for.
    pub package: String,
    /// Whether the two manifests mean the same bytes.
    pub contents: Contents,
}

impl Plan {
    /// All claims on what the plan brings, sorted; `destination` are the manifests as they are
    /// now, with their file names, and `urls` is how they name archives.
    pub fn claims<'m>(
        &self,
        destination: impl Iterator<Item = (&'m str, &'m Manifest)>,
        urls: &dyn Urls,
    ) -> Vec<Claim> {
        let changed: HashSet<&str> = self
            .changes
            .iter()
            .filter(|change| change.ignored.is_none())
            .map(|change| change.file_name.as_str())
            .collect();
        let mut brought: BTreeMap<&str, Vec<(&str, &Manifest)>> = BTreeMap::new();
        for change in self.changes.iter().filter(|change| change.ignored.is_none()) {
            if let (Some(archive), Some(manifest)) = (&change.archive, &change.manifest) {
                brought.entry(archive).or_default().push((&change.package, manifest));
            }
        }
        let files: HashSet<&str> = brought.keys().map(|path| last_part(path)).collect();
        let mut claims = Vec::new();
        for (file_name, manifest) in destination.filter(|(name, _)| !changed.contains(name)) {
            let Some(url) = manifest.dist_url() else { continue };
            // Whether it is one of them can nearly always be told without taking the URL apart.
            let plain = url.split(['?', '#']).next().unwrap_or_default();
            if !plain.contains('%') && !files.contains(last_part(plain)) {
                continue;
            }
            let Some(archive) = urls.relative(url) else { continue };
            for (package, theirs) in brought.get(archive.as_str()).into_iter().flatten() {
                claims.push(Claim {
                    archive: archive.clone(),
                    owner: file_name.strip_suffix(FILE_SUFFIX).unwrap_or(file_name).to_owned(),
                    package: (*package).to_owned(),
                    contents: compare(theirs, manifest),
                });
            }
        }
        claims.sort();
        claims
    }
}

/// Whether two manifests mean the same bytes.
fn compare(theirs: &Manifest, ours: &Manifest) -> Contents {
    let checksum = |manifest: &Manifest, section: &str, key: &str| {
        let text = manifest.section(section)?.get(key)?.as_str()?.to_ascii_lowercase();
        Some(text).filter(|text| !text.is_empty())
    };
    let size = |manifest: &Manifest| manifest.section("extra")?.get("size").and_then(Value::as_u64);
    let mut contents = Contents::Unknown;
    for (section, key) in [("dist", "shasum"), ("extra", "sha256")] {
        match (checksum(theirs, section, key), checksum(ours, section, key)) {
            (Some(theirs), Some(ours)) if theirs == ours => contents = Contents::Same,
            (Some(_), Some(_)) => return Contents::Other,
            _ => {}
        }
    }
    match (size(theirs), size(ours)) {
        (Some(theirs), Some(ours)) if theirs != ours => Contents::Other,
        _ => contents,
    }
}
