//! The members of a tar stream, one after another, in a few KiB of memory.
//!
//! Not the `tar` crate's own iterator: it reads an extended header of any size into memory, and
//! some formats that GNU tar reads not at all.

use std::io::Read;

use super::header::{BLOCK, Header, until_nul};
use super::input::{Input, Stop};
use super::pax::{self, Extended};
use super::sparse::{self, InContent, Map};
use super::{Entry, EntryKind, Limits};
use crate::error::{Error, LimitKind, Refusal, show};

/// Long names, long targets, pax records and the map of one member together. A path has 4 KiB at
/// most; the rest is attributes.
const EXTENDED_LIMIT: u64 = 1 << 20;

const SPARSE_DAMAGED: &str = "the map of a sparse file does not fit its content";

pub(super) struct Members<R> {
    input: Input<R>,
    /// What is left of the current member's content, and the padding after it.
    left: u64,
    padding: u64,
    /// The time of all members that have no other, from a pax header for all of them.
    mtime: Option<(i64, u32)>,
    /// Where the content of the current member belongs, if that is a sparse file.
    map: Option<Map>,
    /// The last member, for messages.
    last: Vec<u8>,
    buffer: Vec<u8>,
}

impl<R: Read> Members<R> {
    pub fn new(reader: R, limits: &Limits, plain: bool) -> Self {
        Self {
            input: Input::new(reader, limits, plain),
            left: 0,
            padding: 0,
            mtime: None,
            map: None,
            last: Vec::new(),
            buffer: vec![0; 64 << 10],
        }
    }

    /// The next member, or none after the archive's end: empty blocks, or just the end of the data.
    /// What was not read of the content of the one before is skipped.
    pub fn next(&mut self) -> Result<Option<Entry>, Error> {
        self.skip()?;
        self.map = None;
        let mut extended = Extended::default();
        let mut long_name = None;
        let mut long_target = None;
        let mut extended_size = 0;
        let mut for_a_member = false;
        loop {
            let Some(header) = self.header()? else {
                if for_a_member {
                    return Err(self.damaged("an extended header without a member"));
                }
                return Ok(None);
            };
            let kind = header.kind();
            for_a_member |= matches!(kind, b'L' | b'K' | b'x' | b'X');
            match kind {
                b'L' => long_name = Some(self.long(&header, &mut extended_size)?),
                b'K' => long_target = Some(self.long(&header, &mut extended_size)?),
                // `X` is what Solaris called it before POSIX did.
                b'x' | b'X' => {
                    let text = self.text(&header, &mut extended_size)?;
                    pax::parse(&text, &mut extended)
                        .ok_or_else(|| self.damaged("an extended header cannot be read"))?;
                }
                b'g' => self.global(&header, &mut extended_size)?,
                // The label of a volume, which is no file.
                b'V' => {
                    self.expect(header.size().ok_or_else(|| self.unreadable("size"))?);
                    self.skip()?;
                }
                _ => {
                    // As in GNU tar, pax records count more than long names.
                    extended.name = extended.sparse_name.take().or(extended.name).or(long_name);
                    extended.target = extended.target.or(long_target);
                    extended.mtime = extended.mtime.or(self.mtime);
                    return self.entry(&header, extended, extended_size).map(Some);
                }
            }
        }
    }

    /// Where the content of the member that was returned last belongs; `None`: it is the whole file.
    pub fn take_map(&mut self) -> Option<Map> {
        self.map.take()
    }

    /// Reads some of the current member's content; nothing at its end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.input.read(&mut buffer[..most]).map_err(|stop| self.stopped(stop))?;
        if count == 0 {
            return Err(self.stopped(Stop::Truncated));
        }
        self.left -= count as u64;
        Ok(count)
    }

    fn skip(&mut self) -> Result<(), Error> {
        self.left += std::mem::take(&mut self.padding);
        let mut buffer = std::mem::take(&mut self.buffer);
        while self.left > 0 {
            self.read(&mut buffer)?;
        }
        self.buffer = buffer;
        Ok(())
    }

    /// The next header; none at the end, behind which nothing but zeros may follow: tar fills its
    /// last record with them.
    fn header(&mut self) -> Result<Option<Header>, Error> {
        let mut header = Header([0; BLOCK]);
        let count = self.input.read_full(&mut header.0).map_err(|stop| self.stopped(stop))?;
        // The decompressor may have used what it did not fill.
        header.0[count..].fill(0);
        if count < BLOCK && (self.input.is_nothing() || !header.is_empty()) {
            return Err(self.stopped(Stop::Truncated));
        }
        if header.is_empty() {
            self.end()?;
            return Ok(None);
        }
        if !header.checksum_fits() {
            return Err(self.damaged("a header's checksum is wrong"));
        }
        Ok(Some(header))
    }

    fn end(&mut self) -> Result<(), Error> {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            let count = self.input.read(&mut buffer).map_err(|stop| self.stopped(stop))?;
            if count == 0 {
                return Ok(());
            }
            if buffer[..count].iter().any(|byte| *byte != 0) {
                return Err(self.damaged("something follows the archive's end"));
            }
        }
    }

    fn entry(
        &mut self,
        header: &Header,
        extended: Extended,
        mut extended_size: u64,
    ) -> Result<Entry, Error> {
        let name = extended.name.unwrap_or_else(|| header.name());
        let target = extended.target.unwrap_or_else(|| header.target());
        self.last.clone_from(&name);
        if extended.is_part {
            return Err(Error::refused(&name, Refusal::OtherVolume));
        }
        let (kind, has_content) = match header.kind() {
            b'1' => (EntryKind::HardLink, false),
            b'2' => (EntryKind::Link, false),
            b'3' => (EntryKind::CharacterDevice, false),
            b'4' => (EntryKind::BlockDevice, false),
            b'5' => (EntryKind::Directory, false),
            b'6' => (EntryKind::Pipe, false),
            // A folder in an incremental archive: the names in it are its content.
            b'D' => (EntryKind::Directory, true),
            b'M' => return Err(Error::refused(&name, Refusal::OtherVolume)),
            // Before POSIX, folders were files with a slash at the end.
            0 | b'0' | b'7' if name.ends_with(b"/") => (EntryKind::Directory, false),
            // POSIX: what is not known is a file.
            _ => (EntryKind::File, true),
        };
        let mut size = match extended.size {
            // Some writers give a size to what has no content; nothing follows.
            _ if !has_content => 0,
            Some(size) => size,
            None => header.size().ok_or_else(|| self.unreadable("size"))?,
        };
        let mtime = extended.mtime.or_else(|| Some((header.mtime()?, 0)));
        let (mtime, mtime_nanos) = mtime.ok_or_else(|| self.unreadable("time"))?;
        let mode = header.mode().ok_or_else(|| self.unreadable("mode"))?;
        let device = match kind {
            EntryKind::CharacterDevice | EntryKind::BlockDevice => {
                header.device().ok_or_else(|| self.unreadable("device numbers"))?
            }
            _ => (0, 0),
        };
        if header.kind() == b'S' {
            size = self.old_sparse(header, size, &mut extended_size)?;
        } else {
            self.expect(size);
            if let (EntryKind::File, Some(records)) = (kind, extended.sparse) {
                size = self.pax_sparse(records, &mut extended_size)?;
            }
        }
        if kind == EntryKind::Directory {
            size = 0;
        }
        Ok(Entry { name, kind, target, size, mode, mtime, mtime_nanos, device })
    }

    /// A sparse file in GNU tar's own format or star's: reads the rest of its map, and says its size.
    fn old_sparse(
        &mut self,
        header: &Header,
        stored: u64,
        extended_size: &mut u64,
    ) -> Result<u64, Error> {
        let damaged = |members: &Self| members.damaged(SPARSE_DAMAGED);
        let mut map = Map::new();
        let (size, mut more) = sparse::in_header(header, &mut map).ok_or_else(|| damaged(self))?;
        while more {
            let block = self.block(extended_size)?;
            more = sparse::in_block(&block, &mut map).ok_or_else(|| damaged(self))?;
        }
        self.expect(stored);
        self.set_map(map, size)
    }

    /// A sparse file in one of the ways with pax records: reads the map from the content where that
    /// is its place, and says the file's size.
    fn pax_sparse(
        &mut self,
        records: sparse::Records,
        extended_size: &mut u64,
    ) -> Result<u64, Error> {
        let damaged = |members: &Self| members.damaged(SPARSE_DAMAGED);
        let size = records.size.ok_or_else(|| damaged(self))?;
        if !records.in_content {
            return self.set_map(records.map, size);
        }
        let mut content = InContent::default();
        loop {
            if self.left < BLOCK as u64 {
                return Err(damaged(self));
            }
            let block = self.block(extended_size)?;
            self.left -= BLOCK as u64;
            if let Some(map) = content.take(&block).ok_or_else(|| damaged(self))? {
                return self.set_map(map, size);
            }
        }
    }

    fn set_map(&mut self, map: Map, size: u64) -> Result<u64, Error> {
        if !sparse::fits(&map, size, self.left) {
            return Err(self.damaged(SPARSE_DAMAGED));
        }
        self.map = Some(map);
        Ok(size)
    }

    /// A block that belongs to no content.
    fn block(&mut self, so_far: &mut u64) -> Result<[u8; BLOCK], Error> {
        self.count_extended(BLOCK as u64, so_far)?;
        let mut block = [0; BLOCK];
        match self.input.read_full(&mut block) {
            Ok(BLOCK) => Ok(block),
            Ok(_) => Err(self.stopped(Stop::Truncated)),
            Err(stop) => Err(self.stopped(stop)),
        }
    }

    fn expect(&mut self, size: u64) {
        self.left = size;
        self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    }

    /// GNU tar's long name or target: a text with a NUL at its end.
    fn long(&mut self, header: &Header, so_far: &mut u64) -> Result<Vec<u8>, Error> {
        Ok(until_nul(&self.text(header, so_far)?))
    }

    /// A pax header for all members that follow. Comments are common, names make no sense.
    fn global(&mut self, header: &Header, so_far: &mut u64) -> Result<(), Error> {
        let text = self.text(header, so_far)?;
        let mut global = Extended { mtime: self.mtime, ..Extended::default() };
        pax::parse(&text, &mut global)
            .ok_or_else(|| self.damaged("a global extended header cannot be read"))?;
        if global.is_part {
            return Err(Error::refused(&self.last, Refusal::OtherVolume));
        }
        self.mtime = global.mtime;
        if global == (Extended { mtime: global.mtime, ..Extended::default() }) {
            return Ok(());
        }
        Err(self.damaged("a global extended header gives all members one name, target or size"))
    }

    /// The content of an extended header.
    fn text(&mut self, header: &Header, so_far: &mut u64) -> Result<Vec<u8>, Error> {
        let size = header.size().ok_or_else(|| self.unreadable("size"))?;
        // Counts the header too, so that a chain of empty ones has an end.
        self.count_extended(size.saturating_add(BLOCK as u64), so_far)?;
        self.expect(size);
        let mut text = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        let mut filled = 0;
        while filled < text.len() {
            filled += self.read(&mut text[filled..])?;
        }
        self.skip()?;
        Ok(text)
    }

    fn count_extended(&self, size: u64, so_far: &mut u64) -> Result<(), Error> {
        *so_far = so_far.saturating_add(size);
        if *so_far > EXTENDED_LIMIT {
            return Err(self.limit(LimitKind::Headers, EXTENDED_LIMIT));
        }
        Ok(())
    }

    fn limit(&self, what: LimitKind, limit: u64) -> Error {
        Error::Limit { member: show(&self.last), what, limit }
    }

    fn damaged(&self, detail: &str) -> Error {
        Error::Damaged { after: show(&self.last), detail: detail.to_owned(), source: None }
    }

    fn unreadable(&self, field: &str) -> Error {
        self.damaged(&format!("a header's {field} cannot be read"))
    }

    fn stopped(&self, stop: Stop) -> Error {
        let after = show(&self.last);
        match stop {
            Stop::Local(source) => Error::ReadArchive { source },
            Stop::Truncated => Error::Truncated { after },
            Stop::Damaged(error) => Error::Damaged {
                after,
                detail: "the compressed data cannot be read".to_owned(),
                source: Some(error),
            },
            Stop::Limit(what, limit) => self.limit(what, limit),
        }
    }
}
