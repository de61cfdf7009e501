//! The application of a plan.

use std::collections::BTreeSet;
use std::fmt;

use location::Location;
use manifest::plan::Action;
use store::parallel;

use super::archives::{self, Copier};
use super::{Side, Work};
use crate::conditions::Guard;
use crate::edit::{self, Write, Written};
use crate::removed::{How, Remover};
use crate::{Error, Known, Manifests, Published, history, pending, publish};

/// How to apply a plan.
pub struct Options<'a> {
    /// How to publish the result; `None` leaves `packages.json` alone.
    pub publish: Option<publish::Options<'a>>,
    /// Writes manifests.
    pub guard: &'a Guard<'a>,
    /// Takes away what is replaced or removed.
    pub remover: &'a Remover<'a>,
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
    /// Keys of archives that were to be removed, and that others have replaced meanwhile.
    pub replaced: Vec<String>,
    /// The publish, unless it was left out.
    pub published: Option<Published>,
}

/// Applies the work to the destination's store: archives, manifests, the publish, removals.
///
/// Every step can be repeated: after an interruption, planning and applying again completes it.
/// Where others change a manifest at the same time, what was changed before is still published, so
/// that `packages.json` is what the manifests make; nothing is removed then. Archives that others
/// remove are copied again, or the packages that need them are withdrawn.
///
/// # Errors
/// [`Error::Moved`] and [`Error::Vanished`] for what others do at the same time, and as of the store.
pub fn apply(
    work: &Work,
    source: &Side<'_>,
    destination: &Side<'_>,
    options: &Options<'_>,
) -> Result<Applied, Error> {
    let mut applied = Applied::default();
    let (location, seen) = (destination.location, destination.manifests);
    let to = options.guard.store();
    let (remover, copied) = (options.remover, options.copied);
    let copier = Copier { source, location, to, remover, copied };

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

    let paths = work.archives_to_copy();
    let (mut replaced, mut copies) = (Vec::new(), Vec::new());
    if !paths.is_empty() {
        (options.progress)(&Step::CopyArchives(paths.len()));
        let copied = copier.copy(&paths)?;
        (replaced, copies) = (copied.replaced, copied.written);
        applied.copied = copies.len();
    }

    let removals: Vec<String> =
        work.plan.manifests_to_remove().map(|name| location.key(name)).collect();
    let mut settled = work.settled.clone();
    let mut own = None;
    if !removals.is_empty() || !work.obsolete.is_empty() {
        let packages = work.plan.with(Action::Remove).map(|change| change.package.clone());
        let snapshot = options.publish.as_ref().and_then(|publish| publish.snapshot.clone());
        let note = pending::write(to, location, packages.collect(), &work.obsolete, snapshot)?;
        settled.push(note.clone());
        own = Some(note);
    }
    let mut written = Written::default();
    let mut moved = None;
    let mut known = Known::default();
    if !writes.is_empty() || !removals.is_empty() {
        let (put, removed) = (writes.len(), removals.len());
        (options.progress)(&Step::Manifests { written: put, removed });
        history::begin(to, location, seen, remover.origin)?;
        keep_manifests(work, seen, remover)?;
        written = edit::write(&writes, options.guard)?;
        known.written.clone_from(&written.put);
        moved = written.moved.first().map(|key| Error::Moved { key: key.clone() });
        let removal = match moved {
            None => edit::remove(&removals, location, seen, options.guard),
            Some(_) => Ok(()),
        };
        match removal {
            Ok(()) if moved.is_none() => {
                (applied.written, applied.removed) = (put, removed);
                known.removed = removals;
            }
            Ok(()) => {}
            Err(error @ Error::Moved { .. }) => moved = Some(error),
            Err(error) => return Err(error),
        }
        // Their manifests are those of others: so the archives have to be.
        let theirs = work.archives_of(&written.moved, location);
        for one in replaced.iter().filter(|one| theirs.contains(one.path.as_str())) {
            one.undo(to, location)?;
        }
    }

    if let Some(publish) = &options.publish {
        (options.progress)(if work.empties { &Step::Wipe } else { &Step::Publish });
        let theirs = work.archives_of(&written.moved, location);
        let ours = paths.iter().filter(|path| !theirs.contains(**path));
        let archives = publish::Archives {
            paths: ours.map(|path| (*path).to_owned()).collect(),
            bring: &|paths| copier.copy(&paths.iter().map(String::as_str).collect()).map(drop),
        };
        // A snapshot is for ever, and this would be one of half a sync.
        let snapshot = publish.snapshot.clone().filter(|_| moved.is_none());
        let archives = Some(archives);
        let again = publish::Options { snapshot: None, archives: None, ..publish.clone() };
        let publish = publish::Options { snapshot, known, archives, ..publish.clone() };
        match publish::publish(to, location, &publish) {
            Ok(published) => applied.published = Some(published),
            Err(Error::Vanished { place, archives }) => {
                let lost: BTreeSet<&str> = archives.iter().map(String::as_str).collect();
                let keys = work.manifests_of(&lost, location);
                written.revert(&keys, location, seen, options.guard)?;
                for one in replaced.iter().filter(|one| lost.contains(one.path.as_str())) {
                    one.undo(to, location)?;
                }
                publish::publish(to, location, &again)?;
                return Err(Error::Vanished { place, archives });
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(moved) = moved {
        // No package was removed, and none is about to be. Archives that updates have left are.
        if let Some(note) = own {
            if !work.obsolete.is_empty() {
                pending::write(to, location, Vec::new(), &work.obsolete, None)?;
            }
            to.delete_many(&[note])?;
        }
        return Err(moved);
    }

    if !copies.is_empty() {
        copier.make_sure(&copies, &|path| {
            let keys = work.manifests_of(&BTreeSet::from([path]), location);
            for (key, etag) in written.put.iter().filter(|(key, _)| keys.contains(key)) {
                if to.head(key)?.is_some_and(|head| head.etag == *etag) {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
    }

    if !work.obsolete.is_empty() {
        (options.progress)(&Step::RemoveArchives(work.obsolete.len()));
        let published = applied.published.is_some();
        let (taken, replaced) = archives::remove(work, destination, remover, published)?;
        if !taken.lost.is_empty() {
            let (place, archives) = (location.to_string(), taken.lost);
            return Err(Error::Vanished { place, archives });
        }
        (applied.archives_removed, applied.replaced) = (taken.removed.len(), replaced);
    }
    remover.expire()?;
    to.delete_many(&settled)?;
    Ok(applied)
}

/// Keeps the manifests that are going to be overwritten.
fn keep_manifests(work: &Work, seen: &Manifests, remover: &Remover<'_>) -> Result<(), Error> {
    let names = work.plan.manifests_to_write().map(|(name, _)| name);
    let keys: Vec<&str> = names.filter_map(|name| Some(seen.get(name)?.key.as_str())).collect();
    parallel::map(remover.store.parallel(), &keys, |key| {
        remover.set_aside(key, None, How::Overwritten)
    })?;
    Ok(())
}

impl Work {
    /// The archives of the packages with these manifests (keys).
    fn archives_of(&self, keys: &[String], location: &Location) -> BTreeSet<&str> {
        let changes = self.plan.changes.iter();
        let theirs = changes.filter(|change| keys.contains(&location.key(&change.file_name)));
        theirs.filter_map(|change| change.archive.as_deref()).collect()
    }

    /// The keys of the manifests of the packages with these archives.
    fn manifests_of(&self, archives: &BTreeSet<&str>, location: &Location) -> BTreeSet<String> {
        let has = |archive: &Option<String>| {
            archive.as_deref().is_some_and(|path| archives.contains(path))
        };
        let changes = self.plan.changes.iter().filter(|change| has(&change.archive));
        changes.map(|change| location.key(&change.file_name)).collect()
    }
}
