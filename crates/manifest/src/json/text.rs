//! JSON text that already is what would be written, looked at without taking it apart.
//!
//! Nearly all manifests were written by us or by Python. Recognising that costs a fraction of
//! reading them into a tree, and the text is a tenth of the tree's size.

use std::borrow::Cow;
use std::ops::Range;

use super::Value;

/// As deep as the reader goes.
const MAX_DEPTH: usize = 127;

/// Whether a text is an object that [`to_bytes`](super::to_bytes) would write as it stands.
///
/// `false` is always right: text with rare things (floats, escapes by number, any escape in a key)
/// is not looked at closely.
pub(crate) fn is_written_object(text: &str) -> bool {
    let mut scanner = Scanner { rest: text.as_bytes() };
    text.starts_with('{') && scanner.value(0).is_some() && scanner.rest.is_empty()
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.rest.first()? {
            b'"' => self.string().map(|_| ()),
            b'{' => self.object(depth + 1),
            b'[' => self.list(depth + 1),
            b'n' => self.take(b"null"),
            b't' => self.take(b"true"),
            b'f' => self.take(b"false"),
            _ => self.integer(),
        }
    }

    fn take(&mut self, token: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.take(b"{")?;
        if depth > MAX_DEPTH || self.take(b"}").is_some() {
            return (depth <= MAX_DEPTH).then_some(());
        }
        let mut last: Option<&[u8]> = None;
        loop {
            let key = self.string()?;
            if key.contains(&b'\\') || last.is_some_and(|last| last >= key) {
                return None;
            }
            last = Some(key);
            self.take(b": ")?;
            self.value(depth)?;
            if self.take(b", ").is_none() {
                return self.take(b"}");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        self.take(b"[")?;
        if depth > MAX_DEPTH || self.take(b"]").is_some() {
            return (depth <= MAX_DEPTH).then_some(());
        }
        loop {
            self.value(depth)?;
            if self.take(b", ").is_none() {
                return self.take(b"]");
            }
        }
    }

    /// Takes a string; what stands between its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let text = self.rest.strip_prefix(b"\"")?;
        let mut at = 0;
        loop {
            match *text.get(at)? {
                b'"' => break,
                b'\\' if matches!(text.get(at + 1)?, b'"' | b'\\' | b'n' | b't' | b'r') => at += 2,
                b'\\' => return None,
                b' '..=b'~' => at += 1,
                _ => return None,
            }
        }
        self.rest = &text[at + 1..];
        Some(&text[..at])
    }

    fn integer(&mut self) -> Option<()> {
        let digits = self.rest.strip_prefix(b"-").unwrap_or(self.rest);
        let negative = digits.len() < self.rest.len();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let (digits, rest) = digits.split_at(end);
        let right = match digits {
            [] => false,
            [b'0'] => !negative,
            [first, ..] => *first != b'0',
        };
        self.rest = rest;
        (right && !matches!(rest.first(), Some(b'.' | b'e' | b'E'))).then_some(())
    }
}

/// Where a member of an object stands in its text.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The key, without its quotes.
    pub(crate) key: Range<usize>,
    /// The value.
    pub(crate) value: Range<usize>,
}

/// The members of an object, in a text that was written by [`to_bytes`](super::to_bytes); none in
/// that of another value.
pub(crate) fn members(object: &str) -> impl Iterator<Item = Member> {
    let text = object.as_bytes();
    // Behind the brace, or behind the comma and its space.
    let mut next = (object.starts_with('{') && object != "{}").then_some(1);
    std::iter::from_fn(move || {
        let start = next?;
        let key = start + 1..end_of_string(text, start) - 1;
        let value = key.end + 3..end_of_value(text, key.end + 3);
        next = (text.get(value.end) == Some(&b',')).then_some(value.end + 2);
        Some(Member { key, value })
    })
}

/// Finds a member's value in an object's text. The key has to be one that is written as it is.
pub(crate) fn find<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    members(object).find(|member| &object[member.key.clone()] == key).map(|m| &object[m.value])
}

fn end_of_value(text: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = end_of_string(text, at);
                if depth == 0 {
                    break;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => break,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Behind the closing quote of the string that starts here.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// The text between the quotes of a string's text, where it is written as it is.
pub(crate) fn plain(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"').filter(|inner| !inner.contains('\\'))
}

/// What stands between quotes, with its escapes undone.
pub(crate) fn unescaped(inner: &str) -> Cow<'_, str> {
    if inner.contains('\\')
        && let Ok(Value::String(text)) = super::parse(format!("\"{inner}\""))
    {
        return Cow::Owned(text);
    }
    Cow::Borrowed(inner)
}

#[cfg(test)]
mod tests {
    use super::super::{parse, to_bytes};
    use super::*;

    #[test]
    fn only_what_would_be_written_is_recognised() {
        let long = format!("{}1{}", r#"{"a": "#.repeat(127), "}".repeat(127));
        for text in [
            "{}",
            r#"{"A": 1, "a": [1, -20, {}], "b": {"c": null}}"#,
            r#"{"a": "\"\\\n", "b": [[], true, false, 0]}"#,
            long.as_str(),
        ] {
            assert!(is_written_object(text), "{text}");
            assert_eq!(to_bytes(&parse(text).unwrap()), text.as_bytes());
        }
        let longer = format!(r#"{{"a": {long}}}"#);
        for text in [
            "",
            "{",
            "[]",
            "{}x",
            r#"{"a":1}"#,
            r#"{"a": 1,"b": 2}"#,
            r#"{"b": 1, "a": 2}"#,
            r#"{"a": 1, "a": 2}"#,
            r#"{"a": 01}"#,
            r#"{"a": -0}"#,
            r#"{"a": 1.10}"#,
            r#"{"a": -}"#,
            r#"{"a": 1e5}"#,
            r#"{"a": "\/"}"#,
            r#"{"a": "é"}"#,
            r#"{"a": "\u0041"}"#,
            "{\"a\": \"\t\"}",
            r#"{"a": tru}"#,
            r#"{"a": [1,]}"#,
            r#"{"a": "}"#,
            r#"{"a" : 1}"#,
            r#"{"a": 1}}"#,
            r#"{"a\n": 1}"#,
            r#"{"a": ,}"#,
            longer.as_str(),
        ] {
            assert!(!is_written_object(text), "{text}");
        }
    }

    #[test]
    fn members_are_found_by_their_place() {
        let text =
            r#"{"a": "x, \"}", "b": [1, {"a": 2}], "c\\": 1.5, "d": {"e": {}}, "\u00e9": null}"#;
        assert_eq!(to_bytes(&parse(text).unwrap()), text.as_bytes());
        let found: Vec<(&str, &str)> =
            members(text).map(|m| (&text[m.key], &text[m.value])).collect();
        let expected = [
            ("a", r#""x, \"}""#),
            ("b", r#"[1, {"a": 2}]"#),
            (r"c\\", "1.5"),
            ("d", r#"{"e": {}}"#),
            (r"\u00e9", "null"),
        ];
        assert_eq!(found, expected);
        assert_eq!(unescaped(found[4].0), "é");
        assert_eq!(find(text, "d").and_then(|d| find(d, "e")), Some("{}"));
        assert_eq!((members("{}").count(), members("null").count()), (0, 0));
        assert_eq!((plain(r#""x""#), plain(r#""\n""#), plain("1")), (Some("x"), None, None));
    }
}
