//! A planned change of a repository: asked about, applied and reported, in the wording that
//! scripts know.

use std::collections::BTreeSet;
use std::path::PathBuf;

use location::Location;
use manifest::plan::{self, PackageChange};
use record::Record;
use repository::conditions::Guard;
use repository::history::{self, Origin};
use repository::removed::{Keep, Remover};
use repository::sync::{self, Side, Step, Summary, Work};
use repository::{WhenEmpty, index, publish};
use store::Store;
use tool::{Answer, Failure, Io, Line, Records};

use crate::dependents;

/// What to do, and how.
pub struct Change<'a> {
    /// The plan.
    pub work: &'a Work,
    /// Where archives are copied from.
    pub source: Side<'a>,
    /// What is changed.
    pub destination: Side<'a>,
    /// The destination's bucket.
    pub store: &'a Store,
    /// Whether `packages.json` is made anew.
    pub publish: bool,
    /// Also publish under this name.
    pub snapshot: Option<String>,
    /// The snapshot must not exist yet.
    pub new_snapshot: bool,
    /// Folder of the manifest cache.
    pub cache: Option<PathBuf>,
    /// How long what is taken away can come back.
    pub keep: Keep,
    /// Do not ask.
    pub yes: bool,
    /// Who changes it, for the history.
    pub origin: Origin,
    /// The record for a package that was changed.
    pub record: fn(&Location, &PackageChange) -> Record,
}

/// Says what is going to be done, and what the planner warns of.
pub fn summarize(io: &Io, work: &Work, source: &Side<'_>, destination: &Side<'_>) {
    for warning in &work.plan.warnings {
        io.say(format!("WARNING: {warning}"));
    }
    let summary = Summary {
        plan: &work.plan,
        source: source.location.to_string(),
        destination: destination.location.to_string(),
    };
    io.notes().lines(summary.lines());
    let place = destination.location;
    let paths = |paths: &BTreeSet<String>| paths.iter().map(|path| format!("  - {path}")).collect();
    let replaced = "The following dists will be REPLACED, with other contents";
    list(io, &[replaced, &format!(" at {place}:")], paths(&work.replaced));
    let unfinished =
        "The following dists will be REMOVED, which an interrupted run had still to do";
    list(io, &[unfinished, &format!(" from {place}:")], paths(&work.unfinished));
    let missing = "The following dists are missing, and will be COPIED again";
    list(io, &[missing, &format!("   to {place}:")], paths(&work.missing));
    let required = "Packages that stay require what will be REMOVED:";
    list(io, &[required], dependents::of(work, destination));
}

/// Says `lines` below their heading; nothing without lines.
fn list(io: &Io, heading: &[&str], lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    for line in heading.iter().map(|line| (*line).to_owned()).chain(lines) {
        io.say(line);
    }
    io.say("");
}

/// Says how long a change that takes packages or archives away can be undone, and how.
fn say_undo(io: &Io, change: &Change<'_>) -> Result<(), Failure> {
    let takes_away = change
        .work
        .plan
        .changes
        .iter()
        .any(|package| package.ignored.is_none() && package.action != plan::Action::Add);
    if !takes_away || !change.publish {
        return Ok(());
    }
    let (store, location) = (change.store, change.destination.location);
    let number = match history::newest(store, location, 1)?.first() {
        Some(newest) => Some(newest.number),
        // It gets a history by this change, which begins with what it is now.
        None => store.head(&location.key(index::FILE_NAME))?.map(|_| 1),
    };
    let until = change.keep.until(jiff::Timestamp::now());
    if let (Some(number), Some(until)) = (number, until) {
        let until = until.strftime("%Y-%m-%d %H:%M UTC");
        io.say_apart(format!("This can be undone until {until}: repo-mkrepo rollback {number}"));
    }
    Ok(())
}

/// Says how many bytes the change would copy and remove: the end of a dry run.
///
/// # Errors
/// When the source cannot be listed.
pub fn report_sizes(io: &Io, work: &Work, source: &Side<'_>) -> Result<(), Failure> {
    let bytes = work.bytes(source)?;
    let (copied, removed) = (size(bytes.copied), size(bytes.removed));
    io.say_apart(format!("Dry run: would copy {copied} and remove {removed} of archives."));
    Ok(())
}

/// A number of bytes for people.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = "bytes";
    for larger in units {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{value:.1} {unit}") }
}

/// Asks, and on a yes applies the change; a no ends well, with nothing done. Returns whether it
/// was done.
///
/// # Errors
/// When stdin is closed, and when a step fails; running the tool again completes it then.
pub fn carry_out(io: &mut Io, records: &mut Records, change: &Change<'_>) -> Result<bool, Failure> {
    if !confirmed(io, change)? {
        io.say_apart("Sync aborted.");
        return Ok(false);
    }
    io.say("");
    let notes = io.notes();
    // With an empty line after each: the next step's text, or the end's, follows it.
    let progress = |step: &Step| notes.lines([step.to_string().into(), Line::new()]);
    let when_empty = if change.work.empties { WhenEmpty::Remove } else { WhenEmpty::Write };
    let warn = |text: &str| notes.say(text);
    let publish = change.publish.then(|| publish::Options {
        warn: Some(&warn),
        origin: change.origin.clone(),
        snapshot: change.snapshot.clone(),
        new_snapshot: change.new_snapshot,
        cache: change.cache.clone(),
        when_empty,
        ..publish::Options::default()
    });
    let bar = notes.progress(change.work.archives_to_copy().len());
    let location = change.destination.location;
    let guard = Guard::new(change.store, location, change.cache.clone(), &warn);
    let copied = |key: &str| bar.step(key);
    let remover =
        Remover { store: change.store, location, keep: change.keep, origin: &change.origin };
    let (guard, remover) = (&guard, &remover);
    let options = sync::Options { publish, guard, remover, progress: &progress, copied: &copied };
    let applied = sync::apply(change.work, &change.source, &change.destination, &options)?;

    if !change.work.kept.is_empty() {
        let kept: Vec<&str> = change.work.kept.iter().map(String::as_str).collect();
        let kept = kept.join(", ");
        io.say_apart(format!("Keeping dists that a snapshot still lists: {kept}"));
    }

    if !applied.replaced.is_empty() {
        let replaced = applied.replaced.join(", ");
        io.say_apart(format!("Keeping dists that others have replaced meanwhile: {replaced}"));
    }

    for package in change.work.plan.changes.iter().filter(|package| package.ignored.is_none()) {
        records.write((change.record)(location, package))?;
    }
    if let Some(published) = applied.published {
        records.write(tool::publish_record(location, &published))?;
    }
    io.say_apart("Sync complete.");
    Ok(true)
}

fn confirmed(io: &mut Io, change: &Change<'_>) -> Result<bool, Failure> {
    let question = if change.work.empties && change.publish {
        io.say("THE REMOVALS ABOVE WILL DELETE THIS REPOSITORY IN ITS ENTIRETY!");
        io.say_apart(
            "THE RESULTING EMPTY packages.json WILL BE REMOVED AS WELL, AND ALL SNAPSHOTS!",
        );
        "Are you sure you want to remove all packages from destination? [yN] "
    } else if !change.publish {
        "Are you sure you want to remove the packages without updating packages.json? [yN] "
    } else {
        "Are you sure you want to sync to destination and re-generate packages.json? [yN] "
    };
    say_undo(io, change)?;
    io.say_apart("WARNING: POTENTIALLY DESTRUCTIVE ACTION!");
    Ok(change.yes || io.ask(question)? == Answer::Yes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_500, "1.5 kB"),
            (2_000_000_000_000_000, "2000.0 TB"),
        ] {
            assert_eq!(super::size(bytes), text);
        }
    }
}
