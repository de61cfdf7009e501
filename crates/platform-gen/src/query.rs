//! Query strings as PHP's `parse_str` reads them.
//!
//! Owners of applications have written them for PHP: `only[]=a&only[]=b`, `only[a]=b`, and a plus
//! for a space.

use indexmap::IndexMap;

/// How deep brackets may be nested; parts with more are left out, as PHP does by default.
const MAX_NESTING: usize = 64;
/// How many parts are looked at, as PHP does by default.
const MAX_PARTS: usize = 1000;

/// The key of an array: `"7"` is a number, `"07"` and `"x"` are not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A number.
    Number(i64),
    /// Anything else.
    Text(Vec<u8>),
}

impl Key {
    fn new(text: &[u8]) -> Self {
        let number = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<i64>().ok().filter(|number| number.to_string() == text));
        number.map_or_else(|| Self::Text(text.to_owned()), Self::Number)
    }
}

/// A value: text, or an array of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Text, of any bytes.
    Text(Vec<u8>),
    /// An array.
    Array(Array),
}

/// A PHP array: keys in their order, and the number that `[]` gives next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Array {
    entries: IndexMap<Key, Node>,
    /// `None`: there was no number yet.
    next: Option<i64>,
}

impl Array {
    /// Whether the keys are 0, 1, 2 …
    pub fn is_list(&self) -> bool {
        self.entries.keys().zip(0..).all(|(key, at)| *key == Key::Number(at))
    }

    /// Keys and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Node)> {
        self.entries.iter()
    }

    /// The value of a key that is text.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries.get(&Key::new(name.as_bytes()))
    }

    fn slot(&mut self, key: Option<Key>) -> &mut Node {
        let key = key.unwrap_or(Key::Number(self.next.unwrap_or(0)));
        if let Key::Number(number) = key {
            self.next = self.next.max(Some(number.saturating_add(1)));
        }
        self.entries.entry(key).or_insert_with(|| Node::Text(Vec::new()))
    }
}

/// Reads a query string, without its question mark.
pub fn parse(query: &str) -> Array {
    let mut variables = Array::default();
    for part in query.split('&').filter(|part| !part.is_empty()).take(MAX_PARTS) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        if let Some(path) = path(decode(name)) {
            set(&mut variables, path, decode(value));
        }
    }
    variables
}

fn set(variables: &mut Array, mut path: Vec<Option<Key>>, value: Vec<u8>) {
    let last = path.pop();
    let mut array = variables;
    for key in path {
        let slot = array.slot(key);
        if matches!(slot, Node::Text(_)) {
            *slot = Node::Array(Array::default());
        }
        match slot {
            Node::Array(inner) => array = inner,
            Node::Text(_) => return,
        }
    }
    if let Some(key) = last {
        *array.slot(key) = Node::Text(value);
    }
}

/// The keys that a name stands for: `a[b][]` is `a`, `b`, and the next number.
fn path(name: Vec<u8>) -> Option<Vec<Option<Key>>> {
    // What PHP takes for the end of a name, since names are C strings there.
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    let start = name.iter().position(|byte| *byte != b' ').unwrap_or(end);
    let name = name.get(start..end)?;
    let bracket = name.iter().position(|byte| *byte == b'[').unwrap_or(name.len());
    if bracket == 0 {
        return None;
    }
    let mut first: Vec<u8> = name[..bracket].to_vec();
    let mut rest = &name[bracket..];
    let mut keys: Vec<Option<Key>> = Vec::new();
    while let Some(inner) = rest.strip_prefix(b"[") {
        let Some(close) = inner.iter().position(|byte| *byte == b']') else {
            // No index: the bracket is a letter that names cannot have.
            if keys.is_empty() {
                first.push(b'_');
                first.extend_from_slice(inner);
            }
            break;
        };
        // A space before the bracket's end is as good as nothing.
        let index = &inner[..close];
        let is_blank = matches!(index, [] | [b' ' | b'\t'..=b'\r']);
        keys.push((!is_blank).then(|| Key::new(index)));
        rest = &inner[close + 1..];
    }
    if keys.len() > MAX_NESTING {
        return None;
    }
    for byte in first.iter_mut().take(if keys.is_empty() { usize::MAX } else { bracket }) {
        if matches!(byte, b' ' | b'.') || (*byte == b'[' && keys.is_empty()) {
            *byte = b'_';
        }
    }
    keys.insert(0, Some(Key::new(&first)));
    Some(keys)
}

/// `urldecode`: `%41` and `+`; a percent sign without two hex digits stays.
fn decode(text: &str) -> Vec<u8> {
    let spaced: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    let mut decoded = Vec::with_capacity(spaced.len());
    let mut rest = spaced.as_slice();
    while let [first, after @ ..] = rest {
        let byte = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests;
