//! Removes, and looks before each step.
//!
//! Nothing that a reader may be sent to goes: `packages.json` and manifests are never touched,
//! snapshots go before the archives that they hold. A deploy under way has its archive in place
//! before its manifest; what it has written is younger than the age asked for, and what it has found
//! there is looked after by reading the repository again before each batch. Interrupted anywhere, the
//! rest goes when it is run again.

use std::collections::HashSet;
use std::path::PathBuf;

use location::Location;
use repository::removed::Remover;
use store::{Object, Store, parallel};

use super::garbage::{Garbage, Rules, What};
use crate::Error;
use crate::history::{MANIFESTS, RECORD};
use crate::read::Reader;
use crate::state::State;

/// So many objects go in one step.
const BATCH: usize = 1000;

/// How often a repository is looked at again that is being changed.
const ATTEMPTS: u32 = 5;

/// A removal.
pub struct Sweep<'a> {
    store: &'a Store,
    location: &'a Location,
    rules: &'a Rules,
    /// Takes archives away.
    remover: &'a Remover<'a>,
    reader: Reader<'a>,
    /// What was decided last, and on which state.
    last: Option<(State, Vec<Garbage>)>,
}

impl<'a> Sweep<'a> {
    /// A removal of what may go by `rules` from the repository at `location`.
    pub fn new(
        store: &'a Store,
        location: &'a Location,
        rules: &'a Rules,
        remover: &'a Remover<'a>,
        cache: Option<PathBuf>,
    ) -> Self {
        let reader = Reader::new(store, location, cache, rules.keep_generations);
        Self { store, location, rules, remover, reader, last: None }
    }

    /// What may go by now.
    pub fn look(&mut self) -> Result<Vec<Garbage>, Error> {
        for _ in 0..ATTEMPTS {
            let state = self.read()?;
            let garbage = self.rules.candidates(&state);
            let archives = garbage.iter().filter(|garbage| garbage.what == What::Archive);
            let names: Vec<String> = archives.map(|garbage| garbage.item.name.clone()).collect();
            let heads = self.reader.heads(&state.inventory, &names)?;
            let garbage = self.rules.settle(garbage, &heads, &state);
            // A manifest that came while the others were read counts too.
            if garbage.is_empty() || self.reader.holds(&state)? {
                self.last = Some((state, garbage.clone()));
                return Ok(garbage);
            }
        }
        Err(Error::Moving { place: self.location.to_string() })
    }

    /// Removes what of `garbage` may still go, and says what that was.
    pub fn remove(
        &mut self,
        garbage: &[Garbage],
        done: &dyn Fn(&str),
    ) -> Result<Vec<Garbage>, Error> {
        let mut removed: Vec<Garbage> = Vec::new();
        for batch in garbage.chunk_by(|left, right| left.what == right.what) {
            for batch in batch.chunks(BATCH) {
                let mut still = self.still(batch)?;
                if still.first().is_some_and(|garbage| garbage.what == What::Archive) {
                    still = self.take_away(still)?;
                } else {
                    still = self.delete(still)?;
                }
                for garbage in still {
                    done(&garbage.item.name);
                    removed.push(garbage);
                }
            }
        }
        self.remover.expire()?;
        self.remover.forget_gone()?;
        Ok(removed)
    }

    /// Deletes objects other than archives, and says which. Of a generation the record goes first: one
    /// without manifests would be damaged. That a listing lacks a record does not mean that there is
    /// none, so a leftover bundle stays if there is.
    fn delete(&self, objects: Vec<Garbage>) -> Result<Vec<Garbage>, Error> {
        let record = |garbage: &Garbage| {
            let name = garbage.item.name.strip_suffix(MANIFESTS)?;
            Some(self.location.key(&format!("{name}{RECORD}")))
        };
        let used = parallel::map(self.store.parallel(), &objects, |garbage| {
            match record(garbage).filter(|_| garbage.what == What::Leftover) {
                Some(record) => Ok::<_, Error>(self.store.head(&record)?.is_some()),
                None => Ok(false),
            }
        })?;
        let objects = objects.into_iter().zip(used).filter(|(_, used)| !used);
        let objects: Vec<Garbage> = objects.map(|(garbage, _)| garbage).collect();
        let key = |garbage: &Garbage| self.location.key(&garbage.item.name);
        let is_bundle = |garbage: &&Garbage| garbage.item.name.ends_with(MANIFESTS);
        let (bundles, others): (Vec<&Garbage>, Vec<&Garbage>) = objects.iter().partition(is_bundle);
        let records = bundles.iter().filter_map(|garbage| record(garbage));
        let first: Vec<String> = others.into_iter().map(key).chain(records).collect();
        self.store.delete_many(&first)?;
        self.store.delete_many(&bundles.into_iter().map(key).collect::<Vec<_>>())?;
        Ok(objects)
    }

    /// Takes archives away, and says which. What is referred to again at that moment is put
    /// back.
    fn take_away(&mut self, archives: Vec<Garbage>) -> Result<Vec<Garbage>, Error> {
        let (rules, location) = (self.rules, self.location);
        let objects: Vec<Object> = archives
            .iter()
            .map(|Garbage { item, .. }| Object {
                key: location.key(&item.name),
                size: item.size,
                etag: item.etag.clone(),
                modified: item.modified,
                storage_class: None,
            })
            .collect();
        let remover = self.remover;
        let taken = remover.take_away(&objects, &mut |names: &[String]| {
            let state = self.read()?;
            let roots = rules.roots(&state);
            let stays = |name: &&String| rules.stays(name, &roots, &state);
            Ok::<_, Error>(names.iter().filter(stays).cloned().collect())
        })?;
        if !taken.lost.is_empty() {
            return Err(Error::Lost { names: taken.lost });
        }
        let gone: HashSet<&str> = taken.removed.iter().map(|object| object.key.as_str()).collect();
        let is_gone = |garbage: &Garbage| gone.contains(location.key(&garbage.item.name).as_str());
        Ok(archives.into_iter().filter(is_gone).collect())
    }

    /// What of a batch may go at this very moment. Where manifests, index and snapshots are what
    /// they were, what was decided on them holds; else it is decided again.
    fn still(&mut self, batch: &[Garbage]) -> Result<Vec<Garbage>, Error> {
        let holds = match &self.last {
            Some((state, _)) => self.reader.holds(state)?,
            None => false,
        };
        if !holds {
            self.look()?;
        }
        let decided = self.last.iter().flat_map(|(_, garbage)| garbage);
        let decided: HashSet<(&str, &str)> = decided.map(version).collect();
        let mut still: Vec<Garbage> =
            batch.iter().filter(|garbage| decided.contains(&version(garbage))).cloned().collect();
        // A deploy replaces the archive before it writes the manifest.
        let now = parallel::map(self.store.parallel(), &still, |garbage| {
            let head = self.store.head(&self.location.key(&garbage.item.name))?;
            Ok::<_, Error>(head.is_some_and(|head| head.etag == garbage.item.etag))
        })?;
        let mut same = now.into_iter();
        still.retain(|_| same.next().unwrap_or(false));
        Ok(still)
    }

    /// The state, if it is one on which a removal can be decided.
    fn read(&mut self) -> Result<State, Error> {
        let place = || self.location.to_string();
        let (state, still) = self.reader.read()?;
        if !still {
            return Err(Error::Moving { place: place() });
        }
        let names: Vec<String> =
            state.unreadable().iter().map(|(name, why)| format!("{name} ({why})")).collect();
        if !names.is_empty() {
            return Err(Error::Unreadable { place: place(), names });
        }
        // With nothing that could refer to it, everything would go: that is a wrong prefix.
        if state.is_none() {
            return Err(Error::NoRepository { place: place() });
        }
        Ok(state)
    }
}

fn version(garbage: &Garbage) -> (&str, &str) {
    (&garbage.item.name, &garbage.item.etag)
}
