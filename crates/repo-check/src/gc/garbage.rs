//! Which objects nothing refers to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use manifest::glob;
use repository::references::References;
use store::Head;

use crate::check::{MANIFEST, is_bare, is_leftover, is_scratch};
use crate::inventory::{Class, Item};
use crate::state::{Source, State};

/// How long a scratch object, or a file of a generation that is not named yet, may be in use, at
/// least: tools renew theirs more often, or are done.
const IN_USE: SignedDuration = SignedDuration::from_secs(60);

/// What may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The time by the service's clock.
    pub now: Timestamp,
    /// Only what was written before, by the clock of the service, or in the same second: some services
    /// know whole seconds only.
    pub before: Timestamp,
    /// How many snapshots stay, the newest ones; all where it is `None`.
    pub keep_snapshots: Option<usize>,
    /// How many generations of the history stay, the newest ones.
    pub keep_generations: usize,
    /// Archives that were deployed without a manifest may go as well.
    pub bare: bool,
    /// Patterns of names that stay.
    pub keep: Vec<String>,
    /// Archives that lock files name.
    pub locked: BTreeSet<String>,
}

/// What an object is, in the order in which they go: a reader of a snapshot must not be left with
/// one whose archives are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A snapshot beyond those that stay.
    Snapshot,
    /// A record of the history beyond those that stay.
    Generation,
    /// A scratch object of a tool that did not come to its end.
    Leftover,
    /// An archive.
    Archive,
}

impl What {
    /// The name in records and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Generation => "generation",
            Self::Leftover => "leftover",
            Self::Archive => "archive",
        }
    }

    /// The head of a list.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Snapshot => "Snapshots",
            Self::Generation => "Records of old generations",
            Self::Leftover => "Leftovers",
            Self::Archive => "Archives",
        }
    }
}

/// An object that may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garbage {
    /// What it is.
    pub what: What,
    /// The object, as it is.
    pub item: Item,
}

impl Rules {
    /// Everything that nothing refers to, in the order in which it goes. Archives among it may
    /// turn out to be bare: [`Rules::settle`] is to be asked.
    pub fn candidates(&self, state: &State) -> Vec<Garbage> {
        let mut garbage: Vec<Garbage> = Vec::new();
        let mut add = |what, item: &Item| garbage.push(Garbage { what, item: item.clone() });
        let snapshots = self.snapshots(state);
        for name in &snapshots {
            if let Some(item) = state.inventory.get(name) {
                add(What::Snapshot, item);
            }
        }
        let old = |item: &&Item| self.is_old(item);
        for item in state.inventory.of(Class::Own).filter(old) {
            if state.history.old.contains(&item.name) {
                add(What::Generation, item);
            } else if self.is_leftover(item)
                || (state.history.lost.contains(&item.name) && !self.is_young(item))
            {
                add(What::Leftover, item);
            }
        }
        let references = self.roots(state);
        for item in state.inventory.of(Class::Archive).filter(old) {
            if !self.stays(&item.name, &references, state) {
                add(What::Archive, item);
            }
        }
        garbage
    }

    /// Whether an object is of a tool that died. A scratch object that is young may be in use.
    fn is_leftover(&self, item: &Item) -> bool {
        is_leftover(&item.name) && !(is_scratch(&item.name) && self.is_young(item))
    }

    fn is_young(&self, item: &Item) -> bool {
        self.now.duration_since(item.modified) < IN_USE
    }

    /// What may refer to archives, without the snapshots that may go.
    pub fn roots(&self, state: &State) -> References {
        let snapshots = self.snapshots(state);
        let mut references = state.referrers();
        references.retain(
            &|source| !matches!(source, Source::Snapshot(name) if snapshots.contains(&**name)),
        );
        references
    }

    /// Whether an archive stays, by name.
    pub fn stays(&self, name: &str, roots: &References, state: &State) -> bool {
        roots.has(name)
            || state.history.archives.contains(name)
            || self.locked.contains(name)
            || self.keeps(name)
            || self.is_pending(name, state)
    }

    /// Whether a removal under way is about an archive: that completes it. One that died long ago is
    /// garbage itself.
    fn is_pending(&self, name: &str, state: &State) -> bool {
        let files = state.pending.get(name).into_iter().flatten();
        let mut items = files.map(|file| state.inventory.get(file));
        items.any(|item| item.is_none_or(|item| item.modified >= self.before))
    }

    /// Leaves out the archives that were deployed without a manifest, unless they may go, and those
    /// whose own manifest is there: that may be written just now.
    pub fn settle(
        &self,
        mut garbage: Vec<Garbage>,
        heads: &BTreeMap<String, Option<Head>>,
        state: &State,
    ) -> Vec<Garbage> {
        garbage.retain(|garbage| {
            let head = heads.get(&garbage.item.name).and_then(Option::as_ref);
            match (garbage.what, head) {
                (What::Archive, Some(head)) => {
                    let manifest = head.metadata.get(MANIFEST);
                    let belongs = manifest.is_some_and(|name| state.manifests.contains_key(name));
                    head.etag == garbage.item.etag && !belongs && (self.bare || !is_bare(head))
                }
                // Gone, or not asked for: then it is not known what it is.
                (What::Archive, None) => false,
                (What::Snapshot | What::Generation | What::Leftover, _) => true,
            }
        });
        garbage
    }

    /// The snapshots that may go, by file name.
    fn snapshots<'s>(&self, state: &'s State) -> BTreeSet<&'s str> {
        let Some(keep) = self.keep_snapshots else {
            return BTreeSet::new();
        };
        let mut snapshots: Vec<&Item> = state.inventory.of(Class::Snapshot).collect();
        snapshots
            .sort_by(|left, right| (right.modified, &right.name).cmp(&(left.modified, &left.name)));
        snapshots
            .into_iter()
            .skip(keep)
            .filter(|item| self.is_old(item) && !self.keeps(&item.name))
            .map(|item| item.name.as_str())
            .collect()
    }

    fn is_old(&self, item: &Item) -> bool {
        item.modified.as_second() <= self.before.as_second()
    }

    fn keeps(&self, name: &str) -> bool {
        self.keep.iter().any(|pattern| pattern == name || glob::matches(pattern, name))
    }
}

#[cfg(test)]
mod tests;
