//! The run from build records to deploy records.

use location::Location;
use repository::Known;
use repository::conditions::Guard;
use repository::publish::Archives;
use repository::removed::Remover;
use store::{Store, parallel};
use tool::{Failure, Io, Records};

use crate::args::Options;
use crate::input::Builds;
use crate::there::{self, There};
use crate::upload::{Package, Target};
use crate::{Error, TOOL};

pub(crate) fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    // First of all, since whatever happens the files of the builds are ours to remove.
    let builds = Builds::read(options, io);
    if options.dry_run {
        return deploy(options, &builds?, io, None);
    }
    // Whatever goes wrong, the reader of the records is to know.
    io.with_records(&TOOL, options.records.as_deref(), |io, records| {
        deploy(options, &builds?, io, Some(records))
    })
}

/// Deploys; without records, only says what would be uploaded.
fn deploy(
    options: &Options,
    builds: &Builds,
    io: &mut Io,
    records: Option<&mut Records>,
) -> Result<(), Failure> {
    let location = io.own_location()?;
    let store = open(io, &location)?;
    if records.is_some() {
        io.caution(&store);
    }
    let cache = repository::cache::default_folder(&io.env_fn()).and_then(|folder| io.cache(folder));
    let notes = io.notes();
    let warn = |text: &str| notes.say(text);
    let guard = Guard::new(&store, &location, cache.clone(), &warn);
    let origin = io.origin(&TOOL, "deploy");
    let keep = io.keep_removed()?;
    let remover = Remover { store: &store, location: &location, keep, origin: &origin };
    let target = Target {
        store: &store,
        guard: &guard,
        location: &location,
        remover: &remover,
        overwrite: options.overwrite,
        manifest: options.manifest,
        notes: io.notes(),
    };
    // All files are checked before the first one goes up.
    let packages = builds
        .list
        .iter()
        .map(|build| Package::of(&location, build, target.manifest, options.checksums))
        .collect::<Result<Vec<_>, _>>()?;
    let Some(records) = records else {
        for package in &packages {
            for line in target.describe(package)? {
                io.say(&line);
            }
        }
        return Ok(());
    };
    if options.publish {
        repo_tool::open::mend(&store, &location)?;
    }
    let there = survey(&target, &packages, options.publish || options.resume)?;
    if options.publish {
        let coming: Vec<_> = packages.iter().filter_map(Package::manifest_file).collect();
        repository::check_room(&store, &location, cache.as_deref(), &coming)?;
    }
    let mut known = Known::default();
    for (package, there) in packages.iter().zip(there) {
        let deploy = target.deploy(package, there)?;
        let manifest = deploy.manifest.as_ref();
        known.written.extend(manifest.map(|there| (there.key.clone(), there.etag.clone())));
        records.write(deploy)?;
    }
    if options.publish && !packages.is_empty() {
        let check = options.check;
        io.say("Updating repository...");
        let bring = |paths: &[String]| {
            let vanished = packages.iter().filter(|package| paths.contains(&package.path()));
            let mut vanished = vanished.map(|package| target.bring(package));
            vanished.try_for_each(|done| done).map_err(|error| match error {
                Error::Store(error) => error.into(),
                Error::Repository(error) => error,
                other => repository::Error::Local {
                    path: location.to_string().into(),
                    source: std::io::Error::other(other),
                },
            })
        };
        let archives =
            Archives { paths: packages.iter().map(Package::path).collect(), bring: &bring };
        let options = repository::Options {
            archives: Some(archives),
            cache: cache.clone(),
            known,
            warn: Some(&warn),
            origin: io.origin(&TOOL, "publish"),
            check: check.then_some(&repo_tool::resolve::refuse_unresolvable),
            ..repository::Options::default()
        };
        let published = repository::publish(&store, &location, &options)?;
        records.write(tool::publish_record(&location, &published))?;
    }
    parallel::map(store.parallel(), &packages, |package| target.make_sure(package))?;
    Ok(())
}

/// What is there of each package; an error before anything is uploaded where one is taken, or where
/// nothing is left to do. With `publish`, what no `packages.json` lists is left to do.
fn survey(
    target: &Target<'_>,
    packages: &[Package<'_>],
    publish: bool,
) -> Result<Vec<There>, Error> {
    let there = parallel::map(target.store.parallel(), packages, |package| target.look(package))?;
    let mut done = Vec::new();
    for (package, there) in packages.iter().zip(&there) {
        match there {
            There::Taken => return Err(target.exists(package)),
            There::Done(there) => done.push((package, &**there)),
            There::Free { .. } | There::HalfDone { .. } => {}
        }
    }
    if let (Some((first, _)), true) = (done.first(), done.len() == packages.len())
        && (!publish || there::is_published(target.store, target.location, &done)?)
    {
        return Err(target.exists(first));
    }
    Ok(there)
}

/// Opens the bucket for writing. Some services make a bucket that is missing as soon as something
/// is put into it, so it is asked for first.
pub(crate) fn open(io: &Io, location: &Location) -> Result<Store, Error> {
    let store = with_credentials(io, location)?;
    match store.check_access(&location.key("")) {
        Ok(()) => Ok(store),
        // Whoever may only put objects may not ask; the first request on a key tells as well.
        Err(error) if error.reason() == Some(store::Reason::Rights) && error.is_refusal() => {
            Ok(store)
        }
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
