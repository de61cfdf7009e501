//! The application of a plan.

use std::collections::BTreeSet;
use std::fmt;

use location::Location;
use store::{Condition, Store, Upload, parallel};

use super::{Side, Work};
use crate::{Error, JSON, Published, index, manifests, publish};

/// How to apply a plan.
pub struct Options<'a> {
    /// How to publish the result; `None` leaves `packages.json` alone.
    pub publish: Option<publish::Options<'a>>,
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
    /// The publish, unless it was left out.
    pub published: Option<Published>,
}

/// Applies the work to the destination's store: archives, manifests, the publish, removals.
///
/// Every step can be repeated: after an interruption, planning and applying again completes it.
pub fn apply(
    work: &Work,
    source: &Side<'_>,
    destination: &Side<'_>,
    to: &Store,
    options: &Options<'_>,
) -> Result<Applied, Error> {
    let mut applied = Applied::default();
    let location = destination.location;

    let paths = work.plan.archives_to_copy();
    if !paths.is_empty() {
        (options.progress)(&Step::CopyArchives(paths.len()));
        applied.copied = copy_archives(work, &paths, source, location, to, options.copied)?;
    }

    let writes: Vec<Write> = writes(work, destination);
    let removals: Vec<String> =
        work.plan.manifests_to_remove().map(|name| location.key(name)).collect();
    if !writes.is_empty() || !removals.is_empty() {
        let (written, removed) = (writes.len(), removals.len());
        (options.progress)(&Step::Manifests { written, removed });
        parallel::map(to.parallel(), &writes, |write| write.run(to))?;
        remove_manifests(&removals, destination, to)?;
        (applied.written, applied.removed) = (written, removed);
    }

    if let Some(publish) = &options.publish {
        (options.progress)(if work.empties { &Step::Wipe } else { &Step::Publish });
        applied.published = Some(publish::publish(to, location, publish)?);
    }

    if !work.obsolete.is_empty() {
        (options.progress)(&Step::RemoveArchives(work.obsolete.len()));
        applied.archives_removed = remove_archives(work, location, to, applied.published.as_ref())?;
    }
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
    let differing = parallel::map(to.parallel(), &present, |(source_key, key)| {
        let same = match (from.head(source_key)?, to.head(key)?) {
            (Some(theirs), Some(ours)) => same_object(&theirs, &ours),
            _ => false,
        };
        Ok::<_, Error>((!same).then(|| (source_key.clone(), key.clone())))
    })?;
    missing.extend(differing.into_iter().flatten());
    to.copy_many(from, &missing, copied)?;
    Ok(missing.len())
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

/// A manifest that is written over the one that the plan saw, and over no other.
struct Write {
    key: String,
    bytes: Vec<u8>,
    condition: Condition,
}

fn writes(work: &Work, destination: &Side<'_>) -> Vec<Write> {
    work.plan
        .manifests_to_write()
        .map(|(file_name, manifest)| Write {
            key: destination.location.key(file_name),
            bytes: manifest.to_bytes(),
            condition: match destination.manifests.get(file_name) {
                Some(stored) => Condition::IfMatch(stored.etag.clone()),
                None => Condition::IfAbsent,
            },
        })
        .collect()
}

impl Write {
    fn run(&self, to: &Store) -> Result<(), Error> {
        let sha256 = checksum::of_bytes(&self.bytes);
        let upload = Upload {
            condition: self.condition.clone(),
            metadata: &[("sha256", &sha256)],
            ..Upload::new(JSON)
        };
        match to.put(&self.key, &self.bytes, &upload) {
            Ok(_) => Ok(()),
            Err(store::Error::Precondition { .. }) => {
                // Another sync of the same source may have written the very same.
                match to.get(&self.key)? {
                    Some(content) if content.bytes == self.bytes => Ok(()),
                    _ => Err(Error::Moved { key: self.key.clone() }),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Removes manifests, unless one of them is not what the plan saw any more.
fn remove_manifests(keys: &[String], destination: &Side<'_>, to: &Store) -> Result<(), Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let planned = destination.manifests.fingerprint();
    let listed = manifests::list(to, destination.location)?;
    let removed: BTreeSet<&String> = keys.iter().collect();
    for object in listed.into_iter().filter(|object| removed.contains(&object.key)) {
        if !planned.contains(&(object.key.clone(), object.etag)) {
            return Err(Error::Moved { key: object.key });
        }
    }
    to.delete_many(keys)?;
    Ok(())
}

/// Removes the obsolete archives that are still what the plan saw, and that the index as published
/// (by us or, meanwhile, by others) does not name; returns how many.
fn remove_archives(
    work: &Work,
    location: &Location,
    to: &Store,
    published: Option<&Published>,
) -> Result<usize, Error> {
    let named: BTreeSet<String> = match published {
        Some(published) => index::parse(index::FILE_NAME, &published.bytes)?
            .manifests()
            .filter_map(|manifest| location.relative(manifest.dist_url()?))
            .map(|path| location.key(&path))
            .collect(),
        None => BTreeSet::new(),
    };
    let present = super::by_key(to.list(&location.key(""))?);
    let keys: Vec<String> = work
        .obsolete
        .iter()
        .filter(|object| present.get(&object.key) == Some(object) && !named.contains(&object.key))
        .map(|object| object.key.clone())
        .collect();
    to.delete_many(&keys)?;
    Ok(keys.len())
}
