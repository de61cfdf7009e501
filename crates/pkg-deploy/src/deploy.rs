//! The run from build records to deploy records.

use location::Location;
use repository::conditions::Guard;
use store::Store;
use tool::{Failure, Io};

use crate::args::Options;
use crate::input::Builds;
use crate::upload::{Package, Target};
use crate::{Error, TOOL};

pub(crate) fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    // First of all, since whatever happens the files of the builds are ours to remove.
    let builds = Builds::read(options, io)?;
    let location = io.own_location()?;
    let store = open(io, &location)?;
    let cache = repository::cache::default_folder(&io.env_fn());
    let notes = io.notes();
    let warn = |text: &str| notes.say(text);
    let guard = Guard::new(&store, &location, cache.clone(), &warn);
    let target = Target {
        store: &store,
        location: &location,
        guard: &guard,
        publish: options.publish,
        cache: cache.as_deref(),
        overwrite: options.overwrite,
        manifest: options.manifest,
        notes: io.notes(),
    };
    // All files are checked before the first one goes up.
    let packages = builds
        .list
        .iter()
        .map(|build| Package::of(build, target.manifest, options.checksums))
        .collect::<Result<Vec<_>, _>>()?;
    if options.dry_run {
        for package in &packages {
            for line in target.describe(package)? {
                io.say(&line);
            }
        }
        return Ok(());
    }
    io.with_records(&TOOL, options.records.as_deref(), |io, records| {
        for package in &packages {
            let others_missing = || {
                for other in &packages {
                    if !target.has(other)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            };
            records.write(target.deploy(package, others_missing)?)?;
        }
        if options.publish && !packages.is_empty() {
            io.say("Updating repository...");
            let options = repository::Options {
                cache: cache.clone(),
                warn: Some(&warn),
                origin: io.origin(&TOOL, "publish"),
                ..repository::Options::default()
            };
            let published = repository::publish(&store, &location, &options)?;
            records.write(tool::publish_record(&location, &published))?;
        }
        Ok(())
    })
}

/// Opens the bucket for writing. Some services make a bucket that is missing as soon as something
/// is put into it, so it is asked for first.
pub(crate) fn open(io: &Io, location: &Location) -> Result<Store, Error> {
    let store = with_credentials(io, location)?;
    match store.check_bucket() {
        // Whoever may only put objects may not ask; the first request on a key tells as well.
        Ok(()) | Err(store::Error::AccessDenied { .. }) => Ok(store),
        Err(error) => Err(error.into()),
    }
}

fn with_credentials(io: &Io, location: &Location) -> Result<Store, Error> {
    let env = io.env_fn();
    Store::open(&location.service, &location.bucket, io.store_options(), &env).map_err(|error| {
        match error {
            error @ store::Error::NoCredentials { .. } => Error::NoCredentials(error),
            other => Error::Store(other),
        }
    })
}
