//! Walking over JSON texts as they nearly always are, without taking them apart.
//!
//! `None` is always right. It means that the text is wrong or odd (fractions, half a surrogate
//! pair, a great depth), and that it has to be read by the library, which knows all of JSON and
//! says what is wrong, and where.

use std::borrow::Cow;

/// How deep a value may be nested.
const MAX_DEPTH: u8 = 64;

/// A place in the text.
pub(crate) struct Walker<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Walker<'t> {
    /// At a place where a value begins, or spaces before one.
    pub(crate) fn new(text: &'t str, at: usize) -> Self {
        let mut walker = Walker { text, bytes: text.as_bytes(), at };
        walker.space();
        walker
    }

    /// The place, in bytes from the beginning of the text.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Whether nothing but spaces follows.
    pub(crate) fn ends(&mut self) -> bool {
        self.space();
        self.at == self.text.len()
    }

    /// The byte that a value begins with here.
    pub(crate) fn next(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes a byte, where it is the next one.
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    /// Any value: its text.
    pub(crate) fn value(&mut self) -> Option<&'t str> {
        let start = self.at;
        self.skip(MAX_DEPTH)?;
        Some(&self.text[start..self.at])
    }

    fn skip(&mut self, depth: u8) -> Option<()> {
        match self.next()? {
            b'"' => self.quoted().map(|_| ()),
            b'{' if depth > 0 => self.members(|walker, _| walker.skip(depth - 1)),
            b'[' if depth > 0 => self.elements(|walker| walker.skip(depth - 1)),
            b'n' => self.word("null"),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            _ => self.integer(),
        }
    }

    /// An object; `value` takes the value of each key.
    pub(crate) fn members(
        &mut self,
        mut value: impl FnMut(&mut Self, Key<'t>) -> Option<()>,
    ) -> Option<()> {
        self.take(b'{')?;
        self.space();
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.quoted()?;
            self.space();
            self.take(b':')?;
            self.space();
            value(self, key)?;
            self.space();
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
            self.space();
        }
    }

    /// A list; `value` takes each element.
    pub(crate) fn elements(
        &mut self,
        mut value: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.take(b'[')?;
        self.space();
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            value(self)?;
            self.space();
            if self.take(b',').is_none() {
                return self.take(b']');
            }
            self.space();
        }
    }

    /// A string's text.
    pub(crate) fn string(&mut self) -> Option<Cow<'t, str>> {
        self.quoted()?.text()
    }

    fn quoted(&mut self) -> Option<Key<'t>> {
        let start = self.at;
        self.take(b'"')?;
        let mut escaped = false;
        loop {
            self.at += plain_length(&self.bytes[self.at..]);
            self.at += match &self.bytes[self.at..] {
                [b'"', ..] => break,
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
                [b'\\', b'u', a, b, c, d, ..]
                    if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
                {
                    6
                }
                _ => return None,
            };
            escaped = true;
        }
        self.at += 1;
        Some(Key { quoted: &self.text[start..self.at], escaped })
    }

    fn integer(&mut self) -> Option<()> {
        let _ = self.take(b'-');
        let start = self.at;
        while self.next()?.is_ascii_digit() {
            self.at += 1;
        }
        let right = match &self.bytes[start..self.at] {
            [] => false,
            [first, rest @ ..] => *first != b'0' || rest.is_empty(),
        };
        (right && !matches!(self.next(), Some(b'.' | b'e' | b'E'))).then_some(())
    }
}

/// A string as it is written, most often a key.
#[derive(Clone, Copy)]
pub(crate) struct Key<'t> {
    quoted: &'t str,
    escaped: bool,
}

impl<'t> Key<'t> {
    /// Its text.
    pub(crate) fn text(self) -> Option<Cow<'t, str>> {
        if self.escaped {
            return serde_json::from_str(self.quoted).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(&self.quoted[1..self.quoted.len() - 1]))
    }
}

/// How many bytes a text starts with that stand in a string as themselves: no quote, no backslash,
/// no control character. They are looked for eight at a time.
fn plain_length(text: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    // Sets the high bit of each byte that is less than a number, and maybe of others behind it.
    let less = |word: u64, than: u8| word.wrapping_sub(u64::from(than) * EACH) & !word & HIGH;
    let mut length = 0;
    while let Some((eight, _)) = text[length..].split_first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let other = less(word, b' ')
            | less(word ^ (u64::from(b'"') * EACH), 1)
            | less(word ^ (u64::from(b'\\') * EACH), 1);
        if other != 0 {
            return length + other.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let plain = |byte: &&u8| **byte >= b' ' && !matches!(byte, b'"' | b'\\');
    length + text[length..].iter().take_while(plain).count()
}
