//! Why there is no solution, in Composer's words.

mod missing;
mod rule;
mod versions;

use std::fmt;
use std::sync::Arc;

use crate::package::Package;
use crate::pool::{Id, Pool};
use crate::repository::RepositorySet;
use crate::root::Root;
use crate::solve::Request;
use crate::solver::{self, Outcome, Reason, RuleId, Rules};
use crate::terms::{Name, Term};

/// What contradicts what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    problems: Vec<Vec<Words>>,
}

/// A reason, in a line or more. Each text has one line of its own, whatever others wrote into it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Words {
    text: String,
    /// The lines below it.
    below: Vec<String>,
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self { text, below: Vec::new() }
    }
}

impl Words {
    fn after(self, prefix: &str) -> Self {
        Self { text: format!("{prefix}{}", self.text), ..self }
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.text).chain(&self.below).map(String::as_str)
    }
}

impl Problems {
    /// The reasons of all problems.
    pub fn reasons(&self) -> impl Iterator<Item = String> {
        let reasons = self.problems.iter().flatten();
        reasons.map(|words| words.lines().collect::<Vec<_>>().join("\n"))
    }

    /// The lines that Composer prints, without its hints.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, reasons) in (1..).zip(&self.problems) {
            lines.push(format!("  Problem {number}"));
            for reason in reasons {
                let leads = std::iter::once("    - ").chain(std::iter::repeat(""));
                lines.extend(leads.zip(reason.lines()).map(|(lead, line)| format!("{lead}{line}")));
            }
        }
        lines
    }
}

/// As Composer prints them, without its hints.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

/// All that an explanation can refer to.
struct Context<'c> {
    pool: &'c Pool,
    rules: &'c Rules,
    requires: &'c [(Name, Term)],
    root: &'c Root,
    repositories: &'c RepositorySet,
    fixed: &'c [Arc<Package>],
}

/// Puts the problems of a run into words.
pub(crate) fn explain(
    pool: &Pool,
    outcome: &Outcome,
    requires: &[(Name, Term)],
    request: &Request<'_>,
    fixed: &[Arc<Package>],
) -> Problems {
    let context = Context {
        pool,
        rules: &outcome.rules,
        requires,
        root: request.root,
        repositories: request.repositories,
        fixed,
    };
    let mut problems: Vec<Vec<Words>> = Vec::new();
    for problem in &outcome.problems {
        let reasons = context.problem(problem);
        if !problems.contains(&reasons) {
            problems.push(reasons);
        }
    }
    Problems { problems }
}

/// Reasons that differ only in the version that they speak of: shown as one.
struct Template {
    words: Words,
    /// The versions, by package.
    packages: Vec<(String, versions::List)>,
}

impl Context<'_> {
    fn problem(&self, problem: &solver::Problem) -> Vec<Words> {
        let rules: Vec<RuleId> = problem.sections.iter().rev().flatten().copied().collect();
        if let [only] = rules.as_slice()
            && let Reason::RootRequire(name, term) = self.rules.get(*only).reason
            && self.pool.what_provides(name, term).is_empty()
        {
            let missing = self.missing(name, Some(term));
            return vec![missing.reason.after(&missing.prefix)];
        }
        let mut templates: Vec<Template> = Vec::new();
        for rule in rules {
            let message = self.rule(rule);
            let source = self.source(rule).and_then(|id| Some((id, versioned(&message.text)?)));
            let Some((id, (package, version, rest))) = source else {
                let plain =
                    |template: &Template| template.words == message && template.packages.is_empty();
                if !message.text.is_empty() && !templates.iter().any(plain) {
                    templates.push(Template { words: message, packages: Vec::new() });
                }
                continue;
            };
            let words = Words { text: rest.to_owned(), below: message.below.clone() };
            let fits =
                |template: &Template| !template.packages.is_empty() && template.words == words;
            let place = templates.iter().position(fits).unwrap_or_else(|| {
                templates.push(Template { words: words.clone(), packages: Vec::new() });
                templates.len() - 1
            });
            let packages = &mut templates[place].packages;
            let found = packages.iter().position(|(name, _)| name == package);
            let found = found.unwrap_or_else(|| {
                packages.push((package.to_owned(), versions::List::default()));
                packages.len() - 1
            });
            let list = &mut packages[found].1;
            let normalized = crate::version::normalize(version);
            list.put(&normalized.unwrap_or_else(|_| version.to_owned()), version);
            if let Some(others) = self.pool.removed.by_candidate.get(&id) {
                for (version, pretty) in others {
                    list.put(version, pretty);
                }
            }
        }
        templates.into_iter().flat_map(Template::shown).collect()
    }

    /// The candidate that a reason speaks of, where reasons for several of its versions can be
    /// put together.
    fn source(&self, rule: RuleId) -> Option<Id> {
        match self.rules.get(rule).reason {
            Reason::Require(id, _) => Some(self.without_default_alias(id)),
            Reason::Conflict(id, _) => Some(self.without_default_alias(id)),
            _ => None,
        }
    }

    /// A default branch is shown as such, not as the version that it counts as.
    fn without_default_alias(&self, id: Id) -> Id {
        let candidate = &self.pool.candidates[id];
        match candidate.alias_of {
            Some(base) if candidate.is_default_branch_alias() => base,
            _ => id,
        }
    }
}

impl Template {
    fn shown(self) -> Vec<Words> {
        if self.packages.is_empty() {
            return vec![self.words];
        }
        let Words { mut text, below } = self.words;
        let mut shown = Vec::new();
        for (package, list) in self.packages {
            let versions = list.condensed(1);
            if versions.len() > 1 {
                for verb in ["require", "conflict"] {
                    if let Some(rest) = text.strip_prefix(verb).and_then(|t| t.strip_prefix('s')) {
                        text = format!("{verb}{rest}");
                    }
                }
                shown.push(format!("{package}[{}] {text}", versions.join(", ")));
            } else {
                shown.push(format!("{package} {} {text}", versions.join("")));
            }
        }
        shown.into_iter().map(|text| Words { text, below: below.clone() }).collect()
    }
}

/// Package, version and the rest of `package version requires …`.
fn versioned(message: &str) -> Option<(&str, &str, &str)> {
    let (package, rest) = message.split_once(' ')?;
    let (version, rest) = rest.split_once(' ')?;
    let spoken = rest.starts_with("requires") || rest.starts_with("conflicts");
    (spoken && !package.is_empty() && !version.is_empty()).then_some((package, version, rest))
}
