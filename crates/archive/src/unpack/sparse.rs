//! Sparse files: their content is the parts of the file that are not holes, one after another.
//!
//! GNU tar has four ways to say which parts these are: in the header and in blocks behind it (its
//! own format), in records of a pax header (0.0, 0.1), and in front of the content (1.0). It also
//! reads that of star, which is like its own.

use super::header::{BLOCK, Header, number};

/// A part of the file that is not a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub start: u64,
    pub length: u64,
}

/// The parts of one file, in their order.
pub(super) type Map = Vec<Segment>;

/// What pax records say about a sparse file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// The map lies in front of the content.
    pub in_content: bool,
    /// The file's size, holes included.
    pub size: Option<u64>,
    pub map: Map,
    /// The first half of a segment, of which the second is still to come.
    start: Option<u64>,
}

impl Records {
    /// Takes the record `GNU.sparse.KEY=VALUE`; `None` when it is damaged.
    pub fn take(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let value_number = || decimal(value);
        match key {
            b"major" => self.in_content = value_number()? > 0,
            b"size" | b"realsize" => self.size = Some(value_number()?),
            b"offset" => self.start = Some(value_number()?),
            b"numbytes" => {
                self.map.push(Segment { start: self.start.take()?, length: value_number()? });
            }
            b"map" => {
                let numbers: Option<Vec<u64>> =
                    value.split(|byte| *byte == b',').map(decimal).collect();
                self.map = pairs(&numbers?)?;
            }
            // `numblocks` and `minor` say nothing new.
            _ => {}
        }
        Some(())
    }
}

/// The map in a header of GNU tar's own format, or in one of star: the file's size, and whether it
/// goes on in another block. Star has other places for it, or all of it in blocks.
pub(super) fn in_header(header: &Header, map: &mut Map) -> Option<(u64, bool)> {
    let block = &header.0;
    let (fields, more, size) = match header.is_posix() {
        false => (&block[386..482], block[482] != 0, &block[483..495]),
        true if block[345] == 0 && block[366] != 0 => {
            (&block[356..452], block[355] != 0, &block[452..464])
        }
        true => (&block[..0], true, &block[452..464]),
    };
    segments(fields, map)?;
    Some((number(size)?.try_into().ok()?, more))
}

/// More of the map, in a block of its own, and whether it goes on.
pub(super) fn in_block(block: &[u8; BLOCK], map: &mut Map) -> Option<bool> {
    segments(&block[..504], map)?;
    Some(block[504] != 0)
}

fn segments(fields: &[u8], map: &mut Map) -> Option<()> {
    for field in fields.chunks_exact(24) {
        let (start, length) = field.split_at(12);
        if length[0] == 0 {
            break;
        }
        let part = |field| number(field)?.try_into().ok();
        map.push(Segment { start: part(start)?, length: part(length)? });
    }
    Some(())
}

/// The map in front of the content: lines with how many segments there are, then start and length
/// of each.
#[derive(Default)]
pub(super) struct InContent {
    text: Vec<u8>,
    lines: usize,
}

impl InContent {
    /// Takes a block of the content. The map, if it ends there; the outer `None`: it is damaged.
    pub fn take(&mut self, block: &[u8]) -> Option<Option<Map>> {
        self.text.extend_from_slice(block);
        self.lines += block.iter().filter(|byte| **byte == b'\n').count();
        let mut lines = self.text.split(|byte| *byte == b'\n');
        let count = lines.next().filter(|_| self.lines > 0);
        let Some(count) = count else {
            return Some(None);
        };
        let wanted = usize::try_from(decimal(count)?).ok()?.checked_mul(2)?;
        if self.lines - 1 < wanted {
            return Some(None);
        }
        let numbers: Option<Vec<u64>> = lines.take(wanted).map(decimal).collect();
        Some(Some(pairs(&numbers?)?))
    }
}

/// Whether the segments follow one another within the file, and are what is `stored`. All but the
/// last are whole blocks: others would be padded by some writers, and not by others.
pub(super) fn fits(map: &Map, size: u64, stored: u64) -> bool {
    let (mut end, mut sum) = (0_u64, 0_u64);
    for (place, segment) in map.iter().enumerate() {
        let Some(next) = segment.start.checked_add(segment.length) else { return false };
        let last = || map[place + 1..].iter().all(|later| later.length == 0);
        let whole = segment.length.is_multiple_of(BLOCK as u64);
        if segment.start < end || next > size || !(whole || last()) {
            return false;
        }
        end = next;
        sum += segment.length;
    }
    sum == stored
}

fn pairs(numbers: &[u64]) -> Option<Map> {
    let whole = numbers.len().is_multiple_of(2);
    let pair = |pair: &[u64]| Segment { start: pair[0], length: pair[1] };
    whole.then(|| numbers.chunks_exact(2).map(pair).collect())
}

/// Digits and nothing else, unlike `parse`, which takes a plus sign.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(u64, u64)]) -> Map {
        pairs.iter().map(|(start, length)| Segment { start: *start, length: *length }).collect()
    }

    #[test]
    fn maps_in_front_of_the_content() {
        let parsed = |text: &[u8]| InContent::default().take(text);
        let padded = |text: &[u8]| parsed(&[text, &[0; 9]].concat());
        assert_eq!(padded(b"0\n"), Some(Some(Map::new())));
        assert_eq!(padded(b"1\n512\n9\n"), Some(Some(map(&[(512, 9)]))));
        for half in [&b""[..], b"1", b"1\n", b"1\n51", b"1\n512\n", b"1\n512\n9"] {
            assert_eq!(parsed(half), Some(None), "{}", half.escape_ascii());
        }
        for wrong in [&b"x\n"[..], b"1\n-1\n1\n", b"99999999999999999999\n"] {
            assert_eq!(parsed(wrong), None, "{}", wrong.escape_ascii());
        }
        let mut blocks = InContent::default();
        assert_eq!(blocks.take(b"1\n51"), Some(None));
        assert_eq!(blocks.take(b"2\n9\n"), Some(Some(map(&[(512, 9)]))));
    }

    #[test]
    fn maps_that_do_not_fit() {
        assert!(fits(&map(&[(0, 512), (1024, 7), (5000, 0)]), 5000, 519));
        assert!(fits(&map(&[]), 5000, 0));
        for (segments, size, stored) in [
            (&[(512, 512), (0, 512)][..], 5000, 1024),
            (&[(0, 512), (0, 512)], 5000, 1024),
            (&[(0, 512)], 511, 512),
            (&[(0, 512)], 5000, 511),
            (&[(0, 7), (512, 512)], 5000, 519),
            (&[(u64::MAX, 2)], u64::MAX, 2),
        ] {
            assert!(!fits(&map(segments), size, stored), "{segments:?}");
        }
    }
}
