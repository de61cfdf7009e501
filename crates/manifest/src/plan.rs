//! What a sync has to do, decided without doing any of it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::package::{Manifest, TIME_FORMAT};

mod decide;
mod operation;
mod steps;

pub use operation::{Operation, OperationKind};

/// How the URLs of one repository relate to the paths below its prefix.
pub trait Urls: Sync {
    /// The path below the prefix that a URL stands for, percent-decoded and without its query;
    /// `None` for a URL that is elsewhere.
    fn relative(&self, url: &str) -> Option<String>;

    /// The same path as the URL writes it: percent-encoded or not, as its author did.
    fn written<'u>(&self, url: &'u str) -> Option<Cow<'u, str>>;

    /// The URL of a path below the prefix that is as a URL writes it.
    fn url(&self, written: &str) -> String;
}

/// Where a repository is, as plans name it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The bucket's region.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The prefix, empty or with a slash at the end.
    pub prefix: String,
}

impl Place {
    /// The full name of a path below the prefix: `s3://bucket/prefix/path`.
    #[must_use]
    pub fn name(&self, path: &str) -> String {
        format!("s3://{}/{}{path}", self.bucket, self.prefix)
    }
}

/// One manifest of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its file name, such as `php-8.3.4.composer.json`.
    pub file_name: String,
    /// What it says.
    pub manifest: Manifest,
    /// When the object was written: the time of a manifest that has none of its own.
    pub modified: Timestamp,
}

/// One of the two repositories of a sync.
pub struct Side<'a> {
    /// Where it is.
    pub place: Place,
    /// How its URLs look.
    pub urls: &'a dyn Urls,
    /// Its manifests, in any order.
    pub entries: Vec<Entry>,
}

/// What a sync is asked to spare, and how it is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Leave alone what the destination alone has.
    pub keep: bool,
    /// Archives (paths below the destination's prefix) that something else still needs, such as
    /// a snapshot: they are never removed.
    pub needed: BTreeSet<String>,
    /// How many threads compare the manifests.
    pub threads: usize,
}

/// What becomes of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Only the source has it.
    Add,
    /// The source has a newer one.
    Update,
    /// Only the destination has it.
    Remove,
}

/// Why a package is left alone although the sides differ, or an archive although its manifest
/// goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The destination's manifest has a later time.
    DestinationNewer,
    /// Both have one time, but other contents.
    ContentsDiffer,
    /// Removals are not wanted.
    Kept,
    /// The archive is not in the repository's bucket and prefix.
    External,
    /// The archive is still needed by another package or by a snapshot.
    Needed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::DestinationNewer => "destination is newer",
            Reason::ContentsDiffer => "contents differ, but times are identical",
            Reason::Kept => "removals are not wanted",
            Reason::External => "file located outside of bucket",
            Reason::Needed => "archive is still needed",
        })
    }
}

/// What a sync does with one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageChange {
    /// The manifest's file name without `.composer.json`.
    pub package: String,
    /// The manifest's file name.
    pub file_name: String,
    /// What happens to it, or would happen.
    pub action: Action,
    /// Why it does not happen.
    pub ignored: Option<Reason>,
    /// The archive's URL as the source has it (for a removal: the destination), wherever it is.
    pub dist_url: Option<String>,
    /// The archive's path below both prefixes (for a removal: below the destination's); `None`
    /// where the archive is elsewhere.
    pub archive: Option<String>,
    /// An archive that the destination's old manifest named and the new one does not, to be
    /// removed after publishing.
    pub old_archive: Option<String>,
    /// The manifest as the destination gets it, URL rewritten; `None` for a removal.
    pub manifest: Option<Manifest>,
}

/// A manifest without a valid `time`: the time of its object counts instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The manifest's file name.
    pub file_name: String,
    /// The time that counts.
    pub used: Timestamp,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Warning { file_name, used } = self;
        let used = used.strftime(TIME_FORMAT);
        write!(f, "manifest {file_name} has invalid time entry, using mtime: {used}")
    }
}

/// What a sync has to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Every package that differs, in natural order of the names.
    pub changes: Vec<PackageChange>,
    /// Every step, in the order in which it may be applied.
    pub operations: Vec<Operation>,
    /// Archives to remove once the new index is published, as paths below the destination's
    /// prefix. None of them is named by a manifest of the result.
    pub archives_to_remove: BTreeSet<String>,
    /// What the reader should know of the input, such as a manifest without a time.
    pub warnings: Vec<Warning>,
    /// The destination's manifests once the plan is applied, with their file names.
    pub result: Vec<(String, Manifest)>,
}

impl Plan {
    /// The packages that one action changes, in natural order.
    pub fn with(&self, action: Action) -> impl Iterator<Item = &PackageChange> {
        self.changes.iter().filter(move |c| c.action == action && c.ignored.is_none())
    }

    /// The packages that differ and are left alone, in natural order; without those that the
    /// destination keeps because removals are not wanted.
    pub fn ignored(&self) -> impl Iterator<Item = (&PackageChange, Reason)> {
        let ignored = self.changes.iter().filter_map(|change| Some((change, change.ignored?)));
        ignored.filter(|(_, reason)| *reason != Reason::Kept)
    }

    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| change.ignored.is_some())
    }

    /// Archives to copy, as paths below both prefixes, each once.
    #[must_use]
    pub fn archives_to_copy(&self) -> BTreeSet<&str> {
        self.changes
            .iter()
            .filter(|c| c.ignored.is_none() && c.action != Action::Remove)
            .filter_map(|change| change.archive.as_deref())
            .collect()
    }

    /// Manifests to write, each with its file name.
    pub fn manifests_to_write(&self) -> impl Iterator<Item = (&str, &Manifest)> {
        self.changes
            .iter()
            .filter(|change| change.ignored.is_none())
            .filter_map(|change| Some((change.file_name.as_str(), change.manifest.as_ref()?)))
    }

    /// File names of the manifests to remove.
    pub fn manifests_to_remove(&self) -> impl Iterator<Item = &str> {
        self.with(Action::Remove).map(|change| change.file_name.as_str())
    }
}

/// Compares two repositories and says what makes the destination like the source.
#[must_use]
pub fn plan(source: &Side<'_>, destination: &Side<'_>, options: &Options) -> Plan {
    decide::plan(source, destination, options)
}

#[cfg(test)]
mod tests;
