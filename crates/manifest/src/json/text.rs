//! JSON text that already is what would be written, looked at and changed without taking it apart.
//!
//! Nearly all manifests were written by us or by Python. Recognising that costs a fraction of
//! reading them into a tree, and the text is a tenth of the tree's size.

use std::borrow::Cow;

use super::Value;

mod edit;
mod scan;

pub(crate) use edit::{splice, with_members};
pub(crate) use scan::{scan_index, scan_object};

/// Where a member of an object stands in the object's text. There are many thousands of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    key_start: u32,
    key_end: u32,
    value_end: u32,
}

impl Member {
    /// From the places of the key, without its quotes, and of the end of the value, which stands
    /// behind `": `. Only texts up to `u32::MAX` have members that can be told.
    fn new(key_start: usize, key_end: usize, value_end: usize) -> Self {
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { key_start: short(key_start), key_end: short(key_end), value_end: short(value_end) }
    }

    /// Of a member that is written at a place.
    pub(crate) fn at(start: usize, key: &str, value: &str) -> Self {
        let key_end = start + 1 + key.len();
        Self::new(start + 1, key_end, key_end + 3 + value.len())
    }

    /// Moves the member where the text before it has another length now.
    pub(crate) fn shift(&mut self, before: usize, after: usize) {
        let [key_start, key_end, value_end] = [self.key_start, self.key_end, self.value_end]
            .map(|place| (place as usize + after) - before);
        *self = Self::new(key_start, key_end, value_end);
    }

    /// Moves the end of the value, where that has another length now.
    pub(crate) fn grow(&mut self, before: usize, after: usize) {
        let value_end = (self.value_end as usize + after) - before;
        *self = Self::new(self.key_start as usize, self.key_end as usize, value_end);
    }

    /// The key in the text that the member was found in, without its quotes.
    pub(crate) fn key(self, object: &str) -> &str {
        &object[self.key_start as usize..self.key_end as usize]
    }

    /// Whether the key is this one, which has to be one that is written as it is.
    pub(crate) fn has_key(self, object: &str, key: &str) -> bool {
        // As bytes: a place in a text is looked at twice before something is cut out there.
        object.as_bytes()[self.key_start as usize..self.key_end as usize] == *key.as_bytes()
    }

    /// The value in the text that the member was found in.
    pub(crate) fn value(self, object: &str) -> &str {
        &object[self.value_range()]
    }

    /// Where the member begins: at the quote of its key.
    pub(crate) fn start(self) -> usize {
        self.key_start as usize - 1
    }

    pub(crate) fn value_range(self) -> std::ops::Range<usize> {
        self.key_end as usize + 3..self.value_end as usize
    }
}

/// The members of an object, in a text that was written by [`to_bytes`](super::to_bytes); none in
/// that of another value.
pub(crate) fn members(object: &str) -> impl Iterator<Item = Member> {
    let text = object.as_bytes();
    // Behind the brace, or behind the comma and its space.
    let mut next = (object.starts_with('{') && object != "{}").then_some(1);
    std::iter::from_fn(move || {
        let start = next?;
        let key_end = end_of_string(text, start) - 1;
        let value_end = end_of_value(text, key_end + 3);
        next = (text.get(value_end) == Some(&b',')).then_some(value_end + 2);
        Some(Member::new(start + 1, key_end, value_end))
    })
}

/// Finds a member's value in an object's text. The key has to be one that is written as it is.
pub(crate) fn find<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    members(object).find(|member| member.has_key(object, key)).map(|member| member.value(object))
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
    loop {
        at += plain_length(text.get(at..).unwrap_or_default());
        match text.get(at) {
            Some(b'"') => return at + 1,
            // An escape; anything else cannot be in a written text.
            Some(_) => at += 2,
            None => return text.len(),
        }
    }
}

/// How many bytes a text starts with that stand in a string as themselves: `' '..='~'` but for
/// quote and backslash. Looked for eight at a time: most of every manifest is such bytes.
pub(super) fn plain_length(text: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    // Sets the high bit of a byte that is zero, and maybe of others behind it.
    let zero = |word: u64| word.wrapping_sub(EACH) & !word & HIGH;
    let mut length = 0;
    while let Some((eight, _)) = text[length..].split_first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let control = word.wrapping_sub(u64::from(b' ') * EACH) & !word & HIGH;
        let other = (word & HIGH)
            | control
            | zero(word ^ (0x7f * EACH))
            | zero(word ^ (u64::from(b'"') * EACH))
            | zero(word ^ (u64::from(b'\\') * EACH));
        if other != 0 {
            return length + other.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let plain = |byte: &&u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    length + text[length..].iter().take_while(plain).count()
}

/// Whether two texts that are as they would be written are equal values to Python.
pub(crate) fn same(left: &str, right: &str) -> bool {
    // What is written alike is alike. What differs first in a string differs for good: only
    // numbers are the same in several ways.
    let values = || Some((super::parse(left).ok()?, super::parse(right).ok()?));
    left == right
        || (!differ_in_string(left, right)
            && values().is_some_and(|(left, right)| super::same(&left, &right)))
}

fn differ_in_string(left: &str, right: &str) -> bool {
    let (mut in_string, mut escaped) = (false, false);
    for (left, right) in left.bytes().zip(right.bytes()) {
        if left != right {
            return in_string;
        }
        match left {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    false
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
mod tests;
