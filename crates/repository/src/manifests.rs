//! All manifests of a repository.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use location::Location;
use manifest::{FILE_SUFFIX, Index, Manifest, shares};
use store::{Object, Store};

use crate::Error;
use crate::cache::Cache;
use crate::files::{Folder, Reader};

/// How often a listing is repeated because a manifest in it was gone when it was fetched.
const FETCH_ATTEMPTS: u32 = 50;

/// One manifest as it stands in a store or a folder.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its file name, `NAME.composer.json`.
    pub file_name: String,
    /// Its key in the bucket, or its path in a folder.
    pub key: String,
    /// The store's opaque tag; empty for a file in a folder.
    pub etag: String,
    /// When it was last written. A file in a folder is not asked where its manifest has a time of
    /// its own: that counts, here too.
    pub modified: Timestamp,
    /// The manifest itself.
    pub manifest: Manifest,
    /// Its bytes, where these are not the ones that we would write.
    pub original: Option<Arc<[u8]>>,
}

impl Stored {
    /// A manifest of these bytes.
    ///
    /// # Errors
    /// [`Error::Manifest`] when they are none.
    pub fn new(
        file_name: String,
        key: String,
        etag: String,
        modified: Timestamp,
        bytes: &[u8],
    ) -> Result<Self, Error> {
        let manifest = parse(&key, bytes)?;
        Ok(Self::of(file_name, key, etag, modified, manifest, bytes))
    }

    pub(crate) fn of(
        file_name: String,
        key: String,
        etag: String,
        modified: Timestamp,
        manifest: Manifest,
        bytes: &[u8],
    ) -> Self {
        let original = (manifest.as_text().as_bytes() != bytes).then(|| Arc::from(bytes));
        Self { file_name, key, etag, modified, manifest, original }
    }

    /// Its bytes, as they lie in the store or folder.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.original.as_deref().unwrap_or(self.manifest.as_text().as_bytes())
    }

    /// The package's name among files: the file name without `.composer.json`.
    #[must_use]
    pub fn package(&self) -> &str {
        self.file_name.strip_suffix(FILE_SUFFIX).unwrap_or(&self.file_name)
    }
}

/// The manifests of one repository at one moment, sorted by file name (bytes).
#[derive(Debug, Clone, Default)]
pub struct Manifests {
    /// The manifests, sorted by file name.
    pub entries: Vec<Stored>,
}

impl Manifests {
    /// Fetches all manifests directly below the prefix. With a `cache` folder, only what is new
    /// (by key and `ETag`) is fetched.
    ///
    /// A manifest that disappears between the listing and its turn makes the listing start over,
    /// so that the result is one that existed.
    pub fn fetch(store: &Store, location: &Location, cache: Option<&Path>) -> Result<Self, Error> {
        Self::default().refetch(store, location, cache)
    }

    /// The same, where some of the manifests are at hand already: of these, only what is not any
    /// more what it was is fetched.
    pub(crate) fn refetch(
        &self,
        store: &Store,
        location: &Location,
        cache: Option<&Path>,
    ) -> Result<Self, Error> {
        Ok(self.refetch_beside(store, location, cache)?.0)
    }

    /// The same, with the keys of what else was listed directly below the prefix.
    pub(crate) fn refetch_beside(
        &self,
        store: &Store,
        location: &Location,
        cache: Option<&Path>,
    ) -> Result<(Self, BTreeSet<String>), Error> {
        let cache = cache.and_then(|folder| Cache::at(folder, location));
        for _ in 0..FETCH_ATTEMPTS {
            let Listing { manifests, others } = list(store, location)?;
            if let Some(entries) = self.fetch_listed(store, location, &manifests, cache.as_ref())? {
                return Ok((Self { entries }, others));
            }
        }
        Err(Error::Contended { key: location.key(""), attempts: FETCH_ATTEMPTS })
    }

    /// Fetches what was listed; `None` when something of it is gone by now.
    fn fetch_listed(
        &self,
        store: &Store,
        location: &Location,
        objects: &[Object],
        cache: Option<&Cache>,
    ) -> Result<Option<Vec<Stored>>, Error> {
        // Where all tags are the same, what was read before may be another state of the same second.
        let sure = store.tags() != store::Tags::Constant;
        let known: HashMap<&str, &Stored> =
            self.entries.iter().filter(|_| sure).map(|entry| (entry.key.as_str(), entry)).collect();
        let known = |object: &Object| {
            let stored = known.get(object.key.as_str()).copied();
            stored.filter(|stored| stored.etag == object.etag)
        };
        let unknown: Vec<&Object> = objects.iter().filter(|o| known(o).is_none()).collect();
        let cached =
            cache.filter(|_| sure && !unknown.is_empty()).map(Cache::load).unwrap_or_default();
        let keys: Vec<String> = unknown
            .iter()
            .filter(|object| cached.get(&object.key, &object.etag).is_none())
            .map(|object| object.key.clone())
            .collect();
        if let Some(object) = unknown.iter().find(|object| object.size > manifest::MAX_BYTES as u64)
        {
            let (name, source) = (object.key.clone(), manifest::Error::TooLong);
            return Err(Error::Manifest { name, source });
        }
        let mut fetched = store.get_many_within(&keys, manifest::MAX_BYTES as u64)?.into_iter();

        let prefix = location.key("");
        let mut entries = Vec::with_capacity(objects.len());
        for object in objects {
            if let Some(stored) = known(object) {
                entries.push(stored.clone());
                continue;
            }
            let (etag, modified, bytes) = match cached.get(&object.key, &object.etag) {
                Some(bytes) => (object.etag.clone(), object.modified, bytes.to_vec()),
                // The content's own tag, not the listing's: it may be newer.
                None => match fetched.next().flatten() {
                    Some(content) => (content.head.etag, content.head.modified, content.bytes),
                    None => return Ok(None),
                },
            };
            let file_name = object.key.strip_prefix(&prefix).unwrap_or(&object.key).to_owned();
            entries.push(Stored::new(file_name, object.key.clone(), etag, modified, &bytes)?);
        }
        if let Some(cache) = cache
            && !keys.is_empty()
        {
            cache.save(&entries);
        }
        Ok(Some(entries))
    }

    /// Reads all manifests directly in a local folder.
    pub fn read_folder(folder: &Path) -> Result<Self, Error> {
        let names = Folder::open(folder)?.names()?;
        let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
        Self::read_files(&paths)
    }

    /// Reads the given files, in the given order (which is kept among equals by the index), on
    /// all processors.
    pub fn read_files(paths: &[PathBuf]) -> Result<Self, Error> {
        let results = shares::map(processors(), paths.iter().collect(), |share: Vec<&PathBuf>| {
            let mut reader = Reader::default();
            share.into_iter().map(|path| reader.read(path)).collect()
        });
        Ok(Self { entries: results.into_iter().collect::<Result<_, _>>()? })
    }

    /// The index that these manifests make, where they are not needed any more.
    #[must_use]
    pub fn into_index(self) -> Index {
        let named = self.entries.into_iter().map(|entry| (entry.file_name, entry.manifest));
        Index::generate_on(processors(), named.collect())
    }

    /// The index that these manifests make.
    #[must_use]
    pub fn index(&self) -> Index {
        Index::generate_on(
            processors(),
            self.entries.iter().map(|e| (e.file_name.clone(), e.manifest.clone())).collect(),
        )
    }

    /// The set of keys and tags: two equal fingerprints are the same manifests.
    #[must_use]
    pub fn fingerprint(&self) -> BTreeSet<(String, String)> {
        self.entries.iter().map(|e| (e.key.clone(), e.etag.clone())).collect()
    }

    /// The manifest with this file name.
    #[must_use]
    pub fn get(&self, file_name: &str) -> Option<&Stored> {
        let by_name = |entry: &Stored| entry.file_name.as_str().cmp(file_name);
        self.entries.binary_search_by(by_name).ok().map(|at| &self.entries[at])
    }
}

/// What is listed directly below a prefix.
pub(crate) struct Listing {
    /// The manifests, by key.
    pub manifests: Vec<Object>,
    /// The keys of everything else.
    pub others: BTreeSet<String>,
}

/// Lists what is directly below the prefix.
pub(crate) fn list(store: &Store, location: &Location) -> Result<Listing, Error> {
    let objects = store.list_direct(&location.key(""))?;
    let (manifests, others): (Vec<Object>, Vec<Object>) =
        objects.into_iter().partition(|object| object.key.ends_with(FILE_SUFFIX));
    Ok(Listing { manifests, others: others.into_iter().map(|object| object.key).collect() })
}

/// The fingerprint of a listing, comparable with [`Manifests::fingerprint`].
pub(crate) fn fingerprint(objects: &[Object]) -> BTreeSet<(String, String)> {
    objects.iter().map(|o| (o.key.clone(), o.etag.clone())).collect()
}

pub use parallel::processors;

pub(crate) fn parse(name: &str, bytes: &[u8]) -> Result<Manifest, Error> {
    Manifest::parse(bytes).map_err(|source| Error::Manifest { name: name.to_owned(), source })
}
