//! What is asked for, and where it may come from.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use composer::root::Source;
use composer::{Package, Repository, RepositorySet, Root};
use fetch::{Client, Origin};
use php_json::{Object, Value};

use crate::Error;
use crate::installer::Installer;

/// The folder's `composer.json` and all that it names.
pub struct Project {
    /// The folder.
    pub folder: PathBuf,
    /// `composer.json`.
    pub json: Object,
    /// Whether that is another one than in the file.
    pub changed: bool,
    /// The same for the resolver.
    pub root: Root,
    /// What there is to choose from.
    pub repositories: RepositorySet,
    /// Of each repository: where it is. `None` for packages that are written out.
    origins: Vec<Option<Origin>>,
    /// The installer plugin for Composer, where it is there.
    pub installer: Option<Installer>,
    /// Whether a lock says what to install.
    pub locked: bool,
}

impl Project {
    /// Reads `composer.json`, and the lock if there is one and it is to count; else fetches the
    /// repositories side by side.
    pub fn read(
        folder: &Path,
        heed_lock: bool,
        client: &Client,
        env: &dyn Fn(&str) -> Option<String>,
        say: &dyn Fn(&str),
    ) -> Result<Self, Error> {
        let path = folder.join("composer.json");
        let text = std::fs::read_to_string(&path).map_err(Error::local("read", &path))?;
        let json = object("composer.json", &text)?;
        let root = Root::parse(&text).map_err(Error::Root)?;
        if root.packagist {
            say("NOTICE: packagist.org is not asked; platform packages are not there.");
        }
        let lock = if heed_lock { read_lock(folder)? } else { None };

        let mut origins = Vec::new();
        let mut installer = None;
        for declared in &root.repositories {
            let origin = match &declared.source {
                Source::Composer { url } => {
                    let fetched = |source| Error::Fetch { url: fetch::show(url), source };
                    Some(Origin::parse(url, folder, env).map_err(fetched)?)
                }
                Source::Path { url } => {
                    installer = Installer::find(&folder.join(url), url)?;
                    None
                }
                Source::Package { .. } => None,
                Source::Other { kind, url } => {
                    return Err(Error::RepositoryKind {
                        kind: kind.clone(),
                        url: fetch::show(url),
                    });
                }
            };
            origins.push(origin);
        }
        if let Some(lock) = lock {
            let hash = lock.get("content-hash").and_then(Value::as_str);
            if hash != Some(crate::content_hash::of(&json).as_str()) {
                say(
                    "WARNING: composer.lock is not up to date with composer.json. What it says is \
                     installed; remove it to resolve anew.",
                );
            }
            let repositories = locked_packages(&lock)?;
            let folder = folder.to_owned();
            let project = Self {
                folder,
                json,
                changed: false,
                root,
                repositories,
                origins,
                installer,
                locked: true,
            };
            return Ok(project);
        }
        let documents = fetch_all(&origins, client, tool::max_index_of(env))?;
        let mut repositories = Vec::new();
        for (declared, document) in root.repositories.iter().zip(documents) {
            let filter = declared.filter.clone();
            let invalid = |url: &str| {
                let url = fetch::show(url);
                move |source| Error::Repository { url, source }
            };
            repositories.push(match &declared.source {
                Source::Composer { url } => {
                    let text = document.unwrap_or_default();
                    let name = format!("composer repo ({})", fetch::show(url));
                    Repository::composer(&name, text, filter).map_err(invalid(url))?
                }
                Source::Path { url } => {
                    let name = format!("path repo ({url})");
                    match &installer {
                        Some(installer) => Repository::path(&name, installer.text.clone(), filter),
                        None => Repository::inline(&name, "[]".to_owned(), filter),
                    }
                    .map_err(invalid(url))?
                }
                Source::Package { json } => {
                    Repository::inline("package repo", json.clone(), filter)
                        .map_err(invalid("composer.json"))?
                }
                Source::Other { url, kind } => {
                    return Err(Error::RepositoryKind {
                        kind: kind.clone(),
                        url: fetch::show(url),
                    });
                }
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            json,
            changed: false,
            root,
            repositories: RepositorySet::new(repositories),
            origins,
            installer,
            locked: false,
        })
    }
}

impl Project {
    /// The repositories that a package may be of. A lock does not say: any of them, then.
    pub fn origins_of(&self, package: &Package) -> Vec<&Origin> {
        let origins = match self.locked {
            true => &self.origins[..],
            false => {
                let at = package.origin.repository;
                self.origins.get(at..=at).unwrap_or_default()
            }
        };
        origins.iter().flatten().collect()
    }
}

/// Reads a JSON object.
pub fn object(name: &str, text: &str) -> Result<Object, Error> {
    match php_json::parse(text.as_bytes()) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(Error::Package {
            package: name.to_owned(),
            problem: format!("expected an object, found {}", other.kind()),
        }),
        Err(source) => Err(Error::Json { name: name.to_owned(), source }),
    }
}

fn read_lock(folder: &Path) -> Result<Option<Object>, Error> {
    let path = folder.join("composer.lock");
    match std::fs::read_to_string(&path) {
        Ok(text) => object("composer.lock", &text).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::local("read", path)(error)),
    }
}

/// The packages of a lock, as the only ones there are.
fn locked_packages(lock: &Object) -> Result<RepositorySet, Error> {
    let mut packages = Vec::new();
    for key in ["packages", "packages-dev"] {
        if let Some(Value::List(list)) = lock.get(key) {
            packages.extend(list.iter().cloned());
        }
    }
    let text = php_json::to_compact(&Value::List(packages));
    let repository = Repository::inline("lock file", text, composer::Filter::default())
        .map_err(|source| Error::Repository { url: "composer.lock".to_owned(), source })?;
    Ok(RepositorySet::new(vec![repository]))
}

fn fetch_all(
    origins: &[Option<Origin>],
    client: &Client,
    limit: u64,
) -> Result<Vec<Option<String>>, Error> {
    store::parallel::map(client.connections(), origins, |origin| {
        let Some(origin) = origin else { return Ok(None) };
        let url = || origin.index().shown();
        let bytes = client
            .document(origin.index(), limit)
            .map_err(|source| Error::Fetch { url: url(), source })?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Error::Package {
                package: url(),
                problem: "it is not UTF-8, and so not JSON".to_owned(),
            }),
        }
    })
}
