//! Repositories: what packages there are, and which repository decides.

mod read;
mod scan;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::hash::Texts;
use crate::package::{self, Origin, Package, Strictness, Strings};

pub use read::Invalid;

/// The type of a repository in a `composer.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `composer`: a `packages.json`.
    Composer,
    /// `package`: packages written into `composer.json`.
    Package,
    /// `path`: a folder with a `composer.json` of its own.
    Path,
}

/// Which packages of a repository count, and whether it has the last word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Whether no later repository is asked for a name that this one knows.
    pub canonical: bool,
    /// Only these names, where there are any. `*` stands for any text.
    pub only: Vec<String>,
    /// All names but these.
    pub exclude: Vec<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Filter { canonical: true, only: Vec::new(), exclude: Vec::new() }
    }
}

impl Filter {
    /// Whether packages of this name count.
    pub fn allows(&self, name: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, name));
        if self.only.is_empty() { !any(&self.exclude) } else { any(&self.only) }
    }
}

/// Whether a name fits a pattern with `*`; capitals do not matter.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

/// The packages of one repository. They are read when the resolver gets to their name, so that a
/// long list of others costs little.
#[derive(Debug)]
pub struct Repository {
    name: String,
    kind: Kind,
    filter: Filter,
    text: Arc<String>,
    strings: Mutex<Strings>,
    entries: Vec<Entry>,
    by_name: Texts<Vec<usize>>,
}

#[derive(Debug)]
struct Entry {
    /// Where its text begins.
    start: usize,
    package: OnceLock<Arc<Package>>,
}

/// A package of a repository that Composer would not load.
#[derive(Debug, thiserror::Error)]
#[error("{repository}: {package}")]
pub struct BadPackage {
    /// The repository's name.
    pub repository: String,
    /// The package's name.
    pub package: String,
    /// What is wrong with it.
    pub source: package::Invalid,
}

impl Repository {
    /// How the repository is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which of its packages count.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// How many packages there are, each version counted.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The names of its packages, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(|name| &**name)
    }

    /// The places of the packages of a name, if the filter lets them pass.
    fn places(&self, name: &str) -> &[usize] {
        match self.by_name.get(name) {
            Some(places) if self.filter.allows(name) => places,
            _ => &[],
        }
    }

    fn package(&self, repository: usize, position: usize) -> Result<&Arc<Package>, BadPackage> {
        let entry = &self.entries[position];
        if let Some(package) = entry.package.get() {
            return Ok(package);
        }
        let strictness = match self.kind {
            Kind::Composer => Strictness::Composer,
            Kind::Package => Strictness::Package,
            Kind::Path => Strictness::Path,
        };
        let origin = Origin { repository, position };
        // A thread that panicked left nothing half done here.
        let mut strings = self.strings.lock().unwrap_or_else(PoisonError::into_inner);
        let package = Package::read(&self.text, entry.start, origin, strictness, &mut strings)
            .map_err(|source| BadPackage {
                repository: self.name.clone(),
                package: self.name_at(position),
                source,
            })?;
        Ok(entry.package.get_or_init(|| Arc::new(package)))
    }

    fn name_at(&self, position: usize) -> String {
        let found = self.by_name.iter().find(|(_, places)| places.contains(&position));
        found.map_or_else(|| format!("package {position}"), |(name, _)| name.to_string())
    }
}

/// The repositories of a `composer.json`, the most important first.
#[derive(Debug, Default)]
pub struct RepositorySet {
    repositories: Vec<Repository>,
}

impl RepositorySet {
    /// A set of these, the most important first.
    pub fn new(repositories: Vec<Repository>) -> RepositorySet {
        RepositorySet { repositories }
    }

    /// The repositories.
    pub fn repositories(&self) -> &[Repository] {
        &self.repositories
    }

    /// All packages of a name in one repository, in their order there.
    ///
    /// # Errors
    /// Where one cannot be loaded.
    pub fn packages(&self, repository: usize, name: &str) -> Result<Vec<Arc<Package>>, BadPackage> {
        let found = &self.repositories[repository];
        let places = found.places(name).iter();
        places.map(|place| found.package(repository, *place).cloned()).collect()
    }

    /// All packages of some names in one repository, in their order there.
    ///
    /// # Errors
    /// Where one cannot be loaded.
    pub fn packages_of<'n>(
        &self,
        repository: usize,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Vec<&Arc<Package>>, BadPackage> {
        let found = &self.repositories[repository];
        let mut places: Vec<usize> = names.flat_map(|name| found.places(name)).copied().collect();
        places.sort_unstable();
        places.into_iter().map(|place| found.package(repository, place)).collect()
    }
}
