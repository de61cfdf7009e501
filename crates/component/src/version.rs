//! Versions of dependencies, patterns of them, and which of several is meant.

use std::cmp::Ordering;
use std::fmt;

/// Why a text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A part lacks.
    #[error("Invalid version '{0}': missing component")]
    Missing(String),
    /// It ends in a separator.
    #[error("Invalid version '{text}': must not end in '{separator}'")]
    Ending {
        /// The text.
        text: String,
        /// The separator.
        separator: char,
    },
    /// Major or minor is no number.
    #[error("Invalid major or minor version '{0}'")]
    MajorOrMinor(String),
    /// Micro is no number.
    #[error("Invalid micro version '{0}'")]
    Micro(String),
    /// The qualifier has other characters than those it may have.
    #[error("Invalid qualifier '{0}'")]
    Qualifier(String),
    /// A wildcard where a single version is wanted.
    #[error("Invalid version '{0}': wildcards are not allowed this context")]
    Wildcard(String),
    /// Something follows a wildcard.
    #[error("Invalid version '{0}': no characters are allowed after a wildcard")]
    AfterWildcard(String),
    /// More parts than are known of this dependency.
    #[error("Malformed version {0}: too many version components")]
    TooManyParts(String),
}

/// A version, `1.8.0_412`, or a pattern of versions, `1.8.+`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    /// Major, minor, micro, qualifier.
    parts: [Option<String>; 4],
}

impl Version {
    /// Reads one version: three numbers and perhaps a qualifier.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let version = Self::tokens(text)?;
        version.validate(false)?;
        Ok(version)
    }

    /// Reads a version or a pattern: `+` stands for all that may follow. Nothing at all stands for
    /// every version.
    ///
    /// # Errors
    /// When it is neither.
    pub fn pattern(text: Option<&str>) -> Result<Self, Error> {
        let version = Self::tokens(text.unwrap_or("+"))?;
        version.validate(true)?;
        Ok(version)
    }

    fn tokens(text: &str) -> Result<Self, Error> {
        let (major, rest) = number_and_rest(Some(text))?;
        let (minor, rest) = number_and_rest(rest)?;
        let (micro, qualifier) = micro_and_qualifier(rest)?;
        let own = |part: Option<&str>| part.map(str::to_owned);
        Ok(Self { text: text.to_owned(), parts: [major, minor, micro, qualifier].map(own) })
    }

    fn validate(&self, wildcards: bool) -> Result<(), Error> {
        let mut wild = false;
        for part in self.parts.iter().flatten() {
            let ends_wild = part.ends_with('+');
            if ends_wild && !wildcards {
                return Err(Error::Wildcard(self.text.clone()));
            }
            if wild {
                return Err(Error::AfterWildcard(self.text.clone()));
            }
            wild = ends_wild;
        }
        if !wild && self.parts.iter().flatten().count() < 3 {
            return Err(Error::Missing(self.text.clone()));
        }
        Ok(())
    }

    /// Requires that there are no more than `most` parts.
    ///
    /// # Errors
    /// When there are.
    pub fn check_size(&self, most: usize) -> Result<(), Error> {
        match self.parts.get(most) {
            Some(Some(_)) => Err(Error::TooManyParts(self.text.clone())),
            _ => Ok(()),
        }
    }

    /// The text it was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this pattern stands for `version`.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        for (wanted, part) in self.parts.iter().zip(&version.parts) {
            match (wanted.as_deref(), part.as_deref()) {
                // What follows a wildcard is left open.
                (Some("+"), _) => return true,
                (Some(wanted), Some(part)) => match wanted.strip_suffix('+') {
                    Some(beginning) => return part.starts_with(beginning),
                    None if wanted != part => return false,
                    None => {}
                },
                (None, None) => {}
                (Some(_), None) | (None, Some(_)) => return false,
            }
        }
        true
    }

    /// The highest of `versions` that this pattern stands for.
    #[must_use]
    pub fn highest<'a>(
        &self,
        versions: impl IntoIterator<Item = &'a Version>,
    ) -> Option<&'a Version> {
        let mut best: Option<&Version> = None;
        for version in versions {
            if self.matches(version) && best.is_none_or(|best| version.compare(best).is_gt()) {
                best = Some(version);
            }
        }
        best
    }

    /// Which of two is higher. Numbers count as numbers; of qualifiers first the number that they
    /// begin with, then letter by letter, small before large, digits last; none is lowest.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        let numbers =
            |at: usize| number(self.parts[at].as_deref()).cmp(&number(other.parts[at].as_deref()));
        let [_, _, _, mine] = &self.parts;
        let [_, _, _, theirs] = &other.parts;
        numbers(0).then_with(|| numbers(1)).then_with(|| numbers(2)).then_with(|| {
            compare_qualifiers(
                mine.as_deref().unwrap_or_default(),
                theirs.as_deref().unwrap_or_default(),
            )
        })
    }

    /// Whether it is at least the version of these numbers.
    #[must_use]
    pub fn is_at_least(&self, numbers: [u32; 3], qualifier: &str) -> bool {
        let [major, minor, micro] = numbers.map(|number| Some(number.to_string()));
        let qualifier = Some(qualifier.to_owned()).filter(|text| !text.is_empty());
        let least = Self { text: String::new(), parts: [major, minor, micro, qualifier] };
        self.compare(&least).is_ge()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn number_and_rest(text: Option<&str>) -> Result<(Option<&str>, Option<&str>), Error> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok((None, None));
    };
    if text.ends_with('.') {
        return Err(Error::Ending { text: text.to_owned(), separator: '.' });
    }
    if text.contains("..") || text.contains("._") || text.starts_with('.') {
        return Err(Error::Missing(text.to_owned()));
    }
    let (number, rest) = match text.split_once('.') {
        Some((number, rest)) => (number, Some(rest)),
        None => (text, None),
    };
    if !is_number(number) {
        return Err(Error::MajorOrMinor(number.to_owned()));
    }
    Ok((Some(number), rest))
}

fn micro_and_qualifier(text: Option<&str>) -> Result<(Option<&str>, Option<&str>), Error> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok((None, None));
    };
    if text.ends_with('_') {
        return Err(Error::Ending { text: text.to_owned(), separator: '_' });
    }
    if text.starts_with('_') {
        return Err(Error::Missing(text.to_owned()));
    }
    let (micro, qualifier) = match text.split_once('_') {
        Some((micro, qualifier)) => (micro, Some(qualifier)),
        None => (text, None),
    };
    if !is_number(micro) {
        return Err(Error::Micro(micro.to_owned()));
    }
    if let Some(qualifier) = qualifier {
        let letters = qualifier.strip_suffix('+').unwrap_or(qualifier);
        let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if !letters.bytes().all(known) {
            return Err(Error::Qualifier(qualifier.to_owned()));
        }
    }
    Ok((Some(micro), qualifier))
}

fn is_number(text: &str) -> bool {
    text == "+" || text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number of any length as something that compares like it.
fn number(digits: Option<&str>) -> (usize, &str) {
    let digits = digits.unwrap_or_default().trim_start_matches('0');
    (digits.len(), digits)
}

fn compare_qualifiers(mine: &str, theirs: &str) -> Ordering {
    let leading = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let number_of = |text: &'_ str| text[..leading(text)].to_owned();
    let (my_number, their_number) = (number_of(mine), number_of(theirs));
    let rank = |byte: u8| match byte {
        b'-' => 0,
        b'.' => 1,
        b'a'..=b'z' => 2 + u32::from(byte - b'a'),
        b'A'..=b'Z' => 28 + u32::from(byte - b'A'),
        _ => 54 + u32::from(byte),
    };
    let letters = || mine.bytes().map(rank).zip(theirs.bytes().map(rank));
    number(Some(&my_number))
        .cmp(&number(Some(&their_number)))
        .then_with(|| {
            letters().map(|(a, b)| a.cmp(&b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        })
        .then_with(|| mine.len().cmp(&theirs.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each line: a text, whether one version or a pattern is wanted, `ok` or the message.
    #[test]
    fn texts() {
        for line in include_str!("../tests/data/version-texts.tsv").lines() {
            let [text, kind, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {line}");
            };
            let read = match kind {
                "version" => Version::parse(text),
                _ => Version::pattern(Some(text)),
            };
            let found = read.map_or_else(|error| error.to_string(), |_| "ok".to_owned());
            assert_eq!(found, expected, "{text} as {kind}");
        }
    }

    /// Each line: two versions and which is higher.
    #[test]
    fn order() {
        for line in include_str!("../tests/data/version-order.tsv").lines() {
            let [one, other, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {line}");
            };
            let [one, other] = [one, other].map(|text| Version::parse(text).unwrap());
            let found = match one.compare(&other) {
                Ordering::Less => "<",
                Ordering::Equal => "=",
                Ordering::Greater => ">",
            };
            assert_eq!(found, expected, "{one} {other}");
        }
    }

    #[test]
    fn patterns() {
        let matches = |pattern: &str, version: &str| {
            let pattern = Version::pattern(Some(pattern)).unwrap();
            pattern.matches(&Version::parse(version).unwrap())
        };
        for (pattern, version, expected) in [
            ("+", "1.8.0_x", true),
            ("1.+", "1.8.0", true),
            ("1.+", "10.8.0", false),
            ("1.8.+", "1.8.0_412", true),
            ("1.8.0", "1.8.0", true),
            ("1.8.0", "1.8.0_x", false),
            ("1.8.0_+", "1.8.0", true),
            ("1.8.0_+", "1.8.0_x", true),
            ("1.8.0_1+", "1.8.0", false),
            ("1.8.0_1+", "1.8.0_191", true),
            ("1.8.0_1+", "1.8.0_21", false),
            ("1.8.0_x", "1.8.0", false),
            ("1.8.0", "1.08.0", false),
        ] {
            assert_eq!(matches(pattern, version), expected, "{pattern} {version}");
        }
        assert!(Version::pattern(None).unwrap().matches(&Version::parse("9.9.9_z").unwrap()));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[0-9.+_a-zA-Z-]{0,12}|.*") {
            if let Ok(version) = Version::parse(&text) {
                prop_assert_eq!(version.compare(&version), Ordering::Equal);
                prop_assert!(version.matches(&version));
            }
            let _ = Version::pattern(Some(&text));
        }
    }
}
