//! The archives of a sync: copied before the manifests, taken away after the publish.

use std::collections::{BTreeMap, BTreeSet};

use location::Location;
use store::{Object, Store, parallel};

use super::{Side, Work, owner};
use crate::Error;
use crate::objects::by_key;
use crate::references::{self, Source};
use crate::removed::{Aside, How, Remover, Taken};

/// Copies archives to the destination.
pub(super) struct Copier<'a> {
    pub source: &'a Side<'a>,
    pub location: &'a Location,
    pub to: &'a Store,
    /// Keeps what is replaced.
    pub remover: &'a Remover<'a>,
    /// Told of each archive that has been copied.
    pub copied: &'a (dyn Fn(&str) + Sync),
}

/// An archive that was written over another one.
pub(super) struct Replaced {
    /// Its path below the prefix.
    pub path: String,
    before: Aside,
    /// The tag of what is there instead.
    etag: String,
}

impl Replaced {
    /// Puts the former archive back, unless it was replaced since.
    pub(super) fn undo(&self, to: &Store, location: &Location) -> Result<(), Error> {
        self.before.undo(to, location, &self.etag)
    }
}

/// What was copied; what was there already does not count.
#[derive(Default)]
pub(super) struct Copied {
    /// The paths and tags of what is there now.
    pub written: Vec<(String, String)>,
    pub replaced: Vec<Replaced>,
}

impl Copier<'_> {
    /// Copies the archives that the destination does not have in this very state. One that another
    /// process changes at the same time is [`Error::Moved`]; then the archives that were replaced before
    /// are put back.
    pub(super) fn copy(&self, paths: &BTreeSet<&str>) -> Result<Copied, Error> {
        let Some(from) = self.source.store else {
            return Err(Error::NoSourceStore { place: self.source.location.to_string() });
        };
        let ours = by_key(self.to.list(&self.location.key(""))?);
        let is_there = |path: &&&str| ours.contains_key(&self.location.key(path));
        let (present, mut copies): (Vec<&str>, Vec<&str>) = paths.iter().partition(is_there);
        // Of an interrupted run, or of packages that share an archive. The two listings tell of most.
        let theirs = match present.is_empty() {
            true => BTreeMap::new(),
            false => by_key(from.list(&self.source.location.key(""))?),
        };
        let differing = parallel::map(self.to.parallel(), &present, |path| {
            let (source_key, key) = (self.source.location.key(path), self.location.key(path));
            let listed = theirs.get(&source_key).zip(ours.get(&key));
            let same = match listed.map(|(theirs, ours)| same_entry(theirs, ours)) {
                Some(Some(same)) => same,
                _ => self.is_same(from, &source_key, &key)?,
            };
            Ok::<_, Error>((!same).then_some(*path))
        })?;
        copies.extend(differing.into_iter().flatten());
        let outcomes = parallel::map(self.to.parallel(), &copies, |path| {
            match self.copy_one(from, path, ours.get(&self.location.key(path))) {
                Err(error @ Error::Moved { .. }) => Ok(Err(error)),
                other => other.map(Ok),
            }
        })?;
        let (mut copied, mut moved) = (Copied::default(), None);
        for outcome in outcomes {
            match outcome {
                Ok(None) => {}
                Ok(Some((path, etag, before))) => {
                    copied.written.push((path.clone(), etag.clone()));
                    let replaced = before.map(|before| Replaced { path, before, etag });
                    copied.replaced.extend(replaced);
                }
                Err(error) => moved = Some(error),
            }
        }
        match moved {
            None => Ok(copied),
            Some(error) => {
                for one in &copied.replaced {
                    one.undo(self.to, self.location)?;
                }
                Err(error)
            }
        }
    }

    /// Copies archives again that are not any more what was copied, though their packages are still
    /// `ours`: another process may have brought back an older one in between.
    pub(super) fn make_sure(
        &self,
        written: &[(String, String)],
        ours: &dyn Fn(&str) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let now = by_key(self.to.list(&self.location.key(""))?);
        let is_other = |path: &str, etag: &str| {
            now.get(&self.location.key(path)).is_none_or(|object| object.etag != etag)
        };
        let others = written.iter().filter(|(path, etag)| is_other(path, etag));
        let mut again = BTreeSet::new();
        for (path, _) in others {
            if ours(path)? {
                again.insert(path.as_str());
            }
        }
        if again.is_empty() { Ok(()) } else { self.copy(&again).map(drop) }
    }

    /// Returns the path, the tag of the copy, and what it replaced.
    fn copy_one(
        &self,
        from: &Store,
        path: &str,
        listed: Option<&Object>,
    ) -> Result<Option<(String, String, Option<Aside>)>, Error> {
        let (source_key, key) = (self.source.location.key(path), self.location.key(path));
        let moved = || Error::Moved { key: key.clone() };
        let before = match listed {
            Some(listed) => {
                match self.remover.set_aside(&key, Some(listed), How::Overwritten)? {
                    Some(aside) => Some(aside),
                    // Another sync of the same may have been faster.
                    None if self.holds_same(from, &source_key, &key)? => return Ok(None),
                    None => return Err(moved()),
                }
            }
            None => None,
        };
        let expected = before.as_ref().map(|aside| aside.object.etag.as_str());
        match self.to.copy_over(from, &source_key, &key, expected) {
            Ok(etag) => {
                (self.copied)(&key);
                Ok(Some((path.to_owned(), etag, before)))
            }
            Err(store::Error::Precondition { .. }) => {
                match self.holds_same(from, &source_key, &key)? {
                    true => Ok(None),
                    false => Err(moved()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the destination has the very bytes of the source, which are read where nothing else says
    /// so.
    fn holds_same(&self, from: &Store, source_key: &str, key: &str) -> Result<bool, Error> {
        Ok(self.to.head(key)?.is_some() && owner::is_same((from, source_key), (self.to, key))?)
    }

    fn is_same(&self, from: &Store, source_key: &str, key: &str) -> Result<bool, Error> {
        Ok(match (from.head(source_key)?, self.to.head(key)?) {
            (Some(theirs), Some(ours)) => same_object(&theirs, &ours),
            _ => false,
        })
    }
}

/// The same by two listings; `None` where these cannot tell.
pub(super) fn same_entry(theirs: &Object, ours: &Object) -> Option<bool> {
    if theirs.size != ours.size {
        return Some(false);
    }
    (theirs.etag == ours.etag && store::proves_content(&ours.etag)).then_some(true)
}

/// Whether two objects certainly hold the same bytes. Checksums decide where both have one; equal
/// tags do too, unless the service gives one tag to several contents.
pub(super) fn same_object(theirs: &store::Head, ours: &store::Head) -> bool {
    let checksums = (theirs.metadata.get("sha256"), ours.metadata.get("sha256"));
    theirs.size == ours.size
        && match checksums {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => theirs.etag == ours.etag && store::proves_content(&ours.etag),
        }
}

/// Takes away the obsolete archives that are still what the plan saw, and that neither a manifest,
/// nor the index where one was published, nor a snapshot names. Also returns the keys of those that
/// stay although nothing names them: others have replaced them.
pub(super) fn remove(
    work: &Work,
    destination: &Side<'_>,
    remover: &Remover<'_>,
    published: bool,
) -> Result<(Taken, Vec<String>), Error> {
    let (to, location) = (remover.store, destination.location);
    let mut reader = references::Reader::new(to, location, destination.manifests);
    let mut needed = |paths: &[String]| -> Result<BTreeSet<String>, Error> {
        let references = reader.read()?;
        let counts = |source: &Source| published || *source != Source::Index;
        let is_needed = |path: &&String| references.of(path).any(counts);
        Ok(paths.iter().filter(is_needed).cloned().collect())
    };
    let taken = remover.take_away(&work.obsolete, &mut needed)?;
    let gone: BTreeSet<&String> = taken.removed.iter().map(|object| &object.key).collect();
    let rest = work.obsolete.iter().filter(|object| !gone.contains(&object.key));
    let keys: Vec<String> = rest.map(|object| object.key.clone()).collect();
    let now = crate::objects::look(to, &keys)?;
    let path = |key: &str| key.strip_prefix(&location.key("")).unwrap_or(key).to_owned();
    let paths: Vec<String> = now.keys().map(|key| path(key)).collect();
    let named = if paths.is_empty() { BTreeSet::new() } else { needed(&paths)? };
    let replaced = now.into_keys().filter(|key| !named.contains(&path(key))).collect();
    Ok((taken, replaced))
}
