//! A staging: all components of a buildpack, and the three phases.

mod buildpack_version;
mod release;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use archive::Limits;
pub use buildpack_version::BuildpackVersion;
pub use release::Release;

use crate::application::{self, Application, Environment};
use crate::cache::Downloads;
use crate::component::{Component, Configurations, Context, Kind};
use crate::console::{Console, Level};
use crate::droplet::{Droplet, Members};
use crate::error::Error;
use crate::executable::{Executable, Rules};
use crate::java;
use crate::names;
use crate::paths;
use crate::repository::Repositories;
use crate::text::Style;
use crate::value::{Map, Value};

/// What a staging works with.
pub struct Settings {
    /// The buildpack's folder.
    pub buildpack: PathBuf,
    /// The application's folder.
    pub application: PathBuf,
    /// The folder of the download cache; without one, downloads go with the staging.
    pub cache: Option<PathBuf>,
    /// All variables of the environment.
    pub environment: Environment,
    /// Where components say what they do.
    pub console: Console,
    /// How executable components are run.
    pub rules: Rules,
    /// How much an archive may hold.
    pub limits: Limits,
}

struct Member {
    class: String,
    component: Box<dyn Component>,
}

/// A component that is for the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Its class name.
    pub class: String,
    /// What it has been detected by.
    pub tags: Vec<String>,
}

/// All components of a buildpack, ready for one phase.
pub struct Staging {
    version: BuildpackVersion,
    console: Console,
    members: Rc<RefCell<Members>>,
    jres: Vec<Member>,
    frameworks: Vec<Member>,
    containers: Vec<Member>,
    found: Vec<Found>,
    /// The download cache, where it is ours alone.
    _downloads: Option<scratch::Folder>,
}

impl Staging {
    /// Makes all components. Those with a dependency find it now.
    ///
    /// # Errors
    /// When a configuration is not valid or a dependency cannot be found.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let environment = &settings.environment;
        let config = settings.buildpack.join("config");
        let console = logging(settings, &config)?;
        let root = absolute(&settings.application)?;
        let buildpack = absolute(&settings.buildpack)?;
        let application = Rc::new(Application::new(&root, environment)?);
        let configurations = Configurations::new(&config, environment, console.clone());
        let version = BuildpackVersion::new(
            &configurations.load("version")?,
            &settings.buildpack,
            environment,
        );
        console.debug("BuildpackVersion", version.human(console.paint()));
        let (cache, own) = match &settings.cache {
            Some(folder) => (absolute(folder)?, None),
            None => {
                let folder = scratch::Folder::new("bp-downloads-")
                    .map_err(Error::io("make a folder for downloads"))?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        let downloads = Downloads::new(
            &cache,
            &buildpack.join("resources/cache"),
            &configurations.load("cache")?,
            environment,
            console.clone(),
        )?;
        let repositories = Repositories::new(
            &buildpack,
            &configurations.load("repository")?,
            environment,
            console.clone(),
        );
        let members = Rc::new(RefCell::new(Members::new(&root)));
        let listed = configurations.find("components")?.ok_or_else(|| Error::Components {
            detail: format!("is missing: {} is no buildpack", buildpack.display()),
        })?;
        let factory = Factory {
            buildpack: &buildpack,
            context: Context {
                application,
                configuration: Map::default(),
                droplet: Droplet::new("", &root, Path::new(""), Rc::clone(&members)),
                console: console.clone(),
                downloads: Rc::new(downloads),
                repositories: Rc::new(repositories),
                configurations,
                limits: settings.limits.clone(),
            },
            members: &members,
            rules: settings.rules,
        };
        Ok(Self {
            jres: factory.make_all(&listed, Kind::Jre)?,
            frameworks: factory.make_all(&listed, Kind::Framework)?,
            containers: factory.make_all(&listed, Kind::Container)?,
            version,
            console,
            members,
            found: Vec::new(),
            _downloads: own,
        })
    }

    /// The tags of all that is for the application, in the order of bytes; nothing if no container
    /// is.
    ///
    /// # Errors
    /// When a component cannot tell, or several containers or JREs want to be the one.
    pub fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        if self.detected(Kind::Container)?.is_empty() {
            return Ok(None);
        }
        self.detected(Kind::Jre)?;
        self.detected(Kind::Framework)?;
        let fit = |tag: &String| printable::line(tag).into_owned();
        let mut tags: Vec<String> =
            self.found.iter().flat_map(|found| found.tags.iter().map(fit)).collect();
        tags.push(format!("java-buildpack={}", self.version.tag(self.console.paint())));
        tags.sort();
        Ok(Some(tags))
    }

    /// Changes the application's files.
    ///
    /// # Errors
    /// When no container or JRE is for it, and when a component fails.
    pub fn compile(&mut self) -> Result<(), Error> {
        let paint = self.console.paint();
        let name = paint.paint("Java Buildpack", &[Style::Blue, Style::Bold]);
        let line = self.console.arrow().text(" ").append(&name).text(" ");
        self.console.say(line.append(&self.version.human(paint)));
        let container = self.the_one(Kind::Container)?;
        let jre = self.the_one(Kind::Jre)?;
        self.jres[jre].component.compile()?;
        let frameworks = self.detected(Kind::Framework)?;
        for at in frameworks {
            self.frameworks[at].component.compile()?;
        }
        self.containers[container].component.compile()
    }

    /// The command that runs the application.
    ///
    /// # Errors
    /// When no container or JRE is for it, and when a component fails.
    pub fn release(&mut self) -> Result<Release, Error> {
        let container = self.the_one(Kind::Container)?;
        let jre = self.the_one(Kind::Jre)?;
        let first = self.jres[jre].component.release()?;
        let frameworks = self.detected(Kind::Framework)?;
        for at in frameworks {
            // Only containers and JREs have a part in the command.
            self.frameworks[at].component.release()?;
        }
        let last = self.containers[container].component.release()?;
        let options = self.members.borrow().java_opts.as_env_var();
        let parts: Vec<String> = [Some(options), first, last].into_iter().flatten().collect();
        Ok(Release { command: parts.join(" && ") })
    }

    /// Which components of a kind are for the application.
    fn detected(&mut self, kind: Kind) -> Result<Vec<usize>, Error> {
        let members = match kind {
            Kind::Container => &mut self.containers,
            Kind::Jre => &mut self.jres,
            Kind::Framework => &mut self.frameworks,
        };
        let mut detected = Vec::new();
        for (at, member) in members.iter_mut().enumerate() {
            if let Some(tags) = member.component.detect()? {
                detected.push(at);
                self.found.push(Found { kind, class: member.class.clone(), tags });
            }
        }
        if kind != Kind::Framework && detected.len() > 1 {
            let names = detected.iter().map(|at| names::display(&members[*at].class)).collect();
            return Err(Error::MoreThanOne { kind: kind.name(), names });
        }
        Ok(detected)
    }

    fn the_one(&mut self, kind: Kind) -> Result<usize, Error> {
        self.detected(kind)?.first().copied().ok_or(match kind {
            Kind::Container => Error::NoContainer,
            Kind::Jre | Kind::Framework => Error::NoJre,
        })
    }

    /// The components that are for the application, as far as they have been asked.
    #[must_use]
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// The buildpack's version.
    #[must_use]
    pub fn version(&self) -> &BuildpackVersion {
        &self.version
    }
}

/// The path from the root, as its text has it: links stay as they are.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(path);
    let absolute = absolute.map_err(Error::io(format!("tell where {} is", path.display())))?;
    Ok(paths::clean(&absolute))
}

/// The console with the log as the configuration and `JBP_LOG_LEVEL` have it.
fn logging(settings: &Settings, config: &Path) -> Result<Console, Error> {
    let silent = settings.console.with_level(Level::Fatal);
    let logging = Configurations::new(config, &settings.environment, silent).load("logging")?;
    let variable = settings.environment.get("JBP_LOG_LEVEL").filter(|level| !level.is_empty());
    let configured = logging.get("default_log_level").map(ToString::to_string);
    let name = variable.cloned().or(configured).unwrap_or_else(|| "INFO".to_owned());
    let level = Level::parse(&name).ok_or_else(|| Error::Value {
        component: "Logging".to_owned(),
        key: format!("default_log_level' or JBP_LOG_LEVEL '{name}"),
        expected: "DEBUG, INFO, WARN, ERROR or FATAL",
    })?;
    let console = settings.console.with_level(level);
    let to_file = logging.get("enable_log_file").is_some_and(Value::is_truthy);
    if to_file && settings.application.is_dir() {
        let file = settings.application.join(application::LOG_FILE);
        console.log_to(&file).map_err(Error::io(format!("write {}", file.display())))?;
    }
    Ok(console)
}

/// Makes components from their class names.
struct Factory<'a> {
    buildpack: &'a Path,
    context: Context,
    members: &'a Rc<RefCell<Members>>,
    rules: Rules,
}

impl Factory<'_> {
    fn make_all(&self, listed: &Map, kind: Kind) -> Result<Vec<Member>, Error> {
        let wrong = |detail: String| Error::Components { detail };
        let classes = match listed.get(kind.list()) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::List(classes)) => classes,
            Some(_) => {
                return Err(wrong(format!("must have a list of class names as '{}'", kind.list())));
            }
        };
        classes
            .iter()
            .map(|class| {
                let class = class.as_str().ok_or_else(|| {
                    wrong(format!(
                        "lists '{class}' below '{}', which is no class name",
                        kind.list()
                    ))
                })?;
                let component = self.make(class, kind)?;
                Ok(Member { class: class.to_owned(), component })
            })
            .collect()
    }

    fn make(&self, class: &str, kind: Kind) -> Result<Box<dyn Component>, Error> {
        let id = names::id(class);
        // It becomes paths: nothing in it leads elsewhere.
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        if id.is_empty() || id.contains(':') || !class.chars().all(plain) {
            let detail = format!("lists '{class}', which is no class name");
            return Err(Error::Components { detail });
        }
        self.context.console.debug("Buildpack", format!("Instantiating {class}"));
        let resources = self.buildpack.join("resources");
        let root = self.context.droplet.root_path();
        let context = Context {
            configuration: self.context.configurations.load(&id)?,
            droplet: Droplet::new(&id, root, &resources, Rc::clone(self.members)),
            ..self.context.clone()
        };
        // A file of the buildpack comes first: so a built-in component can be replaced.
        let own = format!("lib/java_buildpack/{}/{id}", kind.folder());
        let candidates = [own.clone(), format!("lib/{}", names::path(class))];
        let file = candidates.iter().map(|name| self.buildpack.join(name)).find(|p| p.is_file());
        if let Some(path) = file {
            return Ok(Box::new(Executable::new(context, class, kind, &path, self.rules)?));
        }
        java::make(class, kind, context)
            .unwrap_or_else(|| Err(Error::Unknown { class: class.to_owned(), path: own }))
    }
}
