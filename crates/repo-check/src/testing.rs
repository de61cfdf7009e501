//! Repositories in memory, for the tests of what is decided on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use location::{Location, Prefix, Region, Service};
use manifest::{Index, Manifest};
use repository::{Stored, index};
use store::{Head, Object};

use crate::entry::Entry;
use crate::inventory::{Class, Inventory};
use crate::state::{Document, History, Known, Published, State};

/// A repository: files by name, with their times in seconds.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    pub files: BTreeMap<String, (String, i64)>,
    /// Metadata of objects.
    pub metadata: BTreeMap<String, BTreeMap<String, String>>,
    pub history: History,
}

pub fn location() -> Location {
    let service = Service::Aws { region: Region::default() };
    Location::new(service, "b", Prefix::parse("p/").unwrap()).unwrap()
}

/// The text of a manifest whose archive is here.
pub fn manifest(package: &str, version: &str, archive: &str) -> String {
    manifest_of(package, version, &location().dist_url(archive), "{}")
}

/// The text of any manifest.
pub fn manifest_of(package: &str, version: &str, url: &str, extra: &str) -> String {
    let text = format!(
        r#"{{"dist": {{"type": "heroku-sys-tar", "url": "{url}"}}, "extra": {extra}, "name": "heroku-sys/{package}", "require": {{}}, "time": "2026-01-01 00:00:00", "type": "heroku-sys-library", "version": "{version}"}}"#
    );
    String::from_utf8(Manifest::parse(text).unwrap().to_bytes()).unwrap()
}

impl Repository {
    /// Writes a file at a time.
    pub fn put(&mut self, name: &str, content: impl Into<String>, time: i64) -> &mut Self {
        self.files.insert(name.to_owned(), (content.into(), time));
        self
    }

    /// A package: archive and manifest.
    pub fn package(&mut self, name: &str, time: i64) -> &mut Self {
        let (package, version) = name.rsplit_once('-').unwrap();
        let archive = format!("{name}.tar.gz");
        self.put(&format!("{name}.composer.json"), manifest(package, version, &archive), time);
        self.put(&archive, format!("archive of {name}"), time)
    }

    /// Writes the index that the manifests make, under this name.
    pub fn publish(&mut self, name: &str, time: i64) -> &mut Self {
        let state = self.state();
        let named =
            state.known().map(|(name, known)| (name.to_owned(), known.stored.manifest.clone()));
        let bytes = Index::generate(named.collect()).to_bytes();
        self.put(name, String::from_utf8(bytes).unwrap(), time)
    }

    /// As a store would give it.
    pub fn state(&self) -> State {
        let location = location();
        let object = |(name, (content, time)): (&String, &(String, i64))| Object {
            key: location.key(name),
            size: content.len() as u64,
            etag: checksum::of_bytes(format!("{time} {content}")),
            modified: Timestamp::from_second(*time).unwrap(),
            storage_class: None,
        };
        let inventory = Inventory::new(&location.key(""), self.files.iter().map(object).collect());
        let text = |name: &str| self.files[name].0.clone();
        let entries = |index: &Index| -> Vec<Entry> {
            index.manifests().map(|manifest| Entry::of(manifest, &location)).collect()
        };
        let manifests = inventory.of(Class::Manifest).map(|item| {
            let (name, key) = (item.name.clone(), location.key(&item.name));
            let bytes = text(&item.name);
            let stored = Stored::new(name, key, item.etag.clone(), item.modified, bytes.as_bytes());
            let document = match stored {
                Ok(stored) => {
                    let entry = Entry::of(&stored.manifest, &location);
                    Document::Read(Known { stored, entry })
                }
                Err(error) => Document::Unreadable(error.to_string()),
            };
            (item.name.clone(), document)
        });
        let manifests = manifests.collect();
        let index = |name: &str| Index::parse(text(name));
        let snapshots = inventory.of(Class::Snapshot).map(|item| {
            let document = match index(&item.name) {
                Ok(index) => Document::Read(Arc::new(entries(&index))),
                Err(error) => Document::Unreadable(error.to_string()),
            };
            (item.name.clone(), document)
        });
        let snapshots = snapshots.collect();
        let index = match inventory.get(index::FILE_NAME) {
            None => Document::Missing,
            Some(item) => match index(&item.name) {
                Ok(index) => Document::Read(Published {
                    entries: entries(&index),
                    index,
                    sha256: checksum::of_bytes(text(&item.name)),
                }),
                Err(error) => Document::Unreadable(error.to_string()),
            },
        };
        let (history, pending) = (Arc::new(self.history.clone()), BTreeMap::new());
        State { inventory, manifests, index, snapshots, history, pending }
    }

    /// What a store would say of each object.
    pub fn heads(&self) -> BTreeMap<String, Option<Head>> {
        let state = self.state();
        let head = |name: &String| {
            let item = state.inventory.get(name)?;
            Some(Head {
                size: item.size,
                etag: item.etag.clone(),
                modified: item.modified,
                content_type: None,
                content_encoding: None,
                metadata: self.metadata.get(name).cloned().unwrap_or_default(),
            })
        };
        self.files.keys().map(|name| (name.clone(), head(name))).collect()
    }

    /// Sets a value of an object's metadata.
    pub fn note(&mut self, name: &str, key: &str, value: &str) -> &mut Self {
        let metadata = self.metadata.entry(name.to_owned()).or_default();
        metadata.insert(key.to_owned(), value.to_owned());
        self
    }
}
