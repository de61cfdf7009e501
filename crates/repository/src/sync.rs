//! Brings one repository to the state of another: plan, summary, application.
//!
//! What is to be done is decided by [`manifest::plan`], which knows nothing of stores. Here its
//! paths become keys, and it is applied in an order that keeps the destination installable at
//! every moment: archives, manifests, the publish, and only then the removal of archives.

mod apply;
mod archives;
mod owner;
mod summary;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use location::{Location, Region};
use manifest::plan::{self, Entry, Place, Plan, Planner, Urls};
use manifest::{FILE_SUFFIX, Manifest};
use store::{Object, Store};

use crate::objects::{self, by_key};
use crate::pending::{self, Pending};
use crate::references::{self, References, Source};
use crate::{Error, Manifests, index, processors};

pub use apply::{Applied, Options, Step, apply};
pub use owner::settle;
pub use summary::Summary;

/// After this time a run that has written down what it removes has ended.
const DEAD: SignedDuration = SignedDuration::from_hours(1);

/// One of the two repositories of a sync.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its bucket; `None` where only its manifests are at hand, in a local folder.
    pub store: Option<&'a Store>,
    /// Where it is.
    pub location: &'a Location,
    /// Its manifests, as they were read.
    pub manifests: &'a Manifests,
}

/// What is to be done, in keys and objects.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// The plan that this is derived from.
    pub plan: Plan,
    /// The destination's manifests once this is done, by file name.
    pub result: BTreeMap<String, Manifest>,
    /// The archives that are to be removed once the index is published, as they are now. One
    /// that somebody replaces meanwhile is not removed.
    pub obsolete: Vec<Object>,
    /// The archives that nothing but snapshots of the destination lists any more; they stay.
    pub kept: BTreeSet<String>,
    /// The archives (as paths below both prefixes) that manifests of the destination name, that it
    /// lacks, and that the source has: they are copied.
    pub missing: BTreeSet<String>,
    /// Everything below the destination's prefix, by key, at the time of planning.
    present: BTreeMap<String, Object>,
    /// Archives of the destination, as paths below the prefix, that are written over with other
    /// contents; [`settle`] finds them.
    pub replaced: BTreeSet<String>,
    /// Whether no manifest is left in the destination.
    pub empties: bool,
    /// Archives (as paths below the prefix) that an interrupted run had still to remove; they are
    /// part of what is obsolete.
    pub unfinished: BTreeSet<String>,
    /// The files of [`pending`] that are settled once this is done.
    settled: Vec<String>,
}

/// Bytes that a sync moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Archives that are copied.
    pub copied: u64,
    /// Archives that are removed.
    pub removed: u64,
}

/// The URL forms of a location, for the planner.
pub struct LocationUrls<'a>(pub &'a Location);

impl Urls for LocationUrls<'_> {
    /// Only an archive may be copied and removed as one. A manifest that calls something else of the
    /// repository its archive is treated as if that were elsewhere.
    fn relative(&self, url: &str) -> Option<String> {
        self.0.relative(url).filter(|path| is_archive(path))
    }

    fn written<'u>(&self, url: &'u str) -> Option<Cow<'u, str>> {
        self.0.relative_as_written(url)
    }

    fn url(&self, written: &str) -> String {
        self.0.dist_url_as_written(written)
    }
}

/// Whether a path below the prefix may be that of an archive: it is no index, no snapshot, no
/// manifest, and nothing that we keep for ourselves.
pub(crate) fn is_archive(path: &str) -> bool {
    let index = path.starts_with("packages") && path.ends_with(".json") && !path.contains('/');
    !index && !path.ends_with(FILE_SUFFIX) && !path.split('/').any(|part| part == ".slipway")
}

/// Plans the sync from `source` to `destination`; with `keep`, nothing is removed.
///
/// Archives that a snapshot of the destination still lists are not removed, unless the sync
/// empties the destination: then its snapshots go too.
pub fn prepare(source: &Side<'_>, destination: &Side<'_>, keep: bool) -> Result<Work, Error> {
    let options = plan::Options { keep, needed: BTreeSet::new(), threads: processors() };
    let urls = [source, destination].map(|side| LocationUrls(side.location));
    let side = |side: &Side<'_>, urls| plan::Side { place: place(side.location), urls };
    let (from, to) = (side(source, &urls[0]), side(destination, &urls[1]));
    let mut planner = Planner { source: from, destination: to, options };
    let (theirs, ours) = (entries(source), entries(destination));
    let mut plan = planner.plan(&theirs, &ours);
    // What archives are needed changes nothing of it.
    let result = plan.result(&ours);
    let empties = result.is_empty();
    let mut work = Work { result, empties, ..Work::default() };
    let pending = match destination.store {
        Some(store) => pending::read(store, destination.location)?,
        None => Vec::new(),
    };
    if let Some(store) = destination.store {
        let location = destination.location;
        let mut references = References::default();
        let removes = !plan.archives_to_remove.is_empty() || !pending.is_empty();
        if !empties && removes {
            let mut reader = references::Reader::new(store, location, destination.manifests);
            references = reader.read_snapshots()?;
            for (name, manifest) in &work.result {
                references.add_manifest(manifest, &Source::Manifest(name.as_str().into()));
            }
            let to_remove = plan.archives_to_remove.iter();
            planner.options.needed =
                to_remove.filter(|path| references.has(path)).cloned().collect();
            work.kept = std::mem::take(&mut plan.archives_to_remove);
            plan = planner.plan(&theirs, &ours);
            work.kept.retain(|path| !plan.archives_to_remove.contains(path));
        }
        work.present = by_key(store.list(&location.key(""))?);
        // What others have begun is not given up on the word of a listing.
        let begun = pending.iter().flat_map(|pending| &pending.archives);
        let begun: Vec<String> = begun.map(|object| object.key.clone()).collect();
        work.present.extend(objects::look(store, &begun)?);
        work.take_up(&pending, &plan, destination, &references);
        work.missing = missing(&work, &plan, source, destination)?;
    }
    let obsolete = plan.archives_to_remove.iter();
    work.obsolete = obsolete
        .chain(&work.unfinished)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter_map(|path| work.present.get(&destination.location.key(path)).cloned())
        .collect();
    work.plan = plan;
    Ok(work)
}

impl Work {
    /// Everything below the destination's prefix, as it was when this was planned.
    pub fn present(&self) -> impl Iterator<Item = &Object> {
        self.present.values()
    }

    /// Whether there is anything to do beside publishing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty() && self.unfinished.is_empty() && self.missing.is_empty()
    }

    /// Archives to copy, as paths below both prefixes.
    #[must_use]
    pub fn archives_to_copy(&self) -> BTreeSet<&str> {
        let mut paths = self.plan.archives_to_copy();
        paths.extend(self.missing.iter().map(String::as_str));
        paths
    }

    /// Removes the notes of interrupted runs that have nothing left to do: where nothing is
    /// applied, they would stay.
    pub fn tidy(&self, store: &Store) -> Result<(), Error> {
        Ok(store.delete_many(&self.settled)?)
    }

    /// Takes up what interrupted runs have left: archives that are what they were then, and that
    /// nothing names once `plan` is applied.
    fn take_up(
        &mut self,
        pending: &[Pending],
        plan: &Plan,
        destination: &Side<'_>,
        references: &References,
    ) {
        let location = destination.location;
        let relative = |key: &str| key.strip_prefix(&location.key("")).map(str::to_owned);
        for pending in pending {
            for object in &pending.archives {
                let now = self.present.get(&object.key);
                if now.is_some_and(|now| objects::is_same(now, object))
                    && let Some(path) = relative(&object.key)
                    && !references.has(&path)
                {
                    self.unfinished.insert(path);
                }
            }
            // Where the manifests are still there, somebody may be about to remove them.
            let stays =
                |package: &String| self.result.contains_key(&format!("{package}{FILE_SUFFIX}"));
            if !pending.packages.iter().any(stays) || self.is_old(&pending.key) {
                self.settled.push(pending.key.clone());
            }
        }
        self.unfinished.retain(|path| !plan.archives_to_remove.contains(path));
    }

    /// Whether an object below the destination's prefix is an hour older than the newest one.
    fn is_old(&self, key: &str) -> bool {
        let newest = self.present.values().map(|object| object.modified).max();
        let written = self.present.get(key).map(|object| object.modified);
        newest.zip(written).is_some_and(|(newest, written)| newest.duration_since(written) > DEAD)
    }

    /// The sizes of what is copied and removed; `source` is listed for it.
    pub fn bytes(&self, source: &Side<'_>) -> Result<Bytes, Error> {
        let paths = self.archives_to_copy();
        let sizes = match source.store {
            Some(store) if !paths.is_empty() => by_key(store.list(&source.location.key(""))?),
            _ => BTreeMap::new(),
        };
        let copied = paths
            .iter()
            .filter_map(|path| sizes.get(&source.location.key(path)))
            .map(|object| object.size)
            .sum();
        Ok(Bytes { copied, removed: self.obsolete.iter().map(|object| object.size).sum() })
    }
}

/// The archives of unchanged packages that the destination lacks and the source has.
fn missing(
    work: &Work,
    plan: &Plan,
    source: &Side<'_>,
    destination: &Side<'_>,
) -> Result<BTreeSet<String>, Error> {
    let (Some(from), Some(to)) = (source.store, destination.store) else {
        return Ok(BTreeSet::new());
    };
    if source.location == destination.location {
        return Ok(BTreeSet::new());
    }
    let changed: BTreeSet<&str> =
        plan.changes.iter().map(|change| change.file_name.as_str()).collect();
    let relative = |manifest: &Manifest, location: &Location| {
        location.relative(manifest.dist_url()?).filter(|path| is_archive(path))
    };
    let unchanged = work.result.iter().filter(|(name, _)| !changed.contains(name.as_str()));
    let named = unchanged.filter_map(|(name, manifest)| {
        let path = relative(manifest, destination.location)?;
        let theirs = relative(&source.manifests.get(name)?.manifest, source.location)?;
        (theirs == path).then_some(path)
    });
    let listed = |path: &String| work.present.contains_key(&destination.location.key(path));
    let missing: BTreeSet<String> = named.filter(|path| !listed(path)).collect();
    if missing.is_empty() {
        return Ok(missing);
    }
    let theirs = by_key(from.list(&source.location.key(""))?);
    let has = |path: &String| theirs.contains_key(&source.location.key(path));
    let missing: Vec<String> = missing.into_iter().filter(has).collect();
    // A listing may be behind.
    let keys: Vec<String> = missing.iter().map(|path| destination.location.key(path)).collect();
    let there = objects::look(to, &keys)?;
    let pairs = missing.into_iter().zip(keys);
    Ok(pairs.filter(|(_, key)| !there.contains_key(key)).map(|(path, _)| path).collect())
}

/// Whether the repository's `packages.json` is what its manifests make (the order among equals
/// does not count). One that is missing is right only where there are no manifests.
pub fn is_published(side: &Side<'_>) -> Result<bool, Error> {
    let Some(store) = side.store else {
        return Ok(true);
    };
    Ok(match index::read(store, side.location)? {
        None => side.manifests.entries.is_empty(),
        Some(_) if side.manifests.entries.is_empty() => false,
        // One that cannot be read is wrong, whatever it says.
        Some(current) => current
            .parse(index::FILE_NAME)
            .is_ok_and(|index| index.same_as(&side.manifests.index())),
    })
}

/// A location as plans name it.
#[must_use]
pub fn place(location: &Location) -> Place {
    Place {
        region: location.service.region().map_or("", Region::name).to_owned(),
        bucket: location.bucket.clone(),
        prefix: location.prefix.as_str().to_owned(),
    }
}

/// A side's manifests, for the planner.
fn entries(side: &Side<'_>) -> Vec<Entry> {
    let entries = side.manifests.entries.iter().map(|stored| Entry {
        file_name: stored.file_name.clone(),
        manifest: stored.manifest.clone(),
        modified: stored.modified,
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn archives() {
        for path in
            ["php-8.4.6.tar.gz", "libraries/x-1.tar.gz", "packages.tar.gz", "x/packages.json"]
        {
            assert!(super::is_archive(path), "{path}");
        }
        for path in [
            "packages.json",
            "packages-first.json",
            "php-8.4.6.composer.json",
            ".slipway/generations/0000000001-8f3a12bc34de.json",
            "x/.slipway/y",
        ] {
            assert!(!super::is_archive(path), "{path}");
        }
    }
}
