//! Foreign text on its way to a terminal or a log.
//!
//! Names, versions, addresses and the messages of services are written by others. Shown as they
//! are, they could move the cursor, forge lines of ours, or command the CI service that reads the
//! log. [`line()`] is the one function that prevents it, and [`Line`] is what it makes: the doors to
//! stderr and to stdout take nothing else.

mod line;

use std::borrow::Cow;

pub use line::Line;

/// The text as a part of one line: what controls a terminal, breaks the line, turns the direction
/// of writing or cannot be seen is escaped, and so is what begins a command of a CI service.
///
/// Text that needs none of this is returned as it is.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    match escaped(text) {
        Cow::Borrowed(text) => disarmed(text),
        Cow::Owned(text) => match disarmed(&text) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(disarmed) => Cow::Owned(disarmed),
        },
    }
}

/// A JSON document with the same meaning, in which nothing controls a terminal, turns the direction of
/// writing or cannot be seen: such characters are written as `\u` escapes. White space between values
/// stays.
pub fn json(document: &str) -> Cow<'_, str> {
    let is_unfit = |letter: char| letter > '~' && is_unfit(letter);
    if !document.contains(is_unfit) {
        return Cow::Borrowed(document);
    }
    let mut escaped = String::with_capacity(document.len() + 16);
    for letter in document.chars() {
        if is_unfit(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                escaped.extend(format!("\\u{unit:04x}").chars());
            }
        } else {
            escaped.push(letter);
        }
    }
    Cow::Owned(escaped)
}

/// The text without control characters, line breaks and invisible characters.
fn escaped(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.contains(is_unfit) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            _ if !is_unfit(letter) => escaped.push(letter),
            '\t' | '\r' | '\n' => escaped.extend(letter.escape_default()),
            _ => escaped.extend(letter.escape_unicode()),
        }
    }
    Cow::Owned(escaped)
}

/// Whether a character does something else than to show itself.
fn is_unfit(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            // Line and paragraph separator.
            '\u{2028}' | '\u{2029}'
            // The direction of writing.
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            // Nothing is seen of these.
            | '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The text without commands to CI services: GitHub and those like it obey `::name` at the start
/// of a line, after any white space, and `##[name` and `##vso[name` anywhere; GitLab folds a log
/// at `section_start:`.
fn disarmed(text: &str) -> Cow<'_, str> {
    let mut at = Vec::new();
    let begins = text.len() - text.trim_start().len();
    if text[begins..].starts_with("::") {
        at.push(begins);
    }
    let pairs = text.as_bytes().windows(2).enumerate().filter(|(_, pair)| pair == b"##");
    at.extend(pairs.map(|(at, _)| at).filter(|at| is_command(&text[at + 2..])));
    for marker in ["section_start:", "section_end:"] {
        at.extend(text.match_indices(marker).map(|(at, _)| at));
    }
    if at.is_empty() {
        return Cow::Borrowed(text);
    }
    at.sort_unstable();
    let mut disarmed = String::with_capacity(text.len() + 8 * at.len());
    let mut done = 0;
    // All markers begin with an ASCII character.
    for at in at {
        disarmed.push_str(&text[done..at]);
        disarmed.extend(char::from(text.as_bytes()[at]).escape_unicode());
        done = at + 1;
    }
    disarmed.push_str(&text[done..]);
    Cow::Owned(disarmed)
}

/// Whether `[` or `name[` follows.
fn is_command(text: &str) -> bool {
    text.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric()).starts_with('[')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_fit_stays_as_it_is() {
        for text in [
            "",
            "php-8.3.4.composer.json",
            "s3://bucket/dist-stable/ (eu-west-1)",
            "  - ext/a::b # 1 ## 2 [3]",
            "ä ü 漢字 🦀 \u{301}",
            "C:\\new\\table",
            "-----> Done.",
        ] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn json_says_the_same_without_what_controls_a_terminal() {
        let value = serde_json::json!({"a\u{202e}": "\u{9b}31m\u{e0041}ä\u{7f}\n"});
        let text = value.to_string();
        let escaped = json(&text);
        assert!(escaped.chars().all(|letter| !is_unfit(letter)), "{escaped}");
        assert!(escaped.contains(r"\u009b31m\udb40\udc41ä"), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
        assert!(matches!(json("{\"a\": 1}\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_controls_the_terminal() {
        for (text, shown) in [
            ("a\u{1b}[2J\u{202e}ä\n", "a\\u{1b}[2J\\u{202e}ä\\n"),
            ("a\r\nb\tc\0", "a\\r\\nb\\tc\\u{0}"),
            ("\u{7f}\u{85}\u{9b}31m", "\\u{7f}\\u{85}\\u{9b}31m"),
            ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
            ("\u{2066}\u{2069}\u{200f}\u{61c}", "\\u{2066}\\u{2069}\\u{200f}\\u{61c}"),
            ("\u{feff}\u{200b}::error::x", "\\u{feff}\\u{200b}::error::x"),
        ] {
            assert_eq!(line(text), shown);
        }
    }

    #[test]
    fn nothing_commands_a_ci_service() {
        for (text, shown) in [
            ("::error::x", "\\u{3a}:error::x"),
            ("  ::error::x", "  \\u{3a}:error::x"),
            ("\u{a0}\u{3000}::x", "\u{a0}\u{3000}\\u{3a}:x"),
            ("x ::error::x", "x ::error::x"),
            ("##[error]x", "\\u{23}#[error]x"),
            ("a ###[group]", "a #\\u{23}#[group]"),
            ("##vso[task.setvariable]x", "\\u{23}#vso[task.setvariable]x"),
            ("##teamcity[x", "\\u{23}#teamcity[x"),
            ("section_start:1:a\r\u{1b}[0K", "\\u{73}ection_start:1:a\\r\\u{1b}[0K"),
            ("a section_end:1:a", "a \\u{73}ection_end:1:a"),
            ("a\n::error::x", "a\\n::error::x"),
        ] {
            assert_eq!(line(text), shown);
        }
    }

    proptest! {
        #[test]
        fn a_line_is_a_line(text in "(\\PC|\\pC|[:#\\[ \\n]){0,40}") {
            let shown = line(&text);
            prop_assert!(!shown.contains(is_unfit));
            prop_assert!(!shown.trim_start().starts_with("::"));
            prop_assert!(!shown.contains("##["));
            prop_assert_eq!(line(&shown), shown.clone());
        }
    }
}
