//! The folder of a repository in its bucket.

use std::fmt;

use crate::Error;

/// Folder of what is for the tools alone, in any repository.
pub const PRIVATE: &str = ".slipway";

/// Empty, or segments that each end in a slash: `dist-heroku-24-develop/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(String);

impl Prefix {
    /// Takes a prefix as people write it: with or without its last slash, `/` for none.
    ///
    /// # Errors
    /// [`Error::Prefix`] when a segment is empty, `.` or `..`; [`Error::PrivatePrefix`] when one is
    /// [`PRIVATE`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let inner = text.strip_prefix('/').unwrap_or(text);
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        if inner.is_empty() {
            return Ok(Self::default());
        }
        if inner.contains('\0') || inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(Error::Prefix { value: text.to_owned() });
        }
        if inner.split('/').any(|part| part == PRIVATE) {
            return Err(Error::PrivatePrefix { value: text.to_owned() });
        }
        Ok(Self(format!("{inner}/")))
    }

    /// The prefix as it begins keys.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rule_for_slashes() {
        let cases = [("", ""), ("/", ""), ("a", "a/"), ("a/", "a/"), ("/a/b", "a/b/")];
        for (text, expected) in cases {
            assert_eq!(Prefix::parse(text).unwrap().as_str(), expected, "{text:?}");
        }
        for text in ["a//b", "a//", "../a", "a/./b", "a/.."] {
            assert!(Prefix::parse(text).is_err(), "{text:?}");
        }
        for text in [".slipway", "/.slipway/", "a/.slipway/removed/"] {
            let error = Prefix::parse(text).unwrap_err();
            assert!(matches!(error, Error::PrivatePrefix { .. }), "{error}");
        }
        assert_eq!(Prefix::parse(".slipway-x").unwrap().as_str(), ".slipway-x/");
    }
}
