//! The sync itself.

use std::path::PathBuf;

use location::Location;
use manifest::Index;
use manifest::plan::{self, PackageChange};
use record::{Action, Record, Sync};
use repo_tool::change::{self, Change};
use repo_tool::open;
use repo_tool::plan::{Choices, Document, Sides};
use repository::index::Current;
use repository::sync::{self, Side};
use repository::{Manifests, index, pending, snapshot};
use store::Store;
use tool::{Answer, Exit, Failure, Io, Records};

use crate::args::Options;
use crate::{Error, TOOL, places};

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
    let (from, to) = match apply {
        Some(plan) => places::planned(plan)?,
        None => places::locations(options, io)?,
    };
    let cache = options.cache.folder(io);
    let snapshot_keys = match &options.snapshot {
        Some(name) => {
            let key = |location| snapshot::key(location, name);
            Some((key(&from)?, key(&to)?))
        }
        None => None,
    };

    let (source_store, published) = match options.source_folder {
        Some(_) => (None, None),
        None => {
            io.say(&format!("Fetching source repository from\n  {from}..."));
            let store = open::readable(io, &from, options.source.profile.as_deref())?;
            let published = index::read(&store, &from)?;
            // Where a plan is applied, one that is gone is a move like any other.
            if published.is_none() && apply.is_none() {
                let key = from.key(index::FILE_NAME);
                return Err(Error::NoIndex { key, place: from.to_string() }.into());
            }
            if let (Some((key, _)), Some(published)) = (&snapshot_keys, &published) {
                check_snapshot(&store, &from, key, published)?;
            }
            (Some(store), published)
        }
    };
    let (destination_store, destination_manifests) =
        read_destination(options, io, &to, cache.as_ref())?;
    if let (Some(store), Some((_, key))) = (&destination_store, &snapshot_keys)
        && store.head(key)?.is_some()
        && !is_unfinished(store, &to, options.snapshot.as_deref())?
    {
        let place = to.to_string();
        return Err(Error::SnapshotExists { key: key.clone(), place }.into());
    }
    if options.source_folder.is_none() || options.destination_folder.is_none() {
        io.say("Fetching manifests from source... \n");
    }
    let source_manifests = match (&options.source_folder, &source_store) {
        (Some(folder), _) => Manifests::read_folder(&io.folder().join(folder))?,
        (None, Some(store)) => Manifests::fetch(store, &from, cache.as_deref())?,
        (None, None) => Manifests::default(),
    };
    if let Some(published) = &published {
        check_published(options, io, published, &source_manifests, &from)?;
    }

    let mut source =
        Side { store: source_store.as_ref(), location: &from, manifests: &source_manifests };
    let destination = Side {
        store: destination_store.as_ref(),
        location: &to,
        manifests: &destination_manifests,
    };
    let work = sync::prepare(&source, &destination, options.keep)?;
    if options.check {
        let result = Index::generate(work.result.clone().into_iter().collect());
        let before = destination.manifests.index();
        repo_tool::resolve::refuse_unresolvable(&result, Some(&before)).map_err(|reason| {
            Failure::new(Exit::Failure, format!("{to} is not synced: {reason}"))
        })?;
    }
    let late_store;
    if source.store.is_none()
        && options.destination_folder.is_none()
        && !work.plan.archives_to_copy().is_empty()
    {
        // Only now is it known that the bucket behind the folder is needed.
        late_store = open::readable(io, &from, options.source.profile.as_deref())?;
        source.store = Some(&late_store);
    }
    let document = || {
        let choices = Choices {
            no_remove: options.keep,
            snapshot: options.snapshot.clone(),
            ..Choices::default()
        };
        let folder = options.source_folder.as_ref();
        let folder = folder.map(|path| io.folder().join(path).display().to_string());
        let sides = Sides { source: Some((source, folder)), destination };
        Document::new(&TOOL, choices, &work, &sides)
    };
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
    let Some(store) = &destination_store else {
        io.say("Nothing to do with local dir as destination - aborting.");
        return Ok(());
    };
    if work.is_empty() && options.snapshot.is_none() {
        if sync::is_published(&destination)? {
            io.say("Nothing to do - aborting.");
            return Ok(());
        }
        io.say("The destination's packages.json does not match its manifests.\n");
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
        cache,
        yes: options.yes || apply.is_some(),
        origin: io.origin(&TOOL, "sync"),
        record,
    };
    change::carry_out(io, records, &change)?;
    Ok(())
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

fn read_destination(
    options: &Options,
    io: &mut Io,
    to: &Location,
    cache: Option<&PathBuf>,
) -> Result<(Option<Store>, Manifests), Failure> {
    if let Some(folder) = &options.destination_folder {
        let manifests = Manifests::read_folder(&io.folder().join(folder))?;
        return Ok((None, manifests));
    }
    io.say(&format!("Checking destination bucket at\n  {to}..."));
    let profile = options.destination.profile.as_deref();
    let store = if options.dry_run || options.plan {
        open::readable(io, to, profile)?
    } else {
        open::writable(io, to, profile)?
    };
    let manifests = Manifests::fetch(&store, to, cache.map(PathBuf::as_path))?;
    if manifests.entries.is_empty() {
        io.say("Destination is empty; proceeding.");
    }
    Ok((Some(store), manifests))
}

/// The source's `packages.json` must be what its manifests make, or the user wants it so. `--yes`
/// takes the default, which is to abort.
fn check_published(
    options: &Options,
    io: &mut Io,
    published: &Current,
    manifests: &Manifests,
    from: &Location,
) -> Result<(), Failure> {
    // One that cannot be read is not what the manifests make either.
    let index = published.parse(&from.key(index::FILE_NAME));
    if index.is_ok_and(|index| index.same_as(&manifests.index())) {
        return Ok(());
    }
    io.say(
        "WARNING: packages.json from source does not match its list of manifests!\n \
         You should run 'mkrepo.sh' to update, or ask the bucket maintainers to do so.",
    );
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
