//! Back to an earlier generation.
//!
//! The manifests become what they were then, byte for byte, and the publish makes a new generation
//! of it: nothing of the history is undone. Archives that were taken away or overwritten since come
//! back from what was set aside ([`crate::removed`]); what is overwritten by that is set aside in turn.

mod journal;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use location::Location;
use store::{Object, Store, parallel};

use crate::conditions::Guard;
use crate::edit::{self, Write};
use crate::history::{self, Generation};
use crate::objects::by_key;
use crate::publish::{self, Archives, Published};
use crate::references::archive_of;
use crate::removed::{self, How, Removed, Remover};
use crate::{Error, Known, Manifests};

pub use journal::mend;

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
    /// Archives that come back, as paths below the prefix.
    pub restored: Vec<String>,
    /// The archives that it names, as paths below the prefix.
    archives: BTreeSet<String>,
    writes: Vec<Write>,
    removals: Vec<String>,
}

/// Compares the manifests as they are with those of a generation.
///
/// # Errors
/// [`Error::ArchivesGone`] when archives of it are gone for good, all of them named, and as of
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
        restored: Vec::new(),
        archives: BTreeSet::new(),
        writes: Vec::new(),
        removals: Vec::new(),
    };
    let look = Look::at(store, location)?;
    let mut pairs = then.entries.windows(2);
    if let Some(pair) = pairs.find(|pair| pair[0].file_name == pair[1].file_name) {
        // Made of local files of several folders.
        let (key, name) = (generation.id.to_string(), &pair[0].file_name);
        return Err(Error::Generation { key, reason: format!("it has two manifests {name}") });
    }
    for entry in &then.entries {
        let url = entry.manifest.dist_url();
        let knows = |path: &str| look.knows(location, path);
        rollback.archives.extend(url.and_then(|url| archive_of(location, url, &knows)));
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
    rollback.restored = rollback.to_restore(store, location, &look)?.into_keys().collect();
    Ok(rollback)
}

impl Rollback {
    /// Whether all is what it was then.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.removals.is_empty() && self.restored.is_empty()
    }

    /// The archives (paths) that are not what they were in the generation, with the checksums of what
    /// they were.
    fn to_restore(
        &self,
        store: &Store,
        location: &Location,
        Look { present, removed }: &Look,
    ) -> Result<BTreeMap<String, String>, Error> {
        let number = self.generation.number;
        let paths: Vec<&String> = self.archives.iter().collect();
        let found = parallel::map(store.parallel(), &paths, |path| {
            let key = location.key(path);
            let Some(tombstone) = removed.at(path, number) else {
                // A listing may be behind.
                let exists = present.contains_key(&key) || store.head(&key)?.is_some();
                return Ok::<_, Error>(if exists { Then::Still } else { Then::Gone(key) });
            };
            let sha256 = store.head(&key)?.and_then(|head| head.metadata.get("sha256").cloned());
            Ok(match sha256 {
                Some(sha256) if sha256 == tombstone.sha256 => Then::Still,
                _ if removed.has(tombstone) => Then::Aside(tombstone.sha256.clone()),
                _ => Then::Gone(key),
            })
        })?;
        let (mut restored, mut gone) = (BTreeMap::new(), Vec::new());
        for (path, then) in paths.into_iter().zip(found) {
            match then {
                Then::Still => {}
                Then::Aside(sha256) => _ = restored.insert(path.clone(), sha256),
                Then::Gone(key) => gone.push(key),
            }
        }
        if gone.is_empty() {
            return Ok(restored);
        }
        Err(Error::ArchivesGone { generation: self.generation.id.to_string(), archives: gone })
    }

    /// Brings archives back, and writes and removes manifests, where they still are what `now` says,
    /// and publishes. After an interruption, preparing and applying again completes it; any other tool
    /// puts the archives back whose manifests have not followed ([`mend`]). `writer` names this process.
    ///
    /// # Errors
    /// [`Error::ArchivesGone`], with nothing changed, when archives are gone for good since it was
    /// prepared; [`Error::Moved`] when others change a manifest at the same time, where what was
    /// changed before is published all the same; [`Error::Vanished`] when archives vanish at the same
    /// time, where the packages that need them are what they were before.
    pub fn apply(
        &self,
        location: &Location,
        now: &Manifests,
        guard: &Guard<'_>,
        remover: &Remover<'_>,
        options: publish::Options<'_>,
        writer: &str,
    ) -> Result<Published, Error> {
        let store = guard.store();
        let journals = Mutex::new(Vec::new());
        let restore = |only: Option<&BTreeSet<String>>| -> Result<(), Error> {
            let wanted = |path: &String| only.is_none_or(|only| only.contains(path));
            let aside = self.to_restore(store, location, &Look::at(store, location)?)?;
            let aside: Vec<_> = aside.into_iter().filter(|(path, _)| wanted(path)).collect();
            let journal = self.restore(location, remover, &aside, writer)?;
            journals.lock().unwrap_or_else(PoisonError::into_inner).extend(journal);
            Ok(())
        };
        restore(None)?;
        let written = edit::write(&self.writes, guard)?;
        let mut known = Known { written: written.put.clone(), ..Known::default() };
        let moved = match written.moved.first() {
            Some(key) => Some(Error::Moved { key: key.clone() }),
            None => match edit::remove(&self.removals, location, now, guard) {
                Ok(()) => {
                    known.removed.clone_from(&self.removals);
                    None
                }
                Err(error @ Error::Moved { .. }) => Some(error),
                Err(error) => return Err(error),
            },
        };
        let restores = Some(self.generation.id.clone()).filter(|_| moved.is_none());
        let bring = |paths: &[String]| match restore(Some(&paths.iter().cloned().collect())) {
            // What cannot come back is reported by the publish.
            Ok(()) | Err(Error::ArchivesGone { .. }) => Ok(()),
            Err(error) => Err(error),
        };
        let archives = Some(Archives { paths: self.archives.clone(), bring: &bring });
        let again = options.clone();
        let options = publish::Options { restores, known, archives, ..options };
        let done = match publish::publish(store, location, &options) {
            Ok(published) => moved.map_or(Ok(published), Err),
            Err(Error::Vanished { place, archives }) => {
                let keys = self.writes.iter().filter(|write| write.names_any(&archives, location));
                let keys = keys.map(|write| write.key().to_owned()).collect();
                written.revert(&keys, location, now, guard)?;
                publish::publish(store, location, &again)?;
                Err(Error::Vanished { place, archives })
            }
            Err(error) => return Err(error),
        };
        // Archives whose manifests are those of others are theirs again.
        for key in journals.into_inner().unwrap_or_else(PoisonError::into_inner) {
            journal::settle(store, location, &key)?;
        }
        done
    }

    /// Brings archives (paths and checksums) back, over what is there now, which is written down before;
    /// returns the key of that.
    fn restore(
        &self,
        location: &Location,
        remover: &Remover<'_>,
        archives: &[(String, String)],
        writer: &str,
    ) -> Result<Option<String>, Error> {
        let store = remover.store;
        let aside = parallel::map(store.parallel(), archives, |(path, _)| {
            remover.set_aside(&location.key(path), None, How::Overwritten)
        })?;
        let pairs = || archives.iter().zip(&aside);
        let replaced = pairs().filter_map(|((path, restored), aside)| {
            Some(journal::Archive {
                path: path.clone(),
                restored: restored.clone(),
                before: aside.as_ref()?.sha256()?.to_owned(),
            })
        });
        let replaced: Vec<journal::Archive> = replaced.collect();
        let journal = match replaced.is_empty() {
            true => None,
            false => Some(journal::write(store, location, &self.generation.id, writer, replaced)?),
        };
        let pairs: Vec<_> = pairs().collect();
        parallel::map(store.parallel(), &pairs, |((path, sha256), aside)| {
            let key = location.key(path);
            let expected = aside.as_ref().map(|aside| aside.object.etag.as_str());
            match removed::restore(store, location, &key, sha256, expected)? {
                true => Ok(()),
                false => Err(Error::Moved { key }),
            }
        })?;
        Ok(journal)
    }
}

/// What there is at one moment, and what there was.
struct Look {
    present: BTreeMap<String, Object>,
    removed: Removed,
}

impl Look {
    fn at(store: &Store, location: &Location) -> Result<Self, Error> {
        let present = by_key(store.list(&location.key(""))?);
        Ok(Self { present, removed: removed::list(store, location)? })
    }

    /// Whether there is or was an archive at `path`.
    fn knows(&self, location: &Location, path: &str) -> bool {
        self.present.contains_key(&location.key(path)) || self.removed.knows(path)
    }
}

/// What became of an archive of a generation.
enum Then {
    /// It is what it was.
    Still,
    /// It was set aside, with this checksum.
    Aside(String),
    /// It is gone for good; its key.
    Gone(String),
}
