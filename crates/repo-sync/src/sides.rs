//! The two repositories as they are now, and whether they may be synced.

use std::path::PathBuf;

use location::Location;
use repo_tool::open;
use repository::index::Current;
use repository::sync::Side;
use repository::{Manifests, index, pending, snapshot};
use store::Store;
use tool::{Answer, Exit, Failure, Io};

use crate::Error;
use crate::args::Options;

/// One of the two repositories, with what was read of it.
pub struct Repository {
    /// Its bucket; `None` where its manifests are in a local folder.
    pub store: Option<Store>,
    /// Where it is.
    pub location: Location,
    /// Its manifests.
    pub manifests: Manifests,
}

impl Repository {
    /// The same, for the planner.
    pub fn side(&self) -> Side<'_> {
        let Self { store, location, manifests } = self;
        Side { store: store.as_ref(), location, manifests }
    }
}

/// Reads source and destination, in the order in which the messages have always come, and checks
/// that nothing stands in the way.
pub fn read(
    options: &Options,
    io: &mut Io,
    (from, to): (Location, Location),
) -> Result<(Repository, Repository), Failure> {
    let cache = options.cache.folder(io);
    let snapshot_keys = match &options.snapshot {
        Some(name) => Some((snapshot::key(&from, name)?, snapshot::key(&to, name)?)),
        None => None,
    };
    let (source_key, destination_key) = snapshot_keys.unzip();

    let source_store = match options.source_folder {
        Some(_) => None,
        None => {
            io.say("Fetching source repository from");
            io.say(format!("  {from}..."));
            Some(open::readable(io, &from, options.source.profile.as_deref())?)
        }
    };
    let published = match &source_store {
        Some(store) => published(options, store, &from, source_key.as_deref())?,
        None => None,
    };
    let destination = read_destination(options, io, to, cache.as_ref(), destination_key)?;
    if options.source_folder.is_none() || options.destination_folder.is_none() {
        io.say_apart("Fetching manifests from source... ");
    }
    let manifests = match (&options.source_folder, &source_store) {
        (Some(folder), _) => Manifests::read_folder(&io.folder().join(folder))?,
        (None, Some(store)) => Manifests::fetch(store, &from, cache.as_deref())?,
        (None, None) => Manifests::default(),
    };
    let from = match &source_store {
        Some(store) => index::recognise(store, &from)?,
        None => from,
    };
    let source = Repository { store: source_store, location: from, manifests };
    if let Some(published) = &published {
        check_published(options, io, published, &source)?;
    }
    Ok((source, destination))
}

/// The source's `packages.json`, with its snapshot (by key) checked against it.
fn published(
    options: &Options,
    store: &Store,
    from: &Location,
    snapshot: Option<&str>,
) -> Result<Option<Current>, Failure> {
    let published = index::read(store, from)?;
    // Where a plan is applied, one that is gone is a move like any other.
    if published.is_none() && options.apply.is_none() {
        let key = from.key(index::FILE_NAME);
        return Err(Error::NoIndex { key, place: from.to_string() }.into());
    }
    if let (Some(key), Some(published)) = (snapshot, &published) {
        check_snapshot(store, from, key, published)?;
    }
    Ok(published)
}

/// Reads the destination, where no snapshot may have this key yet.
fn read_destination(
    options: &Options,
    io: &mut Io,
    to: Location,
    cache: Option<&PathBuf>,
    snapshot: Option<String>,
) -> Result<Repository, Failure> {
    if let Some(folder) = &options.destination_folder {
        let manifests = Manifests::read_folder(&io.folder().join(folder))?;
        return Ok(Repository { store: None, location: to, manifests });
    }
    io.say("Checking destination bucket at");
    io.say(format!("  {to}..."));
    let profile = options.destination.profile.as_deref();
    let store = if options.dry_run || options.plan {
        open::readable(io, &to, profile)?
    } else {
        open::writable(io, &to, profile)?
    };
    let to = index::recognise(&store, &to)?;
    if !options.dry_run && !options.plan {
        open::mend(&store, &to)?;
    }
    let manifests = Manifests::fetch(&store, &to, cache.map(PathBuf::as_path))?;
    if manifests.entries.is_empty() {
        io.say("Destination is empty; proceeding.");
    }
    if let Some(key) = snapshot
        && store.head(&key)?.is_some()
        && !is_unfinished(&store, &to, options.snapshot.as_deref())?
    {
        return Err(Error::SnapshotExists { key, place: to.to_string() }.into());
    }
    Ok(Repository { store: Some(store), location: to, manifests })
}

/// Whether an interrupted run has made the snapshot, and had only to remove archives after that.
fn is_unfinished(store: &Store, to: &Location, snapshot: Option<&str>) -> Result<bool, Failure> {
    let pending = pending::read(store, to)?;
    Ok(pending.iter().any(|pending| pending.snapshot.as_deref() == snapshot))
}

/// The source's snapshot must be what its `packages.json` is.
fn check_snapshot(
    store: &Store,
    from: &Location,
    key: &str,
    published: &Current,
) -> Result<(), Failure> {
    let same = match index::read_key(store, key)? {
        Some(current) if current.bytes == published.bytes => true,
        Some(current) => {
            let theirs = current.parse(key)?;
            theirs.same_as(&published.parse(&from.key(index::FILE_NAME))?)
        }
        None => false,
    };
    if same {
        return Ok(());
    }
    Err(Error::SnapshotDiffers { key: key.to_owned(), place: from.to_string() }.into())
}

/// The source's `packages.json` must be what its manifests make, or the user wants it so. `--yes`
/// takes the default, which is to abort.
fn check_published(
    options: &Options,
    io: &mut Io,
    published: &Current,
    source: &Repository,
) -> Result<(), Failure> {
    // One that cannot be read is not what the manifests make either.
    let index = published.parse(&source.location.key(index::FILE_NAME));
    if index.is_ok_and(|index| index.same_as(&source.manifests.index())) {
        return Ok(());
    }
    io.say("WARNING: packages.json from source does not match its list of manifests!");
    io.say(" You should run 'mkrepo.sh' to update, or ask the bucket maintainers to do so.");
    if options.plan || options.dry_run || options.apply.is_some() {
        io.say("");
        return Ok(());
    }
    if options.yes {
        return Err(Failure::silent(Exit::SourceStale));
    }
    match io.ask("Would you like to abort this operation? [Yn] ")? {
        Answer::No => {
            io.say("");
            Ok(())
        }
        Answer::Yes | Answer::Default => Err(Failure::silent(Exit::SourceStale)),
    }
}
