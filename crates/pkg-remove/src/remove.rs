//! The removal itself.

use location::Location;
use manifest::plan::PackageChange;
use record::{Record, Remove};
use repo_tool::change::{self, Change};
use repo_tool::open;
use repo_tool::plan::{Choices, Document, Sides};
use repository::sync::{self, Side};
use repository::{Manifests, index, pending};
use tool::{Failure, Io, Records};

use crate::args::Options;
use crate::{Error, TOOL, select};

/// Finds the manifests, asks, removes, and writes a record for each.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    if options.plan {
        let location = io.own_location()?;
        return remove(options, io, &location, None, None);
    }
    let Some(file) = &options.apply else {
        return io.with_records(&TOOL, options.records.as_deref(), |io, records| {
            let location = io.own_location()?;
            remove(options, io, &location, Some(records), None)
        });
    };
    let plan = Document::read(io, &TOOL, file)?;
    let location = plan.destination.place().location()?;
    let options = Options {
        names: plan.options.names.clone(),
        publish: !plan.options.no_publish,
        snapshot: plan.options.snapshot.clone(),
        ..options.clone()
    };
    io.with_records(&TOOL, options.records.as_deref(), |io, records| {
        remove(&options, io, &location, Some(records), Some(&plan))
    })
}

/// `apply`: the plan that was made before, and must still be what follows.
fn remove(
    options: &Options,
    io: &mut Io,
    location: &Location,
    records: Option<&mut Records>,
    apply: Option<&Document>,
) -> Result<(), Failure> {
    let keep = io.keep_removed()?;
    let store = match options.plan || options.dry_run {
        true => open::readable(io, location, None)?,
        false => open::writable(io, location, None)?,
    };
    let location = &index::recognise(&store, location)?;
    if !options.plan && !options.dry_run {
        open::mend(&store, location)?;
    }
    io.say_apart("Fetching manifests, excluding given removals... ");
    let cache = options.cache.folder(io);
    let all = Manifests::fetch(&store, location, cache.as_deref())?;
    let pending = pending::read(&store, location)?;
    let unfinished = pending.iter().flat_map(|pending| &pending.packages).collect();
    // What a plan names may be gone: then the repository has moved, which says more.
    let kept = match (select::select(&all, &unfinished, &options.names), apply) {
        (Ok((kept, _)), _) => kept,
        (Err(_), Some(_)) => all.clone(),
        (Err(names), None) => {
            return Err(Error::NoMatch { names, place: location.to_string() }.into());
        }
    };

    io.say_apart("Now performing a sync of the differences:");
    io.say("Checking destination bucket at");
    io.say(format!("  {location}..."));
    io.say_apart("Fetching manifests from source... ");
    let side = |manifests| Side { store: Some(&store), location, manifests };
    let (source, destination) = (side(&kept), side(&all));
    let work = sync::prepare(&source, &destination, false)?;
    let document = || {
        let choices = Choices {
            snapshot: options.snapshot.clone(),
            no_publish: !options.publish,
            names: options.names.clone(),
            ..Choices::default()
        };
        Document::new(&TOOL, choices, &work, &Sides { source: None, destination })
    };
    let Some(records) = records else {
        return document()?.print(io);
    };
    if let Some(plan) = apply {
        plan.check(&document()?)?;
    }
    change::summarize(io, &work, &source, &destination);
    if options.dry_run {
        return change::report_sizes(io, &work, &source);
    }
    if !options.publish {
        warn_unpublished(io);
    }
    let change = Change {
        work: &work,
        source,
        destination,
        store: &store,
        publish: options.publish,
        snapshot: options.snapshot.clone(),
        new_snapshot: false,
        cache,
        keep,
        yes: options.yes || apply.is_some(),
        origin: io.origin(&TOOL, "remove"),
        record,
    };
    let done = change::carry_out(io, records, &change)?;
    if done && !options.publish {
        warn_unpublished(io);
    }
    Ok(())
}

fn warn_unpublished(io: &Io) {
    io.say("WARNING: packages.json IS NOT PUBLISHED ANEW, because '--no-publish' was given!");
    io.say_apart(
        " The repository names packages that do not exist, until 'mkrepo.sh --upload' is run.",
    );
}

fn record(location: &Location, change: &PackageChange) -> Record {
    Record::Remove(Remove {
        bucket: location.bucket.clone(),
        prefix: location.prefix.as_str().to_owned(),
        package: change.package.clone(),
        manifest: location.key(&change.file_name),
        archive: change.archive.as_deref().map(|path| location.key(path)),
    })
}
