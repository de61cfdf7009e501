//! The whole way.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use composer::{Package, Solution};
use fetch::{Cache, Client};
use php_json::{Object, Style, Value};
use platform::INSTALLER;
use store::Patience;
use tool::{Failure, Io};

use crate::activate::{Activation, Change};
use crate::args::Options;
use crate::download::{self, Item};
use crate::effects::{Effects, Provided};
use crate::installed::{self, Installed};
use crate::project::Project;
use crate::report::Report;
use crate::settings::Settings;
use crate::stage::Stage;
use crate::{Error, lock, merge, native, resolve, unfinished};

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
    /// Changes to the environment, by all install scripts so far.
    changes: RefCell<Vec<Change>>,
}

/// Installs.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    let folder = io.folder().to_owned();
    let context = Context {
        options,
        settings: Settings::of(io),
        client: Client::new(Box::new(io.env_fn()), Patience::default(), options.jobs),
        cache: options.cache_dir.as_ref().map(|path| Cache::new(folder.join(path))),
        report: Report::new(io)?,
        changes: RefCell::default(),
    };
    let _alone = alone(&folder)?;
    let env = io.env_fn();
    let say = |text: &str| context.report.say(text);
    if !options.dry_run && unfinished::clear(&folder)? {
        say("NOTICE: an earlier run was cut short. What it had moved is put back.");
    }
    let mut project = Project::read(&folder, true, &context.client, &env, &say)?;
    let solution = resolve::resolve(&project, Vec::new())?;
    let packages = resolve::packages(&solution, !options.no_dev);
    let packages = Installed::read(&folder)?.missing(packages)?;
    let mut items = items(&project, packages)?;
    if items.is_empty() {
        context.report.say("Nothing to install.");
    }
    if options.dry_run {
        for item in &items {
            let package = &item.package;
            let name = resolve::shown(&package.pretty_name);
            context.report.done(&format!("{name} ({})", package.pretty_version));
        }
    } else {
        let provided = install(&context, &project, &solution, &mut items)?;
        if options.native {
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
) -> Result<Vec<Provided>, Error> {
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
            installer.copy_to(&stage.tree())?;
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
    merge::merge(&stage)?;
    for line in lines {
        context.report.done(&line);
    }
    effects.apply(&project.folder, &context.settings, &mut context.changes.borrow_mut())
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
