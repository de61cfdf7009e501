//! Whether the archives that a publish names exist, looked at before and after each write.
//!
//! Another process may remove an archive on an old decision: one that was stopped, or one that asked
//! its user for an hour. What is missing is brought back, by the caller or from what was taken away
//! ([`crate::removed`]). What was missing all along, in a repository of manifests without archives,
//! stays so.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use location::Location;
use store::{Store, parallel};

use super::Archives;
use crate::index::{self, Current};
use crate::layout::WRITER;
use crate::references::archive_of;
use crate::removed::{self, Removed, Tombstone};
use crate::{Error, Manifests, Stored};

/// Looks after the archives of one publish.
pub(super) struct Watch<'a> {
    store: &'a Store,
    location: Cow<'a, Location>,
    archives: Option<&'a Archives<'a>>,
    /// Archives (paths) that were missing at the first look; `None` before it.
    absent: Option<BTreeSet<String>>,
}

/// The archives that manifests name, as paths, with these manifests.
type Named<'m> = BTreeMap<String, Vec<&'m Stored>>;

impl<'a> Watch<'a> {
    pub(super) fn new(
        store: &'a Store,
        location: &'a Location,
        archives: Option<&'a Archives<'a>>,
    ) -> Self {
        Self { store, location: Cow::Borrowed(location), archives, absent: None }
    }

    /// Recognises the public URL that the index remembers.
    pub(super) fn known_as(&mut self, current: Option<&Current>) {
        let url = current.and_then(|current| current.public_url.as_deref());
        if let Some(url) = url.filter(|url| !self.location.known_as.iter().any(|u| u == url)) {
            self.location = Cow::Owned(index::known_as(&self.location, Some(url)));
        }
    }

    /// Looks whether the archives that `manifests` name exist, by the keys `listed` directly below
    /// the prefix. False: a manifest has changed since, so that all is to be looked at again.
    ///
    /// # Errors
    /// [`Error::Vanished`] with those that cannot be brought back.
    pub(super) fn check(
        &mut self,
        manifests: &Manifests,
        listed: &BTreeSet<String>,
    ) -> Result<bool, Error> {
        let named = self.named(manifests, listed)?;
        let missing = self.missing(&named, listed)?;
        self.bring_back(&named, missing, true)
    }

    /// The same for a snapshot of `manifests`: that names them whatever becomes of the manifests.
    pub(super) fn check_snapshot(&mut self, manifests: &Manifests) -> Result<(), Error> {
        let listed = crate::manifests::list(self.store, &self.location)?.others;
        let named = self.named(manifests, &listed)?;
        let missing = self.missing(&named, &listed)?;
        self.bring_back(&named, missing, false).map(drop)
    }

    /// What is named by a host that is not known as this place counts if there is, or was, an archive of
    /// that path; `listed` are the keys directly below the prefix.
    fn named<'m>(
        &self,
        manifests: &'m Manifests,
        listed: &BTreeSet<String>,
    ) -> Result<Named<'m>, Error> {
        let mut named = Named::new();
        let mut elsewhere = Vec::new();
        for stored in &manifests.entries {
            let Some(url) = stored.manifest.dist_url() else { continue };
            let is_listed = |path: &str| listed.contains(&self.location.key(path));
            match archive_of(&self.location, url, &is_listed) {
                Some(path) => named.entry(path).or_default().push(stored),
                None => elsewhere.push((url, stored)),
            }
        }
        if !elsewhere.is_empty() {
            let removed = removed::list(self.store, &self.location)?;
            for (url, stored) in elsewhere {
                if let Some(path) = archive_of(&self.location, url, &|path| removed.knows(path)) {
                    named.entry(path).or_default().push(stored);
                }
            }
        }
        Ok(named)
    }

    /// The named archives that the listings do not have, without those that never were.
    fn missing(&self, named: &Named<'_>, listed: &BTreeSet<String>) -> Result<Vec<String>, Error> {
        let folder = |path: &str| path.rfind('/').map(|at| path[..=at].to_owned());
        let folders: BTreeSet<String> = named.keys().filter_map(|path| folder(path)).collect();
        let mut below: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for folder in folders {
            let objects = self.store.list_direct(&self.location.key(&folder))?;
            below.insert(folder, objects.into_iter().map(|object| object.key).collect());
        }
        let exists = |path: &str| {
            let key = self.location.key(path);
            match folder(path) {
                Some(folder) => below.get(&folder).is_some_and(|keys| keys.contains(&key)),
                None => listed.contains(&key),
            }
        };
        let was_absent =
            |path: &str| self.absent.as_ref().is_some_and(|absent| absent.contains(path));
        let missing = named.keys().filter(|path| !exists(path) && !was_absent(path));
        Ok(missing.cloned().collect())
    }

    fn bring_back(
        &mut self,
        named: &Named<'_>,
        missing: Vec<String>,
        by_manifests: bool,
    ) -> Result<bool, Error> {
        let first = self.absent.is_none();
        if first {
            self.absent = Some(BTreeSet::new());
        }
        if missing.is_empty() {
            return Ok(true);
        }
        let removed = removed::list(self.store, &self.location)?;
        let ours = |path: &str| self.archives.is_some_and(|ours| ours.paths.contains(path));
        // Of manifests without archives there may be thousands: they are not asked for one by one.
        let (candidates, absent): (Vec<String>, Vec<String>) = missing
            .into_iter()
            .partition(|path| !first || ours(path) || removed.freed(path).is_some());
        let gone = self.really_gone(&candidates)?;
        if by_manifests && !gone.is_empty() && !self.are_still(named, &gone)? {
            return Ok(false);
        }
        if let Some(archives) = self.archives {
            let again: Vec<String> = gone.iter().filter(|path| ours(path)).cloned().collect();
            if !again.is_empty() {
                (archives.bring)(&again)?;
            }
        }
        let gone = self.really_gone(&gone)?;
        for path in &gone {
            self.restore(named, path, &removed, by_manifests)?;
        }
        let (vanished, never): (Vec<String>, Vec<String>) =
            self.really_gone(&gone)?.into_iter().partition(|path| !first || ours(path));
        if let Some(known) = &mut self.absent {
            known.extend(absent.into_iter().chain(never));
        }
        if vanished.is_empty() {
            return Ok(true);
        }
        if by_manifests && !self.are_still(named, &vanished)? {
            return Ok(false);
        }
        Err(Error::Vanished { place: self.location.to_string(), archives: vanished })
    }

    /// Those of the archives that do not exist: a listing may be behind.
    fn really_gone(&self, paths: &[String]) -> Result<Vec<String>, Error> {
        let exists = parallel::map(self.store.parallel(), paths, |path| {
            Ok::<_, Error>(self.store.head(&self.location.key(path))?.is_some())
        })?;
        let gone = paths.iter().zip(exists).filter(|(_, exists)| !exists);
        Ok(gone.map(|(path, _)| path.clone()).collect())
    }

    /// Whether the manifests that name these archives are what they were: who removes a package
    /// removes its manifest first.
    fn are_still(&self, named: &Named<'_>, paths: &[String]) -> Result<bool, Error> {
        for stored in paths.iter().filter_map(|path| named.get(path)).flatten() {
            if self.store.head(&stored.key)?.is_none_or(|head| head.etag != stored.etag) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Brings back what `path` held when it became free, if that is what the manifests mean.
    fn restore(
        &self,
        named: &Named<'_>,
        path: &str,
        removed: &Removed,
        by_manifests: bool,
    ) -> Result<(), Error> {
        let key = self.location.key(path);
        let Some(tombstone) = removed.freed(path) else { return Ok(()) };
        let manifests = named.get(path).map(Vec::as_slice).unwrap_or_default();
        if !self.is_meant(manifests, tombstone)? {
            return Ok(());
        }
        removed::restore(self.store, &self.location, &key, &tombstone.sha256, None)?;
        // Its package may have been removed in between: then the key is to be free.
        if by_manifests
            && !self.are_still(named, &[path.to_owned()])?
            && let Some(head) = self.store.head(&key)?
            && head.metadata.get("sha256").is_none_or(|sha256| *sha256 == tombstone.sha256)
        {
            self.store.delete_if_match(&key, &head.etag)?;
        }
        Ok(())
    }

    /// Whether manifests mean what was taken away. A manifest that was written later may be of a new
    /// package, whose archive is another one: then both have to be of one deploy.
    fn is_meant(&self, manifests: &[&Stored], tombstone: &Tombstone) -> Result<bool, Error> {
        if manifests.iter().any(|stored| stored.modified <= tombstone.modified) {
            return Ok(true);
        }
        let content = self.store.head(&removed::content_key(&self.location, tombstone))?;
        let writer = content.as_ref().and_then(|head| head.metadata.get(WRITER));
        for stored in manifests {
            let manifest = self.store.head(&stored.key)?;
            let theirs = manifest.as_ref().and_then(|head| head.metadata.get(WRITER));
            if writer.is_some() && theirs == writer {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
