//! The record of a generation as JSON, `generation.v1`; `docs/protocol.md` describes it.

use jiff::Timestamp;
use manifest::Index;
use manifest::index::{Change, ChangeKind};
use serde::{Deserialize, Serialize};

use super::{Bundle, Generation, Id, Origin, bundle};
use crate::{Error, Manifests};

const KIND: &str = "generation.v1";

/// A record as it lies in the store. Readers tolerate keys that they do not know.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wire {
    kind: String,
    number: u64,
    parent: Option<String>,
    time: String,
    command: String,
    tool: String,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restores: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    changed_outside: bool,
    index: WireIndex,
    manifests: WireManifests,
    added: Vec<WirePackage>,
    changed: Vec<WirePackage>,
    removed: Vec<WirePackage>,
    /// Makes the names of two equal publishes differ.
    nonce: String,
}

#[derive(Serialize, Deserialize)]
struct WireIndex {
    sha256: String,
    packages: u64,
    versions: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WireManifests {
    count: u64,
    size_bytes: u64,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct WirePackage {
    name: String,
    version: String,
}

/// A generation that is about to be written.
pub(crate) struct Draft<'a> {
    pub parent: Option<Id>,
    pub number: u64,
    pub time: Timestamp,
    pub origin: &'a Origin,
    pub outside: bool,
    pub restores: Option<&'a Id>,
    pub changes: &'a [Change],
    pub index: &'a Index,
    pub index_sha256: &'a str,
    pub manifests: &'a Manifests,
    pub nonce: String,
}

/// The files of a generation.
pub(crate) struct Files {
    pub id: Id,
    pub record: Vec<u8>,
    pub bundle: Vec<u8>,
    /// Bytes of the manifests before they were compressed.
    pub manifests_size: u64,
}

impl Draft<'_> {
    /// The generation's name and files.
    pub(crate) fn files(&self) -> Files {
        let (bundle, about) = bundle::pack(self.manifests);
        let number = self.number;
        let of = |kind| {
            let changes = self.changes.iter().filter(move |change| change.kind == kind);
            changes
                .map(|change| WirePackage {
                    name: change.name.clone(),
                    version: change.version.clone(),
                })
                .collect()
        };
        let wire = Wire {
            kind: KIND.to_owned(),
            number,
            parent: self.parent.as_ref().map(Id::to_string),
            time: self.time.to_string(),
            command: self.origin.command.clone(),
            tool: self.origin.tool.clone(),
            version: self.origin.version.clone(),
            who: self.origin.who.clone(),
            host: self.origin.host.clone(),
            run: self.origin.run.clone(),
            restores: self.restores.map(Id::to_string),
            changed_outside: self.outside,
            index: WireIndex {
                sha256: self.index_sha256.to_owned(),
                packages: self.index.packages().count() as u64,
                versions: self.index.len() as u64,
            },
            manifests: WireManifests {
                count: about.count,
                size_bytes: about.size,
                sha256: about.sha256,
            },
            added: of(ChangeKind::Added),
            changed: of(ChangeKind::Changed),
            removed: of(ChangeKind::Removed),
            nonce: self.nonce.clone(),
        };
        let mut record = json_bytes(&wire);
        record.push(b'\n');
        Files { id: Id::of(number, &record), record, bundle, manifests_size: about.size }
    }
}

/// Reads a record, which must be the one of that name.
pub(super) fn parse(key: &str, id: &Id, bytes: &[u8]) -> Result<Generation, Error> {
    let bad = |reason: String| Error::Generation { key: key.to_owned(), reason };
    if Id::of(id.number(), bytes) != *id {
        return Err(bad("its checksum is not the one in its name".to_owned()));
    }
    let wire: Wire = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
    if wire.kind != KIND {
        return Err(bad(format!("it is of kind {:?}, not {KIND}", wire.kind)));
    }
    let name = |text: Option<String>| match text {
        None => Ok(None),
        Some(text) => match Id::parse(&text) {
            Some(id) => Ok(Some(id)),
            None => Err(bad(format!("{text:?} is no generation"))),
        },
    };
    let parent = name(wire.parent)?;
    // A chain must end.
    if wire.number != id.number() || parent.as_ref().is_some_and(|p| p.number() >= wire.number) {
        return Err(bad("its number does not fit".to_owned()));
    }
    let changes = [
        (ChangeKind::Added, wire.added),
        (ChangeKind::Changed, wire.changed),
        (ChangeKind::Removed, wire.removed),
    ];
    let changes = changes.into_iter().flat_map(|(kind, packages)| {
        packages.into_iter().map(move |WirePackage { name, version }| Change {
            kind,
            name,
            version,
        })
    });
    Ok(Generation {
        id: id.clone(),
        number: wire.number,
        parent,
        time: wire.time.parse().map_err(|error: jiff::Error| bad(error.to_string()))?,
        origin: Origin {
            who: wire.who,
            host: wire.host,
            run: wire.run,
            tool: wire.tool,
            version: wire.version,
            command: wire.command,
        },
        outside: wire.changed_outside,
        restores: name(wire.restores)?,
        changes: changes.collect(),
        index_sha256: wire.index.sha256,
        packages: wire.index.packages,
        versions: wire.index.versions,
        manifests: Bundle {
            count: wire.manifests.count,
            size: wire.manifests.size_bytes,
            sha256: wire.manifests.sha256,
        },
    })
}

pub(super) fn to_json(generation: &Generation) -> serde_json::Value {
    let of = |kind| {
        let changes = generation.changes.iter().filter(move |change| change.kind == kind);
        let packages = changes
            .map(|change| serde_json::json!({"name": change.name, "version": change.version}));
        packages.collect::<Vec<_>>()
    };
    let Origin { who, host, run, tool, version, command } = &generation.origin;
    serde_json::json!({
        "kind": KIND,
        "id": generation.id.to_string(),
        "number": generation.number,
        "parent": generation.parent.as_ref().map(Id::to_string),
        "time": generation.time.to_string(),
        "command": command,
        "tool": tool,
        "version": version,
        "who": who,
        "host": host,
        "run": run,
        "restores": generation.restores.as_ref().map(Id::to_string),
        "changed-outside": generation.outside,
        "index": {
            "sha256": generation.index_sha256,
            "packages": generation.packages,
            "versions": generation.versions,
        },
        "manifests": {
            "count": generation.manifests.count,
            "size-bytes": generation.manifests.size,
            "sha256": generation.manifests.sha256,
        },
        "added": of(ChangeKind::Added),
        "changed": of(ChangeKind::Changed),
        "removed": of(ChangeKind::Removed),
    })
}

/// JSON of plain data, which cannot fail.
pub(crate) fn json_bytes(value: &impl Serialize) -> Vec<u8> {
    let bytes = serde_json::to_vec(value);
    debug_assert!(bytes.is_ok(), "{bytes:?}");
    bytes.unwrap_or_default()
}
