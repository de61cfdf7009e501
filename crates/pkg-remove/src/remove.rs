//! The removal itself.

use location::Location;
use manifest::plan::PackageChange;
use record::{Record, Remove};
use repo_tool::change::{self, Change};
use repo_tool::open;
use repository::sync::{self, Side};
use repository::{Manifests, pending};
use tool::{Failure, Io};

use crate::args::Options;
use crate::{Error, TOOL, select};

/// Finds the manifests, asks, removes, and writes a record for each.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    io.with_records(&TOOL, options.records.as_deref(), |io, records| {
        let location = io.own_location()?;
        let store = open::writable(io, &location, None)?;
        io.say("Fetching manifests, excluding given removals... \n");
        let cache = options.cache.folder(io);
        let all = Manifests::fetch(&store, &location, cache.as_deref())?;
        let pending = pending::read(&store, &location)?;
        let unfinished = pending.iter().flat_map(|pending| &pending.packages);
        let (kept, _) = select::select(&all, &unfinished.collect(), &options.names)
            .map_err(|names| Error::NoMatch { names, place: location.to_string() })?;

        io.say("Now performing a sync of the differences:\n");
        io.say(&format!("Checking destination bucket at\n  {location}..."));
        io.say("Fetching manifests from source... \n");
        let side = |manifests| Side { store: Some(&store), location: &location, manifests };
        let (source, destination) = (side(&kept), side(&all));
        let work = sync::prepare(&source, &destination, false)?;
        change::summarize(io, &work, &source, &destination);
        if options.dry_run {
            return change::report_sizes(io, &work, &source);
        }
        if !options.publish {
            io.say(UNPUBLISHED);
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
            yes: options.yes,
            origin: io.origin(&TOOL, "remove"),
            record,
        };
        let done = change::carry_out(io, records, &change)?;
        if done && !options.publish {
            io.say(UNPUBLISHED);
        }
        Ok(())
    })
}

const UNPUBLISHED: &str = "\
WARNING: packages.json IS NOT PUBLISHED ANEW, because '--no-publish' was given!
 The repository names packages that do not exist, until 'mkrepo.sh --upload' is run.
";

fn record(location: &Location, change: &PackageChange) -> Record {
    Record::Remove(Remove {
        bucket: location.bucket.clone(),
        prefix: location.prefix.as_str().to_owned(),
        package: change.package.clone(),
        manifest: location.key(&change.file_name),
        archive: change.archive.as_deref().map(|path| location.key(path)),
    })
}
