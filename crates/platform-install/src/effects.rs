//! What is done outside the folder, once everything is in it. Collected here, done by
//! [`crate::pending`].

use std::path::Path;

use crate::Error;
use crate::settings::Settings;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A file of that name in the folder of profile scripts.
    Profile {
        /// The file's name, without a folder.
        name: String,
        /// What is in it.
        script: Script,
    },
    /// More of the export file.
    Export {
        /// The bytes to append.
        text: Vec<u8>,
    },
    /// An install script to run, which prints changes to the environment.
    Run {
        /// Name and version of its package.
        package: String,
        /// Its path below the folder.
        script: String,
    },
    /// The file of all changes to the environment.
    Layer,
    /// A line of the log of provided extensions.
    Log {
        /// The line, with its end.
        line: String,
    },
}

/// A shell script: bytes, since nothing says that it is UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What is in it.
    pub text: Vec<u8>,
    /// The mode of the file that it was, if it was one.
    pub mode: Option<u32>,
}

/// Steps in the order of their packages.
#[derive(Default)]
pub struct Effects {
    steps: Vec<Step>,
    provided: Vec<Provided>,
    /// Whether packages were activated, so that the file of changes is to be there.
    activated: bool,
}

/// A package that provides extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provided {
    /// The package.
    pub package: String,
    /// The extensions, each with the version that it provides.
    pub extensions: Vec<(String, String)>,
}

impl Effects {
    /// A package is activated.
    pub fn activated(&mut self) {
        self.activated = true;
    }

    /// Adds a step.
    pub fn add(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// A package that provides extensions which something requires.
    pub fn provided(&mut self, package: &str, extensions: &[(&str, &str)]) {
        let pair = |(name, version): &(&str, &str)| ((*name).to_owned(), (*version).to_owned());
        let extensions = extensions.iter().map(pair).collect();
        self.provided.push(Provided { package: package.to_owned(), extensions });
    }

    /// All steps that the settings ask for, and what ordinary packages provide.
    pub fn into_steps(self, settings: &Settings) -> (Vec<Step>, Vec<Provided>) {
        let mut steps = self.steps;
        if self.activated && settings.layer_env_file.is_some() {
            steps.push(Step::Layer);
        }
        if settings.provided_log.is_some() {
            let line = |provided: &Provided| Step::Log { line: format!("{}\n", provided.line()) };
            steps.extend(self.provided.iter().map(line));
        }
        (steps, self.provided)
    }
}

impl Provided {
    fn line(&self) -> String {
        let extensions: Vec<String> =
            self.extensions.iter().map(|(name, version)| format!("{name}:{version}")).collect();
        format!("{} {}", self.package, extensions.join(" "))
    }

    /// Reads the lines that earlier runs have logged.
    pub fn read(path: &Path) -> Result<Vec<Self>, Error> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::local("read", path)(error)),
        };
        let line = |line: &str| {
            let mut words = line.split(' ');
            let package = words.next()?.to_owned();
            let pair = |word: &str| {
                let (name, version) = word.split_once(':')?;
                Some((name.to_owned(), version.to_owned()))
            };
            // A constraint may have spaces, and what follows them is no name.
            Some(Self { package, extensions: words.filter_map(pair).collect() })
        };
        Ok(text.lines().filter_map(line).collect())
    }
}
