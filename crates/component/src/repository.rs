//! Repositories of dependencies: an `index.yml` that says where which version is.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::application::Environment;
use crate::cache::{self, Downloads};
use crate::console::Console;
use crate::value::{Map, Value};
use crate::version::{self, Version};
use crate::yaml;

/// Why there is no dependency.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration names no repository.
    #[error(
        "A repository root must be specified as a key-value pair of 'repository_root' to the URI of the repository."
    )]
    NoRoot,
    /// The configuration's version is none.
    #[error(transparent)]
    Version(#[from] version::Error),
    /// The configuration's version is neither a text nor a number.
    #[error("The version must be a text such as 1.8.0_+, not {0}")]
    VersionType(String),
    /// The index or the archive cannot be had.
    #[error(transparent)]
    Download(#[from] cache::Error),
    /// The index cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The index is not one.
    #[error("{uri} is not a repository index: {detail}")]
    Index {
        /// Its address, without secrets.
        uri: String,
        /// What is wrong.
        detail: String,
    },
    /// No version of the index fits.
    #[error("No version resolvable for '{version}' in {}", versions.join(", "))]
    NoVersion {
        /// What was asked for.
        version: String,
        /// What there is.
        versions: Vec<String>,
    },
    /// Neither the machine nor `JBP_PLATFORM` says what platform this is.
    #[error("Unable to determine platform")]
    Platform,
}

/// A dependency of a certain version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The version.
    pub version: Version,
    /// Where its archive is.
    pub uri: String,
}

/// Finds dependencies.
pub struct Repositories {
    buildpack: PathBuf,
    default_root: String,
    environment: Environment,
    console: Console,
}

impl Repositories {
    /// For the buildpack in a folder; `settings` is its configuration `repository`.
    #[must_use]
    pub fn new(
        buildpack: &Path,
        settings: &Map,
        environment: &Environment,
        console: Console,
    ) -> Self {
        let root = settings.get("default_repository_root").map(ToString::to_string);
        let root = root.unwrap_or_default();
        let default_root = root.strip_suffix('/').unwrap_or(&root).to_owned();
        Self {
            buildpack: buildpack.to_owned(),
            default_root,
            environment: environment.clone(),
            console,
        }
    }

    /// The dependency that a component's configuration asks for. `check` may refuse what the
    /// component cannot use.
    ///
    /// # Errors
    /// When the configuration is not valid, the index cannot be had, or has nothing that fits.
    pub fn find_item(
        &self,
        configuration: &Map,
        downloads: &Downloads,
        check: &dyn Fn(&Version) -> Result<(), version::Error>,
    ) -> Result<Item, Error> {
        let root = configuration.get("repository_root").ok_or(Error::NoRoot)?.to_string();
        let wanted = match configuration.get("version") {
            None | Some(Value::Null) => Version::pattern(None)?,
            Some(value) => {
                let text = value.written().ok_or_else(|| Error::VersionType(value.to_string()))?;
                Version::pattern(Some(text))?
            }
        };
        check(&wanted)?;
        let root = self.canonical(&root)?;
        let uri = format!("{root}/index.yml");
        let cached = downloads.get(&uri)?;
        let text = fs::read(&cached.path)
            .map_err(|source| Error::Read { path: cached.path.clone(), source })?;
        let index = Index::parse(&uri, &String::from_utf8_lossy(&text))?;
        self.resolve(&index, &wanted, &root)
    }

    fn resolve(&self, index: &Index, wanted: &Version, root: &str) -> Result<Item, Error> {
        let mut versions = Vec::new();
        for (text, _) in &index.0 {
            match Version::parse(text) {
                Ok(version) => versions.push(version),
                Err(error) => {
                    let message = format!("Discarding illegal version {text}: {error}");
                    self.console.warn("VersionResolver", &message);
                }
            }
        }
        let found = wanted.highest(&versions).ok_or_else(|| Error::NoVersion {
            version: wanted.to_string(),
            versions: index.0.iter().map(|(text, _)| text.clone()).collect(),
        })?;
        let uri = index.0.iter().find(|(text, _)| text == found.as_str()).map(|(_, uri)| uri);
        let uri = uri.cloned().unwrap_or_default();
        // Beside its index an archive may lie in the repository itself.
        let uri = if uri.contains("://") { uri } else { format!("{root}/{uri}") };
        Ok(Item { version: found.clone(), uri })
    }

    /// The root with its variables filled in and without a slash at its end.
    fn canonical(&self, root: &str) -> Result<String, Error> {
        let mut root = root.replace("{default.repository.root}", &self.default_root);
        if root.contains("{buildpack}") {
            root = root.replace("{buildpack}", &encoded(&self.buildpack));
        }
        if root.contains("{platform}") {
            root = root.replace("{platform}", &self.platform()?);
        }
        if root.contains("{architecture}") {
            let machine = rustix::system::uname().machine().to_string_lossy().into_owned();
            root = root.replace("{architecture}", &machine);
        }
        Ok(root.strip_suffix('/').unwrap_or(&root).to_owned())
    }

    fn platform(&self) -> Result<String, Error> {
        if let Some(platform) = self.environment.get("JBP_PLATFORM").filter(|p| !p.is_empty()) {
            return Ok(platform.clone());
        }
        if let Ok(text) = fs::read_to_string("/etc/redhat-release") {
            return redhat(&text).ok_or(Error::Platform);
        }
        if std::env::consts::OS == "macos" {
            return Ok("mountainlion".to_owned());
        }
        let release = fs::read_to_string("/etc/os-release").map_err(|_| Error::Platform)?;
        codename(&release).ok_or(Error::Platform)
    }
}

/// A path as an address writes it.
fn encoded(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte));
            }
            _ => text += &format!("%{byte:02X}"),
        }
    }
    text
}

/// `centos7` of `CentOS Linux release 7.9.2009 (Core)`.
fn redhat(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "release")?;
    let digits = |word: &&str| word.chars().take_while(char::is_ascii_digit).collect::<String>();
    let major = words.get(at + 1).map(digits).filter(|major| !major.is_empty())?;
    let name = words[..at].iter().rev().find(|word| **word != "Linux")?;
    Some(format!("{}{major}", name.to_lowercase()))
}

/// `jammy` of `VERSION_CODENAME=jammy`.
fn codename(text: &str) -> Option<String> {
    let lines = text.lines();
    let values: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once('=')).collect();
    let name = values.get("VERSION_CODENAME")?.trim_matches('"');
    (!name.is_empty()).then(|| name.to_owned())
}

/// Versions and addresses, in their order.
struct Index(Vec<(String, String)>);

impl Index {
    fn parse(uri: &str, text: &str) -> Result<Self, Error> {
        let wrong = |detail: String| Error::Index { uri: crate::text::sanitize(uri), detail };
        match yaml::parse(text) {
            Ok(Some(Value::Map(map))) => {
                let entry = |(key, value): (&Value, &Value)| match (key.written(), value) {
                    (Some(key), Value::Text(uri)) => Ok((key.to_owned(), uri.clone())),
                    _ => Err(wrong(format!("'{key}' has no address"))),
                };
                map.iter().map(entry).collect::<Result<_, _>>().map(Self)
            }
            Ok(_) => Err(wrong("it must hold versions and addresses".to_owned())),
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::tests::kept;

    fn repositories(platform: &str) -> (Repositories, crate::console::tests::Kept) {
        let (console, _, log) = kept(false);
        let settings = yaml::parse("default_repository_root: http://h/root/").unwrap().unwrap();
        let environment = [("JBP_PLATFORM".to_owned(), platform.to_owned())].into();
        let buildpack = Path::new("/a b/java");
        (Repositories::new(buildpack, settings.as_map().unwrap(), &environment, console), log)
    }

    #[test]
    fn roots() {
        let (repositories, _) = repositories("jammy");
        let machine = rustix::system::uname().machine().to_string_lossy().into_owned();
        for (root, expected) in [
            (
                "{default.repository.root}/openjdk/{platform}/{architecture}",
                format!("http://h/root/openjdk/jammy/{machine}"),
            ),
            ("http://x/y/", "http://x/y".to_owned()),
            ("file:///a/{platform}", "file:///a/jammy".to_owned()),
            ("file://{buildpack}/repository", "file:///a%20b/java/repository".to_owned()),
        ] {
            assert_eq!(repositories.canonical(root).unwrap(), expected);
        }
    }

    #[test]
    fn platforms() {
        assert_eq!(redhat("CentOS Linux release 7.9.2009 (Core)").unwrap(), "centos7");
        assert_eq!(redhat("Fedora release 40 (Forty)").unwrap(), "fedora40");
        assert_eq!(redhat("nonsense"), None);
        assert_eq!(codename("NAME=x\nVERSION_CODENAME=jammy\n").unwrap(), "jammy");
        assert_eq!(codename("NAME=x\n"), None);
    }

    #[test]
    fn the_highest_that_fits() {
        let (repositories, log) = repositories("x");
        let text = "1.8.0_192: http://h/a\n1.8.0_412: http://h/b\n11: http://h/c\n1.0: http://h/d\n11.0.1: e.tar.gz\n";
        let index = Index::parse("http://h/index.yml", text).unwrap();
        let find = |pattern: &str| {
            let wanted = Version::pattern(Some(pattern)).unwrap();
            repositories.resolve(&index, &wanted, "s3://b/p").map(|item| item.uri)
        };
        assert_eq!(find("1.8.+").unwrap(), "http://h/b");
        assert_eq!(find("1.8.0_1+").unwrap(), "http://h/a");
        assert_eq!(find("+").unwrap(), "s3://b/p/e.tar.gz");
        assert_eq!(
            find("1.9.+").unwrap_err().to_string(),
            "No version resolvable for '1.9.+' in 1.8.0_192, 1.8.0_412, 11, 1.0, 11.0.1"
        );
        assert!(log.text().contains("WARN  Discarding illegal version 11: Invalid version '11'"));
    }

    #[test]
    fn what_is_no_index() {
        for text in ["", "<html>", "- a", "1.0.0: [x]", "{", "a: b: c"] {
            assert!(Index::parse("http://u:p@h/index.yml", text).is_err_and(|error| {
                error.to_string().starts_with("http://h/index.yml is not a repository index: ")
            }));
        }
    }
}
