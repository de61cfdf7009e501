//! One question to the resolver.

use std::sync::Arc;

use composer::package::Link;
use composer::{Package, Problems, Request, Root, Solution, Stability};

use crate::Error;
use crate::offer::{Offer, Stack};

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Question<'q> {
    /// The system.
    pub stack: Option<&'q Stack>,
    /// Names and constraints.
    pub requires: Vec<(&'q str, &'q str)>,
    /// Also versions that are not stable.
    pub unstable: bool,
}

/// What the resolver says.
#[derive(Debug)]
pub enum Answer {
    /// It can be had.
    Solved(Solution),
    /// It cannot.
    Unsolvable(Problems),
}

impl Question<'_> {
    /// Asks for it of an offer.
    pub fn ask(&self, offer: &Offer) -> Result<Answer, Error> {
        let mut root = Root {
            name: "__root__".into(),
            pretty_name: "__root__".to_owned(),
            minimum_stability: if self.unstable { Stability::Dev } else { Stability::Stable },
            prefer_stable: true,
            ..Root::default()
        };
        if let Some(stack) = self.stack {
            root.provides.push(Link {
                target: stack.package.as_str().into(),
                constraint: stack.version.as_str().into(),
            });
        }
        for (name, constraint) in &self.requires {
            let name = name.to_string();
            root.require(&name, constraint, false)
                .map_err(|source| Error::Platform { name, source })?;
        }
        ask(&Request {
            root: &root,
            repositories: offer.repositories(),
            platform: tools(),
            locked: Vec::new(),
        })
    }
}

/// What packages require of whoever installs them, and no repository has: the installer plugin, and
/// what that requires of Composer.
pub fn tools() -> Vec<Arc<Package>> {
    let tools =
        [(platform::INSTALLER, platform::INSTALLER_VERSION), ("composer-plugin-api", "2.6.0")];
    let package = |(name, version)| Package::platform(name, version).ok().map(Arc::new);
    tools.into_iter().filter_map(package).collect()
}

/// Asks the resolver; that there is no solution is an answer.
pub fn ask(request: &Request<'_>) -> Result<Answer, Error> {
    match composer::solve(request) {
        Ok(solution) => Ok(Answer::Solved(solution)),
        Err(
            composer::Error::Unsolvable(problems) | composer::Error::UnsolvableWithoutDev(problems),
        ) => Ok(Answer::Unsolvable(problems)),
        Err(error) => Err(Error::Resolver(error)),
    }
}

/// The package of this name in a solution.
pub fn chosen<'s>(solution: &'s Solution, name: &str) -> Option<&'s Arc<Package>> {
    solution.packages().iter().map(|chosen| &chosen.package).find(|package| &*package.name == name)
}

/// The first reason of each problem, in one line.
pub fn reasons(problems: &Problems) -> String {
    let all = problems.reasons();
    all.map(|reason| reason.replace(platform::PREFIX, "").replace('\n', " "))
        .collect::<Vec<_>>()
        .join("; ")
}
