//! What is installed for the usual requirements, so that two repositories can be compared by what
//! applications get of them.

use std::collections::BTreeMap;

use composer::{Problems, Solution};

use crate::offer::{Offer, PHP, Stack};
use crate::question::{Answer, Question, reasons};
use crate::{Error, parallel};

/// What a requirement gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// These packages, by name, each with its version and where its archive is.
    Packages(BTreeMap<String, (String, String)>),
    /// Nothing, and why.
    Nothing(String),
}

impl Pick {
    pub(crate) fn none(problems: &Problems) -> Self {
        Self::Nothing(reasons(problems))
    }
}

/// One requirement that is answered in another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What is asked for: `ext-redis * with PHP 8.4.* on heroku-24`.
    pub question: String,
    /// Each package that is another one: its name without prefix, the version before and after.
    pub packages: Vec<(String, Option<String>, Option<String>)>,
    /// Set where it can be had no more: why.
    pub lost: Option<String>,
}

/// What is installed for `*` of PHP and of each extension, with each series of PHP, on each stack:
/// the questions in words, with their answers. The questions are those that both offers suggest, so
/// that they can be compared.
///
/// # Errors
/// Where a package cannot be read.
pub fn picks(offer: &Offer, other: &Offer) -> Result<BTreeMap<String, Pick>, Error> {
    let mut stacks: Vec<Option<&Stack>> =
        offer.stacks().iter().chain(other.stacks()).map(Some).collect();
    stacks.sort();
    stacks.dedup();
    if stacks.is_empty() {
        stacks.push(None);
    }
    let mut series = [offer.series(), other.series()].concat();
    series.sort();
    series.dedup();
    let series: Vec<String> = series.into_iter().map(|series| format!("{series}.*")).collect();
    let extensions: std::collections::BTreeSet<_> =
        offer.extensions().into_iter().chain(other.extensions()).collect();

    let mut questions = Vec::new();
    for stack in &stacks {
        let on = stack.map(|stack| format!(" on {stack}")).unwrap_or_default();
        for php in std::iter::once("*").chain(series.iter().map(String::as_str)) {
            questions.push((format!("PHP {php}{on}"), *stack, vec![(PHP, php)]));
            for name in &extensions {
                let short = name.strip_prefix(platform::PREFIX).unwrap_or(name);
                let requires = vec![(&**name, "*"), (PHP, php)];
                questions.push((format!("{short} * with PHP {php}{on}"), *stack, requires));
            }
        }
    }
    let answers = parallel::map(&questions, |(words, stack, requires)| {
        let question = Question { stack: *stack, requires: requires.clone(), unstable: false };
        let pick = match question.ask(offer)? {
            Answer::Solved(solution) => of_solution(&solution),
            Answer::Unsolvable(problems) => Pick::none(&problems),
        };
        Ok::<_, Error>((words.clone(), pick))
    })?;
    Ok(answers.into_iter().collect())
}

pub(crate) fn of_solution(solution: &Solution) -> Pick {
    let packages = solution.packages().iter().map(|chosen| &chosen.package);
    // What has no files is not installed.
    let packages = packages.filter(|package| package.dist.is_some());
    Pick::Packages(
        packages
            .map(|package| {
                let url = package.dist.as_ref().map(|dist| dist.url.clone()).unwrap_or_default();
                (package.pretty_name.clone(), (package.pretty_version.clone(), url))
            })
            .collect(),
    )
}

/// What changes for the questions of `after`, compared with `before`. What could not be had before
/// and cannot be had now is no change.
#[must_use]
pub fn compare(before: &BTreeMap<String, Pick>, after: &BTreeMap<String, Pick>) -> Vec<Difference> {
    let nothing = BTreeMap::new();
    let mut differences = Vec::new();
    for (question, now) in after {
        let then = match before.get(question) {
            Some(Pick::Packages(packages)) => packages,
            _ => &nothing,
        };
        let (now, lost) = match now {
            Pick::Packages(now) => (now, None),
            Pick::Nothing(why) => (&nothing, Some(why.clone())),
        };
        let names: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        // Two repositories have their archives in two places: only versions are told apart.
        let version = |of: &BTreeMap<String, (String, String)>, name: &String| {
            of.get(name).map(|(version, _)| version.clone())
        };
        let packages: Vec<_> = names
            .into_iter()
            .map(|name| (name, version(then, name), version(now, name)))
            .filter(|(_, then, now)| then != now)
            .map(|(name, then, now)| (name.replace(platform::PREFIX, ""), then, now))
            .collect();
        if !packages.is_empty() {
            differences.push(Difference { question: question.clone(), packages, lost });
        }
    }
    differences
}

/// `php 8.4.1 → 8.4.2, ext-x 1.0 is gone`, or why nothing is left.
impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(why) = &self.lost {
            return write!(f, "it can be had no more: {why}");
        }
        for (number, (name, then, now)) in self.packages.iter().enumerate() {
            f.write_str(if number > 0 { ", " } else { "" })?;
            match (then, now) {
                (Some(then), Some(now)) => write!(f, "{name} {then} becomes {now}")?,
                (None, Some(now)) => write!(f, "{name} {now} is new")?,
                (Some(then), None) => write!(f, "{name} {then} is gone")?,
                (None, None) => f.write_str(name)?,
            }
        }
        Ok(())
    }
}
