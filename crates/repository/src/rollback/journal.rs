//! What a rollback is about to do to archives, written down before it does.
//!
//! An archive that comes back under a key that is in use replaces another one, and its manifest
//! follows a moment later. A process that dies in between leaves an archive that is not that of the
//! manifest. So `.slipway/pending/rollback-<name>.json` says which archives those are, and the next
//! tool that changes the repository puts them back, unless their manifests have followed.

use jiff::SignedDuration;
use location::Location;
use serde::{Deserialize, Serialize};
use store::{Store, Upload};

use crate::history::{self, FOLDER, Id, json_bytes};
use crate::references::may_mean;
use crate::removed::restore;
use crate::{Error, JSON, Manifests, clock, dice, objects};

const KIND: &str = "rollback.v1";

/// A rollback of another machine that has not ended after this time has died.
const DEAD: SignedDuration = SignedDuration::from_secs(60);

/// An archive that is replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Archive {
    /// Its path below the prefix.
    pub path: String,
    /// The checksum of what comes back.
    pub restored: String,
    /// The checksum of what was there before.
    pub before: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wire {
    kind: String,
    generation: String,
    writer: String,
    archives: Vec<Archive>,
}

fn folder(location: &Location) -> String {
    location.key(&format!("{FOLDER}pending/rollback-"))
}

/// Writes down that the process `writer` replaces these archives by those of a generation; returns the
/// key of the file.
pub(super) fn write(
    store: &Store,
    location: &Location,
    generation: &Id,
    writer: &str,
    archives: Vec<Archive>,
) -> Result<String, Error> {
    let wire = Wire {
        kind: KIND.to_owned(),
        generation: generation.to_string(),
        writer: writer.to_owned(),
        archives,
    };
    let key = format!("{}{}.json", folder(location), dice::name());
    store.put(&key, &json_bytes(&wire), &Upload::new(JSON))?;
    Ok(key)
}

/// Puts the archives back that a rollback which died has replaced, where the manifests are not those of
/// its generation. `is_at_work` says whether the process with this name still runs; `None` where that
/// cannot be known.
///
/// # Errors
/// As of the store.
pub fn mend(
    store: &Store,
    location: &Location,
    is_at_work: &dyn Fn(&str) -> Option<bool>,
) -> Result<(), Error> {
    for object in store.list(&folder(location))? {
        let Some(content) = store.get(&object.key)? else { continue };
        let wire = serde_json::from_slice(&content.bytes).ok();
        let Some(wire) = wire.filter(|wire: &Wire| wire.kind == KIND) else { continue };
        match is_at_work(&wire.writer) {
            Some(true) => continue,
            None if clock::now(store, location)?.duration_since(object.modified) < DEAD => continue,
            Some(false) | None => {}
        }
        put_all_back(store, location, &wire)?;
        store.delete_many(&[object.key])?;
    }
    Ok(())
}

/// The same for one rollback (the key of its file), at its end.
pub(super) fn settle(store: &Store, location: &Location, key: &str) -> Result<(), Error> {
    let content = store.get(key)?;
    if let Some(wire) = content.and_then(|content| serde_json::from_slice(&content.bytes).ok()) {
        put_all_back(store, location, &wire)?;
    }
    Ok(store.delete_many(&[key.to_owned()])?)
}

fn put_all_back(store: &Store, location: &Location, wire: &Wire) -> Result<(), Error> {
    let then = match Id::parse(&wire.generation) {
        Some(id) => match history::manifests(store, location, &id) {
            Err(Error::NoGeneration { .. }) => Manifests::default(),
            then => then?,
        },
        None => Manifests::default(),
    };
    wire.archives.iter().try_for_each(|archive| put_back(store, location, archive, &then))
}

fn put_back(
    store: &Store,
    location: &Location,
    archive: &Archive,
    then: &Manifests,
) -> Result<(), Error> {
    let names = |url: &str| may_mean(location, url, &archive.path);
    let mut manifests = then
        .entries
        .iter()
        .filter(|stored| stored.manifest.dist_url().is_some_and(names))
        .peekable();
    let mut followed = manifests.peek().is_some();
    for stored in manifests {
        let now = store.get(&location.key(&stored.file_name))?;
        followed &= now.is_some_and(|now| now.bytes == stored.bytes());
    }
    if followed {
        return Ok(());
    }
    let key = location.key(&archive.path);
    let Some(head) = store.head(&key)? else { return Ok(()) };
    let sha256 = match head.metadata.get("sha256") {
        Some(known) => Some(known.clone()),
        None => objects::sha256(store, &key)?,
    };
    if sha256.as_ref() == Some(&archive.restored) {
        restore(store, location, &key, &archive.before, Some(&head.etag))?;
    }
    Ok(())
}
