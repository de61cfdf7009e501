//! From a project and its repositories to what is to be installed.

use std::collections::HashSet;
use std::sync::Arc;

use crate::package::Package;
use crate::policy::Policy;
use crate::pool::{BadConstraint, BuildError, Builder, Candidate, Id, Pool};
use crate::problem::{self, Problems};
use crate::repository::RepositorySet;
use crate::root::Root;
use crate::solver::{self, Bug};
use crate::terms::{Name, Term, Terms};
use crate::transaction::{self, Operation};
use crate::version::{self, Version};

/// What is asked of the resolver.
#[derive(Debug, Clone)]
pub struct Request<'r> {
    /// The project.
    pub root: &'r Root,
    /// Where packages come from.
    pub repositories: &'r RepositorySet,
    /// What is there already and cannot be changed: PHP, its extensions, Composer's own API
    /// ([`Package::platform`]).
    pub platform: Vec<Arc<Package>>,
    /// What was installed before and is not to be updated. It stays as long as something requires
    /// it, and no other version takes its place.
    pub locked: Vec<Arc<Package>>,
}

/// Why there is no solution.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The requirements cannot be met.
    #[error("Your requirements could not be resolved to an installable set of packages.\n{0}")]
    Unsolvable(Problems),
    /// They can be met with what is required for development only.
    #[error(
        "Unable to find a compatible set of packages based on your non-dev requirements alone.\n{0}"
    )]
    UnsolvableWithoutDev(Problems),
    /// A package or a requirement cannot be read.
    #[error(transparent)]
    Input(#[from] BuildError),
    /// The project has a version that is none.
    #[error("composer.json: version")]
    Version(#[from] version::Invalid),
    /// The resolver failed.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl From<BadConstraint> for Error {
    fn from(bad: BadConstraint) -> Self {
        Error::Input(bad.into())
    }
}

/// A package of the solution.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The package.
    pub package: Arc<Package>,
    /// Whether only what is required for development needs it.
    pub dev: bool,
    /// The versions that it also counts as: normal form, as written, and whether the project says
    /// so.
    pub aliases: Vec<(Version, String, bool)>,
}

/// What is to be installed.
#[derive(Debug, Clone)]
pub struct Solution {
    chosen: Vec<Chosen>,
    present: HashSet<Arc<str>>,
}

impl Solution {
    /// All packages, in the order of `composer.lock`: first those that are not for development
    /// only, each by name.
    pub fn packages(&self) -> &[Chosen] {
        &self.chosen
    }

    /// What is to be done, in the order in which Composer does it: each package after what it
    /// requires. What was installed before is left out.
    pub fn operations(&self, with_dev: bool) -> Vec<Operation> {
        let wanted = self.chosen.iter().filter(|chosen| with_dev || !chosen.dev);
        transaction::operations(wanted.cloned().collect(), &self.present)
    }
}

/// Resolves.
///
/// # Errors
/// Where the requirements cannot be met, or a package that comes into question cannot be read.
pub fn solve(request: &Request<'_>) -> Result<Solution, Error> {
    let fixed = fixed(request)?;
    let policy = Policy { prefer_stable: request.root.prefer_stable };
    let builder = Builder::new(request.root, request.repositories)?;
    let (pool, requires) = builder.build(&fixed, &request.locked)?;
    let locked: Vec<Id> = (fixed.len()..fixed.len() + request.locked.len()).collect();
    let pool = pool.optimized(&requires, &locked, policy);
    let outcome = solver::solve(&pool, policy, &requires)?;
    let explain = |pool: &Pool, outcome: &solver::Outcome| {
        problem::explain(pool, outcome, &requires, request, &fixed)
    };
    if !outcome.problems.is_empty() {
        return Err(Error::Unsolvable(explain(&pool, &outcome)));
    }
    let installed: Vec<&Candidate> = outcome
        .installed
        .iter()
        .map(|id| &pool.candidates[*id])
        .filter(|candidate| !candidate.fixed)
        .collect();
    let mut dev = HashSet::new();
    if !request.root.dev_requires.is_empty() {
        let without_dev = without_dev(request, &fixed, &installed, &pool)?;
        dev.extend(installed.iter().map(|candidate| Arc::clone(&candidate.package.name)));
        dev.retain(|name| !without_dev.contains(name));
    }
    let mut chosen: Vec<Chosen> = Vec::new();
    for candidate in installed.iter().filter(|candidate| !candidate.is_alias()) {
        let package = Arc::clone(&candidate.package);
        let aliases = installed
            .iter()
            .filter(|alias| alias.is_alias() && Arc::ptr_eq(&alias.package, &package))
            .map(|alias| {
                (alias.version.clone(), alias.pretty_version.to_string(), alias.root_alias)
            })
            .collect();
        chosen.push(Chosen { dev: dev.contains(&package.name), package, aliases });
    }
    chosen.sort_by(|a, b| {
        let key = |chosen: &Chosen| (chosen.dev, chosen.package.pretty_name.clone());
        key(a).cmp(&key(b))
    });
    let present = request.locked.iter().map(|package| Arc::clone(&package.name)).collect();
    Ok(Solution { chosen, present })
}

/// The project itself, and the platform.
fn fixed(request: &Request<'_>) -> Result<Vec<Arc<Package>>, Error> {
    let root = request.root;
    let version = root.version.as_deref().unwrap_or("1.0.0");
    let mut package = Package::platform(&root.pretty_name, version)?;
    package.provides.clone_from(&root.provides);
    package.replaces.clone_from(&root.replaces);
    package.conflicts.clone_from(&root.conflicts);
    if root.version.is_none() {
        // What Composer shows for a project without a version.
        package.pretty_version.push_str("+no-version-set");
    }
    let mut fixed = vec![Arc::new(package)];
    for package in &request.platform {
        if !is_provided(root, package)? {
            fixed.push(Arc::clone(package));
        }
    }
    Ok(fixed)
}

/// Whether the project provides what the platform has, in that version.
fn is_provided(root: &Root, package: &Package) -> Result<bool, Error> {
    let Some(link) = root.provides.iter().find(|link| link.target == package.name) else {
        return Ok(false);
    };
    let text = match &*link.constraint {
        "self.version" => root.version.as_deref().unwrap_or("1.0.0"),
        text => text,
    };
    let constraint = crate::Constraint::parse(text)
        .map_err(|source| BuildError::Requirement { name: link.target.to_string(), source })?;
    Ok(constraint.allows(&package.version))
}

/// The names of what is installed when what is required for development does not count.
fn without_dev(
    request: &Request<'_>,
    fixed: &[Arc<Package>],
    installed: &[&Candidate],
    solved: &Pool,
) -> Result<HashSet<Arc<str>>, Error> {
    let mut terms = Terms::default();
    let mut requires: Vec<(Name, Term)> = Vec::new();
    for link in &request.root.requires {
        let name = terms.name(&link.target);
        let term = terms
            .term(&link.constraint)
            .map_err(|source| BuildError::Requirement { name: link.target.to_string(), source })?;
        requires.push((name, term));
    }
    let mut candidates = Vec::new();
    for package in fixed {
        let candidate = Candidate::new(Arc::clone(package), &mut terms)?;
        candidates.push(Candidate { fixed: true, ..candidate });
    }
    for candidate in installed.iter().filter(|candidate| !candidate.is_alias()) {
        add_with_aliases(candidate, request.root, solved, &mut candidates, &mut terms)?;
    }
    let policy = Policy { prefer_stable: request.root.prefer_stable };
    let pool = Pool::new(candidates, terms);
    let outcome = solver::solve(&pool, policy, &requires)?;
    if !outcome.problems.is_empty() {
        let problems = problem::explain(&pool, &outcome, &requires, request, fixed);
        return Err(Error::UnsolvableWithoutDev(problems));
    }
    let names = outcome.installed.iter().map(|id| &pool.candidates[*id].package.name);
    Ok(names.cloned().collect())
}

/// Adds a package with the aliases that it and the project give it, in Composer's order.
fn add_with_aliases(
    candidate: &Candidate,
    root: &Root,
    solved: &Pool,
    candidates: &mut Vec<Candidate>,
    terms: &mut Terms,
) -> Result<(), Error> {
    let name = solved.terms.text_of(candidate.name);
    let package = &candidate.package;
    let base = Candidate::new(Arc::clone(package), terms)?;
    let mut versions: Vec<&Version> = Vec::new();
    if let Some((version, pretty)) = &package.branch_alias {
        candidates.push(Candidate {
            alias_of: Some(Id::MAX),
            ..base.alias(version.clone(), pretty, terms)
        });
        versions.push(version);
    }
    versions.push(&package.version);
    let place = candidates.len();
    candidates.push(base.clone());
    for version in versions {
        let aliases = root.aliases.iter().rev();
        let mut aliases =
            aliases.filter(|alias| alias.package == *name && alias.version == version.as_str());
        if let Some(alias) = aliases.next() {
            let made = base.alias(alias.normalized.clone(), &alias.alias, terms);
            candidates.push(Candidate { alias_of: Some(place), root_alias: true, ..made });
        }
    }
    if place > 0 && candidates[place - 1].alias_of == Some(Id::MAX) {
        candidates[place - 1].alias_of = Some(place);
    }
    Ok(())
}
