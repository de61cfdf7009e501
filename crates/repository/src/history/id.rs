//! The name of a generation.

use std::fmt;

/// Digits of the number, so that names sort as numbers do.
const DIGITS: usize = 10;
/// Digits of the checksum.
const HASH: usize = 12;

/// The name of a generation: its number and the beginning of its record's checksum, as in
/// `0000000042-8f3a12bc34de`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    number: u64,
    hash: String,
}

impl Id {
    /// The name of the record with these bytes.
    pub(super) fn of(number: u64, record: &[u8]) -> Self {
        let mut hash = checksum::of_bytes(record);
        hash.truncate(HASH);
        Self { number, hash }
    }

    /// Reads a name as it is displayed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, hash) = text.split_once('-')?;
        let plain = number.len() >= DIGITS
            && (number.len() == DIGITS || !number.starts_with('0'))
            && number.bytes().all(|byte| byte.is_ascii_digit());
        let hex = hash.len() == HASH
            && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        (plain && hex)
            .then(|| Some(Self { number: number.parse().ok()?, hash: hash.to_owned() }))?
    }

    /// The generation's number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0DIGITS$}-{}", self.number, self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_sort_as_numbers() {
        for number in [0, 1, 42, 9_999_999_999, 10_000_000_000, u64::MAX] {
            let id = Id::of(number, b"record");
            assert_eq!(Id::parse(&id.to_string()), Some(id));
        }
        assert_eq!(Id::of(42, b"").to_string(), "0000000042-e3b0c44298fc");
        assert!(Id::of(9, b"a") < Id::of(10, b"b"));
        for text in [
            "",
            "42",
            "42-e3b0c44298fc",
            "0000000042-e3b0c44298f",
            "0000000042-E3B0C44298FC",
            "00000000042-e3b0c44298fc",
            "0000000042-e3b0c44298fc/x",
            "+000000042-e3b0c44298fc",
            "99999999999999999999999-e3b0c44298fc",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }
}
