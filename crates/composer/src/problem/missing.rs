//! Why no candidate meets a requirement.

use std::sync::Arc;

use super::rule::Lists;
use super::{Context, Words};
use crate::Constraint;
use crate::package::Package;
use crate::pool::is_platform;
use crate::terms::{Name, Term};
use crate::version::{Stability, Version};

/// The two halves of a sentence: who requires what, and why that is not to be had.
pub(super) struct Missing {
    pub prefix: String,
    pub reason: Words,
}

/// A package as a repository has it, or the alias of one.
#[derive(Clone)]
struct Found {
    package: Arc<Package>,
    alias: Option<(Version, String)>,
    repository: Option<usize>,
}

impl Found {
    fn version(&self) -> &Version {
        self.alias.as_ref().map_or(&self.package.version, |(version, _)| version)
    }

    fn stability(&self) -> Stability {
        self.alias
            .as_ref()
            .map_or(self.package.stability, |(version, _)| Stability::of(version.as_str()))
    }
}

impl Context<'_> {
    pub(super) fn missing(&self, name: Name, term: Option<Term>) -> Missing {
        let text = self.name(name);
        let wanted = match term {
            Some(term) => format!("{text} {}", self.pool.terms.pretty(term)),
            None => text.to_string(),
        };
        let constraint = term.map(|term| self.pool.terms.constraint(term));
        let sentence = |reason: String| Missing {
            prefix: format!("Root composer.json requires {wanted}, "),
            reason: reason.into(),
        };
        if is_platform(text) {
            return self.missing_platform(name, text, &wanted);
        }
        let list = |found: &[Found]| self.found(found, name, term);
        let found = self.find(text, constraint, false);
        if !found.is_empty() {
            let required = self.requires.iter().find(|(required, _)| *required == name);
            if let Some((_, root_term)) = required {
                let root_constraint = self.pool.terms.constraint(*root_term);
                if !found.iter().any(|found| root_constraint.allows(found.version())) {
                    return sentence(format!(
                        "found {} but it conflicts with your root composer.json require ({}).",
                        list(&found),
                        self.pool.terms.pretty(*root_term)
                    ));
                }
            }
            return sentence(format!(
                "found {} but these were not loaded, likely because it conflicts with another \
                 require.",
                list(&found)
            ));
        }
        let unstable = self.find(text, constraint, true);
        if !unstable.is_empty() {
            if let Some(shadowed) = self.shadowed(text, constraint, name, term, &unstable) {
                return self.lower_priority(&wanted, &shadowed, "minimum-stability");
            }
            return sentence(format!(
                "found {} but it does not match your minimum-stability.",
                list(&unstable)
            ));
        }
        let others = self.find(text, None, true);
        if !others.is_empty() {
            if let Some(shadowed) = self.shadowed(text, constraint, name, term, &others) {
                return self.lower_priority(&wanted, &shadowed, "constraint");
            }
            return sentence(format!(
                "found {} but it does not match the constraint.{}",
                list(&others),
                self.renamed_hint(constraint, &others)
            ));
        }
        self.unknown(text, &wanted)
    }

    /// A name that nothing has.
    fn unknown(&self, name: &str, wanted: &str) -> Missing {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
        if !name.chars().all(allowed) {
            let illegal: String = name.chars().filter(|c| !allowed(*c)).collect();
            return Missing {
                prefix: format!("Root composer.json requires {name}, it "),
                reason: format!(
                    "could not be found, it looks like its name is invalid, \"{illegal}\" is not \
                     allowed in package names."
                )
                .into(),
            };
        }
        let providers = self.providers(name);
        if providers.is_empty() {
            return Missing {
                prefix: format!("Root composer.json requires {name}, it "),
                reason: "could not be found in any version, there may be a typo in the package \
                         name."
                    .to_owned()
                    .into(),
            };
        }
        let most = if providers.len() > 21 { 20 } else { providers.len() };
        let mut below: Vec<String> =
            providers[..most].iter().map(|line| format!("      - {line}")).collect();
        if providers.len() > most {
            below.push(format!("      ... and {} more.", providers.len() - most));
        }
        below.push(format!(
            "      Consider requiring one of these to satisfy the {name} requirement."
        ));
        let text = "could not be found in any version, but the following packages provide it:";
        Missing {
            prefix: format!("Root composer.json requires {wanted}, it "),
            reason: Words { text: text.to_owned(), below },
        }
    }

    /// A version of PHP, of an extension or of a library that is not there.
    fn missing_platform(&self, name: Name, text: &str, wanted: &str) -> Missing {
        let present =
            self.pool.candidates.iter().find(|candidate| candidate.names().any(|own| own == name));
        let version = present.map(|candidate| {
            let links = candidate.provides.iter().map(|link| (link, "provided"));
            let links = links.chain(candidate.replaces.iter().map(|link| (link, "replaced")));
            let mut links = links.filter(|(link, _)| link.target == name);
            match links.next().filter(|_| candidate.name != name) {
                Some((link, verb)) => format!("{} {verb} by {}", link.pretty, candidate.pretty()),
                None => candidate.pretty_version.to_string(),
            }
        });
        let of_php = text.starts_with("php") || text == "hhvm";
        let what = match () {
            () if text.starts_with("ext-") => format!("PHP extension {wanted}"),
            () if text.starts_with("lib-") => format!("linked library {wanted}"),
            () => wanted.to_owned(),
        };
        let reason = match version {
            Some(version) if of_php => {
                format!("your {text} version ({version}) does not satisfy that requirement.")
            }
            Some(version) => format!("it has the wrong version installed ({version})."),
            None => "it is missing from your system.".to_owned(),
        };
        Missing {
            prefix: format!("Root composer.json requires {what} but "),
            reason: reason.into(),
        }
    }

    fn found(&self, found: &[Found], name: Name, term: Option<Term>) -> String {
        let mut lists = Lists::default();
        for found in found {
            let package = &found.package;
            let pretty = match &found.alias {
                Some((_, pretty)) => format!("{pretty} (alias of {})", package.pretty_version),
                None => package.pretty_version.clone(),
            };
            let list = lists.of(&package.name, &package.pretty_name);
            list.put(found.version().as_str(), &pretty);
            self.add_removed(list, name, term);
            if package.default_branch {
                lists.hide_default_branch(&package.name);
            }
        }
        lists.shown()
    }

    /// The packages of a name as the resolver would find them, repository by repository.
    fn find(&self, name: &str, constraint: Option<&Constraint>, any_stability: bool) -> Vec<Found> {
        let mut found = Vec::new();
        for repository in self.all_repositories() {
            let all = self.packages(repository, name);
            let fits = |found: &Found| {
                constraint.is_none_or(|constraint| constraint.allows(found.version()))
                    && (any_stability || self.is_acceptable(found))
            };
            found.extend(with_branches(&all, fits));
            let canonical = repository
                .is_none_or(|index| self.repositories.repositories()[index].filter().canonical);
            if canonical && !all.is_empty() {
                break;
            }
        }
        found
    }

    /// None stands for what is fixed.
    fn all_repositories(&self) -> impl Iterator<Item = Option<usize>> {
        std::iter::once(None).chain((0..self.repositories.repositories().len()).map(Some))
    }

    fn packages(&self, repository: Option<usize>, name: &str) -> Vec<Found> {
        let packages = match repository {
            None => self.fixed.iter().filter(|package| *package.name == *name).cloned().collect(),
            Some(index) => self.repositories.packages(index, name).unwrap_or_default(),
        };
        let with_alias = |package: Arc<Package>| {
            let alias = package.branch_alias.clone().map(Some);
            let versions = alias.into_iter().chain([None]);
            versions
                .map(|alias| Found { package: Arc::clone(&package), alias, repository })
                .collect::<Vec<_>>()
        };
        packages.into_iter().flat_map(with_alias).collect()
    }

    fn is_acceptable(&self, found: &Found) -> bool {
        found.package.names(true).into_iter().any(|name| {
            let flag = self.root.stability_flags.get(name);
            found.stability() <= *flag.unwrap_or(&self.root.minimum_stability)
        })
    }

    /// What repositories of lower priority have: packages that would do, of the first of them,
    /// beside what is found instead.
    fn shadowed(
        &self,
        name: &str,
        constraint: Option<&Constraint>,
        id: Name,
        term: Option<Term>,
        instead: &[Found],
    ) -> Option<(String, String)> {
        let all: Vec<Found> = self
            .all_repositories()
            .flat_map(|repository| self.packages(repository, name))
            .filter(|found| constraint.is_none_or(|constraint| constraint.allows(found.version())))
            .filter(|found| self.is_acceptable(found))
            .collect();
        let next = all.first()?.repository;
        let same: Vec<Found> =
            all.into_iter().take_while(|found| found.repository == next).collect();
        let first = instead.first()?;
        let of = |list: &[Found], repository: Option<usize>| {
            format!("{} from {}", self.found(list, id, term), self.repository_name(repository))
        };
        Some((of(&same, next), of(instead, first.repository)))
    }

    fn repository_name(&self, repository: Option<usize>) -> String {
        match repository {
            Some(index) => self.repositories.repositories()[index].name().to_owned(),
            None => "platform repo".to_owned(),
        }
    }

    fn lower_priority(
        &self,
        wanted: &str,
        (next, instead): &(String, String),
        reason: &str,
    ) -> Missing {
        Missing {
            prefix: format!("Root composer.json requires {wanted}, it is "),
            reason: format!(
                "satisfiable by {next} but {instead} has higher repository priority. The packages \
                 from the higher priority repository do not match your {reason} and are therefore \
                 not installable. That repository is canonical so the lower priority repo's \
                 packages are not installable. See https://getcomposer.org/repoprio for details \
                 and assistance."
            )
            .into(),
        }
    }

    /// A main branch that is no longer called master.
    fn renamed_hint(&self, constraint: Option<&Constraint>, found: &[Found]) -> String {
        let master = matches!(constraint, Some(Constraint::One(_, version)) if version.as_str() == "dev-master");
        let renamed = found
            .iter()
            .find(|found| matches!(found.version().as_str(), "dev-default" | "dev-main"));
        match renamed.filter(|_| master) {
            Some(found) => {
                format!(" Perhaps dev-master was renamed to {}?", found.package.pretty_version)
            }
            None => String::new(),
        }
    }

    /// The packages of all repositories that provide a name.
    fn providers(&self, name: &str) -> Vec<String> {
        let mut providers: Vec<String> = Vec::new();
        for package in self.fixed {
            self.note_provider(package, name, &mut providers);
        }
        for (index, repository) in self.repositories.repositories().iter().enumerate() {
            let mut packages: Vec<Arc<Package>> = repository
                .names()
                .filter_map(|name| self.repositories.packages(index, name).ok())
                .flatten()
                .collect();
            packages.sort_by_key(|package| package.origin);
            for package in &packages {
                self.note_provider(package, name, &mut providers);
            }
        }
        providers
    }

    fn note_provider(&self, package: &Package, name: &str, providers: &mut Vec<String>) {
        let known = |line: &String| line.split(' ').next() == Some(&*package.pretty_name);
        if package.provides.iter().any(|link| *link.target == *name) && !providers.iter().any(known)
        {
            let package_json: serde_json::Value =
                serde_json::from_str(package.json()).unwrap_or_default();
            let description: String = package_json["description"]
                .as_str()
                .unwrap_or_default()
                .chars()
                .take(100)
                .collect();
            let space = if description.is_empty() { "" } else { " " };
            providers.push(format!("{}{space}{description}", package.pretty_name));
        }
    }
}

/// Those of `all` that fit; with an alias also the package itself, and with a package all its aliases:
/// as Composer's repositories load them.
fn with_branches(all: &[Found], fits: impl Fn(&Found) -> bool) -> Vec<Found> {
    let is_same = |one: &Found, other: &Found| {
        Arc::ptr_eq(&one.package, &other.package) && one.alias.is_some() == other.alias.is_some()
    };
    let fitting: Vec<&Found> = all.iter().filter(|found| fits(found)).collect();
    let mut loaded: Vec<Found> = Vec::new();
    for found in fitting {
        let itself = Found { alias: None, ..found.clone() };
        for one in [found.clone(), itself] {
            if !loaded.iter().any(|known| is_same(known, &one)) {
                loaded.push(one);
            }
        }
    }
    for alias in all.iter().filter(|found| found.alias.is_some()) {
        let is_selected = loaded.iter().any(|known| Arc::ptr_eq(&known.package, &alias.package));
        if is_selected && !loaded.iter().any(|known| is_same(known, alias)) {
            loaded.push(alias.clone());
        }
    }
    loaded
}
