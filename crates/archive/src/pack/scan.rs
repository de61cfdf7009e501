//! Walks a deflate stream without undoing it, to find where its last block begins and ends.
//!
//! libdeflate marks the last block of what it compresses as the last one of the stream. To put several
//! of its streams one after another, that mark has to go, and it stands at a bit that only a walk
//! through all codes finds (RFC 1951). Nothing is written and nothing is checked against a window, so
//! that this takes a fraction of the time of inflating.

/// Codes of up to this many bits are found in one look.
const FAST: u32 = 10;
/// The most bits of a code.
const LONGEST: usize = 15;
/// The symbols of the alphabet of literals and lengths that a fixed block has codes for.
const FIXED_LITERALS: usize = 288;
const FIXED_DISTANCES: usize = 32;
/// The most bits of a length and its distance, with those that follow on both codes.
const LENGTH_AND_DISTANCE: u32 = 48;
const END_OF_BLOCK: usize = 256;
/// In which order the lengths of the codes of code lengths are stored.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Positions in bits, counted as deflate does: from the lowest bit of the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastBlock {
    /// Its first bit, which marks it as the last one.
    pub begin: usize,
    /// The bit behind its last one.
    pub end: usize,
}

/// Where the last block of `stream` is; `None` when it is no deflate stream.
pub(super) fn last_block(stream: &[u8]) -> Option<LastBlock> {
    let mut bits = Bits { bytes: stream, next: 0, held: 0, count: 0 };
    let mut literals = Codes::default();
    let mut distances = Codes::default();
    loop {
        let begin = bits.position();
        bits.refill();
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => bits.skip_stored()?,
            1 => {
                let mut lengths = [8; FIXED_LITERALS];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                literals.build(&lengths, literal)?;
                distances.build(&[5; FIXED_DISTANCES], distance)?;
                bits.skip_codes(&literals, &distances)?;
            }
            2 => {
                bits.read_codes(&mut literals, &mut distances)?;
                bits.skip_codes(&literals, &distances)?;
            }
            _ => return None,
        }
        if is_last {
            return Some(LastBlock { begin, end: bits.position() });
        }
    }
}

/// What a code means for the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A literal, or a distance: the next code is one of literals and lengths.
    Done,
    /// A length: a distance follows.
    Length,
    /// The block ends.
    End,
    /// No code of the table: a longer one, or none at all.
    Longer,
}

/// A code: how many bits it has together with those that follow it, and what it means.
#[derive(Debug, Clone, Copy)]
struct Code {
    bits: u8,
    what: What,
}

const LONGER: Code = Code { bits: 0, what: What::Longer };

/// How many bits follow on a code of a literal or a length, and what it means; `None`: it has none.
fn literal(symbol: usize) -> Option<(u8, What)> {
    Some(match symbol {
        0..END_OF_BLOCK => (0, What::Done),
        END_OF_BLOCK => (0, What::End),
        257..=264 | 285 => (0, What::Length),
        265..=284 => (((symbol - 261) / 4) as u8, What::Length),
        _ => return None,
    })
}

/// The same for distances.
fn distance(symbol: usize) -> Option<(u8, What)> {
    Some(match symbol {
        0..=1 => (0, What::Done),
        2..=29 => ((symbol / 2 - 1) as u8, What::Done),
        _ => return None,
    })
}

/// The same for code lengths, of which the callers look at the symbol itself.
fn code_length(_: usize) -> Option<(u8, What)> {
    Some((0, What::Done))
}

/// The codes of one alphabet.
struct Codes {
    /// By the next [`FAST`] bits.
    fast: Vec<(u16, Code)>,
    /// How many codes there are of each number of bits.
    counts: [u16; LONGEST + 1],
    /// All symbols that have codes, by the number of bits and then by value.
    symbols: Vec<(u16, Code)>,
}

impl Default for Codes {
    fn default() -> Self {
        Self { fast: vec![(0, LONGER); 1 << FAST], counts: [0; LONGEST + 1], symbols: Vec::new() }
    }
}

impl Codes {
    /// Makes the codes from their lengths in bits, one for each symbol; 0: it has none.
    fn build(&mut self, lengths: &[u8], meaning: fn(usize) -> Option<(u8, What)>) -> Option<()> {
        self.counts = [0; LONGEST + 1];
        for length in lengths {
            self.counts[usize::from(*length)] += 1;
        }
        self.counts[0] = 0;
        let mut first = [0_u16; LONGEST + 2];
        let mut places = [0_u16; LONGEST + 2];
        for bits in 1..=LONGEST {
            // More codes than there is room for.
            if u32::from(first[bits]) + u32::from(self.counts[bits]) > 1 << bits {
                return None;
            }
            first[bits + 1] = (first[bits] + self.counts[bits]).wrapping_shl(1);
            places[bits + 1] = places[bits] + self.counts[bits];
        }
        self.fast.fill((0, LONGER));
        self.symbols.clear();
        self.symbols.resize(usize::from(places[LONGEST + 1]), (0, LONGER));
        for (symbol, length) in
            lengths.iter().copied().enumerate().filter(|(_, length)| *length > 0)
        {
            let bits = usize::from(length);
            let code = match meaning(symbol) {
                Some((extra, what)) => Code { bits: length + extra, what },
                None => LONGER,
            };
            let entry = (symbol as u16, code);
            self.symbols[usize::from(places[bits])] = entry;
            places[bits] += 1;
            let value = first[bits];
            first[bits] += 1;
            if u32::from(length) <= FAST {
                // Codes are stored with their highest bit first.
                let reversed = usize::from(value.reverse_bits() >> (16 - u32::from(length)));
                for place in (reversed..1 << FAST).step_by(1 << bits) {
                    self.fast[place] = entry;
                }
            }
        }
        Some(())
    }

    /// The code that `bits` begin with, of more than [`FAST`] bits.
    #[cold]
    fn longer(&self, mut bits: u64) -> Option<(u16, Code)> {
        let (mut code, mut first, mut place) = (0_u32, 0_u32, 0_usize);
        for count in &self.counts[1..] {
            code = code << 1 | (bits & 1) as u32;
            bits >>= 1;
            let count = u32::from(*count);
            if code < first + count {
                let found = *self.symbols.get(place + (code - first) as usize)?;
                return (found.1.what != What::Longer).then_some(found);
            }
            place += count as usize;
            first = (first + count) << 1;
        }
        None
    }
}

/// The bits of a stream.
struct Bits<'a> {
    bytes: &'a [u8],
    /// The next byte that is not held.
    next: usize,
    held: u64,
    /// How many of the bits of `held` count.
    count: u32,
}

impl Bits<'_> {
    /// The number of bits that were taken.
    fn position(&self) -> usize {
        self.next * 8 - self.count as usize
    }

    /// Holds 56 bits at least, or all that are left.
    #[inline]
    fn refill(&mut self) {
        if let Some(bytes) = self.bytes.get(self.next..self.next + 8) {
            let bytes: [u8; 8] = bytes.try_into().unwrap_or_default();
            self.held |= u64::from_le_bytes(bytes) << self.count;
            self.next += ((63 - self.count) / 8) as usize;
            self.count |= 56;
            return;
        }
        while self.count <= 55
            && let Some(byte) = self.bytes.get(self.next)
        {
            self.held |= u64::from(*byte) << self.count;
            self.next += 1;
            self.count += 8;
        }
    }

    /// Takes up to 32 bits of those that are held.
    #[inline]
    fn take(&mut self, count: u32) -> Option<u32> {
        let value = self.held & ((1 << count) - 1);
        self.drop(count)?;
        Some(value as u32)
    }

    #[inline]
    fn drop(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count)?;
        self.held >>= count;
        Some(())
    }

    /// Takes a code and what follows on it; says the symbol and what it means.
    #[inline]
    fn code(&mut self, codes: &Codes) -> Option<(u16, What)> {
        let (mut symbol, mut code) = codes.fast[(self.held & ((1 << FAST) - 1)) as usize];
        if code.what == What::Longer {
            (symbol, code) = codes.longer(self.held)?;
        }
        self.drop(u32::from(code.bits))?;
        Some((symbol, code.what))
    }

    /// Passes over the bytes of a block that is not compressed.
    fn skip_stored(&mut self) -> Option<()> {
        let at = self.position().div_ceil(8);
        let field = |at: usize| {
            let bytes = self.bytes.get(at..at + 2)?;
            Some(u16::from_le_bytes([*bytes.first()?, *bytes.last()?]))
        };
        let (length, check) = (field(at)?, field(at + 2)?);
        if length != !check {
            return None;
        }
        self.next = at + 4 + usize::from(length);
        (self.held, self.count) = (0, 0);
        (self.next <= self.bytes.len()).then_some(())
    }

    /// Reads the codes of a block.
    fn read_codes(&mut self, literals: &mut Codes, distances: &mut Codes) -> Option<()> {
        self.refill();
        let literal_count = self.take(5)? as usize + 257;
        let distance_count = self.take(5)? as usize + 1;
        let length_count = self.take(4)? as usize + 4;
        let mut lengths = [0; ORDER.len()];
        for place in &ORDER[..length_count] {
            self.refill();
            lengths[*place] = self.take(3)? as u8;
        }
        literals.build(&lengths, code_length)?;
        let mut lengths = [0; FIXED_LITERALS + FIXED_DISTANCES];
        let wanted = literal_count + distance_count;
        let mut known = 0;
        while known < wanted {
            self.refill();
            let (symbol, _) = self.code(literals)?;
            let (length, times) = match symbol {
                0..=15 => (symbol as u8, 1),
                16 => (*lengths.get(known.checked_sub(1)?)?, 3 + self.take(2)? as usize),
                17 => (0, 3 + self.take(3)? as usize),
                _ => (0, 11 + self.take(7)? as usize),
            };
            lengths.get_mut(known..known + times)?.fill(length);
            known += times;
        }
        if known != wanted || literal_count > FIXED_LITERALS {
            return None;
        }
        literals.build(&lengths[..literal_count], literal)?;
        distances.build(&lengths[literal_count..wanted], distance)
    }

    /// Passes over the content of a block, and its end.
    fn skip_codes(&mut self, literals: &Codes, distances: &Codes) -> Option<()> {
        loop {
            self.refill();
            loop {
                match self.code(literals)?.1 {
                    What::Done => {}
                    What::Length => _ = self.code(distances)?,
                    What::End | What::Longer => return Some(()),
                }
                if self.count < LENGTH_AND_DISTANCE {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};
    use proptest::prelude::*;

    use super::*;

    fn stored(content: &[u8]) -> Vec<u8> {
        let mut stream = vec![1];
        stream.extend_from_slice(&(content.len() as u16).to_le_bytes());
        stream.extend_from_slice(&(!(content.len() as u16)).to_le_bytes());
        stream.extend_from_slice(content);
        stream
    }

    #[test]
    fn one_block_begins_at_the_first_bit() {
        for content in [&b""[..], b"abc", &[0; 1000]] {
            let stream = stored(content);
            let last = last_block(&stream).unwrap();
            assert_eq!(last, LastBlock { begin: 0, end: stream.len() * 8 });
        }
        // A fixed block with nothing in it.
        assert_eq!(last_block(&[3, 0]), Some(LastBlock { begin: 0, end: 10 }));
    }

    #[test]
    fn a_stream_that_is_cut_or_wrong_has_no_last_block() {
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let content: Vec<u8> = (0..5000_u32).flat_map(|n| (n * n).to_le_bytes()).collect();
        let mut stream = vec![0; compressor.deflate_compress_bound(content.len())];
        let size = compressor.deflate_compress(&content, &mut stream).unwrap();
        for length in (0..size - 1).step_by(7) {
            assert_eq!(last_block(&stream[..length]), None, "{length}");
        }
        assert_eq!(last_block(&[]), None);
        assert_eq!(last_block(&[7]), None);
        assert_eq!(last_block(&[1, 5, 0, 0, 0]), None);
        assert_eq!(last_block(&[1, 5, 0, 0xfa, 0xff, 1]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Some(last) = last_block(&bytes) {
                prop_assert!(last.begin < last.end && last.end <= bytes.len() * 8);
            }
        }

        #[test]
        fn of_another_compressor_it_finds_the_last_block(
            parts in prop::collection::vec(prop::collection::vec(0..40_u8, 0..3000), 1..5),
            level in 0..=9_u32,
        ) {
            // Flushed after each part: the last part is the last block.
            let mut compress = Compress::new(Compression::new(level), false);
            let mut stream = Vec::with_capacity(1 << 20);
            let mut begin = 0;
            for (number, part) in parts.iter().enumerate() {
                let last = number + 1 == parts.len();
                begin = stream.len() * 8;
                let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
                compress.compress_vec(part, &mut stream, flush).unwrap();
            }
            let last = last_block(&stream).unwrap();
            prop_assert!(last.begin >= begin, "{last:?} {begin}");
            prop_assert_eq!(last.end.div_ceil(8), stream.len());
        }
    }
}
