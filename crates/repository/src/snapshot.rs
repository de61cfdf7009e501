//! Snapshots: named copies of `packages.json`, `packages-NAME.json` beside it.

use std::collections::BTreeSet;

use location::Location;
use manifest::FILE_SUFFIX;
use store::{Condition, Store, Upload};

use crate::conditions::Guard;
use crate::{Error, JSON, index};

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

/// Writes a snapshot. An existing one of that name is replaced, or, with `new`, refused unless it
/// has the same bytes.
pub fn write(guard: &Guard<'_>, key: &str, bytes: &[u8], new: bool) -> Result<(), Error> {
    let condition = if new { Condition::IfAbsent } else { Condition::Always };
    let sha256 = checksum::of_bytes(bytes);
    let metadata = [("sha256", sha256.as_str())];
    let upload = Upload { condition, metadata: &metadata, ..Upload::new(JSON) };
    match guard.put(key, bytes, &upload) {
        Ok(_) => Ok(()),
        Err(store::Error::Precondition { .. }) => match guard.store().get(key)? {
            Some(content) if content.bytes == bytes => Ok(()),
            _ => Err(Error::SnapshotExists { key: key.to_owned() }),
        },
        Err(error) => Err(error.into()),
    }
}

/// The archives, as paths below the prefix, that any snapshot still lists: these must stay.
pub fn referenced_archives(store: &Store, location: &Location) -> Result<BTreeSet<String>, Error> {
    let keys = list(store, location)?;
    let mut archives = BTreeSet::new();
    for (key, content) in keys.iter().zip(store.get_many(&keys)?) {
        // Gone since the listing: then it refers to nothing.
        let Some(content) = content else { continue };
        let index = index::parse(key, &content.bytes)?;
        for manifest in index.manifests() {
            if let Some(path) = manifest.dist_url().and_then(|url| location.relative(url)) {
                archives.insert(path);
            }
        }
    }
    Ok(archives)
}
