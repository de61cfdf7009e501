//! Recognising text that is as it would be written.

use super::{Member, end_of_value, plain_length};
use crate::json::MAX_DEPTH;

/// The members of an object's text, where it is one that [`to_bytes`](crate::json::to_bytes) would write
/// as it stands.
///
/// `None` is always right: text with rare things (floats, escapes by number, any escape in a key)
/// is not looked at closely.
pub(crate) fn scan_object(text: &[u8]) -> Option<Vec<Member>> {
    // A manifest has ten members or so.
    let mut members = Vec::with_capacity(12);
    let mut scanner = Scanner { text, at: 0 };
    scanner.object(1, &mut |member| members.push(member))?;
    (scanner.at == text.len()).then_some(members)
}

/// Gives `found` the packages of an index's text, each with the name that it stands under, where the
/// text around them is as [`Index::to_bytes`](crate::Index::to_bytes) would write it. What they are
/// is for `found` to say, which ends the scan with `None`.
///
/// `None` is always right, and may come after some were given.
pub(crate) fn scan_index<'a>(
    text: &'a [u8],
    found: &mut impl FnMut(&'a [u8], &'a [u8]) -> Option<()>,
) -> Option<()> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.take(b"{\"packages\": {")?;
    if text.get(scanner.at) != Some(&b'}') {
        let mut last: Option<&[u8]> = None;
        loop {
            let name = scanner.string()?;
            if name.contains(&b'\\') || last.is_some_and(|last| last >= name) {
                return None;
            }
            last = Some(name);
            scanner.take(b": [")?;
            loop {
                let start = scanner.at;
                scanner.at = end_of_value(text, start);
                found(name, text.get(start..scanner.at)?)?;
                match scanner.byte()? {
                    b',' => scanner.take(b" ")?,
                    b']' => break,
                    _ => return None,
                }
            }
            match scanner.byte()? {
                b',' => scanner.take(b" ")?,
                b'}' => break,
                _ => return None,
            }
        }
    } else {
        scanner.at += 1;
    }
    scanner.take(b"}")?;
    (scanner.at == text.len()).then_some(())
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.text.get(self.at)? {
            b'"' => self.string().map(|_| ()),
            b'{' => self.object(depth + 1, &mut |_| ()),
            b'[' => self.list(depth + 1),
            b'n' => self.take(b"null"),
            b't' => self.take(b"true"),
            b'f' => self.take(b"false"),
            _ => self.integer(),
        }
    }

    fn take(&mut self, token: &[u8]) -> Option<()> {
        let found = self.text.get(self.at..)?.starts_with(token);
        self.at += token.len();
        found.then_some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn object(&mut self, depth: usize, found: &mut impl FnMut(Member)) -> Option<()> {
        self.take(b"{")?;
        if depth > MAX_DEPTH {
            return None;
        }
        if self.text.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Some(());
        }
        let mut last: Option<&[u8]> = None;
        loop {
            let start = self.at + 1;
            let key = self.string()?;
            if key.contains(&b'\\') || last.is_some_and(|last| last >= key) {
                return None;
            }
            last = Some(key);
            self.take(b": ")?;
            self.value(depth)?;
            found(Member::new(start, start + key.len(), self.at));
            match self.byte()? {
                b',' => self.take(b" ")?,
                byte => return (byte == b'}').then_some(()),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        self.take(b"[")?;
        if depth > MAX_DEPTH {
            return None;
        }
        if self.text.get(self.at) == Some(&b']') {
            self.at += 1;
            return Some(());
        }
        loop {
            self.value(depth)?;
            match self.byte()? {
                b',' => self.take(b" ")?,
                byte => return (byte == b']').then_some(()),
            }
        }
    }

    /// Takes a string; what stands between its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let text = self.text.get(self.at..)?.strip_prefix(b"\"")?;
        let mut at = 0;
        loop {
            at += plain_length(&text[at..]);
            match text.get(at)? {
                b'"' => break,
                b'\\' if matches!(text.get(at + 1)?, b'"' | b'\\' | b'n' | b't' | b'r') => at += 2,
                _ => return None,
            }
        }
        self.at += at + 2;
        Some(&text[..at])
    }

    fn integer(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let digits = rest.strip_prefix(b"-").unwrap_or(rest);
        let negative = digits.len() < rest.len();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let (digits, rest) = digits.split_at(end);
        let right = match digits {
            [] => false,
            [b'0'] => !negative,
            [first, ..] => *first != b'0',
        };
        self.at = self.text.len() - rest.len();
        (right && !matches!(rest.first(), Some(b'.' | b'e' | b'E'))).then_some(())
    }
}
