//! The application as it was uploaded: read-only, and without what is made of it meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use walkdir::WalkDir;

use crate::paths;
use crate::services::Services;

/// Why an application cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A part of it cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A variable of the platform is no JSON.
    #[error("the environment variable {variable} is not valid JSON")]
    Json {
        /// The variable.
        variable: &'static str,
        /// Why.
        source: serde_json::Error,
    },
}

/// Variables by name.
pub type Environment = std::collections::BTreeMap<String, String>;

/// The application.
#[derive(Debug, Clone)]
pub struct Application {
    root: PathBuf,
    /// What was there at the start, relative to the root. Links are in it; what lies behind them
    /// is looked up when it is asked for.
    there: BTreeSet<PathBuf>,
    details: Json,
    services: Services,
    environment: Environment,
    variables: Environment,
}

/// The log file of a staging, which is not part of the application.
pub const LOG_FILE: &str = ".java-buildpack.log";

const DETAILS: &str = "VCAP_APPLICATION";
const SERVICES: &str = "VCAP_SERVICES";

/// So many links in a row, and a path leads nowhere.
const HOPS: u32 = 40;

impl Application {
    /// Looks at the folder `root`, an absolute path, and at the platform's variables. A folder that
    /// does not exist is an empty application.
    ///
    /// # Errors
    /// When a folder cannot be read or a variable is not valid.
    pub fn new(root: &Path, environment: &Environment) -> Result<Self, Error> {
        let root = paths::clean(root);
        let mut there = BTreeSet::new();
        if root.is_dir() {
            // The root may be a link itself; below it none is followed.
            for entry in WalkDir::new(root.join(".")).min_depth(1) {
                let entry = entry.map_err(|error| {
                    let path = error.path().unwrap_or(&root).to_owned();
                    Error::Read { path, source: error.into() }
                })?;
                there.insert(paths::relative(entry.path(), &root));
            }
            there.remove(Path::new(LOG_FILE));
        }
        let variables = environment.clone();
        let mut environment = variables.clone();
        let json = |variable| move |source| Error::Json { variable, source };
        // An empty one is as good as none.
        let mut document = |name: &str| environment.remove(name).filter(|text| !text.is_empty());
        let details = match document(DETAILS) {
            Some(text) => serde_json::from_str(&text).map_err(json(DETAILS))?,
            None => Json::Object(serde_json::Map::new()),
        };
        let services = match document(SERVICES) {
            Some(text) => Services::parse(&text).map_err(json(SERVICES))?,
            None => Services::default(),
        };
        Ok(Self { root, there, details, services, environment, variables })
    }

    /// Its folder. What is joined to it goes around the snapshot: ask [`Application::find`].
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `VCAP_APPLICATION`.
    #[must_use]
    pub fn details(&self) -> &Json {
        &self.details
    }

    /// `VCAP_SERVICES`.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// All other variables of the environment.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The whole environment, with `VCAP_APPLICATION` and `VCAP_SERVICES`.
    #[must_use]
    pub fn variables(&self) -> &Environment {
        &self.variables
    }

    /// The path of something that was uploaded; nothing for all else.
    #[must_use]
    pub fn find(&self, name: impl AsRef<Path>) -> Option<PathBuf> {
        let path = self.root.join(name);
        let is_there = paths::is_in(&path, &self.root)
            && self.is_there(&paths::relative(&path, &self.root), HOPS)
            && path.exists();
        is_there.then(|| paths::clean(&path))
    }

    /// Whether it was uploaded.
    #[must_use]
    pub fn exists(&self, name: impl AsRef<Path>) -> bool {
        self.find(name).is_some()
    }

    fn is_there(&self, name: &Path, hops: u32) -> bool {
        if name == Path::new(".") || self.there.contains(name) {
            return true;
        }
        // Perhaps it lies behind a link.
        let behind = name
            .ancestors()
            .skip(1)
            .find(|above| self.there.contains(*above) && self.root.join(above).is_symlink());
        let Some((link, left)) = behind.zip(hops.checked_sub(1)) else {
            return false;
        };
        let (Ok(target), Ok(root)) =
            (self.root.join(link).canonicalize(), self.root.canonicalize())
        else {
            return false;
        };
        let Ok(rest) = name.strip_prefix(link) else {
            return false;
        };
        match target.strip_prefix(&root) {
            Ok(inside) if inside.as_os_str().is_empty() => self.is_there(rest, left),
            Ok(inside) => self.is_there(&inside.join(rest), left),
            // Outside of the application nothing is made meanwhile.
            Err(_) => true,
        }
    }

    /// All that was uploaded, relative to the root, in the order of paths.
    #[must_use]
    pub fn all(&self) -> Vec<&Path> {
        let mut all: Vec<&Path> = self.there.iter().map(PathBuf::as_path).collect();
        all.sort_by(|one, other| paths::compare(one, other));
        all
    }

    /// What lies directly in it, in the order of paths.
    #[must_use]
    pub fn children(&self) -> Vec<PathBuf> {
        self.select(|name| name.components().count() == 1)
    }

    /// All files, at any depth, whose name fits; nothing in hidden folders, and no hidden files. In
    /// the order of paths.
    pub fn files(&self, fits: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let mut files = self.select(|name| {
            !is_hidden(name) && name.file_name().and_then(|name| name.to_str()).is_some_and(&fits)
        });
        files.retain(|path| !path.is_dir());
        files
    }

    fn select(&self, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
        let names = self.there.iter().filter(|name| wanted(name));
        let mut paths: Vec<PathBuf> = names.map(|name| self.root.join(name)).collect();
        paths.sort_by(|one, other| paths::compare(one, other));
        paths
    }

    /// The text of a file that was uploaded, with what is not UTF-8 replaced; nothing without it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: impl AsRef<Path>) -> Result<Option<String>, Error> {
        let Some(path) = self.find(name).filter(|path| !path.is_dir()) else {
            return Ok(None);
        };
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(source) => Err(Error::Read { path, source }),
        }
    }
}

/// Whether a part of the path begins with a dot.
fn is_hidden(name: &Path) -> bool {
    name.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn application(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("app");
        fs::create_dir(&root).unwrap();
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        (folder, root)
    }

    fn names(paths: &[PathBuf], root: &Path) -> Vec<String> {
        let name = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
        paths.iter().map(name).collect()
    }

    #[test]
    fn later_files_are_not_seen() {
        let (_folder, root) = application(&["a.txt", "b/c.txt", LOG_FILE]);
        let application = Application::new(&root, &Environment::new()).unwrap();
        fs::write(root.join("later"), "").unwrap();
        fs::write(root.join("b/later"), "").unwrap();
        for (name, seen) in [
            ("a.txt", true),
            ("b", true),
            ("b/c.txt", true),
            ("b/../a.txt", true),
            ("", true),
            ("later", false),
            ("b/later", false),
            ("..", false),
            ("../app/a.txt", true),
            ("/etc/passwd", false),
            (LOG_FILE, false),
        ] {
            assert_eq!(application.exists(name), seen, "{name}");
        }
        assert_eq!(names(&application.children(), &root), ["a.txt", "b"]);
        assert_eq!(application.read("b/c.txt").unwrap().as_deref(), Some("b/c.txt"));
        assert_eq!(application.read("b/later").unwrap(), None);
        fs::remove_file(root.join("a.txt")).unwrap();
        assert!(!application.exists("a.txt"));
    }

    #[test]
    fn links_lead_on() {
        let (folder, root) = application(&["real/x.jar"]);
        fs::create_dir(folder.path().join("outside")).unwrap();
        fs::write(folder.path().join("outside/y"), "").unwrap();
        symlink("real", root.join("link")).unwrap();
        symlink("link", root.join("again")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink(".", root.join("self")).unwrap();
        symlink("../outside", root.join("out")).unwrap();
        let application = Application::new(&root, &Environment::new()).unwrap();
        fs::write(root.join("real/later"), "").unwrap();
        for (name, seen) in [
            ("link/x.jar", true),
            ("again/x.jar", true),
            ("link/later", false),
            ("self/self/real/x.jar", true),
            ("self/real/later", false),
            ("loop/x", false),
            ("loop", false),
            ("out/y", true),
            ("out/z", false),
        ] {
            assert_eq!(application.exists(name), seen, "{name}");
        }
        let files = application.files(|name| name.ends_with(".jar"));
        assert_eq!(names(&files, &root), ["real/x.jar"]);
    }

    #[test]
    fn files_are_sorted_and_not_hidden() {
        let files =
            ["b-c/x.groovy", "b/x.groovy", "a.groovy", ".git/y.groovy", ".h.groovy", "b.txt"];
        let (_folder, root) = application(&files);
        fs::create_dir(root.join("dir.groovy")).unwrap();
        let application = Application::new(&root, &Environment::new()).unwrap();
        let found = application.files(|name| name.ends_with(".groovy"));
        assert_eq!(names(&found, &root), ["a.groovy", "b/x.groovy", "b-c/x.groovy"]);
    }

    #[test]
    fn the_platforms_variables() {
        let variables = [
            ("VCAP_APPLICATION", r#"{"application_name": "x"}"#),
            ("VCAP_SERVICES", r#"{"a": [{"name": "s"}]}"#),
            ("PORT", "1"),
        ];
        let environment: Environment =
            variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let application = Application::new(Path::new("/absent"), &environment).unwrap();
        assert_eq!(application.details()["application_name"], "x");
        assert_eq!(application.services().iter().count(), 1);
        assert_eq!(application.environment().keys().collect::<Vec<_>>(), ["PORT"]);
        assert_eq!(application.variables(), &environment);
        let empty = ["VCAP_APPLICATION", "VCAP_SERVICES"].map(|n| (n.to_owned(), String::new()));
        let application = Application::new(Path::new("/absent"), &empty.into()).unwrap();
        assert_eq!(application.services().iter().count(), 0);
        assert!(application.environment().is_empty());
        let broken = [("VCAP_SERVICES".to_owned(), "{".to_owned())].into();
        let error = Application::new(Path::new("/absent"), &broken).unwrap_err();
        assert!(error.to_string().contains("VCAP_SERVICES"));
    }
}
