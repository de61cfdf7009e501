//! What a sync has to do, decided without doing any of it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::package::{Manifest, TIME_FORMAT};
use crate::shares;

mod claims;
mod compare;
mod decide;
mod operation;
mod steps;

pub use claims::{Claim, Contents};
pub use compare::Comparison;
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

impl Action {
    /// The word for it, as in the JSON form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Add => "add",
            Action::Update => "update",
            Action::Remove => "remove",
        }
    }
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

    /// The destination's manifests once the plan is applied, by file name.
    #[must_use]
    pub fn result(&self, destination: &[Entry]) -> BTreeMap<String, Manifest> {
        let named = |entry: &Entry| (entry.file_name.clone(), entry.manifest.clone());
        let mut result: BTreeMap<String, Manifest> = destination.iter().map(named).collect();
        for name in self.manifests_to_remove() {
            result.remove(name);
        }
        let written = self.manifests_to_write();
        result.extend(written.map(|(name, manifest)| (name.to_owned(), manifest.clone())));
        result
    }
}

/// Compares two repositories, and says what makes the destination like the source.
pub struct Planner<'a> {
    /// The repository that is taken from.
    pub source: Side<'a>,
    /// The repository that is changed.
    pub destination: Side<'a>,
    /// What is to be spared.
    pub options: Options,
}

impl Planner<'_> {
    /// The plan, from all manifests of both sides, in any order.
    #[must_use]
    pub fn plan(&self, source: &[Entry], destination: &[Entry]) -> Plan {
        let (theirs, ours) = (decide::by_name(source), decide::by_name(destination));
        let pairs = pairs(&theirs, &ours, |entry| &entry.file_name);
        self.conclude(shares::map(self.options.threads, pairs, |share| {
            let compare = |(theirs, ours): (Option<&&_>, Option<&&_>)| {
                self.compare(theirs.copied(), ours.copied())
            };
            share.into_iter().map(compare).collect()
        }))
    }

    /// What the sides' manifests of one name mean for the plan. Once all names are compared,
    /// [`conclude`](Self::conclude) makes the plan: the manifests need not all be at hand at once.
    #[must_use]
    pub fn compare(&self, theirs: Option<&Entry>, ours: Option<&Entry>) -> Comparison {
        compare::compare(self, theirs, ours)
    }

    /// The plan, from the comparison of each name that a side has, in any order.
    #[must_use]
    pub fn conclude(&self, comparisons: Vec<Comparison>) -> Plan {
        decide::conclude(self, comparisons)
    }
}

/// Each name of either side, with what the sides have of it. Both are sorted by name, and have a
/// name once.
pub fn pairs<'a, T>(
    theirs: &'a [T],
    ours: &'a [T],
    name: impl Fn(&T) -> &str,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let mut pairs = Vec::with_capacity(theirs.len().max(ours.len()));
    let (mut theirs, mut ours) = (theirs.iter().peekable(), ours.iter().peekable());
    loop {
        let order = match (theirs.peek(), ours.peek()) {
            (Some(theirs), Some(ours)) => name(theirs).cmp(name(ours)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return pairs,
        };
        pairs.push((theirs.next_if(|_| order.is_le()), ours.next_if(|_| order.is_ge())));
    }
}

#[cfg(test)]
mod tests;
