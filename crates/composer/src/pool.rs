//! The candidates: all package versions that the resolver may choose from, each with a number.
//!
//! The number decides among equals, so the order in which candidates get here is part of the
//! result.

mod build;
mod optimize;

use std::cell::{OnceCell, RefCell};
use std::hash::BuildHasherDefault;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use crate::hash::{Map, Set};
use crate::package::{Link, Package};
use crate::terms::{Name, Term, Terms};
use crate::version::{DEFAULT_BRANCH, Stability, Version};
use crate::{Constraint, constraint};

pub use build::BuildError;
pub(crate) use build::{Builder, is_platform};

/// A candidate, by its place in the pool.
pub(crate) type Id = usize;

/// A link of a candidate.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub target: Name,
    pub term: Term,
    /// As the link is shown: `self.version` stays that, where the constraint is a version.
    pub pretty: Arc<str>,
}

/// A package version, or an alias of one.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub package: Arc<Package>,
    pub name: Name,
    pub version: Version,
    pub pretty_version: Arc<str>,
    pub stability: Stability,
    /// The candidate that this one is an alias of.
    pub alias_of: Option<Id>,
    /// Whether the project asked for the alias.
    pub root_alias: bool,
    /// Whether it is there already and must stay.
    pub fixed: bool,
    pub links: Rc<Links>,
    /// Whether it is an alias that requires other packages in its own version.
    pub requires_self_version: bool,
}

/// What a candidate says about others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    pub requires: Vec<Relation>,
    pub conflicts: Vec<Relation>,
    pub provides: Vec<Relation>,
    pub replaces: Vec<Relation>,
    /// Other names, each once: what is replaced, and then what is only provided.
    names: Vec<Name>,
    /// How many of these are replaced.
    replaced: usize,
}

impl Links {
    fn with_names(mut self, name: Name) -> Rc<Links> {
        let most = self.replaces.len() + self.provides.len();
        let mut seen = Set::with_capacity_and_hasher(most, BuildHasherDefault::default());
        let mut is_new = |target: &Name| *target != name && seen.insert(*target);
        self.names.reserve_exact(most);
        let replaced = self.replaces.iter().map(|link| link.target);
        self.names.extend(replaced.filter(&mut is_new));
        self.replaced = self.names.len();
        let provided = self.provides.iter().map(|link| link.target);
        self.names.extend(provided.filter(&mut is_new));
        Rc::new(self)
    }
}

impl Deref for Candidate {
    type Target = Links;

    fn deref(&self) -> &Links {
        &self.links
    }
}

/// A constraint of a package that is none.
#[derive(Debug, thiserror::Error)]
#[error("{package}: {target}")]
pub struct BadConstraint {
    /// The package, with its version.
    pub package: String,
    /// The package that it links to.
    pub target: String,
    /// What is wrong with the constraint.
    pub source: constraint::Invalid,
}

impl Candidate {
    pub(crate) fn new(package: Arc<Package>, terms: &mut Terms) -> Result<Self, BadConstraint> {
        let own_version: Arc<str> = package.pretty_version.as_str().into();
        let mut relations = |links: &[Link]| -> Result<Vec<Relation>, BadConstraint> {
            let mut relations = Vec::with_capacity(links.len());
            for link in links {
                let text = if &*link.constraint == "self.version" {
                    &own_version
                } else {
                    &link.constraint
                };
                let term = terms.term(text).map_err(|source| BadConstraint {
                    package: package.pretty(),
                    target: link.target.to_string(),
                    source,
                })?;
                let target = terms.name(&link.target);
                relations.push(Relation { target, term, pretty: Arc::clone(&link.constraint) });
            }
            Ok(relations)
        };
        let links = Links {
            requires: relations(&package.requires)?,
            conflicts: relations(&package.conflicts)?,
            provides: relations(&package.provides)?,
            replaces: relations(&package.replaces)?,
            ..Links::default()
        };
        let name = terms.name(&package.name);
        let links = links.with_names(name);
        Ok(Candidate {
            name,
            version: package.version.clone(),
            pretty_version: own_version,
            stability: package.stability,
            alias_of: None,
            root_alias: false,
            fixed: false,
            links,
            requires_self_version: false,
            package,
        })
    }

    /// The same package under another version. (`alias_of` is up to the caller.)
    pub(crate) fn alias(&self, version: Version, pretty: &str, terms: &mut Terms) -> Self {
        let pretty: Arc<str> = pretty.into();
        // The alias of a default branch is not shown.
        let shown = if &*pretty == DEFAULT_BRANCH { &self.pretty_version } else { &pretty };
        let term = terms.push(Constraint::exactly(version.clone()), Arc::clone(shown));
        let is_self = |link: &&Relation| &*link.pretty == "self.version";
        let again =
            |link: &Relation| Relation { target: link.target, term, pretty: Arc::clone(shown) };
        let more = |links: &[Relation]| -> Vec<Relation> {
            let added = links.iter().filter(is_self).map(again);
            links.iter().cloned().chain(added).collect()
        };
        let requires_self_version = self.requires.iter().any(|link| is_self(&link));
        let requires = self.requires.iter();
        let links = Links {
            requires: requires
                .map(|link| if is_self(&link) { again(link) } else { link.clone() })
                .collect(),
            conflicts: more(&self.conflicts),
            provides: more(&self.provides),
            replaces: more(&self.replaces),
            ..Links::default()
        };
        Candidate {
            stability: Stability::of(version.as_str()),
            version,
            pretty_version: Arc::clone(&pretty),
            links: links.with_names(self.name),
            requires_self_version,
            ..self.clone()
        }
    }

    /// Its name, what it provides and what it replaces, each once.
    pub(crate) fn names(&self) -> impl Iterator<Item = Name> + '_ {
        std::iter::once(self.name).chain(self.links.names.iter().copied())
    }

    /// Its name and what it replaces, each once.
    pub(crate) fn own_names(&self) -> impl Iterator<Item = Name> + '_ {
        std::iter::once(self.name).chain(self.links.names[..self.links.replaced].iter().copied())
    }

    /// Name and version, as they are shown.
    pub(crate) fn pretty(&self) -> String {
        format!("{} {}", self.package.pretty_name, self.pretty_version)
    }

    pub(crate) fn is_alias(&self) -> bool {
        self.alias_of.is_some()
    }

    /// Whether it is the alias that a default branch gets by itself.
    pub(crate) fn is_default_branch_alias(&self) -> bool {
        self.is_alias() && &*self.pretty_version == DEFAULT_BRANCH
    }

    /// Whether it counts as `name` in a version that is allowed.
    fn answers(&self, name: Name, constraint: &Constraint, terms: &Terms) -> bool {
        if self.name == name {
            return constraint.allows(&self.version);
        }
        self.provides
            .iter()
            .chain(self.replaces.iter())
            .any(|link| link.target == name && constraint.matches(terms.constraint(link.term)))
    }
}

/// Who answers to a name in a version that a constraint allows.
type Providers = Map<(Name, Term), Rc<[Id]>>;

/// All candidates.
#[derive(Debug)]
pub(crate) struct Pool {
    pub candidates: Vec<Candidate>,
    pub terms: Terms,
    by_name: OnceCell<Vec<Vec<Id>>>,
    providers: RefCell<Providers>,
    /// What the optimizer has taken out, for explanations.
    pub removed: optimize::Removed,
}

impl Pool {
    pub(crate) fn new(candidates: Vec<Candidate>, terms: Terms) -> Pool {
        Pool {
            candidates,
            terms,
            by_name: OnceCell::new(),
            providers: RefCell::default(),
            removed: optimize::Removed::default(),
        }
    }

    fn index(&self) -> Vec<Vec<Id>> {
        let mut by_name = vec![Vec::new(); self.terms.name_count()];
        for (id, candidate) in self.candidates.iter().enumerate() {
            for name in candidate.names() {
                by_name[name.index()].push(id);
            }
        }
        by_name
    }

    /// The candidates that count as a package, in an allowed version.
    pub(crate) fn what_provides(&self, name: Name, term: Term) -> Rc<[Id]> {
        if let Some(found) = self.providers.borrow().get(&(name, term)) {
            return Rc::clone(found);
        }
        let constraint = self.terms.constraint(term);
        let candidates = self
            .by_name
            .get_or_init(|| self.index())
            .get(name.index())
            .map_or(&[][..], Vec::as_slice);
        let found: Rc<[Id]> = candidates
            .iter()
            .copied()
            .filter(|id| self.candidates[*id].answers(name, constraint, &self.terms))
            .collect();
        self.providers.borrow_mut().insert((name, term), Rc::clone(&found));
        found
    }
}
