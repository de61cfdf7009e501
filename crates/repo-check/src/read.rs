//! Reads a repository's state from its store.
//!
//! One listing says what is there; manifests, index and snapshots are fetched, manifests by way of
//! the cache. A file that cannot be understood is part of the state; only a store that does not
//! answer is an error. Whoever reads again (a removal does, before each step) fetches only what is
//! new.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use location::Location;
use manifest::MAX_BYTES;
use repository::cache::{Cache, Cached};
use repository::index::FILE_NAME;
use repository::snapshot::ANNOUNCED;
use repository::{Stored, index, pending};
use store::{Content, Head, Reason, Store, parallel};

use crate::Error;
use crate::check::PENDING;
use crate::entry::{Archive, Entry};
use crate::history::Memory;
use crate::inventory::{Class, Inventory, Item};
use crate::state::{Document, Known, Published, Snapshot, State};

/// How often a repository is read again because it changed meanwhile.
const ATTEMPTS: u32 = 5;

/// A repository that is read, once or repeatedly.
pub struct Reader<'a> {
    store: &'a Store,
    location: &'a Location,
    cache: Option<PathBuf>,
    /// What was read of this name in this version.
    manifests: HashMap<(String, String), Document<Known>>,
    snapshots: HashMap<(String, String), Snapshot>,
    heads: HashMap<(String, String), Head>,
    history: Memory,
}

/// An object: its version, what it holds, and whether the store was asked for it.
struct Fetched<T> {
    etag: String,
    content: T,
    asked: bool,
}

impl<'a> Reader<'a> {
    /// A reader of the repository at `location`, of whose history the newest `keep_generations`
    /// count as needed.
    pub fn new(
        store: &'a Store,
        location: &'a Location,
        cache: Option<PathBuf>,
        keep_generations: usize,
    ) -> Self {
        let (manifests, snapshots, heads) = Default::default();
        let history = Memory::new(keep_generations);
        Self { store, location, cache, manifests, snapshots, heads, history }
    }

    /// The prefix of the repository.
    pub fn prefix(&self) -> String {
        self.location.key("")
    }

    /// The state of one moment; after some attempts, what there was to be had. The second value
    /// says whether it held still.
    pub fn read(&mut self) -> Result<(State, bool), Error> {
        let mut attempt = 1;
        loop {
            let (state, still) = self.attempt()?;
            if still || attempt == ATTEMPTS {
                return Ok((state, still));
            }
            attempt += 1;
        }
    }

    /// Whether what was read is still what is there: manifests, index and snapshots.
    pub fn holds(&self, state: &State) -> Result<bool, Error> {
        let listed = self.store.list_direct(&self.location.key(""))?;
        let now = Inventory::new(&self.location.key(""), listed);
        let of = |inventory: &Inventory| -> Vec<(String, String)> {
            let ours = |item: &&Item| {
                matches!(item.class, Class::Index | Class::Snapshot | Class::Manifest)
            };
            let items = inventory.items().iter().filter(ours);
            items.map(|item| (item.name.clone(), item.etag.clone())).collect()
        };
        Ok(of(&now) == of(&state.inventory))
    }

    /// What is stored beside these objects.
    pub fn heads(
        &mut self,
        inventory: &Inventory,
        names: &[String],
    ) -> Result<BTreeMap<String, Option<Head>>, Error> {
        let known = |name: &String| {
            let etag = inventory.get(name)?.etag.clone();
            self.heads.get(&(name.clone(), etag)).cloned()
        };
        let (mut found, mut unknown) = (BTreeMap::new(), Vec::new());
        for name in names {
            match known(name) {
                Some(head) => _ = found.insert(name.clone(), Some(head)),
                None => unknown.push(name.clone()),
            }
        }
        let heads = parallel::map(self.store.parallel(), &unknown, |name| {
            match self.store.head(&self.location.key(name)) {
                // A name that cannot be a key is that of no object.
                Err(store::Error::InvalidKey { .. }) => Ok(None),
                head => head,
            }
        })?;
        for (name, head) in unknown.into_iter().zip(heads) {
            if let Some(head) = &head {
                self.heads.insert((name.clone(), head.etag.clone()), head.clone());
            }
            found.insert(name, head);
        }
        Ok(found)
    }

    fn attempt(&mut self) -> Result<(State, bool), Error> {
        let prefix = self.location.key("");
        let inventory = Inventory::new(&prefix, self.store.list(&prefix)?);
        let mut still = true;
        let manifests = self.manifests(&inventory, &mut still)?;
        let snapshots = self.snapshots(&inventory, &mut still)?;
        let index = self.index(&inventory, &mut still)?;
        let pending = self.pending(&inventory)?;
        let history = Arc::default();
        let mut state = State { inventory, manifests, index, snapshots, history, pending };
        let (history, held) = self.history.read(self.store, self.location, &state)?;
        state.history = history;
        Ok((state, still && held))
    }

    fn pending(&self, inventory: &Inventory) -> Result<BTreeMap<String, Vec<String>>, Error> {
        let mut archives: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if !inventory.of(Class::Own).any(|item| item.name.starts_with(PENDING)) {
            return Ok(archives);
        }
        let start = self.location.key("").len();
        for pending in pending::read(self.store, self.location)? {
            for object in &pending.archives {
                let name = object.key[start..].to_owned();
                archives.entry(name).or_default().push(pending.key[start..].to_owned());
            }
        }
        // Snapshots that are about to be written.
        let announced = inventory.of(Class::Own).filter(|item| item.name.starts_with(ANNOUNCED));
        for item in announced {
            let read = |content: &Content| match index::parse(&item.name, &content.bytes) {
                Ok(index) => Document::Read(self.entries(&index)),
                Err(error) => unreadable("is no index", &error),
            };
            let fetched = self.fetch(item, u64::MAX, read)?;
            let entries = fetched.as_ref().and_then(|fetched| fetched.content.read());
            for entry in entries.into_iter().flatten() {
                if let Archive::Here(name) = &entry.archive {
                    archives.entry(name.clone()).or_default().push(item.name.clone());
                }
            }
        }
        Ok(archives)
    }

    fn manifests(
        &mut self,
        inventory: &Inventory,
        still: &mut bool,
    ) -> Result<BTreeMap<String, Document<Known>>, Error> {
        let items: Vec<&Item> = inventory.of(Class::Manifest).collect();
        let is_new = |item: &&Item| !self.manifests.contains_key(&version(item));
        let new: Vec<&Item> = items.iter().copied().filter(is_new).collect();
        let cache = self.cache.as_deref().and_then(|folder| Cache::at(folder, self.location));
        let cached = match &cache {
            // Where all tags are the same, it may be another state of the same second.
            Some(cache) if !new.is_empty() && self.store.tags() != store::Tags::Constant => {
                cache.load()
            }
            _ => Cached::default(),
        };
        let fetched = parallel::map(self.store.parallel(), &new, |item| {
            match cached.get(&self.location.key(&item.name), &item.etag) {
                Some(bytes) => {
                    let etag = item.etag.clone();
                    let content = self.manifest(item, etag.clone(), item.modified, bytes);
                    Ok(Some(Fetched { etag, content, asked: false }))
                }
                None => self.fetch(item, MAX_BYTES as u64, |Content { head, bytes }| {
                    self.manifest(item, head.etag.clone(), head.modified, bytes)
                }),
            }
        })?;
        let asked = fetched.iter().flatten().any(|fetched| fetched.asked);
        for (item, fetched) in new.iter().zip(fetched) {
            if let Some(Fetched { etag, content, .. }) = fetched {
                self.manifests.insert((item.name.clone(), etag), content);
            }
        }
        let mut found = BTreeMap::new();
        for item in items {
            // What was fetched may be newer than the listing, or gone.
            match self.manifests.get(&version(item)) {
                Some(document) => _ = found.insert(item.name.clone(), document.clone()),
                None => *still = false,
            }
        }
        if let (Some(cache), true, true) = (cache, asked, *still) {
            let read = found.values().filter_map(Document::read);
            cache.save(&read.map(|known| known.stored.clone()).collect::<Vec<_>>());
        }
        Ok(found)
    }

    fn manifest(
        &self,
        item: &Item,
        etag: String,
        modified: Timestamp,
        bytes: &[u8],
    ) -> Document<Known> {
        let key = self.location.key(&item.name);
        match Stored::new(item.name.clone(), key, etag, modified, bytes) {
            Ok(stored) => {
                let entry = Entry::of(&stored.manifest, self.location);
                Document::Read(Known { stored, entry })
            }
            Err(error) => unreadable("is no manifest", &error),
        }
    }

    fn index(&self, inventory: &Inventory, still: &mut bool) -> Result<Document<Published>, Error> {
        let Some(item) = inventory.get(FILE_NAME) else {
            return Ok(Document::Missing);
        };
        let read = |content: &Content| match index::parse(FILE_NAME, &content.bytes) {
            Ok(index) => {
                let entries = self.entries(&index);
                let sha256 = checksum::of_bytes(&content.bytes);
                Document::Read(Published { index, entries, sha256 })
            }
            Err(error) => unreadable("is no index", &error),
        };
        let fetched = self.fetch(item, self.store.largest(), read)?;
        *still &= fetched.as_ref().is_some_and(|fetched| fetched.etag == item.etag);
        Ok(fetched.map_or(Document::Missing, |fetched| fetched.content))
    }

    /// One after the other: each may be as large as the index, and only what it names is kept.
    fn snapshots(
        &mut self,
        inventory: &Inventory,
        still: &mut bool,
    ) -> Result<BTreeMap<String, Snapshot>, Error> {
        let mut found = BTreeMap::new();
        for item in inventory.of(Class::Snapshot) {
            let known = self.snapshots.get(&version(item)).cloned();
            let document = match known {
                Some(document) => document,
                None => {
                    let read = |content: &Content| match index::parse(&item.name, &content.bytes) {
                        Ok(index) => Document::Read(Arc::new(self.entries(&index))),
                        Err(error) => unreadable("is no index", &error),
                    };
                    let Some(fetched) = self.fetch(item, self.store.largest(), read)? else {
                        *still = false;
                        continue;
                    };
                    *still &= fetched.etag == item.etag;
                    let version = (item.name.clone(), fetched.etag);
                    self.snapshots.insert(version, fetched.content.clone());
                    fetched.content
                }
            };
            found.insert(item.name.clone(), document);
        }
        Ok(found)
    }

    fn entries(&self, index: &manifest::Index) -> Vec<Entry> {
        index.manifests().map(|manifest| Entry::of(manifest, self.location)).collect()
    }

    /// Fetches an object; `None` where it is gone by now.
    fn fetch<T>(
        &self,
        item: &Item,
        limit: u64,
        read: impl FnOnce(&Content) -> Document<T>,
    ) -> Result<Option<Fetched<Document<T>>>, Error> {
        let unreadable = |reason: String| {
            let content = Document::Unreadable(reason);
            Ok(Some(Fetched { etag: item.etag.clone(), content, asked: false }))
        };
        if item.size > limit {
            return unreadable(format!("has {} bytes, more than the {limit} allowed", item.size));
        }
        match self.store.get_within(&self.location.key(&item.name), limit) {
            Ok(Some(content)) => {
                let etag = content.head.etag.clone();
                Ok(Some(Fetched { etag, content: read(&content), asked: true }))
            }
            Ok(None) => Ok(None),
            Err(store::Error::TooLarge { limit, .. }) => {
                unreadable(format!("has more than the {limit} bytes that are read"))
            }
            Err(error) if error.reason() == Some(Reason::Archived) => {
                unreadable(format!("cannot be read: {error}"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn version(item: &Item) -> (String, String) {
    (item.name.clone(), item.etag.clone())
}

/// What cannot be understood, and why: without its name, which stands beside it.
fn unreadable<T>(what: &str, error: &repository::Error) -> Document<T> {
    let mut text = what.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let reason = error.to_string();
        // Some causes are repeated by what they cause.
        if !text.contains(&reason) {
            text.push_str(&format!(": {reason}"));
        }
        cause = error.source();
    }
    Document::Unreadable(text)
}
