//! What is done outside the folder, once everything is in it.

use std::fs::Permissions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;
use crate::activate::{Change, changes_to_text};
use crate::settings::Settings;

/// One step.
enum Effect {
    Write { path: PathBuf, script: Script },
    Append { path: PathBuf, text: Vec<u8> },
    Run { package: String, script: String },
}

/// A shell script: bytes, since nothing says that it is UTF-8.
pub struct Script {
    /// What is in it.
    pub text: Vec<u8>,
    /// The mode of the file that it was, if it was one.
    pub mode: Option<Permissions>,
}

/// Steps in the order of their packages.
#[derive(Default)]
pub struct Effects {
    steps: Vec<Effect>,
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

    /// A new file.
    pub fn write(&mut self, path: PathBuf, script: Script) {
        self.steps.push(Effect::Write { path, script });
    }

    /// More of a file.
    pub fn append(&mut self, path: PathBuf, text: Vec<u8>) {
        self.steps.push(Effect::Append { path, text });
    }

    /// A script of the package to run, which prints changes to the environment.
    pub fn script(&mut self, package: String, script: &str) {
        self.steps.push(Effect::Run { package, script: script.to_owned() });
    }

    /// A package that provides extensions which something requires.
    pub fn provided(&mut self, package: &str, extensions: &[(&str, &str)]) {
        let pair = |(name, version): &(&str, &str)| ((*name).to_owned(), (*version).to_owned());
        let extensions = extensions.iter().map(pair).collect();
        self.provided.push(Provided { package: package.to_owned(), extensions });
    }

    /// Does it all. Returns what ordinary packages provide. `changes` are those to the environment
    /// that the run has had before, and then all.
    pub fn apply(
        self,
        home: &Path,
        settings: &Settings,
        changes: &mut Vec<Change>,
    ) -> Result<Vec<Provided>, Error> {
        for step in self.steps {
            match step {
                Effect::Write { path, script } => write(&path, script)?,
                Effect::Append { path, text } => append(&path, &text)?,
                Effect::Run { package, script } => {
                    changes.extend(run(&package, &script, home, settings)?);
                }
            }
        }
        if let Some(path) = settings.layer_env_file.as_ref().filter(|_| self.activated) {
            let text = changes_to_text(changes);
            make_parent(path)?;
            std::fs::write(path, text).map_err(Error::local("write", path))?;
        }
        if let Some(path) = &settings.provided_log {
            for provided in &self.provided {
                append(path, format!("{}\n", provided.line()).as_bytes())?;
            }
        }
        Ok(self.provided)
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

fn make_parent(path: &Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(Error::local("make", folder))
}

fn write(path: &Path, script: Script) -> Result<(), Error> {
    make_parent(path)?;
    let written = std::fs::write(path, script.text);
    let done = written.and_then(|()| match script.mode {
        Some(mode) => std::fs::set_permissions(path, mode),
        None => Ok(()),
    });
    done.map_err(Error::local("write", path))
}

fn append(path: &Path, text: &[u8]) -> Result<(), Error> {
    make_parent(path)?;
    let file = std::fs::File::options().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text)).map_err(Error::local("write", path))
}

/// Runs a package's script with the folder as its argument.
fn run(
    package: &str,
    script: &str,
    home: &Path,
    settings: &Settings,
) -> Result<Vec<Change>, Error> {
    let path = home.join(script);
    let mut command = Command::new(&path);
    if !settings.pass_credentials {
        tool::hide_secrets(&mut command);
    }
    let child = command
        .arg(home)
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::local("run", &path))?;
    let id = child.id();
    tool::guard_child(id, false);
    let output = child.wait_with_output();
    tool::release_child(id);
    let output = output.map_err(Error::local("run", &path))?;
    if !output.status.success() {
        let status = output.status.to_string();
        return Err(Error::Script { package: package.to_owned(), status });
    }
    Change::parse(&String::from_utf8_lossy(&output.stdout)).map_err(|problem| Error::Package {
        package: package.to_owned(),
        problem: format!("its install script prints no list of changes: {problem}"),
    })
}
