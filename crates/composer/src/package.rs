//! One version of a package, as the resolver sees it.

mod quick;
mod read;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::version::{self, Stability, Version};

pub use read::Invalid;
pub(crate) use read::{Strictness, Strings, links};

/// One version of a package.
#[derive(Debug, Clone)]
pub struct Package {
    /// The name, in lower case.
    pub name: Arc<str>,
    /// The name as written.
    pub pretty_name: String,
    /// The normal form of the version.
    pub version: Version,
    /// The version as written: `8.3.4+build2`.
    pub pretty_version: String,
    /// How stable the version is.
    pub stability: Stability,
    /// The type, in lower case: `heroku-sys-php`, `metapackage`; `library` where it has none.
    pub kind: String,
    /// What it requires.
    pub requires: Vec<Link>,
    /// What it cannot be installed with.
    pub conflicts: Vec<Link>,
    /// What else it counts as.
    pub provides: Vec<Link>,
    /// What it stands for, and so cannot be installed with.
    pub replaces: Vec<Link>,
    /// Where its files come from. A metapackage has none.
    pub dist: Option<Dist>,
    /// The version that this branch also counts as (normal form, as written).
    pub branch_alias: Option<(Version, String)>,
    /// Whether this is the branch that a repository calls its default one.
    pub default_branch: bool,
    /// Where it was found.
    pub origin: Origin,
    document: Document,
}

/// The place of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The repository, by its place in the [`RepositorySet`](crate::RepositorySet).
    pub repository: usize,
    /// The place in that repository, counted from 0.
    pub position: usize,
}

/// A relation to another package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The other one's name, in lower case.
    pub target: Arc<str>,
    /// The constraint as written; `self.version` may be one.
    pub constraint: Arc<str>,
}

/// Where the files of a package come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dist {
    /// The type: `heroku-sys-tar`.
    pub kind: String,
    /// The URL.
    pub url: String,
    /// What version of the files it is, where that is said.
    pub reference: Option<String>,
    /// The SHA-1 of the archive, where that is said and not empty.
    pub shasum: Option<String>,
}

/// The text of a package in the text that it came in.
#[derive(Clone)]
pub(crate) struct Document {
    pub text: Arc<String>,
    pub range: Range<usize>,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text[self.range.clone()])
    }
}

impl Package {
    /// A package that stands in no repository, without links: PHP itself, the project.
    ///
    /// # Errors
    /// Where the version is none.
    pub fn platform(name: &str, version: &str) -> Result<Package, version::Invalid> {
        let json = serde_json::json!({ "name": name, "version": version }).to_string();
        let normalized = version::normalize(version)?;
        Ok(Package {
            name: name.to_ascii_lowercase().into(),
            pretty_name: name.to_owned(),
            stability: Stability::of(&normalized),
            version: Version::new(&normalized),
            pretty_version: version.to_owned(),
            kind: "library".to_owned(),
            requires: Vec::new(),
            conflicts: Vec::new(),
            provides: Vec::new(),
            replaces: Vec::new(),
            dist: None,
            branch_alias: None,
            default_branch: false,
            origin: Origin { repository: usize::MAX, position: 0 },
            document: Document { range: 0..json.len(), text: Arc::new(json) },
        })
    }

    /// The JSON that the package was read from, whole, as it stood there.
    pub fn json(&self) -> &str {
        &self.document.text[self.document.range.clone()]
    }

    /// `extra`, with its keys in the order of the alphabet; null where there is none. (For their
    /// own order, read [`Package::json`].)
    pub fn extra(&self) -> serde_json::Value {
        let mut package: serde_json::Value = serde_json::from_str(self.json()).unwrap_or_default();
        package["extra"].take()
    }

    /// Name and version, as Composer shows them: `heroku-sys/php 8.3.4`.
    pub fn pretty(&self) -> String {
        format!("{} {}", self.pretty_name, self.pretty_version)
    }

    /// The names it answers to: its own, what it provides and what it replaces, each once.
    pub fn names(&self, with_provided: bool) -> Vec<&Arc<str>> {
        let provided = if with_provided { &self.provides[..] } else { &[] };
        let mut seen = HashSet::new();
        let others = provided.iter().chain(&self.replaces).map(|link| &link.target);
        std::iter::once(&self.name).chain(others).filter(|name| seen.insert(*name)).collect()
    }
}
