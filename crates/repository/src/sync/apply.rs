//! The application of a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use location::Location;
use manifest::Index;
use manifest::plan::Action;
use store::{Object, Store, parallel};

use super::{Side, Work};
use crate::conditions::Guard;
use crate::edit::{self, Write};
use crate::objects::{self, by_key};
use crate::{Error, Known, Published, index, pending, publish};

/// How to apply a plan.
pub struct Options<'a> {
    /// How to publish the result; `None` leaves `packages.json` alone.
    pub publish: Option<publish::Options<'a>>,
    /// Writes manifests.
    pub guard: &'a Guard<'a>,
    /// Told of each step before it is taken.
    pub progress: &'a dyn Fn(&Step),
    /// Told of each archive that has been copied.
    pub copied: &'a (dyn Fn(&str) + Sync),
}

/// A step of the application; displayed in the wording that scripts know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Archives are copied.
    CopyArchives(usize),
    /// Manifests are written and removed.
    Manifests {
        /// How many are written.
        written: usize,
        /// How many are removed.
        removed: usize,
    },
    /// `packages.json` is generated and written.
    Publish,
    /// `packages.json` and the snapshots are removed.
    Wipe,
    /// Archives are removed.
    RemoveArchives(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CopyArchives(count) => {
                write!(f, "Copying {count} new or updated dists to destination...")
            }
            Self::Manifests { written, removed } => write!(
                f,
                "Copying {written} new or updated manifests to, and removing {removed} manifests \
                 from, destination..."
            ),
            Self::Publish => f.write_str("Generating and uploading packages.json..."),
            Self::Wipe => f.write_str("Removing packages.json..."),
            Self::RemoveArchives(count) => {
                write!(f, "Removing {count} dists from destination...")
            }
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// Archives that were copied; those that were there already do not count.
    pub copied: usize,
    /// Manifests that were written.
    pub written: usize,
    /// Manifests that were removed.
    pub removed: usize,
    /// Archives that were removed.
    pub archives_removed: usize,
    /// Keys of archives that were to be removed, and that somebody has replaced meanwhile.
    pub replaced: Vec<String>,
    /// The publish, unless it was left out.
    pub published: Option<Published>,
}

/// Applies the work to the destination's store: archives, manifests, the publish, removals.
///
/// Every step can be repeated: after an interruption, planning and applying again completes it.
/// Where others change a manifest meanwhile, what was changed before is still published, so that
/// `packages.json` is what the manifests make; nothing is removed then.
pub fn apply(
    work: &Work,
    source: &Side<'_>,
    destination: &Side<'_>,
    options: &Options<'_>,
) -> Result<Applied, Error> {
    let mut applied = Applied::default();
    let location = destination.location;
    let to = options.guard.store();

    let seen = destination.manifests;
    let writes: Vec<Write> = work
        .plan
        .manifests_to_write()
        .map(|(name, manifest)| Write::new(location, seen, name, manifest.to_bytes()))
        .collect();
    let result = work.result.iter().map(|(name, manifest)| {
        // One that stays may stand there as we would not write it.
        let stays = seen.get(name).filter(|stored| stored.manifest == *manifest);
        (name.as_str(), stays.map_or(manifest.as_text().as_bytes(), |stored| stored.bytes()))
    });
    edit::check_sizes(&writes, result, to, location)?;

    let paths = work.plan.archives_to_copy();
    if !paths.is_empty() {
        (options.progress)(&Step::CopyArchives(paths.len()));
        applied.copied = copy_archives(work, &paths, source, location, to, options.copied)?;
    }

    let removals: Vec<String> =
        work.plan.manifests_to_remove().map(|name| location.key(name)).collect();
    let mut settled = work.settled.clone();
    if !removals.is_empty() || !work.obsolete.is_empty() {
        let packages = work.plan.with(Action::Remove).map(|change| change.package.clone());
        let snapshot = options.publish.as_ref().and_then(|publish| publish.snapshot.clone());
        settled.push(pending::write(to, location, packages.collect(), &work.obsolete, snapshot)?);
    }
    let mut moved = None;
    let mut known = Known::default();
    if !writes.is_empty() || !removals.is_empty() {
        let (written, removed) = (writes.len(), removals.len());
        (options.progress)(&Step::Manifests { written, removed });
        let done = edit::write(&writes, options.guard).and_then(|put| {
            known.written = put;
            edit::remove(&removals, location, seen, options.guard)
        });
        match done {
            Ok(()) => {
                (applied.written, applied.removed) = (written, removed);
                known.removed = removals;
            }
            Err(error @ Error::Moved { .. }) => moved = Some(error),
            Err(error) => return Err(error),
        }
    }

    if let Some(publish) = &options.publish {
        (options.progress)(if work.empties { &Step::Wipe } else { &Step::Publish });
        // A snapshot is for ever, and this would be one of half a sync.
        let snapshot = publish.snapshot.clone().filter(|_| moved.is_none());
        let publish = publish::Options { snapshot, known, ..publish.clone() };
        applied.published = Some(publish::publish(to, location, &publish)?);
    }
    if let Some(moved) = moved {
        return Err(moved);
    }

    if !work.obsolete.is_empty() {
        (options.progress)(&Step::RemoveArchives(work.obsolete.len()));
        let published = applied.published.as_ref();
        (applied.archives_removed, applied.replaced) =
            remove_archives(work, destination, to, published)?;
    }
    to.delete_many(&settled)?;
    Ok(applied)
}

/// Copies the archives that the destination does not have in this very state; returns how many.
fn copy_archives(
    work: &Work,
    paths: &BTreeSet<&str>,
    source: &Side<'_>,
    location: &Location,
    to: &Store,
    copied: &(dyn Fn(&str) + Sync),
) -> Result<usize, Error> {
    let Some(from) = source.store else {
        return Err(Error::NoSourceStore { place: source.location.to_string() });
    };
    let pairs: Vec<(String, String)> =
        paths.iter().map(|path| (source.location.key(path), location.key(path))).collect();
    let (present, mut missing): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(_, key)| work.present.contains_key(key));
    // Of an interrupted run, or of packages that share an archive. The two listings tell of most.
    let theirs = match present.is_empty() {
        true => BTreeMap::new(),
        false => by_key(from.list(&source.location.key(""))?),
    };
    let differing = parallel::map(to.parallel(), &present, |(source_key, key)| {
        let listed = theirs.get(source_key).zip(work.present.get(key));
        let same = match listed.map(|(theirs, ours)| same_entry(theirs, ours)) {
            Some(Some(same)) => same,
            _ => match (from.head(source_key)?, to.head(key)?) {
                (Some(theirs), Some(ours)) => same_object(&theirs, &ours),
                _ => false,
            },
        };
        Ok::<_, Error>((!same).then(|| (source_key.clone(), key.clone())))
    })?;
    missing.extend(differing.into_iter().flatten());
    to.copy_many(from, &missing, copied)?;
    Ok(missing.len())
}

/// The same by two listings; `None` where these cannot tell.
fn same_entry(theirs: &Object, ours: &Object) -> Option<bool> {
    if theirs.size != ours.size {
        return Some(false);
    }
    (theirs.etag == ours.etag).then_some(true)
}

/// Whether two objects certainly hold the same bytes. Checksums decide where both have one; equal
/// tags do too, since no service gives one tag to two contents of one length.
fn same_object(theirs: &store::Head, ours: &store::Head) -> bool {
    let checksums = (theirs.metadata.get("sha256"), ours.metadata.get("sha256"));
    theirs.size == ours.size
        && match checksums {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => theirs.etag == ours.etag,
        }
}

/// Removes the obsolete archives that are still what the plan saw, and that neither a manifest as
/// of now nor the index as published (by us or, meanwhile, by others) names; returns how many,
/// and the keys of those that somebody has replaced.
fn remove_archives(
    work: &Work,
    destination: &Side<'_>,
    to: &Store,
    published: Option<&Published>,
) -> Result<(usize, Vec<String>), Error> {
    let location = destination.location;
    let index = match published {
        Some(published) => index::parse(index::FILE_NAME, &published.bytes)?,
        None => Index::default(),
    };
    let now = destination.manifests.refetch(to, location, None)?;
    let manifests = now.entries.iter().map(|entry| &entry.manifest);
    let named: BTreeSet<String> = manifests
        .chain(index.manifests())
        .filter_map(|manifest| location.relative(manifest.dist_url()?))
        .map(|path| location.key(&path))
        .collect();
    let mut listed = by_key(to.list(&location.key(""))?);
    let unnamed = work.obsolete.iter().filter(|object| !named.contains(&object.key));
    let is = |listed: &BTreeMap<String, Object>, object: &Object| {
        listed.get(&object.key).is_some_and(|now| objects::is_same(now, object))
    };
    // A listing may be behind, or wrong: what it shows to be another one is asked for itself.
    let (same, others): (Vec<&Object>, Vec<&Object>) =
        unnamed.partition(|object| is(&listed, object));
    let keys: Vec<String> = others.iter().map(|object| object.key.clone()).collect();
    listed = objects::look(to, &keys)?;
    let (same_after_all, others): (Vec<&Object>, Vec<&Object>) =
        others.into_iter().partition(|object| is(&listed, object));
    let replaced = others.into_iter().filter(|object| listed.contains_key(&object.key));
    let replaced = replaced.map(|object| object.key.clone()).collect();
    let removed = same.into_iter().chain(same_after_all);
    let removed: Vec<String> = removed.map(|object| object.key.clone()).collect();
    to.delete_many(&removed)?;
    Ok((removed.len(), replaced))
}
