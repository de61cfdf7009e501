//! What differs between two indexes, for messages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::order;
use crate::package::Manifest;

type Packages = BTreeMap<String, Vec<Manifest>>;

/// The sort of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Offered by the newer index only.
    Added,
    /// Offered by both, with other contents or another number of variants.
    Changed,
    /// Offered by the older index only.
    Removed,
}

/// One package version that differs between two indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened to it.
    pub kind: ChangeKind,
    /// The package's name.
    pub name: String,
    /// Its version as it is written.
    pub version: String,
}

impl fmt::Display for Change {
    /// `+ name version`, `~ name version` or `- name version`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.kind {
            ChangeKind::Added => '+',
            ChangeKind::Changed => '~',
            ChangeKind::Removed => '-',
        };
        write!(f, "{sign} {} {}", self.name, self.version)
    }
}

pub(super) fn between(older: &Packages, newer: &Packages) -> Vec<Change> {
    let names: BTreeSet<&String> = older.keys().chain(newer.keys()).collect();
    let mut changes = Vec::new();
    for name in names {
        let (older, newer) = (by_version(older.get(name)), by_version(newer.get(name)));
        let mut versions: Vec<&str> = older.keys().chain(newer.keys()).copied().collect();
        versions.sort_by(|left, right| order::natural(left, right).then(left.cmp(right)));
        versions.dedup();
        for version in versions {
            let kind = match (older.get(version), newer.get(version)) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Removed,
                (Some(older), Some(newer)) if older == newer => continue,
                _ => ChangeKind::Changed,
            };
            changes.push(Change { kind, name: name.clone(), version: version.to_owned() });
        }
    }
    changes
}

fn by_version(manifests: Option<&Vec<Manifest>>) -> BTreeMap<&str, Vec<&Manifest>> {
    let mut versions: BTreeMap<&str, Vec<&Manifest>> = BTreeMap::new();
    for manifest in manifests.into_iter().flatten() {
        versions.entry(manifest.version()).or_default().push(manifest);
    }
    versions
}
