//! The `composer.json` of a project: what it requires, and from where.

mod flags;
mod read;

use std::collections::HashMap;
use std::sync::Arc;

use crate::package::Link;
use crate::repository::Filter;
use crate::version::{Stability, Version};

pub use read::Invalid;

/// A project, as far as it matters for the resolver.
#[derive(Debug, Clone, Default)]
pub struct Root {
    /// The name, in lower case; `__root__` where it has none.
    pub name: Arc<str>,
    /// The name as written.
    pub pretty_name: String,
    /// Its version, as written, where there is one.
    pub version: Option<String>,
    /// What it requires, in order.
    pub requires: Vec<Link>,
    /// What it requires for development, in order.
    pub dev_requires: Vec<Link>,
    /// What it provides.
    pub provides: Vec<Link>,
    /// What it replaces.
    pub replaces: Vec<Link>,
    /// What it conflicts with.
    pub conflicts: Vec<Link>,
    /// How unstable a package may be that no flag names.
    pub minimum_stability: Stability,
    /// Whether a stable version is preferred to a higher one that is not.
    pub prefer_stable: bool,
    /// How unstable a package may be, by name. [`Root::require`] and [`Root::parse`] keep these.
    pub stability_flags: HashMap<Arc<str>, Stability>,
    /// Versions that count as others: `require: "dev-main as 1.0"`.
    pub aliases: Vec<Alias>,
    /// The repositories, the most important first.
    pub repositories: Vec<Declared>,
    /// Whether packagist.org is among the repositories (as the last).
    pub packagist: bool,
}

/// `version as alias` in a requirement of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The package.
    pub package: Arc<str>,
    /// The version, in its normal form.
    pub version: String,
    /// What it counts as, as written.
    pub alias: String,
    /// What it counts as, in its normal form.
    pub normalized: Version,
}

/// A repository as it stands in a `composer.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// What it is.
    pub source: Source,
    /// Which of its packages count.
    pub filter: Filter,
}

/// What a repository is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A `packages.json` at a URL (or below it).
    Composer {
        /// The URL.
        url: String,
    },
    /// A folder with a package in it.
    Path {
        /// The folder.
        url: String,
    },
    /// Packages written where they are declared.
    Package {
        /// Their JSON: one package or a list.
        json: String,
    },
    /// Of a type that cannot be read here (`vcs`, `artifact`, …).
    Other {
        /// The type.
        kind: String,
        /// The URL, if any.
        url: String,
    },
}

impl Root {
    /// Reads a `composer.json`.
    ///
    /// # Errors
    /// Where Composer would not load it.
    pub fn parse(text: &str) -> Result<Root, Invalid> {
        read::root(text)
    }

    /// Adds a requirement (`--no-dev` decides over those for development), with the flags and
    /// aliases in its constraint.
    ///
    /// # Errors
    /// Where an alias is none.
    pub fn require(&mut self, name: &str, constraint: &str, dev: bool) -> Result<(), Invalid> {
        let constraint = self.own_version_for(constraint).into();
        let link = Link { target: name.to_ascii_lowercase().into(), constraint };
        flags::note(self, &link)?;
        let list = if dev { &mut self.dev_requires } else { &mut self.requires };
        match list.iter_mut().find(|known| known.target == link.target) {
            Some(known) => *known = link,
            None => list.push(link),
        }
        Ok(())
    }

    /// `self.version` in a requirement is the project's version.
    fn own_version_for<'t>(&'t self, constraint: &'t str) -> &'t str {
        match constraint {
            "self.version" => self.version.as_deref().unwrap_or("1.0.0"),
            _ => constraint,
        }
    }

    fn read_own_version(&mut self) {
        let own: Arc<str> = self.own_version_for("self.version").into();
        for link in self.requires.iter_mut().chain(&mut self.dev_requires) {
            if &*link.constraint == "self.version" {
                link.constraint = Arc::clone(&own);
            }
        }
    }

    /// All requirements. What is required for development, too, counts with that constraint.
    pub fn all_requires(&self) -> Vec<&Link> {
        let mut all: Vec<&Link> = self.requires.iter().collect();
        for link in &self.dev_requires {
            match all.iter_mut().find(|known| known.target == link.target) {
                Some(known) => *known = link,
                None => all.push(link),
            }
        }
        all
    }
}
