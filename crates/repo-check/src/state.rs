//! A repository as it was read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use manifest::Index;
use repository::Stored;
use repository::references::References;
pub use repository::references::Source;

use crate::entry::{Archive, Entry};
use crate::inventory::Inventory;

/// A file of the repository that should be one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document<T> {
    /// There is none.
    Missing,
    /// It cannot be understood, for this reason.
    Unreadable(String),
    /// It is as it should be.
    Read(T),
}

impl<T> Document<T> {
    /// What it holds.
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::Read(content) => Some(content),
            Self::Missing | Self::Unreadable(_) => None,
        }
    }
}

/// A manifest and what it says.
#[derive(Debug, Clone)]
pub struct Known {
    /// The manifest itself.
    pub stored: Stored,
    /// What it says of its archive.
    pub entry: Entry,
}

/// `packages.json` and what it says.
#[derive(Debug, Clone)]
pub struct Published {
    /// The index itself.
    pub index: Index,
    /// What each of its entries says.
    pub entries: Vec<Entry>,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// What a snapshot lists.
pub type Snapshot = Document<Arc<Vec<Entry>>>;

/// A repository as it was read.
#[derive(Debug, Clone)]
pub struct State {
    /// Everything below the prefix.
    pub inventory: Inventory,
    /// The manifests by file name.
    pub manifests: BTreeMap<String, Document<Known>>,
    /// `packages.json`.
    pub index: Document<Published>,
    /// The snapshots by file name.
    pub snapshots: BTreeMap<String, Snapshot>,
    /// What the history holds.
    pub history: Arc<History>,
    /// The archives (by name) that removals under way are about, with the names of their files.
    pub pending: BTreeMap<String, Vec<String>>,
}

/// What the history of a repository holds; all by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The archives that the generations name which are to stay: the newest ones of the chain from
    /// `packages.json`, and what lies beside or above these.
    pub archives: BTreeSet<String>,
    /// The objects of generations before these.
    pub old: BTreeSet<String>,
    /// The objects of publishes that died before their record was written.
    pub lost: BTreeSet<String>,
    /// SHA-256 of `packages.json` as the newest generation left it; none without a history.
    pub index_sha256: Option<String>,
    /// The generations that cannot be read, and why.
    pub damaged: BTreeMap<String, String>,
}

impl State {
    /// The manifests that can be read.
    pub fn known(&self) -> impl Iterator<Item = (&str, &Known)> {
        self.manifests.iter().filter_map(|(name, document)| Some((name.as_str(), document.read()?)))
    }

    /// Each entry of a manifest, the index or a snapshot, with who says it.
    pub fn each_entry<'a>(&'a self, each: &mut dyn FnMut(&Source, &'a Entry)) {
        for (name, known) in self.known() {
            each(&Source::Manifest(name.into()), &known.entry);
        }
        for entry in self.index.read().into_iter().flat_map(|published| &published.entries) {
            each(&Source::Index, entry);
        }
        for (name, snapshot) in &self.snapshots {
            let source = Source::Snapshot(name.as_str().into());
            for entry in snapshot.read().into_iter().flat_map(|entries| entries.iter()) {
                each(&source, entry);
            }
        }
    }

    /// The archives of this repository that something names, by name, and who names them.
    pub fn references(&self) -> BTreeMap<&str, Vec<Source>> {
        let mut references: BTreeMap<&str, Vec<Source>> = BTreeMap::new();
        self.each_entry(&mut |source, entry| {
            if let Archive::Here(name) = &entry.archive {
                let sources = references.entry(name).or_default();
                // PHP and its shared extensions lie in one archive.
                if sources.last() != Some(source) {
                    sources.push(source.clone());
                }
            }
        });
        references
    }

    /// Everything that may refer to an archive, whatever host its URL names.
    pub fn referrers(&self) -> References {
        let mut references = References::default();
        self.each_entry(&mut |source, entry| match &entry.archive {
            Archive::Here(path) => references.add_path(path, source),
            Archive::Elsewhere(url) => references.add(url, source),
            Archive::Nowhere => {}
        });
        references
    }

    /// Whether there is no repository: nothing that could refer to an archive. One whose last package
    /// was removed still has its history.
    pub fn is_none(&self) -> bool {
        matches!(self.index, Document::Missing)
            && self.manifests.is_empty()
            && self.snapshots.is_empty()
            && self.history.index_sha256.is_none()
            && self.history.damaged.is_empty()
    }

    /// The files that cannot be understood, with the reason.
    pub fn unreadable(&self) -> Vec<(&str, &str)> {
        fn reason<T>(document: &Document<T>) -> Option<&str> {
            match document {
                Document::Unreadable(reason) => Some(reason),
                Document::Missing | Document::Read(_) => None,
            }
        }
        let index = reason(&self.index).map(|reason| (repository::index::FILE_NAME, reason));
        let snapshots =
            self.snapshots.iter().filter_map(|(name, d)| Some((name.as_str(), reason(d)?)));
        let manifests =
            self.manifests.iter().filter_map(|(name, d)| Some((name.as_str(), reason(d)?)));
        let generations = self.history.damaged.iter().map(|(name, r)| (name.as_str(), r.as_str()));
        index.into_iter().chain(snapshots).chain(manifests).chain(generations).collect()
    }
}
