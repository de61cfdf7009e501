//! Changes of single manifests, each on condition that it still is what was seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use jiff::SignedDuration;
use location::Location;
use manifest::Manifest;
use store::{Condition, Store, Upload, parallel};

use crate::conditions::Guard;
use crate::references::may_mean;
use crate::{Error, JSON, Manifests, Stored, history, index, manifests};

/// A manifest that is written over the one that was seen, and over no other.
pub(crate) struct Write {
    key: String,
    bytes: Vec<u8>,
    condition: Condition,
}

impl Write {
    /// The write of `file_name` where `seen` was there.
    pub(crate) fn new(
        location: &Location,
        seen: &Manifests,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> Self {
        let condition = match seen.get(file_name) {
            Some(stored) => Condition::IfMatch(stored.etag.clone()),
            None => Condition::IfAbsent,
        };
        Self { key: location.key(file_name), bytes, condition }
    }

    /// The key of the manifest.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Whether the manifest may name one of these archives (paths below the prefix).
    pub(crate) fn names_any(&self, archives: &[String], location: &Location) -> bool {
        let manifest = Manifest::parse(&self.bytes);
        let url = manifest.as_ref().ok().and_then(Manifest::dist_url);
        url.is_some_and(|url| archives.iter().any(|path| may_mean(location, url, path)))
    }

    /// Returns the tag of what is there now.
    fn run(&self, guard: &Guard<'_>) -> Result<String, Error> {
        let sha256 = checksum::of_bytes(&self.bytes);
        let upload = Upload {
            condition: self.condition.clone(),
            metadata: &[("sha256", &sha256)],
            ..Upload::new(JSON)
        };
        match guard.put(&self.key, &self.bytes, &upload) {
            Ok(etag) => Ok(etag),
            Err(store::Error::Precondition { .. }) => {
                // Another run of the same may have written the very same.
                match guard.store().get(&self.key)? {
                    Some(content) if content.bytes == self.bytes => Ok(content.head.etag),
                    _ => Err(Error::Moved { key: self.key.clone() }),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Refuses what readers would refuse, before the first of `writes`: a manifest that is too long, or
/// a repository whose manifests are more than a generation may hold when all of them are written.
pub(crate) fn check_sizes<'a>(
    writes: &[Write],
    result: impl Iterator<Item = (&'a str, &'a [u8])>,
    store: &Store,
    location: &Location,
) -> Result<(), Error> {
    if let Some(write) = writes.iter().find(|write| write.bytes.len() > manifest::MAX_BYTES) {
        let (name, source) = (write.key.clone(), manifest::Error::TooLong);
        return Err(Error::Manifest { name, source });
    }
    let size = result.map(|(name, bytes)| history::size_in_bundle(name, bytes)).sum();
    Ok(store.check_size(&location.key(index::FILE_NAME), size)?)
}

/// A manifest with the same tag whose time is so much later was removed and deployed again: most services
/// have one tag for the same bytes. Shorter differences are those of a service's own clocks.
const WRITTEN_AGAIN: SignedDuration = SignedDuration::from_secs(2);

/// Far enough from the limit that the sizes in a listing say so: a manifest takes at most twice its
/// size in a generation, and some bytes around it.
const FAR: u64 = 8;

/// Refuses a publish before anything of it is uploaded, where the repository would be larger than its
/// readers take with the manifests that are `coming` (file names and bytes). Near the limit all
/// manifests are read, by way of `cache` (see [`Manifests::fetch`]).
///
/// # Errors
/// [`store::Error::TooLarge`] within [`Error::Store`]; as of the store, and of a broken manifest.
pub fn check_room(
    store: &Store,
    location: &Location,
    cache: Option<&Path>,
    coming: &[(&str, &[u8])],
) -> Result<(), Error> {
    let listed = manifests::list(store, location)?.manifests;
    let listed = listed.iter().map(|object| object.size).sum::<u64>();
    let added = coming.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>();
    if (listed + added).saturating_mul(FAR) < store.largest() {
        return Ok(());
    }
    let now = Manifests::fetch(store, location, cache)?;
    let mut all: BTreeMap<&str, &[u8]> =
        now.entries.iter().map(|stored| (stored.file_name.as_str(), stored.bytes())).collect();
    all.extend(coming.iter().copied());
    check_sizes(&[], all.into_iter(), store, location)
}

/// What became of writes.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The keys and tags of what is there now.
    pub put: Vec<(String, String)>,
    /// The keys that others have changed since: these were not written.
    pub moved: Vec<String>,
}

/// Writes all of them, side by side: that one was changed by others is no reason to leave out the
/// rest, since all are independent, and a run that is repeated finds less to do.
pub(crate) fn write(writes: &[Write], guard: &Guard<'_>) -> Result<Written, Error> {
    let outcomes =
        parallel::map(guard.store().parallel(), writes, |write| match write.run(guard) {
            Err(Error::Moved { key }) => Ok(Err(key)),
            other => other.map(|etag| Ok((write.key.clone(), etag))),
        })?;
    let mut written = Written::default();
    for outcome in outcomes {
        match outcome {
            Ok(put) => written.put.push(put),
            Err(key) => written.moved.push(key),
        }
    }
    Ok(written)
}

impl Written {
    /// Makes manifests below `location` what they were when they were `seen`, where they are still
    /// what was written.
    pub(crate) fn revert(
        &self,
        keys: &BTreeSet<String>,
        location: &Location,
        seen: &Manifests,
        guard: &Guard<'_>,
    ) -> Result<(), Error> {
        for (key, etag) in self.put.iter().filter(|(key, _)| keys.contains(key)) {
            let file_name = key.strip_prefix(&location.key("")).unwrap_or(key);
            match seen.get(file_name) {
                Some(stored) => {
                    let (key, bytes) = (key.clone(), stored.bytes().to_vec());
                    match (Write { key, bytes, condition: Condition::IfMatch(etag.clone()) })
                        .run(guard)
                    {
                        Ok(_) | Err(Error::Moved { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
                None => _ = guard.store().delete_if_match(key, etag)?,
            }
        }
        Ok(())
    }
}

/// Removes manifests, unless one of them is not what was `seen` any more.
pub(crate) fn remove(
    keys: &[String],
    location: &Location,
    seen: &Manifests,
    guard: &Guard<'_>,
) -> Result<(), Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let known: HashMap<&str, &Stored> =
        seen.entries.iter().map(|stored| (stored.key.as_str(), stored)).collect();
    let listed = manifests::list(guard.store(), location)?.manifests;
    let removed: BTreeSet<&String> = keys.iter().collect();
    for object in listed.into_iter().filter(|object| removed.contains(&object.key)) {
        let is_same = known.get(object.key.as_str()).is_some_and(|seen| {
            let later = object.modified.duration_since(seen.modified);
            seen.etag == object.etag && later < WRITTEN_AGAIN
        });
        if !is_same {
            return Err(Error::Moved { key: object.key });
        }
    }
    Ok(guard.store().delete_many(keys)?)
}
