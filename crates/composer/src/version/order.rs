//! The order of versions: PHP's `version_compare`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The order of two versions, as PHP's `version_compare` has it:
/// `dev` < `alpha` < `beta` < `RC` < a number < `pl`, and any other word before them all.
///
/// ```
/// use std::cmp::Ordering;
/// assert_eq!(composer::version::compare("1.0.0.0-RC1", "1.0.0.0"), Ordering::Less);
/// ```
pub fn compare(a: &str, b: &str) -> Ordering {
    compare_keys(&key(a), &key(b))
}

/// A normalized version. Ordered and compared as PHP does: `1.0.0.0-rc1` and `1.0.0.0-RC1` are
/// equal. Its text tells them apart.
#[derive(Clone)]
pub struct Version {
    text: Arc<str>,
    key: Arc<[Part]>,
    branch: bool,
}

impl Version {
    /// A version that is normalized already.
    pub fn new(normalized: &str) -> Version {
        Version {
            text: normalized.into(),
            key: key(normalized).into(),
            branch: normalized.starts_with("dev-"),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is a branch, which has no place among the numbers.
    pub fn is_branch(&self) -> bool {
        self.branch
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", self.text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.key, &other.key) {
            return Ordering::Equal;
        }
        compare_keys(&self.key, &other.key)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The same text. (Versions of another text can still be `Equal` in order.)
impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// What stands between two dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Number(i64),
    /// A word, by its rank.
    Word(i8),
}

/// The rank of a number among words.
const NUMBER: i8 = 4;

impl Part {
    fn read(text: &[u8]) -> Part {
        if text.first().is_some_and(u8::is_ascii_digit) {
            let number = text
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .fold(0_i64, |number, digit| {
                    number.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
                });
            return Part::Number(number);
        }
        const RANKS: [(&[u8], i8); 10] = [
            (b"dev", 0),
            (b"alpha", 1),
            (b"a", 1),
            (b"beta", 2),
            (b"b", 2),
            (b"RC", 3),
            (b"rc", 3),
            (b"#", NUMBER),
            (b"pl", 5),
            (b"p", 5),
        ];
        let rank = RANKS.iter().find(|(word, _)| text.starts_with(word));
        Part::Word(rank.map_or(-1, |(_, rank)| *rank))
    }

    fn rank(self) -> i8 {
        match self {
            Part::Number(_) => NUMBER,
            Part::Word(rank) => rank,
        }
    }

    fn compare(self, other: Part) -> Ordering {
        match (self, other) {
            (Part::Number(a), Part::Number(b)) => a.cmp(&b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// The parts of a version. Dots come between digits and letters, and for every other character.
fn key(version: &str) -> Vec<Part> {
    let bytes = version.as_bytes();
    let Some(first) = bytes.first() else {
        return Vec::new();
    };
    // Numbers and dots are as they should be already; as is a text with a `#` to PHP.
    let plain = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    if *first == b'#' || (bytes.iter().all(plain) && bytes.windows(2).all(|pair| pair != b"..")) {
        return bytes.split(|byte| *byte == b'.').map(Part::read).collect();
    }
    let mut dotted = Vec::with_capacity(bytes.len() + 8);
    dotted.push(*first);
    for pair in bytes.windows(2) {
        let (last, byte) = (pair[0], pair[1]);
        let letter = |byte: u8| !byte.is_ascii_digit() && byte != b'.' && !is_separator(byte);
        let border =
            (letter(last) && byte.is_ascii_digit()) || (last.is_ascii_digit() && letter(byte));
        if (border || !byte.is_ascii_alphanumeric()) && dotted.last() != Some(&b'.') {
            dotted.push(b'.');
        }
        // At a border, even what is no letter is kept.
        if border || byte.is_ascii_alphanumeric() {
            dotted.push(byte);
        }
    }
    dotted.split(|byte| *byte == b'.').map(Part::read).collect()
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'+')
}

fn compare_keys(a: &[Part], b: &[Part]) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        (false, false) => {}
    }
    for (a, b) in a.iter().zip(b) {
        let order = a.compare(*b);
        if order.is_ne() {
            return order;
        }
    }
    // The longer one is greater where a number follows, and where a word does that is greater
    // than a number.
    let rest = |longer: &[Part]| {
        longer.iter().find_map(|part| match part {
            Part::Number(_) => Some(Ordering::Greater),
            Part::Word(rank) => Some(rank.cmp(&NUMBER)).filter(|order| order.is_ne()),
        })
    };
    if a.len() > b.len() {
        rest(&a[b.len()..]).unwrap_or(Ordering::Equal)
    } else {
        rest(&b[a.len()..]).map_or(Ordering::Equal, Ordering::reverse)
    }
}
