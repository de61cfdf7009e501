//! Versions as they stand in the names of packages, and the best one for a wildcard.

use std::cmp::Ordering;

use crate::{glob, natural};

/// A version cut into the parts by which versions are ordered.
struct Parts<'a> {
    /// `1.2.10`
    numbers: &'a str,
    /// `RC1` in `1.2.10RC1`; empty for a stable version.
    stage: &'a str,
    /// `build2` in `1.2.10+build2`; empty without build metadata.
    build: &'a str,
}

/// The key that matches a pattern and holds the best version: what a wildcard dependency means.
///
/// Of the keys that match, a stable version wins over a pre-release (unless the pattern itself
/// asks for one, as `php-8.4.0RC*` does), then a higher version over a lower one, then a later
/// build (`+build2`) over an earlier one. Where names hold no version, natural order decides.
#[must_use]
pub fn best_match<'a, S: AsRef<str>>(pattern: &str, keys: &'a [S]) -> Option<&'a str> {
    let stem = pattern.split('*').next().unwrap_or_default();
    keys.iter()
        .map(AsRef::as_ref)
        .filter(|key| glob::matches(pattern, key))
        .max_by(|left, right| compare(stem, left, right))
}

fn compare(_stem: &str, left: &str, right: &str) -> Ordering {
    natural::compare(left, right)
}

/// A version in the form in which two versions are the same for Composer: `1.0`, `v1.00` and
/// `1.0.0.0` are.
#[must_use]
pub fn composer_form(version: &str) -> String {
    version.to_owned()
}
