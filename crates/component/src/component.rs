//! The contract of a component, and what it is given.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use archive::Limits;

use crate::application::{Application, Environment};
use crate::cache::Downloads;
use crate::configuration;
use crate::console::Console;
use crate::droplet::Droplet;
use crate::error::Error;
use crate::repository::Repositories;
use crate::value::{Map, Value};

/// A component of a buildpack.
pub trait Component {
    /// Whether the component is for this application: tags that say which one it is and in which
    /// version (`open-jdk-like-jre=1.8.0_412`), or nothing. No tags at all are a yes, too.
    ///
    /// # Errors
    /// When that cannot be told; the staging ends.
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error>;

    /// Changes the application's files: downloads, links. What it says goes to the console.
    ///
    /// # Errors
    /// When it cannot; the staging ends.
    fn compile(&mut self) -> Result<(), Error>;

    /// Changes how the application is run: options, variables. Containers and JREs answer with
    /// their part of the command; all others with nothing.
    ///
    /// # Errors
    /// When it cannot; the staging ends.
    fn release(&mut self) -> Result<Option<String>, Error>;
}

/// Shared by a component and those that it is a part of.
impl<T: Component> Component for Rc<RefCell<T>> {
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        self.borrow_mut().detect()
    }

    fn compile(&mut self) -> Result<(), Error> {
        self.borrow_mut().compile()
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        self.borrow_mut().release()
    }
}

/// What a component is, for the buildpack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Runs the application.
    Container,
    /// Brings Java.
    Jre,
    /// Adds something.
    Framework,
}

impl Kind {
    /// As errors name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Jre => "JRE",
            Self::Framework => "framework",
        }
    }

    /// Its list in `components.yml`.
    #[must_use]
    pub fn list(self) -> &'static str {
        match self {
            Self::Container => "containers",
            Self::Jre => "jres",
            Self::Framework => "frameworks",
        }
    }

    /// Its folder below `lib/java_buildpack/`.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Jre => "jre",
            Self::Framework => "framework",
        }
    }

    /// Its module in class names.
    #[must_use]
    pub fn module(self) -> &'static str {
        match self {
            Self::Container => "Container",
            Self::Jre => "Jre",
            Self::Framework => "Framework",
        }
    }
}

/// The configurations of a buildpack.
#[derive(Clone)]
pub struct Configurations {
    folder: PathBuf,
    environment: Environment,
    console: Console,
}

impl Configurations {
    /// Those in the folder `folder`.
    #[must_use]
    pub fn new(folder: &Path, environment: &Environment, console: Console) -> Self {
        Self { folder: folder.to_owned(), environment: environment.clone(), console }
    }

    /// The configuration with this id, as the environment changes it; nothing without its file.
    ///
    /// # Errors
    /// When it is not valid.
    pub fn find(&self, id: &str) -> Result<Option<Map>, Error> {
        let env = |name: &str| self.environment.get(name).cloned();
        let mut warn = |text: String| self.console.warn("ConfigurationUtils", &text);
        let found = configuration::load(&self.folder, id, &env, &mut warn)?;
        let says = match found {
            Some(_) => format!("Configuration from {}/{id}.yml", self.folder.display()),
            None => format!("No configuration file {}/{id}.yml found", self.folder.display()),
        };
        self.console.debug("ConfigurationUtils", &says);
        Ok(found)
    }

    /// The same; without its file it is empty.
    ///
    /// # Errors
    /// When it is not valid.
    pub fn load(&self, id: &str) -> Result<Map, Error> {
        self.find(id).map(Option::unwrap_or_default)
    }
}

/// What a component is given.
#[derive(Clone)]
pub struct Context {
    /// The application, to look at.
    pub application: Rc<Application>,
    /// The component's configuration.
    pub configuration: Map,
    /// The droplet, to change.
    pub droplet: Droplet,
    /// Where it says what it does.
    pub console: Console,
    /// The download cache.
    pub downloads: Rc<Downloads>,
    /// The repositories of dependencies.
    pub repositories: Rc<Repositories>,
    /// All configurations of the buildpack.
    pub configurations: Configurations,
    /// How much an archive may hold.
    pub limits: Limits,
}

impl Context {
    /// The same with a part of the configuration: for a component that is made of others. A part
    /// that is missing is empty.
    #[must_use]
    pub fn sub_configuration(&self, key: &str) -> Self {
        let part = self.configuration.get(key).and_then(Value::as_map).cloned();
        Self { configuration: part.unwrap_or_default(), ..self.clone() }
    }
}
