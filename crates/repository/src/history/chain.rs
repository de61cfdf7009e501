//! From `packages.json` back along the parents.

use std::collections::{BTreeMap, BTreeSet};

use location::Location;
use store::Store;

use super::{Generation, Id, METADATA, files, record, record_key};
use crate::{Error, index};

/// Records that are fetched at once.
const BATCH: usize = 64;

/// The repository's generations, newest first: the chain from `packages.json` back. It ends where
/// a record is missing, since older ones were removed.
///
/// # Errors
/// [`Error::Generation`] for a damaged record, and as of the store.
pub fn log(store: &Store, location: &Location) -> Result<Vec<Generation>, Error> {
    newest(store, location, usize::MAX)
}

/// The first `count` generations of [`log`].
///
/// # Errors
/// As [`log`].
pub fn newest(store: &Store, location: &Location, count: usize) -> Result<Vec<Generation>, Error> {
    // In this order: whatever packages.json names is there before it.
    let head = store.head(&location.key(index::FILE_NAME))?;
    let pointer = head.and_then(|head| Id::parse(head.metadata.get(METADATA)?));
    Records::list(store, location)?.chain(pointer, count)
}

/// The newest generation where `packages.json` names none: the first of the chain then.
pub(crate) fn newest_known(
    store: &Store,
    location: &Location,
) -> Result<Option<Generation>, Error> {
    Ok(Records::list(store, location)?.chain(None, 1)?.pop())
}

/// The generation that a user names: `HEAD`, `HEAD~2`, a number, or a whole name. `log` is the
/// repository's.
///
/// # Errors
/// [`Error::NoGeneration`] when there is no such one.
pub fn find<'a>(
    log: &'a [Generation],
    name: &str,
    location: &Location,
) -> Result<&'a Generation, Error> {
    let found = if let Some(back) = name.strip_prefix("HEAD") {
        let back = match back.strip_prefix('~') {
            Some("") => Some(1),
            Some(count) => count.parse::<usize>().ok(),
            None if back.is_empty() => Some(0),
            None => None,
        };
        back.and_then(|back| log.get(back))
    } else if let Some(id) = Id::parse(name) {
        log.iter().find(|generation| generation.id == id)
    } else {
        let number = name.parse::<u64>().ok();
        log.iter().find(|generation| Some(generation.number) == number)
    };
    found.ok_or_else(|| Error::NoGeneration { name: name.to_owned(), place: location.to_string() })
}

/// The records in the store, fetched as they are needed.
struct Records<'a> {
    store: &'a Store,
    location: &'a Location,
    ids: BTreeSet<Id>,
    read: BTreeMap<Id, Generation>,
}

impl<'a> Records<'a> {
    fn list(store: &'a Store, location: &'a Location) -> Result<Self, Error> {
        let files = files(store, location)?.into_iter();
        let ids = files.filter(|(_, is_record, _)| *is_record).map(|(id, ..)| id).collect();
        Ok(Self { store, location, ids, read: BTreeMap::new() })
    }

    fn chain(mut self, head: Option<Id>, count: usize) -> Result<Vec<Generation>, Error> {
        let mut next = match head {
            Some(id) if self.ids.contains(&id) => Some(id),
            // Written by somebody who keeps no history, or copied from another repository.
            _ => self.tip()?,
        };
        let mut chain = Vec::new();
        while let Some(id) = next
            && chain.len() < count
        {
            self.fetch(&id, count - chain.len())?;
            let Some(generation) = self.read.remove(&id) else { break };
            next = generation.parent.clone();
            chain.push(generation);
        }
        Ok(chain)
    }

    /// The record with the highest number; of several, left by a race, the youngest. Damaged ones
    /// do not count.
    fn tip(&mut self) -> Result<Option<Id>, Error> {
        let mut rest: Vec<Id> = self.ids.iter().cloned().collect();
        while let Some(highest) = rest.last().map(Id::number) {
            let ids = rest.split_off(rest.partition_point(|id| id.number() < highest));
            self.fetch_all(&ids, None)?;
            let of = |id: &Id| self.read.get(id).map(|generation| (generation.time, id.clone()));
            if let Some((_, id)) = ids.iter().filter_map(of).max() {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Fetches a record, and those below it that are likely to follow.
    fn fetch(&mut self, id: &Id, wanted: usize) -> Result<(), Error> {
        if self.read.contains_key(id) || !self.ids.contains(id) {
            return Ok(());
        }
        let others = self.ids.range(..id).rev().filter(|other| other.number() < id.number());
        let others = others.filter(|other| !self.read.contains_key(other));
        let ids: Vec<Id> =
            [id].into_iter().chain(others).take(wanted.clamp(1, BATCH)).cloned().collect();
        self.fetch_all(&ids, Some(id))
    }

    /// Fetches records; of damaged ones, only the `needed` one is an error.
    fn fetch_all(&mut self, ids: &[Id], needed: Option<&Id>) -> Result<(), Error> {
        let keys: Vec<String> = ids.iter().map(|id| record_key(self.location, id)).collect();
        for (id, content) in ids.iter().zip(self.store.get_many(&keys)?) {
            // Gone since the listing: nothing to go on from there.
            let Some(content) = content else {
                self.ids.remove(id);
                continue;
            };
            let key = record_key(self.location, id);
            match record::parse(&key, id, &content.bytes) {
                Ok(generation) => {
                    self.read.insert(id.clone(), generation);
                }
                Err(error) if needed == Some(id) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }
}
