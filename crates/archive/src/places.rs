//! Where the blocks of an archive are: an extra field of the gzip header (RFC 1952).
//!
//! What we pack is one gzip member that is made of blocks: each is so many bytes of the tar archive
//! ([`Places::block`]; the last one may be shorter), deflated by itself, and ends at a whole byte. The
//! subfield `SW` of the header says how long they are, so that a reader may inflate them side by side:
//!
//! ```text
//! 'S' 'W'  length of what follows (16 bits)
//! 1        version (8 bits)
//! n        a block has 2^n bytes (8 bits)
//! sizes    of each block, deflated, in order (32 bits each)
//! ```
//!
//! Numbers have their lowest byte first. All other readers pass over the field.

/// The mark of the subfield.
const ID: [u8; 2] = *b"SW";
const VERSION: u8 = 1;
/// Bytes of the field before the sizes: the mark, the length, the version and the exponent.
const FIXED: usize = 6;
/// The most bytes of an extra field.
const MOST: usize = 0xffff;
/// The smallest blocks: larger ones compress no better.
const SMALLEST: u8 = 20;

/// The blocks of one archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    /// A block has 2 to the power of this many bytes.
    exponent: u8,
    /// How long each is, deflated.
    pub sizes: Vec<u32>,
}

impl Places {
    /// The places of the blocks of a tar archive of so many bytes, which are not known yet.
    pub fn of(size: u64) -> Self {
        let most = (MOST - FIXED) as u64 / 4;
        let fits = |exponent: &u8| size.div_ceil(1 << exponent) <= most;
        let exponent = (SMALLEST..63).find(fits).unwrap_or(63);
        Self { exponent, sizes: vec![0; size.div_ceil(1 << exponent) as usize] }
    }

    /// How many bytes a block has before it is deflated.
    pub fn block(&self) -> usize {
        1 << self.exponent
    }

    /// The extra field, with its length before it; nothing where one block is all.
    pub fn field(&self) -> Vec<u8> {
        if self.sizes.len() < 2 {
            return Vec::new();
        }
        let length = FIXED + 4 * self.sizes.len();
        let mut field = Vec::with_capacity(2 + length);
        field.extend_from_slice(&(length as u16).to_le_bytes());
        field.extend_from_slice(&ID);
        field.extend_from_slice(&((length - 4) as u16).to_le_bytes());
        field.extend_from_slice(&[VERSION, self.exponent]);
        for size in &self.sizes {
            field.extend_from_slice(&size.to_le_bytes());
        }
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_grow_with_the_archive() {
        let counts = |size: u64| (Places::of(size).block(), Places::of(size).sizes.len());
        assert_eq!(counts(1024), (1 << 20, 1));
        assert_eq!(counts(1 << 20), (1 << 20, 1));
        assert_eq!(counts((1 << 20) + 1), (1 << 20, 2));
        assert_eq!(counts(16_382 << 20), (1 << 20, 16_382));
        assert_eq!(counts((16_382 << 20) + 1), (2 << 20, 8192));
        assert!(Places::of(1 << 50).field().len() <= MOST + 2);
    }

    #[test]
    fn the_field_says_how_long_each_block_is() {
        assert_eq!(Places::of(1000).field(), b"");
        let mut places = Places::of(2 << 20);
        places.sizes.copy_from_slice(&[258, 3]);
        let expected = [14, 0, b'S', b'W', 10, 0, 1, 20, 2, 1, 0, 0, 3, 0, 0, 0];
        assert_eq!(places.field(), expected);
    }
}
