//! Whether applications get what is offered.

use std::collections::BTreeMap;
use std::sync::Arc;

use composer::{Constraint, Package, Stability, Version};

use crate::batch::{Verdict, batches};
use crate::offer::{Offer, PHP, Stack, fits, requirement};
use crate::question::{Answer, Question, chosen};
use crate::{Error, parallel};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A package that Composer does not load; it then loads none of that name.
    Unreadable,
    /// A package that can be installed nowhere.
    Unresolvable,
    /// An extension for which `*` gives a lower PHP than the same version of it is there for.
    LowerPhp,
    /// A package that nobody gets who asks for its version.
    Shadowed,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// The package: its name and version as written.
    pub package: (String, String),
    /// A sentence about it.
    pub message: String,
}

/// Checks that each package can be installed on some stack, and that `*` gives the highest PHP that
/// the newest version of an extension is there for.
///
/// # Errors
/// Where a package cannot be read.
pub fn check(offer: &Offer) -> Result<Vec<Finding>, Error> {
    let stacks: Vec<Option<&Stack>> = match offer.stacks() {
        [] => vec![None],
        stacks => stacks.iter().map(Some).collect(),
    };
    let unreadable = offer.unreadable().iter().map(|bad| Finding {
        kind: Kind::Unreadable,
        package: (bad.package.clone(), String::new()),
        message: bad.source.to_string(),
    });
    let mut findings: Vec<Finding> = unreadable.collect();
    findings.extend(packages(offer, &stacks)?);
    findings.extend(extensions(offer, &stacks)?);
    findings.sort_by(|a, b| (a.kind, &a.package).cmp(&(b.kind, &b.package)));
    Ok(findings)
}

/// A verdict on each package: the best of all stacks.
fn packages(offer: &Offer, stacks: &[Option<&Stack>]) -> Result<Vec<Finding>, Error> {
    let batches: Vec<_> = stacks.iter().flat_map(|stack| batches(offer, *stack)).collect();
    let verdicts = parallel::map(&batches, |batch| batch.judge(offer))?;
    let mut best: BTreeMap<usize, (&Arc<Package>, Verdict)> = BTreeMap::new();
    for (package, verdict) in verdicts.into_iter().flatten() {
        let place = package.origin.position;
        if best.get(&place).is_none_or(|(_, known)| rank(&verdict) < rank(known)) {
            best.insert(place, (package, verdict));
        }
    }
    let names = || offer.stacks().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let findings = offer.packages().iter().filter_map(|package| {
        let (kind, message) = match best.remove(&package.origin.position) {
            None => (Kind::Unresolvable, format!("it is for none of the stacks {}", names())),
            Some((_, Verdict::Resolves)) => return None,
            Some((_, Verdict::Shadowed(why))) => (Kind::Shadowed, why),
            Some((_, Verdict::Unresolvable(why))) => (Kind::Unresolvable, why),
        };
        Some(finding(kind, package, message))
    });
    Ok(findings.collect())
}

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Resolves => 0,
        Verdict::Shadowed(_) => 1,
        Verdict::Unresolvable(_) => 2,
    }
}

/// Whether `*` gives the highest PHP, for each extension on each stack.
fn extensions(offer: &Offer, stacks: &[Option<&Stack>]) -> Result<Vec<Finding>, Error> {
    let names = offer.extensions();
    let questions: Vec<(&str, Option<&Stack>)> =
        names.iter().flat_map(|name| stacks.iter().map(|stack| (&**name, *stack))).collect();
    let found = parallel::map(&questions, |(name, stack)| extension(offer, name, *stack))?;
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    // One extension on several stacks is one finding.
    findings.dedup_by(|a, b| a.package == b.package);
    Ok(findings)
}

fn extension(offer: &Offer, name: &str, stack: Option<&Stack>) -> Result<Option<Finding>, Error> {
    let here = |package: &&Arc<Package>| {
        stack.is_none_or(|stack| fits(package, stack, offer.stacks()))
            && package.stability == Stability::Stable
    };
    let requires = vec![(name, "*"), (PHP, "*")];
    let question = Question { stack, requires, unstable: false };
    // One that cannot be had at all was found already, or is not stable.
    let Answer::Solved(solution) = question.ask(offer)? else { return Ok(None) };
    let (Some(extension), Some(php)) = (chosen(&solution, name), chosen(&solution, PHP)) else {
        return Ok(None);
    };
    // All builds of that version, and the PHPs that they are for.
    let builds = offer.packages().iter().filter(here);
    let builds = builds.filter(|p| &*p.name == name && p.version == extension.version);
    let constraints: Vec<Constraint> =
        builds.filter_map(|build| Constraint::parse(requirement(build, PHP)?).ok()).collect();
    let highest = offer
        .runtimes()
        .filter(here)
        .filter(|php| constraints.iter().any(|constraint| constraint.allows(&php.version)))
        .max_by(|a, b| order(&a.version, &b.version));
    Ok(highest.filter(|highest| order(&highest.version, &php.version).is_gt()).map(|highest| {
        let message = format!(
            "'*' gives it with PHP {}, though this version is there for {} as well",
            php.pretty_version, highest.pretty_version
        );
        finding(Kind::LowerPhp, extension, message)
    }))
}

/// The order of two versions, as constraints have it.
fn order(a: &Version, b: &Version) -> std::cmp::Ordering {
    let above = |version: &Version| Constraint::parse(&format!(">{}", version.as_str()));
    if above(b).is_ok_and(|constraint| constraint.allows(a)) {
        std::cmp::Ordering::Greater
    } else if above(a).is_ok_and(|constraint| constraint.allows(b)) {
        std::cmp::Ordering::Less
    } else {
        std::cmp::Ordering::Equal
    }
}

fn finding(kind: Kind, package: &Package, message: String) -> Finding {
    let name = (package.pretty_name.clone(), package.pretty_version.clone());
    Finding { kind, package: name, message }
}
