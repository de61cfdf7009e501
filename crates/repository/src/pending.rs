//! Removals under way: what an interrupted run still had to remove.
//!
//! An archive goes last, when neither a manifest nor the published index names it any more. A run
//! that dies before that leaves nothing behind that says so: the next one finds the manifests gone,
//! and no difference. Therefore what is going to be removed is written down first, as
//! `.slipway/pending/<name>.json` below the prefix, and that file goes when all is done. The next run
//! that changes the repository completes what it finds there.
//!
//! Nothing is removed on the word of such a file alone: an archive must be the very object that was
//! seen then, and no manifest, index or snapshot may name it.

use jiff::Timestamp;
use location::Location;
use serde::{Deserialize, Serialize};
use store::{Object, Store, Upload};

use crate::history::FOLDER;
use crate::{Error, JSON, dice};

const KIND: &str = "pending.v1";

/// What a run is going to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The key of the file that says so.
    pub key: String,
    /// The packages whose manifests are removed: file names without `.composer.json`.
    pub packages: Vec<String>,
    /// The archives that go last, as they were then.
    pub archives: Vec<Object>,
    /// The snapshot that is made.
    pub snapshot: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wire {
    kind: String,
    packages: Vec<String>,
    archives: Vec<WireObject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snapshot: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WireObject {
    /// Below the prefix.
    path: String,
    size_bytes: u64,
    etag: String,
    modified: String,
}

/// What interrupted runs, or others that are at work right now, have to remove.
///
/// # Errors
/// As of the store. A file that cannot be read says nothing, and is passed over.
pub fn read(store: &Store, location: &Location) -> Result<Vec<Pending>, Error> {
    let folder = location.key(&format!("{FOLDER}pending/"));
    let keys: Vec<String> =
        store.list_direct(&folder)?.into_iter().map(|object| object.key).collect();
    let contents = store.get_many(&keys)?;
    let parsed = keys.into_iter().zip(contents);
    Ok(parsed.filter_map(|(key, content)| parse(key, &content?.bytes, location)).collect())
}

/// Writes down what is going to be removed; returns the key of the file.
pub(crate) fn write(
    store: &Store,
    location: &Location,
    packages: Vec<String>,
    archives: &[Object],
    snapshot: Option<String>,
) -> Result<String, Error> {
    let prefix = location.key("");
    let archives = archives.iter().map(|object| WireObject {
        path: object.key.strip_prefix(&prefix).unwrap_or(&object.key).to_owned(),
        size_bytes: object.size,
        etag: object.etag.clone(),
        modified: object.modified.to_string(),
    });
    let wire = Wire { kind: KIND.to_owned(), packages, archives: archives.collect(), snapshot };
    let key = location.key(&format!("{FOLDER}pending/{}.json", dice::name()));
    let bytes = crate::history::json_bytes(&wire);
    store.put(&key, &bytes, &Upload::new(JSON))?;
    Ok(key)
}

fn parse(key: String, bytes: &[u8], location: &Location) -> Option<Pending> {
    let wire: Wire = serde_json::from_slice(bytes).ok().filter(|wire: &Wire| wire.kind == KIND)?;
    let archives = wire.archives.into_iter().map(|object| {
        Some(Object {
            key: location.key(&object.path),
            size: object.size_bytes,
            etag: object.etag,
            modified: object.modified.parse::<Timestamp>().ok()?,
            storage_class: None,
        })
    });
    let archives = archives.collect::<Option<Vec<Object>>>()?;
    Some(Pending { key, packages: wire.packages, archives, snapshot: wire.snapshot })
}
