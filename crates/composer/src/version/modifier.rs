//! What follows the numbers of a version: `-beta2`, `RC1`, `p3-dev`, `.dev`.

use super::{Stability, digits, strip_prefix_ignoring_case};

/// The words, longer ones before their beginnings, so that the first that fits is the right one.
const WORDS: [&str; 9] = ["stable", "beta", "b", "RC", "alpha", "a", "patch", "pl", "p"];

/// A modifier, as written. It may be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Modifier<'t> {
    /// `beta`, `RC`, `p`, in the case in which it was written; or empty.
    pub word: &'t str,
    /// The numbers behind the word, with their separators.
    pub number: &'t str,
    /// Whether `dev` closes it.
    pub dev: bool,
}

impl<'t> Modifier<'t> {
    /// Reads as much of a modifier as there is; the rest comes back.
    pub(crate) fn read(text: &'t str) -> (Self, &'t str) {
        Self::read_with(text, strip_prefix_ignoring_case)
    }

    /// [`Modifier::read`], but the words must be written exactly so: `rc` is none.
    pub(crate) fn read_exact(text: &'t str) -> (Self, &'t str) {
        Self::read_with(text, |text, word| text.strip_prefix(word))
    }

    fn read_with(
        text: &'t str,
        strip: impl Fn(&'t str, &str) -> Option<&'t str>,
    ) -> (Self, &'t str) {
        let mut modifier = Modifier::default();
        let mut rest = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
        if let Some(after) = WORDS.iter().find_map(|word| strip(rest, word)) {
            modifier.word = &rest[..rest.len() - after.len()];
            rest = after;
            while let Some((_, next)) = digits(rest.strip_prefix(['.', '-']).unwrap_or(rest)) {
                rest = next;
            }
            modifier.number = &after[..after.len() - rest.len()];
        }
        if let Some(after) = strip(rest.strip_prefix(['.', '-']).unwrap_or(rest), "dev") {
            modifier.dev = true;
            rest = after;
        }
        (modifier, rest)
    }

    /// Whether nothing was there but perhaps a separator.
    pub(crate) fn is_empty(&self) -> bool {
        self.word.is_empty() && !self.dev
    }

    /// The numbers of a version with this modifier behind them.
    pub(crate) fn append_to(&self, mut numbers: String) -> String {
        if self.word == "stable" {
            // And a `dev` behind it is lost.
            return numbers;
        }
        if !self.word.is_empty() {
            numbers.push('-');
            numbers.push_str(&self.long_word());
            numbers.push_str(self.number.trim_start_matches(['.', '-']));
        }
        if self.dev {
            numbers.push_str("-dev");
        }
        numbers
    }

    fn long_word(&self) -> String {
        let word = self.word.to_ascii_lowercase();
        match word.as_str() {
            "a" => "alpha".to_owned(),
            "b" => "beta".to_owned(),
            "p" | "pl" => "patch".to_owned(),
            "rc" => "RC".to_owned(),
            _ => word,
        }
    }

    /// How stable a version with this modifier is.
    pub(crate) fn stability(&self) -> Stability {
        if self.dev {
            return Stability::Dev;
        }
        match self.word.to_ascii_lowercase().as_str() {
            "beta" | "b" => Stability::Beta,
            "alpha" | "a" => Stability::Alpha,
            "rc" => Stability::Rc,
            _ => Stability::Stable,
        }
    }
}
