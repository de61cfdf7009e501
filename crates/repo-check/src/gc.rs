//! The removal of what nothing refers to.
//!
//! [`garbage`] decides on a state, and asks nobody; [`sweep`] removes, and looks at the repository
//! again before each step. [`lock`] and [`plan`] are what the command line gives it.

mod garbage;
mod lock;
mod plan;
mod sweep;

use std::collections::HashSet;

use record::{Gc as Line, GcSummary};
use repo_tool::change::size;
use repo_tool::open;
use repository::removed::{self, Remover};
use repository::{clock, index};
use tool::{Answer, Failure, Io, Records};

use crate::args::{self, Options};
use crate::report::count;
use crate::{Error, TOOL};
use garbage::{Garbage, Rules, What};
use sweep::Sweep;

/// Plans, asks, removes.
pub fn run(options: &Options, gc: &args::Gc, io: &mut Io) -> Result<(), Failure> {
    if !options.json {
        return collect(options, gc, io, None);
    }
    io.with_records(&TOOL, None, |io, records| collect(options, gc, io, Some(records)))
}

fn collect(
    options: &Options,
    gc: &args::Gc,
    io: &mut Io,
    records: Option<&mut Records>,
) -> Result<(), Failure> {
    let location = options.target.location(io)?;
    let profile = options.target.profile.as_deref();
    let only_look = gc.dry_run || gc.plan;
    let store = match only_look {
        true => open::readable(io, &location, profile)?,
        false => open::writable(io, &location, profile)?,
    };
    let location = index::recognise(&store, &location)?;
    let keep = io.keep_removed()?;
    let reviewed = match &gc.apply {
        Some(from) => Some(plan::read(from, &location, io)?),
        None => None,
    };
    let now = match only_look {
        true => clock::without_writing(&store, &location)?,
        false => clock::now(&store, &location)?,
    };
    let rules = match &reviewed {
        Some(plan) => Rules { now, ..plan.rules.clone() },
        None => Rules {
            now,
            before: gc.older_than.before(now),
            keep_snapshots: gc.keep_snapshots,
            keep_generations: gc.keep_generations,
            bare: gc.bare,
            keep: options.keep.clone(),
            locked: lock::read(&gc.locks, io.folder(), &location, io.max_index())?,
        },
    };
    let cache = options.target.cache.folder(io);
    let origin = io.origin(&TOOL, "gc");
    let remover = Remover { store: &store, location: &location, keep, origin: &origin };
    let mut sweep = Sweep::new(&store, &location, &rules, &remover, cache);
    let mut found = sweep.look()?;
    if let Some(plan) = &reviewed {
        found.retain(|garbage| plan.has(&garbage.item));
        let stay = plan.len() - found.len();
        if stay > 0 {
            let stay = count(stay as u64, "object");
            io.say(format!("{stay} of the plan will stay: changed, needed again, or gone."));
        }
    }
    if gc.plan {
        return plan::print(io, &location, &rules, &found);
    }

    let age = match &reviewed {
        Some(plan) => format!("what was written before {}", plan.rules.before),
        None => format!("what is older than {}", gc.older_than),
    };
    let lines = describe(&found, &location.to_string(), &age);
    if records.is_some() {
        io.notes().lines(lines);
    } else {
        for line in lines {
            io.show(line)?;
        }
        io.flush()?;
    }
    let removed = if found.is_empty() && !gc.dry_run {
        remover.expire().map_err(Error::from)?;
        Vec::new()
    } else if gc.dry_run || !agreed(gc, io, &found)? {
        Vec::new()
    } else {
        let notes = io.notes();
        let bar = notes.progress(found.len());
        let removed = sweep.remove(&found, &|name| bar.step(name))?;
        drop(bar);
        let (all, gone) = (found.len() as u64, removed.len() as u64);
        let (number, bytes) = (count(gone, "object"), size(bytes(&removed)));
        io.say(format!("Removed {number}, {bytes}."));
        let is_archive = |garbage: &Garbage| garbage.what == What::Archive;
        if removed.iter().any(is_archive) && !remover.keep.0.is_zero() {
            let until = remover.keep.until(jiff::Timestamp::now()).unwrap_or(jiff::Timestamp::MAX);
            let until = until.strftime("%Y-%m-%d %H:%M UTC");
            io.say(format!("The archives stay in {}{} until {until}.", location, removed::FOLDER));
        }
        if all > gone {
            let stay = count(all - gone, "object");
            io.say(format!("{stay} stayed: changed, or needed again meanwhile."));
        }
        removed
    };
    match records {
        Some(records) => tell(records, &location, &found, &removed),
        None => Ok(()),
    }
}

/// Whether to go on. A plan was reviewed when it is applied.
fn agreed(gc: &args::Gc, io: &mut Io, found: &[Garbage]) -> Result<bool, Failure> {
    if gc.yes || gc.apply.is_some() {
        return Ok(true);
    }
    let (number, bytes) = (count(found.len() as u64, "object"), size(bytes(found)));
    io.say_apart("WARNING: POTENTIALLY DESTRUCTIVE ACTION!");
    let question = format!("Are you sure you want to remove {number}, {bytes}? [yN] ");
    let yes = io.ask(&question)? == Answer::Yes;
    if !yes {
        io.say("Nothing was removed.");
    }
    Ok(yes)
}

fn bytes(garbage: &[Garbage]) -> u64 {
    garbage.iter().map(|garbage| garbage.item.size).sum()
}

/// What would go, for people.
fn describe(found: &[Garbage], place: &str, of: &str) -> Vec<String> {
    if found.is_empty() {
        return vec![format!("Nothing to remove from {place}, of {of}.")];
    }
    let mut lines = vec![format!("Nothing refers to these objects of {place}, of {of}:")];
    for what in [What::Snapshot, What::Generation, What::Leftover, What::Archive] {
        let group: Vec<&Garbage> = found.iter().filter(|garbage| garbage.what == what).collect();
        if group.is_empty() {
            continue;
        }
        let total = size(group.iter().map(|garbage| garbage.item.size).sum());
        lines.push(format!("{} ({}, {total}):", what.heading(), group.len()));
        for Garbage { item, .. } in group {
            lines.push(format!("  - {} ({})", item.name, size(item.size)));
        }
    }
    lines.push(format!("{}, {}.", count(found.len() as u64, "object"), size(bytes(found))));
    lines
}

fn tell(
    records: &mut Records,
    location: &location::Location,
    found: &[Garbage],
    removed: &[Garbage],
) -> Result<(), Failure> {
    let gone: HashSet<&str> = removed.iter().map(|garbage| garbage.item.name.as_str()).collect();
    for garbage in found {
        records.write(Line {
            key: location.key(&garbage.item.name),
            size_bytes: garbage.item.size,
            etag: garbage.item.etag.clone(),
            what: garbage.what.name().to_owned(),
            removed: gone.contains(garbage.item.name.as_str()),
        })?;
    }
    records.write(GcSummary {
        bucket: location.bucket.clone(),
        prefix: location.prefix.to_string(),
        objects: found.len() as u64,
        bytes: bytes(found),
        removed: removed.len() as u64,
        removed_bytes: bytes(removed),
    })?;
    Ok(())
}
