//! The history of a repository: a record of each publish, with all manifests of that moment.
//!
//! The model is git's: objects first, then the one reference moves. Below the prefix lie
//!
//! ```text
//! .slipway/generations/0000000042-8f3a12bc34de.json           the record: parent, who, what changed
//! .slipway/generations/0000000042-8f3a12bc34de.manifests.gz   all manifests, byte for byte
//! ```
//!
//! and `packages.json` names its generation in its object metadata, so that both change in one PUT.
//! The name of a generation is its number and the beginning of its record's checksum; the record
//! holds the checksum of the manifests. What is not on the chain of parents from `packages.json` is
//! left over from a lost race or a process that died, or `packages.json` was put back to an older one;
//! readers of the chain ignore it, and its number is not given again.
//!
//! A tool that knows nothing of this writes `packages.json` without that metadata. Then the chain
//! begins at the newest record there is, as it does where `packages.json` was removed with the last
//! package; the next publish counts on from there and says that the index was changed outside.

mod bundle;
mod chain;
mod id;
mod origin;
mod record;

use jiff::Timestamp;
use location::Location;
use manifest::index::Change;
use store::{Object, Store, Upload};

use crate::index::{self, Current};
use crate::{Error, JSON, Manifests, Stored, dice};

pub(crate) use bundle::size_in_bundle;
pub use chain::{Damaged, above, entries, find, log, newest};
pub use id::Id;
pub use origin::Origin;
pub(crate) use record::{Draft, Files, json_bytes};

/// The folder below a prefix where everything lies that is ours and no part of the repository.
pub const FOLDER: &str = ".slipway/";

/// The metadata of `packages.json` that names its generation.
pub const METADATA: &str = "generation";

const GENERATIONS: &str = ".slipway/generations/";
const RECORD: &str = ".json";
const BUNDLE: &str = ".manifests.gz";

/// One publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its name.
    pub id: Id,
    /// Its number: above its parent's, and above that of every generation that had files then.
    pub number: u64,
    /// The generation that it replaced; none for the first one that was recorded.
    pub parent: Option<Id>,
    /// When, by the publisher's clock.
    pub time: Timestamp,
    /// Who published, and with what.
    pub origin: Origin,
    /// Whether `packages.json` was not what the parent had left: a tool that keeps no history, or
    /// somebody by hand, had changed or removed it in between.
    pub outside: bool,
    /// The generation that was gone back to, for a rollback.
    pub restores: Option<Id>,
    /// What is different to the index that was replaced.
    pub changes: Vec<Change>,
    /// SHA-256 of `packages.json`, in hex.
    pub index_sha256: String,
    /// How many package names it lists.
    pub packages: u64,
    /// How many versions of them.
    pub versions: u64,
    /// The manifests that it was made from.
    pub manifests: Bundle,
}

/// The manifests of a generation, as its record knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// How many.
    pub count: u64,
    /// Bytes of the list before it was compressed.
    pub size: u64,
    /// SHA-256 of the same, in hex.
    pub sha256: String,
}

impl Generation {
    /// The generation as its record says it, with its `id` first: for `--json`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        record::to_json(self)
    }
}

/// A generation whose files lie in the store, on the chain or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub id: Id,
    /// When the newest of its files was written, by the service's clock.
    pub modified: Timestamp,
    /// Bytes of its files.
    pub size: u64,
}

/// Every generation that has a file in the store, lowest number first: those of [`log`], and what
/// was left over.
///
/// # Errors
/// As of the store.
pub fn found(store: &Store, location: &Location) -> Result<Vec<Found>, Error> {
    let mut found: Vec<Found> = Vec::new();
    for (id, _, object) in files(store, location)? {
        match found.last_mut().filter(|last| last.id == id) {
            Some(last) => {
                last.modified = last.modified.max(object.modified);
                last.size += object.size;
            }
            None => found.push(Found { id, modified: object.modified, size: object.size }),
        }
    }
    Ok(found)
}

/// The manifests of a generation, sorted by file name. They have no tags: they are not in the
/// store, but were.
///
/// # Errors
/// [`Error::NoGeneration`] when its files are gone, [`Error::Generation`] when they are damaged.
pub fn manifests(store: &Store, location: &Location, id: &Id) -> Result<Manifests, Error> {
    let generation = read(store, location, id)?.ok_or_else(|| missing(id, location))?;
    let key = bundle_key(location, id);
    let content = store.get(&key)?.ok_or_else(|| missing(id, location))?;
    bundle::unpack(&key, &content.bytes, &generation, location, store.largest())
}

/// The same, one after the other: where a few words of each are wanted, all of them need not be in
/// memory. What `each` was given counts only when there is no error.
///
/// # Errors
/// As [`manifests`].
pub fn each_manifest(
    store: &Store,
    location: &Location,
    id: &Id,
    each: &mut dyn FnMut(Stored),
) -> Result<(), Error> {
    let generation = read(store, location, id)?.ok_or_else(|| missing(id, location))?;
    let key = bundle_key(location, id);
    let content = store.get(&key)?.ok_or_else(|| missing(id, location))?;
    bundle::walk(&key, &content.bytes, &generation, location, store.largest(), each)
}

/// Whether a generation has a record, but its manifests are gone: it is damaged. Who removes a
/// generation takes the record first.
///
/// # Errors
/// As of the store.
pub fn lacks_manifests(store: &Store, location: &Location, id: &Id) -> Result<bool, Error> {
    // In this order: a removal may be under way.
    Ok(store.head(&bundle_key(location, id))?.is_none()
        && store.head(&record_key(location, id))?.is_some())
}

/// Removes the files of generations; missing ones are fine. To keep the chain whole for readers,
/// remove the oldest, or what [`log`] does not name.
///
/// # Errors
/// As of the store. Running it again completes it.
pub fn remove(store: &Store, location: &Location, ids: &[Id]) -> Result<(), Error> {
    // The record goes first: without it the rest is only litter, and counts as such.
    let records: Vec<String> = ids.iter().map(|id| record_key(location, id)).collect();
    store.delete_many(&records)?;
    let bundles: Vec<String> = ids.iter().map(|id| bundle_key(location, id)).collect();
    Ok(store.delete_many(&bundles)?)
}

/// The record of a generation; `None` when there is none.
pub(crate) fn read(
    store: &Store,
    location: &Location,
    id: &Id,
) -> Result<Option<Generation>, Error> {
    let key = record_key(location, id);
    match store.get(&key)? {
        Some(content) => record::parse(&key, id, &content.bytes).map(Some),
        None => Ok(None),
    }
}

/// Where the next generation goes.
pub(crate) struct Next {
    /// What it follows on.
    pub parent: Option<Id>,
    /// Its number, which no other generation has or had, as far as there are files that say so.
    pub number: u64,
    /// Whether the index was changed outside since then.
    pub outside: bool,
}

/// Where the generation goes that follows on `current`.
pub(crate) fn next(
    store: &Store,
    location: &Location,
    current: Option<&Current>,
) -> Result<Next, Error> {
    let differs = |generation: &Generation| match current {
        Some(current) => checksum::of_bytes(&current.bytes) != generation.index_sha256,
        // It goes with the last package.
        None => generation.versions > 0,
    };
    let chain::End { newest, highest } = chain::end(store, location, current)?;
    let outside = matches!(&newest, Some(Ok(generation)) if differs(generation));
    let parent = newest.map(|entry| match entry {
        Ok(generation) => generation.id,
        // A damaged record is no reason not to publish.
        Err(damaged) => damaged.id,
    });
    Ok(Next { parent, number: highest.saturating_add(1), outside })
}

/// Records a repository without a history as it is before its first change, so that this can be
/// undone too: `packages.json` does not name that generation, but the next publish follows on it.
///
/// # Errors
/// As of the store.
pub(crate) fn begin(
    store: &Store,
    location: &Location,
    manifests: &Manifests,
    origin: &Origin,
) -> Result<(), Error> {
    let Some(head) = store.head(&location.key(index::FILE_NAME))? else { return Ok(()) };
    if head.metadata.contains_key(METADATA) || !newest(store, location, 1)?.is_empty() {
        return Ok(());
    }
    let Some(current) = index::read(store, location)? else { return Ok(()) };
    let files = Draft {
        parent: None,
        number: 1,
        time: Timestamp::now(),
        origin: &Origin { command: "record".to_owned(), ..origin.clone() },
        outside: false,
        restores: None,
        changes: &[],
        index: &manifests.index(),
        index_sha256: &checksum::of_bytes(&current.bytes),
        manifests,
        nonce: dice::name(),
    }
    .files();
    write(store, location, &files)
}

/// Puts the files of a generation in place; it counts once `packages.json` names it.
pub(crate) fn write(store: &Store, location: &Location, files: &Files) -> Result<(), Error> {
    let Files { id, record, bundle, manifests_size } = files;
    // Readers go by the same limit. Nothing is written until all will be.
    store.check_size(&bundle_key(location, id), (*manifests_size).max(bundle.len() as u64))?;
    store.check_size(&record_key(location, id), record.len() as u64)?;
    for (key, content_type, bytes) in objects(location, files) {
        put(store, &key, content_type, bytes)?;
    }
    Ok(())
}

/// Puts the manifests of a generation in place again if they alone are gone: as long as there was no
/// record, they looked like those of a publish that died. Where the record is gone too, the whole
/// generation was removed.
pub(crate) fn make_sure(store: &Store, location: &Location, files: &Files) -> Result<(), Error> {
    let [(key, content_type, bytes), (record, ..)] = objects(location, files);
    if store.head(&key)?.is_none() && store.head(&record)?.is_some() {
        put(store, &key, content_type, bytes)?;
    }
    Ok(())
}

/// The objects of a generation with their content types, in the order in which they are written.
fn objects<'f>(location: &Location, files: &'f Files) -> [(String, &'static str, &'f [u8]); 2] {
    [
        (bundle_key(location, &files.id), "application/gzip", &files.bundle),
        (record_key(location, &files.id), JSON, &files.record),
    ]
}

fn put(store: &Store, key: &str, content_type: &str, bytes: &[u8]) -> Result<(), Error> {
    let sha256 = checksum::of_bytes(bytes);
    let metadata = [("sha256", sha256.as_str())];
    store.put(key, bytes, &Upload { metadata: &metadata, ..Upload::new(content_type) })?;
    Ok(())
}

fn missing(id: &Id, location: &Location) -> Error {
    Error::NoGeneration { name: id.to_string(), place: location.to_string() }
}

fn record_key(location: &Location, id: &Id) -> String {
    location.key(&format!("{GENERATIONS}{id}{RECORD}"))
}

fn bundle_key(location: &Location, id: &Id) -> String {
    location.key(&format!("{GENERATIONS}{id}{BUNDLE}"))
}

/// All files of generations, sorted by generation; with whether it is the record.
fn files(store: &Store, location: &Location) -> Result<Vec<(Id, bool, Object)>, Error> {
    let folder = location.key(GENERATIONS);
    let mut files: Vec<(Id, bool, Object)> = store
        .list_direct(&folder)?
        .into_iter()
        .filter_map(|object| {
            let name = object.key.strip_prefix(&folder)?;
            let (name, is_record) = match (name.strip_suffix(RECORD), name.strip_suffix(BUNDLE)) {
                (Some(name), _) => (name, true),
                (None, Some(name)) => (name, false),
                (None, None) => return None,
            };
            Some((Id::parse(name)?, is_record, object))
        })
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(files)
}
