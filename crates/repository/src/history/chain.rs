//! From `packages.json` back along the parents.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use location::Location;
use store::Store;

use super::{Generation, Id, METADATA, bundle_key, files, record, record_key};
use crate::index::Current;
use crate::{Error, index};

/// Records that are fetched at once.
const BATCH: usize = 64;

/// A generation whose record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its name.
    pub id: Id,
    /// The key of its record.
    pub key: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Damaged {
    /// What stands in place of the generation's record, for `--json`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "kind": "damaged-generation.v1",
            "id": self.id.to_string(),
            "number": self.id.number(),
            "reason": self.reason,
        })
    }
}

impl From<Damaged> for Error {
    fn from(damaged: Damaged) -> Self {
        Self::Generation { key: damaged.key, reason: damaged.reason }
    }
}

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
    let entries = entries(store, location, count)?.into_iter();
    entries.map(|entry| entry.map_err(Error::from)).collect()
}

/// The same, past damaged records: the one with the next lower number follows on these.
///
/// # Errors
/// As of the store.
pub fn entries(
    store: &Store,
    location: &Location,
    count: usize,
) -> Result<Vec<Result<Generation, Damaged>>, Error> {
    let head = head(store, location)?;
    Records::list(store, location)?.chain(head, count)
}

/// The generation that `packages.json` names. To be asked for before the records are listed: then
/// what it names is among them.
fn head(store: &Store, location: &Location) -> Result<Option<Id>, Error> {
    let head = store.head(&location.key(index::FILE_NAME))?;
    Ok(head.and_then(|head| Id::parse(head.metadata.get(METADATA)?)))
}

/// What the next generation follows on.
pub(super) struct End {
    /// The newest generation; `None` without one that can be read.
    pub newest: Option<Result<Generation, Damaged>>,
    /// The highest number that was ever given, as far as there are files that say so.
    pub highest: u64,
}

/// The end of the history, where `current` is published.
///
/// It is the generation that `packages.json` names. Where that is an older one, since `packages.json`
/// was put back from a backup, it is the newest that was there before: nothing of the history is lost
/// by that. A generation that is younger than `packages.json` is still to be published by others, or
/// was left by a process that died.
///
/// # Errors
/// As of the store.
pub(super) fn end(
    store: &Store,
    location: &Location,
    current: Option<&Current>,
) -> Result<End, Error> {
    let mut records = Records::list(store, location)?;
    let highest = records.highest;
    let named = current.and_then(|current| {
        let id = current.generation.clone().filter(|id| records.ids.contains_key(id))?;
        Some((id, current.modified))
    });
    let newest = match named {
        Some((id, written)) => match records.passed_over(&id, written)? {
            Some(newest) => Some(Ok(newest)),
            None => records.chain(Some(id), 1)?.pop(),
        },
        None => records.chain(None, 1)?.pop(),
    };
    Ok(End { newest, highest })
}

/// The generations with records whose number is above that of the one that `packages.json` names,
/// although they were there before it: it was put back from a backup. Lowest number first.
///
/// # Errors
/// As of the store.
pub fn above(store: &Store, location: &Location) -> Result<Vec<Id>, Error> {
    let Some(object) = store.head(&location.key(index::FILE_NAME))? else { return Ok(Vec::new()) };
    let named = object.metadata.get(METADATA).and_then(|text| Id::parse(text));
    let records = Records::list(store, location)?;
    let known = named.filter(|id| records.ids.contains_key(id));
    Ok(known.map_or_else(Vec::new, |id| records.above(&id, object.modified)))
}

/// The generation that a user names: `HEAD`, `HEAD~2`, a number, or a whole name. A damaged one
/// counts as one back, and those that the chain has no more (see [`above`]) have their numbers still.
///
/// # Errors
/// [`Error::NoGeneration`] when there is no such one, [`Error::Generation`] when it is damaged, and as
/// of the store.
pub fn find(store: &Store, location: &Location, name: &str) -> Result<Generation, Error> {
    let missing = || Error::NoGeneration { name: name.to_owned(), place: location.to_string() };
    let wanted = Wanted::parse(name).ok_or_else(missing)?;
    let head = head(store, location)?;
    let mut records = Records::list(store, location)?;
    let count = if let Wanted::Back(back) = &wanted { back + 1 } else { usize::MAX };
    let chain = records.chain(head, count)?;
    let id = |entry: &Result<Generation, Damaged>| match entry {
        Ok(generation) => generation.id.clone(),
        Err(damaged) => damaged.id.clone(),
    };
    let on_chain = match &wanted {
        Wanted::Back(back) => chain.into_iter().nth(*back),
        Wanted::Id(wanted) => chain.into_iter().find(|entry| id(entry) == *wanted),
        Wanted::Number(number) => chain.into_iter().find(|entry| id(entry).number() == *number),
    };
    let found = match (on_chain, &wanted) {
        (Some(entry), _) => Some(entry),
        (None, Wanted::Back(_)) => None,
        (None, Wanted::Id(id)) => records.chain_from(id.clone(), 1)?.pop(),
        (None, Wanted::Number(number)) => match records.youngest(*number)? {
            Some(id) => records.chain_from(id, 1)?.pop(),
            None => None,
        },
    };
    Ok(found.ok_or_else(missing)??)
}

/// What a user names.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// So many before the newest.
    Back(usize),
    Id(Id),
    Number(u64),
}

impl Wanted {
    fn parse(name: &str) -> Option<Self> {
        if let Some(back) = name.strip_prefix("HEAD") {
            let back = match back.strip_prefix('~') {
                Some("") => Some(1),
                Some(count) => count.parse().ok(),
                None => back.is_empty().then_some(0),
            };
            return back.filter(|back| *back < usize::MAX).map(Self::Back);
        }
        let number = || name.parse().ok().map(Self::Number);
        Id::parse(name).map(Self::Id).or_else(number)
    }
}

/// The records in the store, fetched as they are needed.
struct Records<'a> {
    store: &'a Store,
    location: &'a Location,
    /// The records, and when they were written.
    ids: BTreeMap<Id, Timestamp>,
    /// Those that have manifests, and no record.
    bare: BTreeSet<Id>,
    /// The highest number of any file.
    highest: u64,
    read: BTreeMap<Id, Result<Generation, Damaged>>,
}

impl<'a> Records<'a> {
    fn list(store: &'a Store, location: &'a Location) -> Result<Self, Error> {
        let files = files(store, location)?;
        let highest = files.iter().map(|(id, ..)| id.number()).max().unwrap_or_default();
        let (mut ids, mut bare) = (BTreeMap::new(), BTreeSet::new());
        for (id, is_record, object) in files {
            if is_record {
                ids.insert(id, object.modified);
            } else {
                bare.insert(id);
            }
        }
        bare.retain(|id| !ids.contains_key(id));
        Ok(Self { store, location, ids, bare, highest, read: BTreeMap::new() })
    }

    fn chain(
        &mut self,
        head: Option<Id>,
        count: usize,
    ) -> Result<Vec<Result<Generation, Damaged>>, Error> {
        match head.filter(|id| self.ids.contains_key(id)) {
            Some(id) => self.chain_from(id, count),
            // Written by somebody who keeps no history, or copied from another repository.
            None => match self.newest_of(self.ids.keys().cloned().collect())? {
                Some(id) => self.chain_from(id, count),
                None => Ok(Vec::new()),
            },
        }
    }

    fn chain_from(
        &mut self,
        id: Id,
        count: usize,
    ) -> Result<Vec<Result<Generation, Damaged>>, Error> {
        let (mut next, mut chain) = (Some(id), Vec::new());
        while let Some(id) = next
            && chain.len() < count
        {
            self.fetch(&id, count - chain.len())?;
            let entry = match self.read.remove(&id) {
                Some(entry) => entry,
                None => match self.without_record(&id)? {
                    Some(damaged) => Err(damaged),
                    None => break,
                },
            };
            next = match &entry {
                Ok(generation) => generation.parent.clone(),
                // What it followed on is not known; numbers tell.
                Err(_) => match self.ids.keys().rev().find(|other| other.number() < id.number()) {
                    Some(below) => self.youngest(below.number())?,
                    None => None,
                },
            };
            chain.push(entry);
        }
        Ok(chain)
    }

    /// A generation of which only the manifests are left, in the middle of the history: its record was
    /// lost. Those at the lower end are being removed, records first.
    fn without_record(&self, id: &Id) -> Result<Option<Damaged>, Error> {
        let Some(below) = self.ids.keys().rev().find(|other| *other < id) else { return Ok(None) };
        let exists = |key: &str| Ok::<_, Error>(self.store.head(key)?.is_some());
        let is_lost = self.bare.contains(id)
            && exists(&bundle_key(self.location, id))?
            && exists(&record_key(self.location, below))?;
        let key = record_key(self.location, id);
        let reason = "it is missing".to_owned();
        Ok(is_lost.then(|| Damaged { id: id.clone(), key, reason }))
    }

    /// The records above `id` that were there before `written`. Compared in whole seconds: some
    /// services know no more, and racing writers are no faster than that.
    fn above(&self, id: &Id, written: Timestamp) -> Vec<Id> {
        let above = self.ids.iter().filter(|(other, modified)| {
            other.number() > id.number() && modified.as_second() < written.as_second()
        });
        above.map(|(id, _)| id.clone()).collect()
    }

    /// The newest of these.
    fn passed_over(&mut self, id: &Id, written: Timestamp) -> Result<Option<Generation>, Error> {
        let newest = self.newest_of(self.above(id, written))?;
        let read = newest.and_then(|id| self.read.remove(&id));
        Ok(read.and_then(Result::ok))
    }

    /// Of these, sorted, the record with the highest number; of several, left by a race, the youngest.
    /// Damaged ones do not count.
    fn newest_of(&mut self, mut rest: Vec<Id>) -> Result<Option<Id>, Error> {
        while let Some(highest) = rest.last().map(Id::number) {
            let ids = rest.split_off(rest.partition_point(|id| id.number() < highest));
            if let Some(id) = self.youngest_of(&ids)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Of the records with this number, the youngest that can be read; a damaged one if there is no
    /// other.
    fn youngest(&mut self, number: u64) -> Result<Option<Id>, Error> {
        let ids: Vec<Id> = self.ids.keys().filter(|id| id.number() == number).cloned().collect();
        let youngest = self.youngest_of(&ids)?;
        Ok(youngest.or_else(|| ids.into_iter().find(|id| self.ids.contains_key(id))))
    }

    fn youngest_of(&mut self, ids: &[Id]) -> Result<Option<Id>, Error> {
        self.fetch_all(ids)?;
        let of = |id: &Id| match self.read.get(id) {
            Some(Ok(generation)) => Some((generation.time, id.clone())),
            Some(Err(_)) | None => None,
        };
        Ok(ids.iter().filter_map(of).max().map(|(_, id)| id))
    }

    /// Fetches a record, and those below it that are likely to follow.
    fn fetch(&mut self, id: &Id, wanted: usize) -> Result<(), Error> {
        if self.read.contains_key(id) || !self.ids.contains_key(id) {
            return Ok(());
        }
        let others = self.ids.range(..id).rev().map(|(other, _)| other);
        let others = others.filter(|other| other.number() < id.number());
        let ids: Vec<Id> =
            [id].into_iter().chain(others).take(wanted.clamp(1, BATCH)).cloned().collect();
        self.fetch_all(&ids)
    }

    /// Fetches records, unless they were fetched already.
    fn fetch_all(&mut self, ids: &[Id]) -> Result<(), Error> {
        let ids: Vec<&Id> = ids.iter().filter(|id| !self.read.contains_key(id)).collect();
        let keys: Vec<String> = ids.iter().map(|id| record_key(self.location, id)).collect();
        for ((id, key), content) in ids.into_iter().zip(&keys).zip(self.store.get_many(&keys)?) {
            // Gone since the listing: nothing to go on from there.
            let Some(content) = content else {
                self.ids.remove(id);
                continue;
            };
            let read = match record::parse(key, id, &content.bytes) {
                Ok(generation) => Ok(generation),
                Err(Error::Generation { key, reason }) => {
                    Err(Damaged { id: id.clone(), key, reason })
                }
                Err(error) => return Err(error),
            };
            self.read.insert(id.clone(), read);
        }
        Ok(())
    }
}
