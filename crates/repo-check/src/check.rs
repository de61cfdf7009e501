//! From a repository's state to what is wrong with it. Nothing here asks anybody.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{Index, glob};
use repository::index::FILE_NAME;
use store::Head;

use crate::compare::{Difference, compare};
use crate::entry::{Archive, Entry};
use crate::finding::{ALL, Finding, Kind};
use crate::inventory::{Class, OWN};
use crate::state::{Document, Source, State};

mod archives;

pub use archives::is_bare;

/// The metadata in which the tools keep an object's checksum.
pub const SHA256: &str = "sha256";
/// The metadata in which `pkg-deploy` names the manifest of an archive.
pub const MANIFEST: &str = "manifest";

/// What was learnt of an archive by reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deep {
    /// How many bytes it has.
    pub size: u64,
    /// Its checksums.
    pub sha256: String,
    /// The checksum that Composer looks at.
    pub sha1: String,
    /// The checksum that its upload stored beside it.
    pub stored: Option<String>,
    /// What is wrong with it; none where it would be unpacked.
    pub damage: Option<String>,
    /// Whether it is of a form that was unpacked.
    pub unpacked: bool,
}

/// What was asked of the store beside the listing; all by name.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// What is stored beside objects; `None` for one that is not there.
    pub heads: BTreeMap<String, Option<Head>>,
    /// What was read.
    pub deep: BTreeMap<String, Deep>,
    /// The prefix of the repository.
    pub prefix: String,
    /// Patterns of names that are no orphans.
    pub keep: Vec<String>,
}

impl Evidence {
    /// Whether an object is there, listed or not.
    fn is_there(&self, state: &State, name: &str) -> bool {
        state.inventory.get(name).is_some() || matches!(self.heads.get(name), Some(Some(_)))
    }

    /// Whether the owner said that an object stays.
    pub fn keeps(&self, name: &str) -> bool {
        self.keep.iter().any(|pattern| pattern == name || glob::matches(pattern, name))
    }
}

/// The objects of which the listing does not say enough.
pub fn wanted_heads(state: &State) -> Vec<String> {
    let mut wanted = BTreeSet::new();
    let references = state.references();
    for name in references.keys() {
        // A listing may be older than the manifest that was read after it.
        if state.inventory.get(name).is_none() {
            wanted.insert((*name).to_owned());
        }
    }
    // What is stored beside an archive stands in no listing: its checksum, its encoding.
    wanted.extend(state.inventory.of(Class::Archive).map(|item| item.name.clone()));
    wanted.into_iter().collect()
}

/// All findings, the gravest kinds first, by name within a kind.
pub fn check(state: &State, evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    documents(state, &mut findings);
    index(state, &mut findings);
    archived(state, &mut findings);
    archives::references(state, evidence, &mut findings);
    archives::contents(state, evidence, &mut findings);
    archives::orphans(state, evidence, &mut findings);
    snapshots(state, &mut findings);
    others(state, &mut findings);
    let place = |kind: Kind| ALL.iter().position(|other| *other == kind);
    findings.sort_by(|left, right| {
        (place(left.kind), &left.name).cmp(&(place(right.kind), &right.name))
    });
    findings
}

/// Files that cannot be understood.
fn documents(state: &State, findings: &mut Vec<Finding>) {
    for (name, reason) in state.unreadable() {
        let kind = match name {
            FILE_NAME => Kind::UnreadableIndex,
            _ if state.snapshots.contains_key(name) => Kind::UnreadableSnapshot,
            _ if name.starts_with(OWN) => Kind::BrokenGeneration,
            _ => Kind::BrokenManifest,
        };
        findings.push(Finding::new(kind, name, reason));
    }
}

/// Objects of the repository that nobody can read before they are restored.
fn archived(state: &State, findings: &mut Vec<Finding>) {
    for item in state.inventory.items() {
        let ours = !matches!(item.class, Class::Nested | Class::Other);
        if let (Some(class), true) = (&item.archived, ours) {
            let message =
                format!("has the storage class {class}: it cannot be read until it is restored");
            findings.push(Finding::new(Kind::ArchivedObject, &item.name, message));
        }
    }
}

/// What `packages.json` says, against what the manifests make.
fn index(state: &State, findings: &mut Vec<Finding>) {
    let published = match &state.index {
        Document::Read(published) => published,
        Document::Unreadable(_) => return,
        Document::Missing => {
            if !state.manifests.is_empty() {
                let count = state.manifests.len();
                let message = format!("is not there, though there are {count} manifests");
                findings.push(Finding::new(Kind::MissingIndex, FILE_NAME, message));
            }
            return;
        }
    };
    let recorded = state.history.index_sha256.as_ref();
    if recorded.is_some_and(|sha256| *sha256 != published.sha256) {
        let message = "was written by something that left no record of it in the history";
        findings.push(Finding::new(Kind::OutsideHistory, FILE_NAME, message));
    }
    let named = state.known().map(|(name, known)| (name.to_owned(), known.stored.manifest.clone()));
    let made = Index::generate(named.collect());
    let files = files(state);
    for difference in compare(&published.index, &made) {
        findings.push(stale(&difference, &files));
    }
}

/// The manifests of each package version.
fn files(state: &State) -> BTreeMap<(&str, &str), Vec<&str>> {
    let mut files: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (name, known) in state.known() {
        let version = (known.entry.package.as_str(), known.entry.version.as_str());
        files.entry(version).or_default().push(name);
    }
    files
}

fn stale(difference: &Difference<'_>, files: &BTreeMap<(&str, &str), Vec<&str>>) -> Finding {
    let finding = |message| Finding::new(Kind::StaleIndex, FILE_NAME, message);
    let (manifest, what) = match difference {
        Difference::Order(name) => {
            let mut finding = finding(format!("has the versions of {name} in another order"));
            finding.package = Some(((*name).to_owned(), String::new()));
            return finding;
        }
        Difference::Lacking(manifest) => (*manifest, "lacks"),
        Difference::Excess(manifest) => (*manifest, "lists"),
        Difference::Other(manifest, _) => (*manifest, "has another"),
    };
    let (package, version) = (manifest.name(), manifest.version());
    let from = files.get(&(package, version)).map(|files| files.join(" or "));
    let tail = match (difference, from) {
        (Difference::Lacking(_), Some(files)) => format!(" of {files}"),
        (Difference::Lacking(_), None) => String::new(),
        (Difference::Other(_, keys), from) => {
            let keys = keys.join(", ");
            let from = from.map(|files| format!(" of {files}")).unwrap_or_default();
            format!("{from}: they differ in {keys}")
        }
        (_, Some(files)) => format!(", which {files} does not make"),
        (_, None) => ", for which there is no manifest".to_owned(),
    };
    finding(format!("{what} {package} {version}{tail}")).of(package, version)
}

/// What snapshots list and no manifest describes.
fn snapshots(state: &State, findings: &mut Vec<Finding>) {
    // By archive, for that is what a snapshot needs; a package without one goes by its name.
    let place = |entry: &Entry| match &entry.archive {
        Archive::Nowhere => (Archive::Nowhere, entry.package.clone(), entry.version.clone()),
        archive => (archive.clone(), String::new(), String::new()),
    };
    let described: BTreeSet<_> = state.known().map(|(_, known)| place(&known.entry)).collect();
    for (name, snapshot) in &state.snapshots {
        let Some(entries) = snapshot.read() else { continue };
        for entry in entries.iter().filter(|entry| !described.contains(&place(entry))) {
            let (package, version) = (&entry.package, &entry.version);
            let message = format!("lists {package} {version}, for which there is no manifest");
            let finding = Finding::new(Kind::SnapshotOnly, name, message);
            findings.push(finding.of(package, version));
        }
    }
}

/// What lies about.
fn others(state: &State, findings: &mut Vec<Finding>) {
    for item in state.inventory.of(Class::Own) {
        let message = if item.name.starts_with(PENDING) {
            "is of a removal that did not come to its end; the next change completes it"
        } else if is_leftover(&item.name) {
            "is a scratch object of a tool that did not come to its end"
        } else if state.history.lost.contains(&item.name) {
            "is of a publish that lost a race, or did not come to its end"
        } else {
            continue;
        };
        findings.push(Finding::new(Kind::Leftover, &item.name, message));
    }
    for item in state.inventory.of(Class::Other) {
        findings.push(Finding::new(Kind::OtherObject, &item.name, "is left alone"));
    }
    for folder in state.inventory.nested() {
        let message = "is a repository of its own, and left alone";
        findings.push(Finding::new(Kind::NestedRepository, folder, message));
    }
}

/// Where removals are written down that are under way.
pub const PENDING: &str = ".slipway/pending/";
/// How scratch objects begin: by which a service is asked, and by which tools take turns.
const SCRATCH: [&str; 2] = [".slipway/probe-", ".slipway/claim-"];

/// Whether an object below `.slipway/` is one that a tool removes again before it ends.
pub fn is_leftover(name: &str) -> bool {
    name.starts_with(PENDING) || is_scratch(name)
}

/// Whether an object below `.slipway/` is one that a tool uses for a moment.
pub fn is_scratch(name: &str) -> bool {
    SCRATCH.iter().any(|scratch| name.starts_with(scratch))
}

/// Who names something, for people: all of few, some of many.
fn named_by(sources: &[Source]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = sources.iter().take(SHOWN).map(ToString::to_string).collect();
    match sources.len().saturating_sub(SHOWN) {
        0 => match shown.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => String::new(),
        },
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests;
