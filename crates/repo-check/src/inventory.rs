//! What lies below a repository's prefix, and what of it is the repository's.

use std::collections::BTreeSet;

use jiff::Timestamp;
use manifest::FILE_SUFFIX;
use repository::{index, snapshot};
use store::Object;

/// The folder below the prefix that the tools keep for themselves.
pub const OWN: &str = ".slipway/";

/// How archives end.
const ARCHIVES: [&str; 7] = [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar", ".zip"];

/// What an object is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `packages.json`.
    Index,
    /// `packages-NAME.json`.
    Snapshot,
    /// `NAME.composer.json`, directly below the prefix.
    Manifest,
    /// An archive, at any depth.
    Archive,
    /// Below `.slipway/`.
    Own,
    /// Of another repository, whose prefix begins with this one.
    Nested,
    /// Anything else, which is nobody's business here.
    Other,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its key without the prefix.
    pub name: String,
    /// Its size.
    pub size: u64,
    /// The version of it.
    pub etag: String,
    /// When it was written.
    pub modified: Timestamp,
    /// The storage class, where it cannot be read before it is restored.
    pub archived: Option<String>,
    /// What it is.
    pub class: Class,
}

/// All objects below a prefix, sorted by name.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    items: Vec<Item>,
    nested: BTreeSet<String>,
}

impl Inventory {
    /// Sorts out a listing of everything below `prefix`.
    pub fn new(prefix: &str, objects: Vec<Object>) -> Self {
        let mut items: Vec<Item> = objects
            .into_iter()
            .filter_map(|object| {
                let name = object.key.strip_prefix(prefix).filter(|name| !name.is_empty())?;
                Some(Item {
                    name: name.to_owned(),
                    archived: object.archived().map(str::to_owned),
                    size: object.size,
                    etag: object.etag,
                    modified: object.modified,
                    class: Class::Other,
                })
            })
            .collect();
        items.sort_by(|left, right| left.name.cmp(&right.name));
        let nested: BTreeSet<String> =
            items.iter().filter_map(|item| repository_of(&item.name)).map(str::to_owned).collect();
        for item in &mut items {
            item.class = classify(&item.name, &nested);
        }
        Self { items, nested }
    }

    /// The object of this name.
    pub fn get(&self, name: &str) -> Option<&Item> {
        let at = self.items.binary_search_by(|item| item.name.as_str().cmp(name));
        at.ok().map(|at| &self.items[at])
    }

    /// All objects of one class.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.class == class)
    }

    /// All objects.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The folders that are repositories of their own, the outermost ones.
    pub fn nested(&self) -> impl Iterator<Item = &str> {
        let inner = |folder: &str| outer(folder).any(|outer| self.nested.contains(outer));
        self.nested.iter().map(String::as_str).filter(move |folder| !inner(folder))
    }
}

/// The folder below the prefix that this object shows to be a repository of its own.
fn repository_of(name: &str) -> Option<&str> {
    if name.starts_with(OWN) {
        return None;
    }
    if let Some(at) = name.find("/.slipway/") {
        return Some(&name[..=at]);
    }
    let (folder, file) = name.split_at(name.rfind('/')? + 1);
    (file == index::FILE_NAME || file.ends_with(FILE_SUFFIX)).then_some(folder)
}

/// The folders above a folder, both with their slashes.
fn outer(folder: &str) -> impl Iterator<Item = &str> {
    let inner = folder.trim_end_matches('/');
    inner.match_indices('/').map(|(at, _)| &folder[..=at])
}

fn classify(name: &str, nested: &BTreeSet<String>) -> Class {
    if name.starts_with(OWN) {
        return Class::Own;
    }
    if outer(name).any(|folder| nested.contains(folder)) {
        return Class::Nested;
    }
    let direct = !name.contains('/');
    if name == index::FILE_NAME {
        Class::Index
    } else if direct && snapshot::is_file_name(name) {
        Class::Snapshot
    } else if direct && name.ends_with(FILE_SUFFIX) {
        Class::Manifest
    } else if ARCHIVES.iter().any(|ending| name.ends_with(ending)) {
        Class::Archive
    } else {
        Class::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(names: &[&str]) -> Inventory {
        let object = |name: &&str| Object {
            key: format!("p/{name}"),
            size: 1,
            etag: "e".to_owned(),
            modified: Timestamp::UNIX_EPOCH,
            storage_class: None,
        };
        Inventory::new("p/", names.iter().map(object).collect())
    }

    #[test]
    fn names_say_what_objects_are() {
        for (name, class) in [
            ("packages.json", Class::Index),
            ("packages-2026.json", Class::Snapshot),
            ("packages-x.composer.json", Class::Manifest),
            ("php-8.composer.json", Class::Manifest),
            ("php-8.tar.gz", Class::Archive),
            ("libraries/z-1.tar.gz", Class::Archive),
            ("libraries/packages-x.json", Class::Other),
            (".slipway/generations/1-a.json", Class::Own),
            ("index.html", Class::Other),
        ] {
            assert_eq!(inventory(&[name]).get(name).unwrap().class, class, "{name}");
        }
    }

    #[test]
    fn what_belongs_to_another_repository_is_not_ours() {
        let inventory = inventory(&[
            "a/b/x.composer.json",
            "a/b/deep/x.tar.gz",
            "a/x.tar.gz",
            "stable/packages.json",
            "stable/inner/packages.json",
            "stable/x.tar.gz",
            "lonely/.slipway/generations/1-a.json",
            "lonely/x.tar.gz",
            "x.tar.gz",
        ]);
        let ours: Vec<&str> = inventory.of(Class::Archive).map(|item| item.name.as_str()).collect();
        assert_eq!(ours, ["a/x.tar.gz", "x.tar.gz"]);
        assert_eq!(inventory.nested().collect::<Vec<_>>(), ["a/b/", "lonely/", "stable/"]);
    }
}
