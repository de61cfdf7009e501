//! Versions as they stand in the names of packages, and the best one for a wildcard.

use std::cmp::{Ordering, Reverse};
use std::iter::repeat_n;

use super::natural;
use crate::glob;

/// The key that matches a pattern and holds the best version: what a wildcard dependency means, as
/// the [module](super) has it.
#[must_use]
pub fn best_match<'a, S: AsRef<str>>(pattern: &str, keys: &'a [S]) -> Option<&'a str> {
    keys.iter()
        .map(AsRef::as_ref)
        .filter(|key| glob::matches(pattern, key))
        .max_by_key(|key| (Reverse(pre_releases(key)), Name(key)))
}

/// A version in a form in which two versions are the same text where Composer takes them for the
/// same: `1.0`, `v1.00` and `1.0.0.0` are. What is no version to Composer is left as it is.
#[must_use]
pub fn composer_form(version: &str) -> String {
    let text = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let (Some(parts), "") = Parts::take(text) else {
        return version.to_owned();
    };
    let count = parts.numbers.split('.').count();
    if count > 4 || !parts.build.is_empty() {
        return version.to_owned();
    }
    let mut form = String::with_capacity(text.len() + 6);
    for number in parts.numbers.split('.').map(without_zeros).chain(repeat_n("0", 4 - count)) {
        if !form.is_empty() {
            form.push('.');
        }
        form.push_str(number);
    }
    if parts.stage.level != STABLE {
        form.push_str(&format!("-{}", parts.stage.level));
        for number in parts.stage.number.split(['.', '-']).filter(|number| !number.is_empty()) {
            form.push_str(&format!(".{}", without_zeros(number)));
        }
    }
    if parts.stage.dev { form + "-dev" } else { form }
}

fn without_zeros(number: &str) -> &str {
    let digits = number.trim_start_matches('0');
    if digits.is_empty() { "0" } else { digits }
}

/// How many versions in a name are pre-releases.
fn pre_releases(name: &str) -> usize {
    pieces(name).filter(|(_, version)| version.is_pre_release()).count()
}

/// A name, ordered piece by piece: text by code point, versions as versions.
#[derive(Clone, Copy)]
struct Name<'a>(&'a str);

impl Ord for Name<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        pieces(self.0)
            .cmp(pieces(other.0))
            .then_with(|| natural(self.0, other.0))
            .then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for Name<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Name<'_> {}

/// Each version in a name with the text in front of it, and last the rest with no version.
fn pieces(name: &str) -> impl Iterator<Item = (&str, Parts<'_>)> {
    let mut rest = Some(name);
    std::iter::from_fn(move || {
        let text = rest?;
        let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        let (before, after) = text.split_at(start);
        let (version, tail) = Parts::take(after);
        rest = version.is_some().then_some(tail);
        Some((before, version.unwrap_or_default()))
    })
}

const STABLE: u8 = 4;

/// Stages with their levels; a longer word stands before its own beginning.
const STAGES: [(&str, u8); 10] = [
    ("dev", 0),
    ("alpha", 1),
    ("beta", 2),
    ("rc", 3),
    ("stable", STABLE),
    ("patch", 5),
    ("pl", 5),
    ("a", 1),
    ("b", 2),
    ("p", 5),
];

/// A version cut into the parts by which versions are ordered.
#[derive(Debug, Default)]
struct Parts<'a> {
    /// `1.2.10`; empty where there is no version at all.
    numbers: &'a str,
    stage: Stage<'a>,
    /// `build2` in `1.2.10+build2`; empty without build metadata.
    build: &'a str,
}

/// How finished a version is: `RC1` in `1.2.10RC1`.
#[derive(Debug)]
struct Stage<'a> {
    level: u8,
    /// The number behind the word, with its separators; it may be empty.
    number: &'a str,
    /// Whether `-dev` follows: the stage before that stage.
    dev: bool,
}

impl Default for Stage<'_> {
    fn default() -> Self {
        Stage { level: STABLE, number: "", dev: false }
    }
}

impl<'a> Parts<'a> {
    /// Takes a version off the front of a text; `None` where it does not start with a digit.
    fn take(text: &'a str) -> (Option<Self>, &'a str) {
        let (numbers, rest) = take_numbers(text);
        if numbers.is_empty() {
            return (None, text);
        }
        let (stage, rest) = Stage::take(rest);
        let (build, rest) = take_build(rest);
        (Some(Parts { numbers, stage, build }), rest)
    }

    fn is_pre_release(&self) -> bool {
        self.stage.level < STABLE || self.stage.dev
    }
}

impl Ord for Parts<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        natural(self.numbers, other.numbers)
            .then_with(|| self.stage.level.cmp(&other.stage.level))
            .then_with(|| natural(self.stage.number, other.stage.number))
            .then_with(|| other.stage.dev.cmp(&self.stage.dev))
            .then_with(|| natural(self.build, other.build))
    }
}

impl PartialOrd for Parts<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Parts<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Parts<'_> {}

impl<'a> Stage<'a> {
    /// Takes a stage off the front of what follows a version's numbers.
    fn take(text: &'a str) -> (Self, &'a str) {
        let Some((level, rest)) = take_word(text) else {
            return (Stage::default(), text);
        };
        if level == 0 {
            return (Stage { level, ..Stage::default() }, rest);
        }
        let mut end = 0;
        loop {
            let tail = &rest[end..];
            let separator = usize::from(tail.starts_with(['.', '-']));
            let digits = digits(&tail[separator..]);
            if digits == 0 {
                break;
            }
            end += separator + digits;
        }
        let (number, rest) = rest.split_at(end);
        match take_word(rest) {
            Some((0, rest)) => (Stage { level, number, dev: true }, rest),
            _ => (Stage { level, number, dev: false }, rest),
        }
    }
}

/// Takes a stage's word off the front, with one separator before it; the word has to end there,
/// and a single letter is one only in front of a digit (`1.1.1b` is a release of OpenSSL).
fn take_word(text: &str) -> Option<(u8, &str)> {
    let word = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
    STAGES.iter().find_map(|(name, level)| {
        let (start, rest) = word.split_at_checked(name.len())?;
        let next = rest.bytes().next();
        let ends = !next.is_some_and(|byte| byte.is_ascii_alphabetic())
            && (name.len() > 1 || next.is_some_and(|byte| byte.is_ascii_digit()));
        (start.eq_ignore_ascii_case(name) && ends).then_some((*level, rest))
    })
}

/// Takes build metadata off the front: `+`, and words between dots of which only the first may
/// start with a letter (so that `+build2.tar.gz` holds `build2`).
fn take_build(text: &str) -> (&str, &str) {
    let Some(rest) = text.strip_prefix('+') else {
        return ("", text);
    };
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    let mut end = rest.find(word).unwrap_or(rest.len());
    while rest[end..].strip_prefix('.').is_some_and(|tail| digits(tail) > 0) {
        end += 1;
        end += rest[end..].find(word).unwrap_or(rest.len() - end);
    }
    if end == 0 { ("", text) } else { rest.split_at(end) }
}

/// Takes numbers with single dots between them off the front.
fn take_numbers(text: &str) -> (&str, &str) {
    let mut end = digits(text);
    while end > 0 && text[end..].starts_with('.') && digits(&text[end + 1..]) > 0 {
        end += 1 + digits(&text[end + 1..]);
    }
    text.split_at(end)
}

/// How many digits a text starts with.
fn digits(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
