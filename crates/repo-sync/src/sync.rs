//! The sync itself.

use std::path::PathBuf;

use location::Location;
use manifest::Index;
use manifest::plan::{self, PackageChange};
use record::{Action, Record, Sync};
use repo_tool::change::{self, Change};
use repo_tool::open;
use repo_tool::plan::{Choices, Document, Sides};
use repository::sync::{self, Side, Work};
use tool::{Exit, Failure, Io, Records};

use crate::args::Options;
use crate::sides::{self, Repository};
use crate::{TOOL, places};

/// Reads both sides, asks, syncs, and writes a record for each package.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    if options.plan {
        return sync(options, io, None, None);
    }
    let Some(file) = &options.apply else {
        return io.with_records(&TOOL, options.records.as_deref(), |io, records| {
            sync(options, io, Some(records), None)
        });
    };
    let plan = Document::read(io, &TOOL, file)?;
    let options = &options.planned(&plan);
    io.with_records(&TOOL, options.records.as_deref(), |io, records| {
        sync(options, io, Some(records), Some(&plan))
    })
}

/// `apply`: the plan that was made before, and must still be what follows.
fn sync(
    options: &Options,
    io: &mut Io,
    records: Option<&mut Records>,
    apply: Option<&Document>,
) -> Result<(), Failure> {
    let keep = io.keep_removed()?;
    let places = match apply {
        Some(plan) => places::planned(plan)?,
        None => places::locations(options, io)?,
    };
    let (mut from, to) = sides::read(options, io, places)?;
    let mut work = sync::prepare(&from.side(), &to.side(), options.keep)?;
    if options.check {
        refuse_unresolvable(&work, &to)?;
    }
    if from.store.is_none()
        && options.destination_folder.is_none()
        && !work.archives_to_copy().is_empty()
    {
        // Only now is it known that the bucket behind the folder is needed.
        let profile = options.source.profile.as_deref();
        from.store = Some(open::readable(io, &from.location, profile)?);
    }
    let (source, destination) = (from.side(), to.side());
    sync::settle(&mut work, &source, &destination)?;
    let document = || document(options, io, &work, source, destination);
    let Some(records) = records else {
        if options.destination_folder.is_some() {
            io.say("NOTICE: a plan for a folder can be read, but not applied.");
        }
        return document()?.print(io);
    };
    if let Some(plan) = apply {
        plan.check(&document()?)?;
    }

    change::summarize(io, &work, &source, &destination);
    let Some(store) = destination.store else {
        io.say("Nothing to do with local dir as destination - aborting.");
        return Ok(());
    };
    if work.is_empty() && options.snapshot.is_none() {
        if sync::is_published(&destination)? {
            if !options.dry_run {
                work.tidy(store)?;
            }
            io.say("Nothing to do - aborting.");
            return Ok(());
        }
        io.say_apart("The destination's packages.json does not match its manifests.");
    }
    if options.dry_run {
        return change::report_sizes(io, &work, &source);
    }
    let change = Change {
        work: &work,
        source,
        destination,
        store,
        publish: true,
        snapshot: options.snapshot.clone(),
        new_snapshot: true,
        cache: options.cache.folder(io),
        keep,
        yes: options.yes || apply.is_some(),
        origin: io.origin(&TOOL, "sync"),
        record,
    };
    change::carry_out(io, records, &change)?;
    Ok(())
}

/// What would be installed from the destination must not become impossible.
fn refuse_unresolvable(work: &Work, to: &Repository) -> Result<(), Failure> {
    let result = Index::generate(work.result.clone().into_iter().collect());
    let refused = repo_tool::resolve::refuse_unresolvable(&result, Some(&to.manifests.index()));
    refused.map_err(|mut reasons| {
        let details = reasons.split_off(1.min(reasons.len()));
        let message = format!("{} is not synced: {}", to.location, reasons.concat());
        Failure::new(Exit::Failure, message).details(details)
    })
}

/// The plan, as one that can be applied later.
fn document(
    options: &Options,
    io: &Io,
    work: &Work,
    source: Side<'_>,
    destination: Side<'_>,
) -> Result<Document, Failure> {
    let choices = Choices {
        no_remove: options.keep,
        snapshot: options.snapshot.clone(),
        ..Choices::default()
    };
    let folder = options.source_folder.as_ref();
    let folder = folder.map(|path| io.folder().join(path).display().to_string());
    let sides = Sides { source: Some((source, folder)), destination };
    Document::new(&TOOL, choices, work, &sides)
}

impl Options {
    /// What the plan says, with what this command line says of records, caches and profiles.
    fn planned(&self, plan: &Document) -> Self {
        let source = plan.source.as_ref();
        let folder = source.and_then(|source| source.place().folder.clone());
        Self {
            keep: plan.options.no_remove,
            snapshot: plan.options.snapshot.clone(),
            source_folder: folder.map(PathBuf::from),
            ..self.clone()
        }
    }
}

fn record(location: &Location, change: &PackageChange) -> Record {
    Record::Sync(Sync {
        bucket: location.bucket.clone(),
        prefix: location.prefix.as_str().to_owned(),
        package: change.package.clone(),
        action: match change.action {
            plan::Action::Add => Action::Add,
            plan::Action::Update => Action::Update,
            plan::Action::Remove => Action::Remove,
        },
        manifest: location.key(&change.file_name),
        archive: change.archive.as_deref().map(|path| location.key(path)),
    })
}
