//! Back to an earlier generation.
//!
//! The manifests become what they were then, byte for byte, and the publish makes a new generation
//! of it: nothing of the history is undone. Archives are neither made nor removed, so all that the
//! generation names must still be there.

use std::collections::BTreeSet;

use location::Location;
use store::Store;

use crate::conditions::Guard;
use crate::edit::{self, Write};
use crate::history::{self, Generation};
use crate::publish::{self, Published};
use crate::{Error, Known, Manifests};

/// What is to be done to go back.
pub struct Rollback {
    /// The generation that is gone back to.
    pub generation: Generation,
    /// Packages that are there no more: file names of manifests without `.composer.json`.
    pub added: Vec<String>,
    /// Packages whose manifest is another one now.
    pub updated: Vec<String>,
    /// Packages that were not there.
    pub removed: Vec<String>,
    writes: Vec<Write>,
    removals: Vec<String>,
}

/// Compares the manifests as they are with those of a generation.
///
/// # Errors
/// [`Error::ArchivesGone`] when archives of it are gone, all of them named, and as of
/// [`history::manifests`].
pub fn prepare(
    store: &Store,
    location: &Location,
    generation: &Generation,
    now: &Manifests,
) -> Result<Rollback, Error> {
    let then = history::manifests(store, location, &generation.id)?;
    let mut rollback = Rollback {
        generation: generation.clone(),
        added: Vec::new(),
        updated: Vec::new(),
        removed: Vec::new(),
        writes: Vec::new(),
        removals: Vec::new(),
    };
    let objects = store.list(&location.key(""))?;
    let present: BTreeSet<&str> = objects.iter().map(|object| object.key.as_str()).collect();
    let mut gone = BTreeSet::new();
    let mut pairs = then.entries.windows(2);
    if let Some(pair) = pairs.find(|pair| pair[0].file_name == pair[1].file_name) {
        // Made of local files of several folders.
        let (key, name) = (generation.id.to_string(), &pair[0].file_name);
        return Err(Error::Generation { key, reason: format!("it has two manifests {name}") });
    }
    for entry in &then.entries {
        let archive = entry.manifest.dist_url().and_then(|url| location.relative(url));
        if let Some(key) = archive.map(|path| location.key(&path))
            && !present.contains(key.as_str())
        {
            gone.insert(key);
        }
        match now.get(&entry.file_name) {
            Some(stored) if stored.bytes() == entry.bytes() => continue,
            Some(_) => rollback.updated.push(entry.package().to_owned()),
            None => rollback.added.push(entry.package().to_owned()),
        }
        let bytes = entry.bytes().to_vec();
        rollback.writes.push(Write::new(location, now, &entry.file_name, bytes));
    }
    for stored in now.entries.iter().filter(|stored| then.get(&stored.file_name).is_none()) {
        rollback.removed.push(stored.package().to_owned());
        rollback.removals.push(stored.key.clone());
    }
    if gone.is_empty() {
        return Ok(rollback);
    }
    let archives = gone.into_iter().collect();
    Err(Error::ArchivesGone { generation: generation.id.to_string(), archives })
}

impl Rollback {
    /// Whether the manifests are what they were then.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.removals.is_empty()
    }

    /// Writes and removes manifests, where they still are what `now` says, and publishes. After an
    /// interruption, preparing and applying again completes it.
    ///
    /// # Errors
    /// [`Error::Moved`] when others changed a manifest meanwhile; what was changed before is
    /// published all the same.
    pub fn apply(
        &self,
        location: &Location,
        now: &Manifests,
        guard: &Guard<'_>,
        options: publish::Options<'_>,
    ) -> Result<Published, Error> {
        let mut known = Known::default();
        let done = edit::write(&self.writes, guard).and_then(|put| {
            known.written = put;
            edit::remove(&self.removals, location, now, guard)
        });
        let moved = match done {
            Ok(()) => {
                known.removed.clone_from(&self.removals);
                None
            }
            Err(error @ Error::Moved { .. }) => Some(error),
            Err(error) => return Err(error),
        };
        let restores = Some(self.generation.id.clone()).filter(|_| moved.is_none());
        let options = publish::Options { restores, known, ..options };
        let published = publish::publish(guard.store(), location, &options)?;
        moved.map_or(Ok(published), Err)
    }
}
