//! Collecting the candidates: from what the project requires, on to what that requires.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use super::{BadConstraint, Candidate, Id, Pool};
use crate::constraint;
use crate::hash::{Map, Set};
use crate::package::{Origin, Package};
use crate::repository::BadPackage;
use crate::root::Root;
use crate::terms::{Name, Term, Terms};
use crate::version::{Stability, Version};
use crate::{Constraint, RepositorySet};

/// What keeps candidates from being collected.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A package that cannot be loaded.
    #[error(transparent)]
    Package(#[from] BadPackage),
    /// A link of a package that says nothing.
    #[error(transparent)]
    Constraint(#[from] BadConstraint),
    /// A requirement of the project that says nothing.
    #[error("composer.json: {name}")]
    Requirement {
        /// What is required.
        name: String,
        /// What is wrong with the constraint.
        source: constraint::Invalid,
    },
}

/// Stands for the candidate that an alias belongs to, until all are there.
const UNKNOWN: Id = Id::MAX;

/// Builds a pool.
pub(crate) struct Builder<'r> {
    root: &'r Root,
    repositories: &'r RepositorySet,
    terms: Terms,
    candidates: Vec<Candidate>,
    /// The requirements of the project.
    requires: Vec<(Name, Term)>,
    /// What of a package is loaded or about to be.
    loaded: Map<Name, Constraint>,
    to_load: Map<Name, Constraint>,
    /// Names that the project requires: no dependency makes more of them be loaded.
    complete: Set<Name>,
    /// Locked packages and what they replace.
    locked: Set<Name>,
    /// Links that need not be looked at again.
    marked: Set<(Name, Term)>,
    /// Names of which a repository has given versions.
    asked: Set<(usize, Name)>,
    /// Where the package of an origin is in the pool, and whose aliases are where.
    places: Map<Origin, Id>,
    aliases: Vec<(Id, Origin)>,
}

impl<'r> Builder<'r> {
    pub(crate) fn new(root: &'r Root, repositories: &'r RepositorySet) -> Result<Self, BuildError> {
        let mut builder = Builder {
            root,
            repositories,
            terms: Terms::default(),
            candidates: Vec::new(),
            requires: Vec::new(),
            loaded: Map::default(),
            to_load: Map::default(),
            complete: Set::default(),
            locked: Set::default(),
            marked: Set::default(),
            asked: Set::default(),
            places: Map::default(),
            aliases: Vec::new(),
        };
        for link in root.all_requires() {
            let name = builder.terms.name(&link.target);
            let term = builder.terms.term(&link.constraint).map_err(|source| {
                BuildError::Requirement { name: link.target.to_string(), source }
            })?;
            builder.requires.push((name, term));
        }
        Ok(builder)
    }

    /// The pool for a project: `fixed` packages stay as they are, `locked` ones stay or go.
    pub(crate) fn build(
        mut self,
        fixed: &[Arc<Package>],
        locked: &[Arc<Package>],
    ) -> Result<(Pool, Vec<(Name, Term)>), BuildError> {
        for package in locked {
            for name in package.replaces.iter().map(|link| &link.target).chain([&package.name]) {
                let name = self.terms.name(name);
                self.locked.insert(name);
            }
        }
        let present: Vec<Candidate> = fixed
            .iter()
            .map(|package| (package, true))
            .chain(locked.iter().map(|package| (package, false)))
            .map(|(package, fixed)| {
                let candidate = Candidate::new(Arc::clone(package), &mut self.terms)?;
                Ok(Candidate { fixed, ..candidate })
            })
            .collect::<Result<_, BadConstraint>>()?;
        for candidate in present {
            self.loaded.insert(candidate.name, Constraint::Any);
            for link in &candidate.replaces {
                self.loaded.insert(link.target, Constraint::Any);
            }
            self.add(candidate, None);
        }
        for (name, term) in self.requires.clone() {
            if !self.loaded.contains_key(&name) {
                self.to_load.insert(name, self.terms.constraint(term).clone());
                self.complete.insert(name);
            }
        }
        for name in self.loaded.keys() {
            self.to_load.remove(name);
        }
        while !self.to_load.is_empty() {
            self.load_marked()?;
        }
        for (alias, origin) in self.aliases {
            self.candidates[alias].alias_of = self.places.get(&origin).copied();
        }
        let requires = self.requires;
        Ok((Pool::new(self.candidates, self.terms), requires))
    }

    /// Puts a candidate into the pool, and marks what it requires. What comes from a repository
    /// has an origin.
    fn add(&mut self, candidate: Candidate, origin: Option<Origin>) {
        let links = Rc::clone(&candidate.links);
        let root_alias = origin.and_then(|_| self.root_alias(&candidate));
        for candidate in [Some(candidate), root_alias].into_iter().flatten() {
            let id = self.candidates.len();
            if let Some(origin) = origin {
                if candidate.is_alias() {
                    self.aliases.push((id, origin));
                } else {
                    self.places.insert(origin, id);
                }
            }
            self.candidates.push(candidate);
        }
        for link in &links.requires {
            if !self.locked.contains(&link.target) {
                self.mark(link.target, link.term);
            }
        }
    }

    /// The alias that the project gives to a version.
    fn root_alias(&mut self, candidate: &Candidate) -> Option<Candidate> {
        let name = self.terms.text_of(candidate.name);
        let version = candidate.version.as_str();
        // Of several, the last counts.
        let alias = self
            .root
            .aliases
            .iter()
            .rev()
            .find(|alias| alias.package == *name && alias.version == version)?;
        // Its constraints are known, so that reading it again cannot fail.
        let base = Candidate::new(Arc::clone(&candidate.package), &mut self.terms).ok()?;
        let alias = base.alias(alias.normalized.clone(), &alias.alias, &mut self.terms);
        Some(Candidate { alias_of: Some(UNKNOWN), root_alias: true, ..alias })
    }

    /// Notes that versions of a package are needed.
    fn mark(&mut self, name: Name, term: Term) {
        if !self.marked.insert((name, term))
            || self.complete.contains(&name)
            || is_platform(self.terms.text_of(name))
        {
            return;
        }
        let mut constraint = self.terms.constraint(term);
        // Beyond what the project requires nothing is of use.
        let required = self.requires.iter().find(|(required, _)| *required == name);
        if let Some((_, required)) = required {
            let required = self.terms.constraint(*required);
            if !constraint.is_subset_of(required) {
                constraint = required;
            }
        }
        let wider = match self.loaded.get(&name).or_else(|| self.to_load.get(&name)) {
            Some(known) if constraint.is_subset_of(known) => return,
            Some(known) => known.or(constraint),
            None => constraint.clone(),
        };
        self.loaded.remove(&name);
        self.to_load.insert(name, wider);
    }

    /// Loads what is marked, repository by repository.
    fn load_marked(&mut self) -> Result<(), BuildError> {
        let mut batch = std::mem::take(&mut self.to_load);
        self.loaded.extend(batch.iter().map(|(name, constraint)| (*name, constraint.clone())));
        for index in 0..self.repositories.repositories().len() {
            if batch.is_empty() {
                break;
            }
            let names: Vec<Arc<str>> =
                batch.keys().map(|name| Arc::clone(self.terms.text_of(*name))).collect();
            let names = names.iter().map(|name| &**name);
            let found = self.repositories.packages_of(index, names)?;
            let chosen = self.choose(index, &found, &batch)?;
            if self.repositories.repositories()[index].filter().canonical {
                for package in found {
                    if let Some(name) = self.terms.known_name(&package.name) {
                        batch.remove(&name);
                    }
                }
            }
            for candidate in chosen {
                let origin = candidate.package.origin;
                self.add(candidate, Some(origin));
            }
        }
        Ok(())
    }

    /// Those of a repository's packages that are wanted and stable enough, with their aliases. A
    /// package comes along with its alias and the other way round.
    fn choose(
        &mut self,
        repository: usize,
        packages: &[&Arc<Package>],
        batch: &Map<Name, Constraint>,
    ) -> Result<Vec<Candidate>, BuildError> {
        let mut chosen = Vec::new();
        let mut late = Vec::new();
        let there = self.versions_of(repository, batch);
        for package in packages {
            let name = self.terms.name(&package.name);
            let Some(constraint) = batch.get(&name) else { continue };
            let wanted = |version: &Version, stability| {
                constraint.allows(version)
                    && self.is_acceptable(package, stability)
                    && (there.is_empty() || !there.contains(&(name, version.clone())))
            };
            let alias = package.branch_alias.as_ref();
            let alias_wanted =
                alias.is_some_and(|(version, _)| wanted(version, Stability::of(version.as_str())));
            if !alias_wanted && !wanted(&package.version, package.stability) {
                continue;
            }
            let base = Candidate::new(Arc::clone(package), &mut self.terms)?;
            let alias = alias.map(|(version, pretty)| {
                let alias = base.alias(version.clone(), pretty, &mut self.terms);
                Candidate { alias_of: Some(UNKNOWN), ..alias }
            });
            match alias {
                Some(alias) if alias_wanted => chosen.extend([alias, base]),
                alias => {
                    chosen.push(base);
                    late.extend(alias);
                }
            }
        }
        chosen.extend(late);
        self.asked.extend(batch.keys().map(|name| (repository, *name)));
        Ok(chosen)
    }

    /// The versions that a repository has given already of names that are asked for once more,
    /// because more of them is needed.
    fn versions_of(
        &self,
        repository: usize,
        batch: &Map<Name, Constraint>,
    ) -> HashSet<(Name, Version)> {
        let again: Set<Name> = batch
            .keys()
            .copied()
            .filter(|name| self.asked.contains(&(repository, *name)))
            .collect();
        if again.is_empty() {
            return HashSet::new();
        }
        let candidates = self.candidates.iter();
        candidates
            .filter(|candidate| again.contains(&candidate.name) && !candidate.root_alias)
            .filter(|candidate| candidate.package.origin.repository == repository)
            .map(|candidate| (candidate.name, candidate.version.clone()))
            .collect()
    }

    /// Whether a package may be as unstable as it is: any of its names decides.
    fn is_acceptable(&self, package: &Package, stability: Stability) -> bool {
        let links = package.provides.iter().chain(&package.replaces).map(|link| &link.target);
        std::iter::once(&package.name).chain(links).any(|name| {
            let flag = self.root.stability_flags.get(name);
            stability <= *flag.unwrap_or(&self.root.minimum_stability)
        })
    }
}

/// Whether this is a name of PHP itself, an extension, a library or Composer: no repository
/// is asked for those when a package requires them.
pub(crate) fn is_platform(name: &str) -> bool {
    let rest = match name {
        "php"
        | "php-64bit"
        | "php-ipv6"
        | "php-zts"
        | "php-debug"
        | "hhvm"
        | "composer"
        | "composer-plugin-api"
        | "composer-runtime-api" => return true,
        _ => match name.strip_prefix("ext-").or_else(|| name.strip_prefix("lib-")) {
            Some(rest) => rest.as_bytes(),
            None => return false,
        },
    };
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    // Words of letters and digits, one sign between two of them.
    rest.first().is_some_and(plain)
        && rest.last().is_some_and(plain)
        && rest.iter().all(|byte| plain(byte) || matches!(byte, b'_' | b'.' | b'-'))
        && rest.windows(2).all(|pair| pair.iter().any(plain))
}
