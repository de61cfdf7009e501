//! Who refers to an archive: the one definition, for all that removes archives or looks for missing
//! ones.
//!
//! A URL refers to an archive when its path ends in the archive's path below the prefix, whatever
//! serves it: the public URL, a CDN, another name or port of the endpoint, a virtual host or a path,
//! in any percent-encoding. That may be too many (a file of the same name on another site), and it
//! is never too few: an archive that a reader may be sent to stays.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use location::{Location, path_segments};
use manifest::Manifest;
use store::{Object, Store};

use crate::sync::is_archive;
use crate::{Error, Manifests, index, snapshot};

/// What refers to an archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// `packages.json`.
    Index,
    /// A snapshot, by file name.
    Snapshot(Arc<str>),
    /// A manifest, by file name.
    Manifest(Arc<str>),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index => f.write_str(index::FILE_NAME),
            Self::Snapshot(name) | Self::Manifest(name) => f.write_str(name),
        }
    }
}

/// What refers to archives, by what its URLs end in.
#[derive(Debug, Clone, Default)]
pub struct References {
    /// By the last segment of the path: all segments of paths, and who has them.
    by_file: HashMap<String, Vec<(Vec<String>, Source)>>,
}

impl References {
    /// Adds a reference by URL.
    pub fn add(&mut self, url: &str, source: &Source) {
        self.add_segments(path_segments(url), source);
    }

    /// Adds a reference by the archive's path below the prefix.
    pub fn add_path(&mut self, path: &str, source: &Source) {
        self.add_segments(path.split('/').map(str::to_owned).collect(), source);
    }

    fn add_segments(&mut self, segments: Vec<String>, source: &Source) {
        let Some(file) = segments.last() else { return };
        let known = self.by_file.entry(file.clone()).or_default();
        // PHP and its shared extensions are in one archive.
        if known.last().is_none_or(|(last, by)| (last, by) != (&segments, source)) {
            known.push((segments, source.clone()));
        }
    }

    /// Adds what a manifest, or an entry of an index, refers to.
    pub fn add_manifest(&mut self, manifest: &Manifest, source: &Source) {
        if let Some(url) = manifest.dist_url() {
            self.add(url, source);
        }
    }

    /// Adds what the manifests of a repository refer to.
    pub fn add_manifests(&mut self, manifests: &Manifests) {
        for stored in &manifests.entries {
            self.add_manifest(
                &stored.manifest,
                &Source::Manifest(stored.file_name.as_str().into()),
            );
        }
    }

    /// What refers to the archive with this path below the prefix.
    pub fn of(&self, path: &str) -> impl Iterator<Item = &Source> {
        let wanted: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let known = wanted.last().and_then(|file| self.by_file.get(*file));
        known.into_iter().flatten().filter_map(move |(segments, source)| {
            let above = segments.len().checked_sub(wanted.len())?;
            segments[above..].iter().eq(wanted.iter()).then_some(source)
        })
    }

    /// Leaves out the references of sources that are not `wanted`.
    pub fn retain(&mut self, wanted: &dyn Fn(&Source) -> bool) {
        for known in self.by_file.values_mut() {
            known.retain(|(_, source)| wanted(source));
        }
    }

    /// Whether anything refers to the archive with this path below the prefix.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.of(path).next().is_some()
    }
}

/// The paths below a prefix that a URL may mean: all that its path ends in.
pub fn paths_of(url: &str) -> impl Iterator<Item = String> {
    let segments = path_segments(url);
    (0..segments.len()).map(move |from| segments[from..].join("/"))
}

/// The archive that a URL means, as a path below the prefix: what is below it in one of the URL forms of
/// `location`, else the longest end of its path that `is_known` to be that of an archive.
pub fn archive_of(
    location: &Location,
    url: &str,
    is_known: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let ours = location.relative(url).filter(|path| is_archive(path));
    ours.or_else(|| paths_of(url).find(|path| is_archive(path) && is_known(path)))
}

/// Whether a URL may mean the archive with this path below the prefix.
pub fn may_mean(location: &Location, url: &str, path: &str) -> bool {
    archive_of(location, url, &|known| known == path).as_deref() == Some(path)
}

/// Reads what refers to the archives of one repository, again and again: each time only what has
/// changed is fetched.
pub struct Reader<'a> {
    store: &'a Store,
    location: &'a Location,
    manifests: Manifests,
    /// The index and the snapshots by file name: as they were read, and the URLs in them.
    indexes: HashMap<String, (Object, Vec<String>)>,
}

impl<'a> Reader<'a> {
    /// A reader of the repository at `location`, of which `manifests` are at hand.
    #[must_use]
    pub fn new(store: &'a Store, location: &'a Location, manifests: &Manifests) -> Self {
        let manifests = manifests.clone();
        Self { store, location, manifests, indexes: HashMap::new() }
    }

    /// What refers to archives now: manifests, `packages.json` and snapshots.
    ///
    /// # Errors
    /// As of the store, and when one of them cannot be understood: it may refer to anything.
    pub fn read(&mut self) -> Result<References, Error> {
        let mut references = References::default();
        self.manifests = self.manifests.refetch(self.store, self.location, None)?;
        references.add_manifests(&self.manifests);
        self.add_indexes(&|_| true, &mut references)?;
        Ok(references)
    }

    /// What refers to archives by way of snapshots alone.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn read_snapshots(&mut self) -> Result<References, Error> {
        let mut references = References::default();
        self.add_indexes(&snapshot::is_file_name, &mut references)?;
        Ok(references)
    }

    /// The manifests as they were read last.
    #[must_use]
    pub fn manifests(&self) -> &Manifests {
        &self.manifests
    }

    fn add_indexes(
        &mut self,
        wanted: &dyn Fn(&str) -> bool,
        references: &mut References,
    ) -> Result<(), Error> {
        let start = self.location.key("").len();
        let is_index = |name: &str| name == index::FILE_NAME || snapshot::is_file_name(name);
        let mut objects = self.store.list_direct(&self.location.key("packages"))?;
        objects.retain(|object| is_index(&object.key[start..]) && wanted(&object.key[start..]));
        objects.extend(snapshot::announced(self.store, self.location)?);
        for object in objects {
            let name = object.key[start..].to_owned();
            let source = match name.as_str() {
                index::FILE_NAME => Source::Index,
                name => Source::Snapshot(name.into()),
            };
            if self.indexes.get(&name).is_none_or(|(read, _)| *read != object) {
                // Gone since the listing: then it refers to nothing.
                let Some(content) = self.store.get(&object.key)? else { continue };
                let index = index::parse(&object.key, &content.bytes)?;
                let urls = index.manifests().filter_map(|manifest| manifest.dist_url());
                let urls: Vec<String> = urls.map(str::to_owned).collect();
                self.indexes.insert(name.clone(), (object, urls));
            }
            for url in self.indexes.get(&name).into_iter().flat_map(|(_, urls)| urls) {
                references.add(url, &source);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_refers_to_what_its_path_ends_in() {
        let source = Source::Manifest("x.composer.json".into());
        let check = |url: &str, path: &str, expected: bool| {
            let mut references = References::default();
            references.add(url, &source);
            assert_eq!(references.has(path), expected, "{url} {path}");
        };
        for url in [
            "https://b.s3.amazonaws.com/p/lib/x%2B1.tar.gz",
            "https://CDN.example/lib/x%2b1.tar.gz?version=2#a",
            "http://localhost:9000/b/p/lib/x+1.tar.gz",
            "http://127.0.0.1:8333/b/p//lib/./x+1.tar.gz",
            "s3://b/p/lib%2Fx+1.tar.gz",
            "file:///srv/b/p/lib/x+1.tar.gz",
            "lib/x+1.tar.gz",
        ] {
            check(url, "lib/x+1.tar.gz", true);
            check(url, "other/x+1.tar.gz", false);
        }
        check("https://h/b/p/lib/x.tar.gz", "b/x.tar.gz", false);
        check("https://h/x.tar.gz", "lib/x.tar.gz", false);
        check("https://h/yx.tar.gz", "x.tar.gz", false);
        check("https://h/X.tar.gz", "x.tar.gz", false);
        check("https://h", "h", false);
    }
}
