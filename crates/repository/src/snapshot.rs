//! Snapshots: named copies of `packages.json`, `packages-NAME.json` beside it.

use jiff::SignedDuration;
use location::Location;
use manifest::FILE_SUFFIX;
use store::{Condition, Content, Object, Store, Upload};

use crate::conditions::Guard;
use crate::{Error, JSON, dice};

const PENDING: &str = ".slipway/pending/";

/// How long an announced snapshot counts.
const EXPIRY: SignedDuration = SignedDuration::from_hours(1);

/// What the keys of announced snapshots begin with, below the prefix.
pub const ANNOUNCED: &str = ".slipway/pending/snapshot-";

/// Key of the snapshot `name`; refuses names that would leave the prefix or mean another file.
pub fn key(location: &Location, name: &str) -> Result<String, Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
    // `packages-x.composer.json` would be taken for a manifest.
    if name.is_empty() || !name.chars().all(allowed) || name.ends_with(".composer") {
        return Err(Error::SnapshotName { name: name.to_owned() });
    }
    Ok(location.key(&format!("packages-{name}.json")))
}

/// Whether this is the file name of a snapshot.
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    name.starts_with("packages-") && name.ends_with(".json") && !name.ends_with(FILE_SUFFIX)
}

/// Keys of all snapshots of a repository, sorted.
pub fn list(store: &Store, location: &Location) -> Result<Vec<String>, Error> {
    let prefix = location.key("packages-");
    let objects = store.list_direct(&prefix)?;
    let start = location.key("").len();
    Ok(objects
        .into_iter()
        .map(|object| object.key)
        .filter(|key| is_file_name(&key[start..]))
        .collect())
}

/// Says which archives a snapshot of these bytes is going to name, so that nothing takes them away before
/// it is written; returns the key of that, which goes when the snapshot is there.
pub(crate) fn announce(store: &Store, location: &Location, bytes: &[u8]) -> Result<String, Error> {
    let key = location.key(&format!("{ANNOUNCED}{}.json", dice::name()));
    store.put(&key, bytes, &Upload::new(JSON))?;
    Ok(key)
}

/// The snapshots that are about to be written. One that was announced an hour before the newest change
/// there is of a process that died.
pub(crate) fn announced(store: &Store, location: &Location) -> Result<Vec<Object>, Error> {
    let mut objects = store.list_direct(&location.key(PENDING))?;
    let newest = objects.iter().map(|object| object.modified).max();
    let announced = location.key(ANNOUNCED);
    objects.retain(|object| {
        let age = newest.map(|newest| newest.duration_since(object.modified));
        object.key.starts_with(&announced) && age.is_some_and(|age| age < EXPIRY)
    });
    Ok(objects)
}

/// A snapshot that was written.
pub(crate) struct Written {
    key: String,
    etag: String,
    /// What it replaced.
    before: Option<Content>,
}

/// Writes a snapshot. An existing one of that name is replaced, or, with `new`, refused unless it
/// has the same bytes.
pub(crate) fn write(
    guard: &Guard<'_>,
    key: &str,
    bytes: &[u8],
    new: bool,
) -> Result<Written, Error> {
    let before = if new { None } else { guard.store().get(key)? };
    let condition = if new { Condition::IfAbsent } else { Condition::Always };
    match put(guard, key, bytes, condition) {
        Ok(etag) => Ok(Written { key: key.to_owned(), etag, before }),
        Err(store::Error::Precondition { .. }) => match guard.store().get(key)? {
            Some(there) if there.bytes == bytes => {
                let etag = there.head.etag.clone();
                Ok(Written { key: key.to_owned(), etag, before: Some(there) })
            }
            _ => Err(Error::SnapshotExists { key: key.to_owned() }),
        },
        Err(error) => Err(error.into()),
    }
}

impl Written {
    /// Makes the snapshot what it was before, unless it was changed since.
    pub(crate) fn withdraw(&self, guard: &Guard<'_>) -> Result<(), Error> {
        match &self.before {
            None => _ = guard.store().delete_if_match(&self.key, &self.etag)?,
            Some(before) if before.head.etag == self.etag => {}
            Some(before) => {
                let still = Condition::IfMatch(self.etag.clone());
                match put(guard, &self.key, &before.bytes, still) {
                    Ok(_) | Err(store::Error::Precondition { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }
}

fn put(
    guard: &Guard<'_>,
    key: &str,
    bytes: &[u8],
    condition: Condition,
) -> Result<String, store::Error> {
    let sha256 = checksum::of_bytes(bytes);
    let metadata = [("sha256", sha256.as_str())];
    let upload = Upload { condition, metadata: &metadata, ..Upload::new(JSON) };
    guard.put(key, bytes, &upload)
}
