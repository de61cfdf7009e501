//! Packages that are asked for together.
//!
//! One question costs about the same for one package as for fifty, so each package of a repository
//! is asked for in company: packages of different names that are for the same PHP and the same
//! stack. Where a company cannot be had, its halves are asked for, down to the single package.

use std::collections::BTreeMap;
use std::sync::Arc;

use composer::Package;

use crate::Error;
use crate::offer::{Offer, PHP, Stack, fits, requirement};
use crate::question::{Answer, Question, chosen, reasons};

type ByName<'o> = BTreeMap<&'o str, Vec<&'o Arc<Package>>>;

/// Packages of different names.
#[derive(Debug)]
pub struct Batch<'o> {
    /// Where they are to be installed.
    pub stack: Option<&'o Stack>,
    /// The PHP that each of them asks for.
    php: Option<Arc<str>>,
    packages: Vec<&'o Arc<Package>>,
}

/// Whether a package can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It can.
    Resolves,
    /// Whoever asks for its very version gets another package, or another build of it.
    Shadowed(String),
    /// It cannot, and why.
    Unresolvable(String),
}

/// All packages of an offer in batches for one stack, those left out that ask for another one.
pub fn batches<'o>(offer: &'o Offer, stack: Option<&'o Stack>) -> Vec<Batch<'o>> {
    // By the PHP that they ask for.
    let mut groups: BTreeMap<Option<Arc<str>>, ByName<'o>> = BTreeMap::new();
    for package in offer.packages() {
        if stack.is_none_or(|stack| fits(package, stack, offer.stacks())) {
            let by_name = groups.entry(requirement(package, PHP).cloned()).or_default();
            by_name.entry(&package.name).or_default().push(package);
        }
    }
    let mut batches = Vec::new();
    for (php, by_name) in groups {
        let most = by_name.values().map(Vec::len).max().unwrap_or_default();
        for number in 0..most {
            let packages: Vec<_> =
                by_name.values().filter_map(|list| list.get(number).copied()).collect();
            batches.push(Batch { stack, php: php.clone(), packages });
        }
    }
    batches
}

impl<'o> Batch<'o> {
    /// A verdict on each of its packages.
    pub fn judge(&self, offer: &Offer) -> Result<Vec<(&'o Arc<Package>, Verdict)>, Error> {
        let mut verdicts = Vec::new();
        self.judge_some(offer, &self.packages, &mut verdicts)?;
        Ok(verdicts)
    }

    fn judge_some(
        &self,
        offer: &Offer,
        packages: &[&'o Arc<Package>],
        verdicts: &mut Vec<(&'o Arc<Package>, Verdict)>,
    ) -> Result<(), Error> {
        let mut requires: Vec<(&str, &str)> =
            packages.iter().map(|package| (&*package.name, package.version.as_str())).collect();
        if let Some(php) = &self.php {
            requires.push((PHP, php));
        }
        let question = Question { stack: self.stack, requires, unstable: true };
        match (question.ask(offer)?, packages) {
            (Answer::Solved(solution), [package]) => {
                let verdict = match chosen(&solution, &package.name) {
                    Some(chosen) if chosen.origin == package.origin => Verdict::Resolves,
                    Some(other) => Verdict::Shadowed(format!(
                        "{} comes before it in the repository",
                        build(other)
                    )),
                    None => Verdict::Shadowed("another package stands in for it".to_owned()),
                };
                verdicts.push((package, verdict));
            }
            (Answer::Unsolvable(problems), [package]) => {
                verdicts.push((package, Verdict::Unresolvable(reasons(&problems))));
            }
            (Answer::Solved(solution), packages) => {
                for package in packages {
                    if chosen(&solution, &package.name).is_some_and(|c| c.origin == package.origin)
                    {
                        verdicts.push((package, Verdict::Resolves));
                    } else {
                        self.judge_some(offer, &[package], verdicts)?;
                    }
                }
            }
            (Answer::Unsolvable(_), packages) => {
                let (left, right) = packages.split_at(packages.len() / 2);
                for half in [left, right].into_iter().filter(|half| !half.is_empty()) {
                    self.judge_some(offer, half, verdicts)?;
                }
            }
        }
        Ok(())
    }
}

/// A version, told apart from others that Composer takes for equal.
fn build(package: &Package) -> String {
    match requirement(package, PHP) {
        Some(php) => format!("{} for PHP {php}", package.pretty()),
        None => package.pretty(),
    }
    .replace(platform::PREFIX, "")
}
