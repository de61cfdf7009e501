//! The attempts of one publish.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use location::{Location, Service};
use manifest::Index;
use store::{Condition, Store, Upload};

use super::watch::Watch;
use super::{Options, Step, WhenEmpty};
use crate::conditions::{Guard, is_refusal};
use crate::history::{self, Draft, Id, Next};
use crate::index::{self, Current};
use crate::manifests::{self, Listing, Manifests};
use crate::{Error, JSON, dice, snapshot};

/// One call of [`super::publish`].
pub(super) struct Run<'a> {
    pub(super) store: &'a Store,
    pub(super) location: &'a Location,
    options: &'a Options<'a>,
    key: &'a str,
    guard: Guard<'a>,
    said: Vec<Step>,
    /// As of the last attempt: the next one fetches what is new.
    manifests: Arc<Manifests>,
    /// Set once something was written: what the first write replaced.
    replaced: Option<Option<Current>>,
    /// What the service makes of an encoding, once it was asked.
    keeps_encoding: Option<bool>,
    /// Generations of ours that `packages.json` probably never named.
    pub(super) leftovers: Vec<Id>,
    /// Whether what is published exists.
    watch: Watch<'a>,
}

/// The index as it stands in the store at the end of a successful attempt.
pub(super) struct Written {
    pub etag: Option<String>,
    pub generation: Option<Id>,
    pub index: Index,
    pub bytes: Vec<u8>,
}

/// What the manifests make.
struct Made<'m> {
    manifests: &'m Manifests,
    index: Index,
    bytes: Vec<u8>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        store: &'a Store,
        location: &'a Location,
        options: &'a Options<'a>,
        key: &'a str,
        warn: &'a (dyn Fn(&str) + Sync),
    ) -> Self {
        Self {
            store,
            location,
            options,
            key,
            guard: Guard::new(store, location, options.cache.clone(), warn),
            said: Vec::new(),
            manifests: Arc::default(),
            replaced: None,
            keeps_encoding: None,
            leftovers: Vec::new(),
            watch: Watch::new(store, location, options.archives.as_ref()),
        }
    }

    /// What the first write replaced; `None` where nothing was written.
    pub(super) fn replaced(&self) -> Option<Option<&Current>> {
        self.replaced.as_ref().map(Option::as_ref)
    }

    /// One attempt, from fresh state; `None` when somebody interfered.
    pub(super) fn attempt(&mut self) -> Result<Option<Written>, Error> {
        // The order matters: the tag must be older than the listing.
        let current = index::read(self.store, self.location)?;
        self.settle(current.as_ref());
        let fetched;
        let manifests = match self.options.given {
            Some(given) => given,
            None => {
                self.say(Step::Fetching);
                let cache = self.options.cache.as_deref();
                let (now, others) =
                    self.manifests.refetch_beside(self.store, self.location, cache)?;
                self.manifests = Arc::new(now);
                if self.is_behind()? {
                    return Ok(None);
                }
                self.watch.known_as(current.as_ref());
                if !self.watch.check(&self.manifests, &others)? {
                    return Ok(None);
                }
                fetched = Arc::clone(&self.manifests);
                &*fetched
            }
        };
        let index = manifests.index();
        self.say(Step::Generating);
        let made = Made { manifests, bytes: index.to_bytes(), index };

        self.store.check_size(self.key, made.bytes.len() as u64)?;
        if manifests.entries.is_empty() {
            match (self.options.when_empty, &current) {
                (WhenEmpty::Remove, _) => return self.remove(current, made),
                (WhenEmpty::Refuse, None) => {
                    return Err(Error::NoManifests { place: self.location.to_string() });
                }
                (WhenEmpty::Refuse | WhenEmpty::Write, _) => {}
            }
        }
        self.say(Step::Uploading);
        if let Some(current) = &current
            && current.bytes == made.bytes
            && current.gzip == (self.gzip(Some(current)) && self.keeps_encoding(Some(current))?)
        {
            // The same look as after a write: on the word of one listing nothing is done, nor left.
            if self.options.given.is_none() && !self.holds_still(manifests)? {
                return Ok(None);
            }
            return Ok(Some(Written {
                etag: Some(current.etag.clone()),
                generation: current.generation.clone(),
                index: made.index,
                bytes: made.bytes,
            }));
        }
        if let Some(check) = self.options.check {
            let old = current.as_ref().and_then(|current| current.parse(self.key).ok());
            check(&made.index, old.as_ref())
                .map_err(|reasons| Error::Refused { key: self.key.to_owned(), reasons })?;
        }
        let Some((etag, generation)) = self.put(current, &made)? else {
            return Ok(None);
        };
        let still = self.options.given.is_some() || self.holds_still(manifests)?;
        let (etag, generation) = (Some(etag), Some(generation));
        let Made { index, bytes, .. } = made;
        Ok(still.then_some(Written { etag, generation, index, bytes }))
    }

    /// Whether the manifests are still these, and the archives that they name exist.
    fn holds_still(&mut self, manifests: &Manifests) -> Result<bool, Error> {
        let Listing { manifests: listed, others } = manifests::list(self.store, self.location)?;
        Ok(manifests::fingerprint(&listed) == manifests.fingerprint()
            && self.watch.check(manifests, &others)?)
    }

    /// Writes the snapshot `key` of what was published. It is taken back where archives that it names
    /// vanished and cannot be brought back.
    pub(super) fn snapshot(&mut self, key: &str, written: &Written) -> Result<(), Error> {
        self.say(Step::Snapshot(key[self.location.key("").len()..].to_owned()));
        let announced = snapshot::announce(self.store, self.location, &written.bytes)?;
        // None where the index is made of given manifests.
        let manifests = Arc::clone(&self.manifests);
        let (guard, new) = (&self.guard, self.options.new_snapshot);
        let watch = &mut self.watch;
        let done = watch.check_snapshot(&manifests).and_then(|()| {
            let snapshot = snapshot::write(guard, key, &written.bytes, new)?;
            watch.check_snapshot(&manifests).or_else(|error| {
                snapshot.withdraw(guard)?;
                Err(error)
            })
        });
        self.store.delete_many(&[announced])?;
        done
    }

    /// Whether the listing does not know yet what the caller has done.
    fn is_behind(&self) -> Result<bool, Error> {
        let listed: HashMap<&str, &str> =
            self.manifests.entries.iter().map(|e| (e.key.as_str(), e.etag.as_str())).collect();
        for (key, etag) in &self.options.known.written {
            if listed.get(key.as_str()) != Some(&etag.as_str())
                && self.store.head(key)?.is_some_and(|head| head.etag == *etag)
            {
                return Ok(true);
            }
        }
        for key in &self.options.known.removed {
            if listed.contains_key(key.as_str()) && self.store.head(key)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes the index over `current` and nothing else; `None` when it is not there any more.
    fn put(
        &mut self,
        current: Option<Current>,
        made: &Made<'_>,
    ) -> Result<Option<(String, Id)>, Error> {
        let condition = match &current {
            Some(current) => Condition::IfMatch(current.etag.clone()),
            None => Condition::IfAbsent,
        };
        let heeded = self.guard.keeps(&condition)?;
        let gzip = self.gzip(current.as_ref()) && self.keeps_encoding(current.as_ref())?;
        let stored =
            if gzip { Cow::Owned(compress(&made.bytes)) } else { Cow::Borrowed(&*made.bytes) };
        let sha256 = checksum::of_bytes(&made.bytes);
        let Next { parent, number, outside } =
            history::next(self.store, self.location, current.as_ref())?;
        // Of many writers at once most have lost by now, and need not write a generation first.
        if !self.is_still(current.as_ref())? {
            return Ok(None);
        }
        let old = current.as_ref().and_then(|current| current.parse(self.key).ok());
        let files = Draft {
            parent,
            number,
            time: Timestamp::now(),
            origin: &self.options.origin,
            outside,
            restores: self.options.restores.as_ref(),
            changes: &old.unwrap_or_default().changes_to(&made.index),
            index: &made.index,
            index_sha256: &sha256,
            manifests: made.manifests,
            nonce: dice::name(),
        }
        .files();
        history::write(self.store, self.location, &files)?;
        let id = files.id.clone();

        let name = id.to_string();
        // Of the object, which others may look at without undoing what we did to it.
        let sha256 = if gzip { checksum::of_bytes(&stored) } else { sha256 };
        let public_url = self.location.public_url.clone();
        let public_url = public_url.or(current.as_ref().and_then(|now| now.public_url.clone()));
        let mut metadata = vec![(history::METADATA, name.as_str()), ("sha256", sha256.as_str())];
        metadata.extend(public_url.as_deref().map(|url| (index::PUBLIC_URL, url)));
        let condition = if heeded { condition } else { Condition::Always };
        let conditional = condition != Condition::Always;
        let content_encoding = gzip.then_some("gzip");
        let upload =
            Upload { condition, content_encoding, metadata: &metadata, ..Upload::new(JSON) };
        match self.store.put(self.key, &stored, &upload) {
            Ok(etag) => {
                self.replaced.get_or_insert(current);
                history::make_sure(self.store, self.location, &files)?;
                if !heeded && !self.is_there(&made.bytes)? {
                    self.leftovers.push(id);
                    return Ok(None);
                }
                Ok(Some((etag, id)))
            }
            Err(store::Error::Precondition { .. }) => {
                self.leftovers.push(id);
                Ok(None)
            }
            Err(error) if conditional && is_refusal(&error) => {
                self.guard.distrust();
                self.leftovers.push(id);
                Ok(None)
            }
            Err(error) => {
                if error.is_refusal() {
                    self.forget(&[id]);
                }
                // After any other failure the index may name the generation all the same.
                Err(error.into())
            }
        }
    }

    /// Whether the index is written compressed: as asked, else as it was.
    fn gzip(&self, current: Option<&Current>) -> bool {
        self.options.gzip.unwrap_or(current.is_some_and(|current| current.gzip))
    }

    /// Whether readers will be told that the index is compressed. Most services do; one that does not
    /// would give them what they cannot read, so it is asked on a scratch key.
    fn keeps_encoding(&mut self, current: Option<&Current>) -> Result<bool, Error> {
        let trusted = matches!(self.location.service, Service::Aws { .. });
        if trusted || current.is_some_and(|current| current.gzip) {
            return Ok(true);
        }
        if let Some(keeps) = self.keeps_encoding {
            return Ok(keeps);
        }
        let key = self.location.key(&format!("{}probe-{}", history::FOLDER, dice::name()));
        let upload = Upload { content_encoding: Some("gzip"), ..Upload::new(JSON) };
        self.store.put(&key, &compress(b"{}"), &upload)?;
        let head = self.store.head(&key);
        self.store.delete_many(&[key])?;
        let keeps = head?.is_some_and(|head| head.is_gzip());
        if !keeps {
            self.guard.warn(&format!(
                "WARNING: the service of {} does not keep that an object is compressed. \
                 packages.json is written plain.",
                self.location
            ));
        }
        self.keeps_encoding = Some(keeps);
        Ok(keeps)
    }

    /// Whether `packages.json` is what it was when this attempt began.
    fn is_still(&self, current: Option<&Current>) -> Result<bool, Error> {
        let head = self.store.head(self.key)?;
        Ok(match (&head, current) {
            (None, None) => true,
            (Some(head), Some(current)) => {
                let generation = head.metadata.get(history::METADATA);
                head.etag == current.etag
                    && generation.and_then(|text| Id::parse(text)) == current.generation
            }
            _ => false,
        })
    }

    /// Whether these bytes are stored now; for services that heed no conditions.
    fn is_there(&self, bytes: &[u8]) -> Result<bool, Error> {
        let now = index::read(self.store, self.location)?;
        Ok(now.is_some_and(|now| now.bytes == bytes))
    }

    /// Takes an emptied repository away: first as a compare-and-swap to an empty index, so that
    /// two publishers cannot miss each other, then the files. The history stays.
    fn remove(
        &mut self,
        current: Option<Current>,
        made: Made<'_>,
    ) -> Result<Option<Written>, Error> {
        let mut generation = current.as_ref().and_then(|current| current.generation.clone());
        let mut keys = snapshot::list(self.store, self.location)?;
        if let Some(current) = current {
            if current.bytes != made.bytes {
                let Some((_, id)) = self.put(Some(current), &made)? else {
                    return Ok(None);
                };
                generation = Some(id);
            }
            if !manifests::list(self.store, self.location)?.manifests.is_empty() {
                return Ok(None);
            }
            keys.push(self.key.to_owned());
        }
        let Made { index, bytes, .. } = made;
        let gone = Written { etag: None, generation, index, bytes };
        if keys.is_empty() {
            return Ok(Some(gone));
        }
        self.say(Step::Removing);
        self.store.delete_many(&keys)?;
        self.replaced.get_or_insert(None);
        let still = manifests::list(self.store, self.location)?.manifests.is_empty();
        Ok(still.then_some(gone))
    }

    fn say(&mut self, step: Step) {
        if !self.said.contains(&step) {
            if let Some(progress) = self.options.progress {
                progress(&step);
            }
            self.said.push(step);
        }
    }
}

/// The same bytes for the same bytes: without a time or a name.
fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Memory takes everything.
    let written = encoder.write_all(bytes);
    debug_assert!(written.is_ok(), "{written:?}");
    encoder.finish().unwrap_or_default()
}
