//! `rollback`: back to an earlier generation.

use repo_tool::open;
use repository::conditions::Guard;
use repository::publish::Step;
use repository::removed::Remover;
use repository::rollback;
use repository::{Manifests, history, index, publish};
use tool::{Answer, Failure, Io};

use crate::TOOL;
use crate::args::Rollback;
use crate::log::date;

/// Finds the generation, asks, brings its manifests back and publishes.
pub fn run(options: &Rollback, io: &mut Io) -> Result<(), Failure> {
    io.with_records(&TOOL, options.records.as_deref(), |io, records| {
        let location = options.place.location(io)?;
        let store = match options.dry_run {
            true => open::readable(io, &location, None)?,
            false => open::writable(io, &location, None)?,
        };
        let keep = io.keep_removed()?;
        if !options.dry_run {
            open::mend(&store, &location)?;
        }
        let location = index::recognise(&store, &location)?;
        let generation = history::find(&store, &location, &options.to)?;
        let (number, id) = (generation.number, &generation.id);
        io.say_apart(format!("Back to generation {number} ({id}) of {}", date(&generation)));
        let cache = options.cache.folder(io);
        let now = Manifests::fetch(&store, &location, cache.as_deref())?;
        let work = rollback::prepare(&store, &location, &generation, &now)?;
        list(io, "The following packages will be ADDED:", &work.added);
        list(io, "The following packages will be UPDATED:", &work.updated);
        list(io, "The following packages will be REMOVED (their dists stay):", &work.removed);
        list(io, "The following dists will be RESTORED:", &work.restored);
        if work.is_empty() {
            io.say_apart("The manifests are what they were then.");
        }
        if options.dry_run {
            io.say_apart("Dry run: nothing was changed.");
            return Ok(());
        }
        io.say_apart("WARNING: POTENTIALLY DESTRUCTIVE ACTION!");
        let question = "Are you sure you want to roll back and re-generate packages.json? [yN] ";
        if !options.yes && io.ask(question)? != Answer::Yes {
            io.say_apart("Rollback aborted.");
            return Ok(());
        }
        let notes = io.notes();
        let warn = |text: &str| notes.say(text);
        let progress = |step: &Step| notes.say(format!("-----> {step}"));
        let guard = Guard::new(&store, &location, cache.clone(), &warn);
        let origin = io.origin(&TOOL, "rollback");
        let remover = Remover { store: &store, location: &location, keep, origin: &origin };
        let publish = publish::Options {
            cache: cache.clone(),
            progress: Some(&progress),
            warn: Some(&warn),
            origin: origin.clone(),
            ..publish::Options::default()
        };
        let published = work.apply(&location, &now, &guard, &remover, publish, &tool::worker())?;
        records.write(tool::publish_record(&location, &published))?;
        match &published.generation {
            Some(id) if published.changed => {
                io.say(format!("-----> Done: generation {} ({id}).", id.number()));
            }
            _ => io.say("-----> Done: packages.json was right already."),
        }
        Ok(())
    })
}

fn list(io: &Io, head: &str, packages: &[String]) {
    if packages.is_empty() {
        return;
    }
    let mut packages: Vec<&String> = packages.iter().collect();
    packages.sort_by(|a, b| manifest::order::natural(a, b));
    io.say(head);
    for package in packages {
        io.say(format!("  - {package}"));
    }
    io.say("");
}
