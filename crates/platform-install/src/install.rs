//! The whole way.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use composer::{Package, Solution};
use fetch::{Auth, Cache, Client};
use php_json::{Object, Style, Value};
use platform::INSTALLER;
use tool::{Failure, Io};

use crate::activate::Activation;
use crate::args::Options;
use crate::download::{self, Item};
use crate::effects::{Effects, Provided};
use crate::installed::{self, Installed};
use crate::pending::{Pending, Record};
use crate::project::Project;
use crate::report::Report;
use crate::settings::Settings;
use crate::stage::Stage;
use crate::unfinished::Left;
use crate::{Error, lock, merge, native, resolve};

/// What all steps need.
pub struct Context<'a> {
    /// The command line.
    pub options: &'a Options,
    /// The environment.
    pub settings: Settings,
    /// How things are fetched.
    pub client: Client,
    cache: Option<Cache>,
    /// Who is told.
    pub report: Report,
    /// What the last installation of the run had to do outside the folder, or that of a run that
    /// this one completes. It knows what those before have brought, and goes when all is done.
    pending: RefCell<Option<Pending>>,
}

/// Installs.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    let folder = io.folder().to_owned();
    let notes = io.notes();
    let warn = |error: &fetch::Error| notes.say(format!("WARNING: {error}. They are not used."));
    let context = Context {
        options,
        settings: Settings::of(io, options),
        client: Client::new(Box::new(io.env_fn()), options.jobs)
            .map_err(Error::Client)?
            .with_auth(Auth::read(&io.env_fn(), &folder, &warn).map_err(Error::Client)?),
        cache: options
            .cache_dir
            .as_ref()
            .and_then(|path| io.writable_cache(folder.join(path)))
            .map(Cache::new),
        report: Report::new(io)?,
        pending: RefCell::default(),
    };
    let _alone = alone(&folder)?;
    let env = io.env_fn();
    let say = |text: &str| context.report.say(text);
    let resumed = complete(&context, &folder)?;
    let mut project = Project::read(&folder, true, &context.client, &env, &say)?;
    let solution = resolve::resolve(&project, Vec::new())?;
    let packages = resolve::packages(&solution, !options.no_dev);
    let packages = Installed::read(&folder)?.missing(packages)?;
    let mut items = items(&project, packages)?;
    if items.is_empty() && !resumed {
        context.report.say("Nothing to install.");
    }
    if options.dry_run {
        for item in &items {
            let package = &item.package;
            let name = resolve::shown(&package.pretty_name);
            context.report.done(&format!("{name} ({})", package.pretty_version));
        }
    } else {
        install(&context, &project, &solution, &mut items)?;
        if options.native {
            let provided = context.provided();
            let provided = match (&context.settings.provided_log, provided.is_empty()) {
                (Some(path), true) => Provided::read(path)?,
                _ => provided,
            };
            if project.locked && !provided.is_empty() {
                // A lock knows no packages but its own.
                project = Project::read(&folder, false, &context.client, &env, &say)?;
            }
            items.extend(native::run(&context, &mut project, solution, &provided)?);
        }
        if let Some(pending) = context.pending.take() {
            pending.forget()?;
        }
    }
    if options.json {
        io.data(&json(&items))?;
    }
    Ok(())
}

/// Waits until nobody else installs into the folder.
fn alone(folder: &Path) -> Result<File, Error> {
    let file = File::open(folder).map_err(Error::local("read", folder))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)
        .map_err(|error| Error::local("lock", folder)(error.into()))?;
    Ok(file)
}

/// Undoes or completes what earlier runs have left. Whether something was left to do outside the
/// folder.
fn complete(context: &Context<'_>, folder: &Path) -> Result<bool, Error> {
    let mut left = Left::find(folder)?;
    let is_open = left.pending.iter().any(Pending::is_open);
    if context.options.dry_run {
        if is_open {
            let text = "NOTICE: an earlier run was cut short. The next one completes it.";
            context.report.say(text);
        }
        return Ok(is_open);
    }
    if left.undo(folder)? {
        context.report.say("NOTICE: an earlier run was cut short. What it had moved is put back.");
    }
    for mut pending in left.pending {
        pending.complete(folder, &context.settings)?;
        context.go_on_from(pending)?;
    }
    if is_open {
        context.report.say("NOTICE: an earlier run was cut short. What it had to do is done now.");
    }
    Ok(is_open)
}

impl Context<'_> {
    /// What ordinary packages provide, of all installations of this run so far.
    fn provided(&self) -> Vec<Provided> {
        let pending = self.pending.borrow();
        pending.as_ref().map(|pending| pending.provided().to_vec()).unwrap_or_default()
    }

    /// The record that comes after those so far.
    fn next_record(&self, effects: Effects) -> Result<Record, Error> {
        let (steps, provided) = effects.into_steps(&self.settings);
        let record = match &*self.pending.borrow() {
            None => Record { steps, provided, ..Record::default() },
            Some(before) => Record {
                number: before.number() + 1,
                steps,
                provided: before.provided().iter().cloned().chain(provided).collect(),
                changes: before.changes()?,
            },
        };
        Ok(record)
    }

    /// Lets a record that is done take the place of the one before.
    fn go_on_from(&self, pending: Pending) -> Result<(), Error> {
        match self.pending.replace(Some(pending)) {
            Some(before) => before.forget(),
            None => Ok(()),
        }
    }

    /// Does what a stage whose files are in place has written down.
    fn do_outside(&self, stage: &Path, folder: &Path) -> Result<(), Error> {
        match Pending::read(stage)? {
            None => Ok(()),
            Some(mut pending) => {
                pending.complete(folder, &self.settings)?;
                self.go_on_from(pending)
            }
        }
    }
}

/// Packages with where their archives are.
pub fn items(project: &Project, packages: Vec<Arc<Package>>) -> Result<Vec<Item>, Error> {
    let item = |package: Arc<Package>| {
        let origins = project.origins_of(&package);
        Item::new(Arc::clone(&package), &origins)
    };
    packages.into_iter().map(item).collect()
}

/// Fetches, stages, merges, then does what lies outside the folder.
pub fn install(
    context: &Context<'_>,
    project: &Project,
    solution: &Solution,
    items: &mut [Item],
) -> Result<(), Error> {
    let stage = Stage::new(&project.folder)?;
    let cache = context.cache.as_ref();
    download::fetch_all(items, &context.client, cache, &stage.archives(), &context.report)?;

    let required = required(project, items);
    let mut activation = Activation::new(&stage, &context.settings, required)?;
    let mut effects = Effects::default();
    let mut lines = Vec::new();
    for item in items.iter() {
        stage.unpack(item, &context.options.limits)?;
        if &*item.package.name == INSTALLER
            && let Some(installer) = &project.installer
        {
            installer.copy_to(&stage)?;
        }
        lines.extend(activation.activate(item, &mut effects)?);
    }
    // One that was there stays as it is, also where it is out of date: that is for others to see.
    if !project.locked {
        stage.write("composer.lock", &lock::lock(project, solution)?)?;
    }
    let with_dev = !context.options.no_dev;
    stage.write(installed::FILE, &lock::installed(project, solution, with_dev)?)?;
    if project.changed {
        let text = php_json::to_string(&Value::Object(project.json.clone()), Style::Plain);
        stage.write("composer.json", &text)?;
    }
    let record = context.next_record(effects)?;
    let stage: PathBuf = merge::merge(stage, &record.text())?;
    for line in lines {
        context.report.done(&line);
    }
    context.do_outside(&stage, &project.folder)
}

/// All that the packages of this run and the project require.
fn required(project: &Project, items: &[Item]) -> HashSet<String> {
    let packages = items.iter().flat_map(|item| &item.package.requires);
    let links = packages.chain(&project.root.requires).chain(&project.root.dev_requires);
    links.map(|link| link.target.to_string()).collect()
}

/// What was installed, for programs.
fn json(items: &[Item]) -> String {
    let package = |item: &Item| {
        let mut members = Object::new();
        let mut put = |key: &str, value: &str| _ = members.insert(key.to_owned(), value.into());
        put("name", &item.package.pretty_name);
        put("version", &item.package.pretty_version);
        put("type", &item.package.kind);
        if let Some(place) = &item.place {
            put("url", &place.shown());
        }
        if let Some(sums) = &item.sums {
            put("sha1", &sums.sha1);
            put("sha256", &sums.sha256);
        }
        Value::Object(members)
    };
    let packages = Value::List(items.iter().map(package).collect());
    let members = [("packages".to_owned(), packages)].into_iter().collect();
    let mut text = php_json::to_string(&Value::Object(members), Style::Composer);
    text.push('\n');
    text
}
