//! The members of a tar stream, one after another, in a few KiB of memory.
//!
//! Not the `tar` crate's own iterator: it reads an extended header of any size into memory, and
//! takes the end of the data for the end of the archive.

use std::io::{self, Read};

use tar::Header;

use super::input::{Input, Stop};
use super::pax::{self, Extended};
use super::{Entry, EntryKind, Limits};
use crate::error::{Error, LimitKind, Refusal, show};

const BLOCK: usize = 512;
/// Long names, long targets and pax records of one member together. A path has 4 KiB at most;
/// the rest is attributes.
const EXTENDED_LIMIT: u64 = 1 << 20;

pub(super) struct Members<R> {
    input: Input<R>,
    /// What is left of the current member's content, and the padding after it.
    left: u64,
    padding: u64,
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
            last: Vec::new(),
            buffer: vec![0; 64 << 10],
        }
    }

    /// The next member, or none after the archive's proper end. What was not read of the content
    /// of the one before is skipped.
    pub fn next(&mut self) -> Result<Option<Entry>, Error> {
        self.skip()?;
        let mut extended = Extended::default();
        let mut long_name = None;
        let mut long_target = None;
        let mut extended_size = 0;
        loop {
            let Some(header) = self.header()? else {
                if extended_size > 0 {
                    return Err(self.damaged("an extended header without a member"));
                }
                self.end()?;
                return Ok(None);
            };
            let kind = header.entry_type().as_byte();
            match kind {
                b'L' => long_name = Some(self.long(&header, &mut extended_size)?),
                b'K' => long_target = Some(self.long(&header, &mut extended_size)?),
                b'x' => {
                    let text = self.text(&header, &mut extended_size)?;
                    pax::parse(&text, &mut extended)
                        .ok_or_else(|| self.damaged("an extended header cannot be read"))?;
                }
                b'g' => self.global(&header, &mut extended_size)?,
                _ => {
                    // As in GNU tar, pax records count more than long names.
                    extended.name = extended.name.or(long_name);
                    extended.target = extended.target.or(long_target);
                    return self.entry(&header, extended).map(Some);
                }
            }
        }
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

    /// The next header; none at an empty block.
    fn header(&mut self) -> Result<Option<Header>, Error> {
        let mut header = Header::new_old();
        let block = header.as_mut_bytes();
        match self.input.read_full(block) {
            Ok(BLOCK) => {}
            // Every writer ends an archive with empty blocks; without them it was cut.
            Ok(_) => return Err(self.stopped(Stop::Truncated)),
            Err(stop) => return Err(self.stopped(stop)),
        }
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if !checksum_fits(&header) {
            return Err(self.damaged("a header's checksum is wrong"));
        }
        Ok(Some(header))
    }

    /// After the end nothing but zeros may follow: tar fills its last record with them.
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

    fn entry(&mut self, header: &Header, extended: Extended) -> Result<Entry, Error> {
        let name = extended.name.unwrap_or_else(|| short_name(header));
        let target = extended.target.unwrap_or_else(|| until_nul(&header.as_old().linkname));
        self.last.clone_from(&name);
        if let Some(refusal) = extended.refused {
            return Err(Error::refused(&name, refusal));
        }
        let mut size = match extended.size {
            Some(size) => size,
            None => header.entry_size().map_err(|error| self.unreadable("size", error))?,
        };
        let kind = match header.entry_type().as_byte() {
            // Before POSIX, folders were files with a slash at the end.
            0 | b'0' | b'7' if name.ends_with(b"/") => EntryKind::Directory,
            0 | b'0' | b'7' => EntryKind::File,
            b'1' => EntryKind::HardLink,
            b'2' => EntryKind::Link,
            b'5' => EntryKind::Directory,
            b'3' | b'4' | b'6' => return Err(Error::refused(&name, Refusal::Device)),
            b'S' => return Err(Error::refused(&name, Refusal::Sparse)),
            _ => return Err(Error::refused(&name, Refusal::UnknownType)),
        };
        match kind {
            EntryKind::File => {}
            // Some writers give the file's size here; nothing follows, as GNU tar has it.
            EntryKind::HardLink => size = 0,
            // Readers disagree on whether content follows.
            _ if size > 0 => return Err(Error::refused(&name, Refusal::Content)),
            _ => {}
        }
        let (mtime, mtime_nanos) = match extended.mtime {
            Some(time) => time,
            None => {
                let time = header.mtime().map_err(|error| self.unreadable("time", error))?;
                // Negative ones are in base 256, two's complement.
                (time.cast_signed(), 0)
            }
        };
        let mode = header.mode().map_err(|error| self.unreadable("mode", error))? & 0o7777;
        self.expect(size);
        Ok(Entry { name, kind, target, size, mode, mtime, mtime_nanos })
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
        let mut global = Extended::default();
        match pax::parse(&text, &mut global) {
            Some(()) if global == (Extended { mtime: global.mtime, ..Extended::default() }) => {
                Ok(())
            }
            _ => Err(self.damaged("a global extended header cannot be read")),
        }
    }

    /// The content of an extended header.
    fn text(&mut self, header: &Header, so_far: &mut u64) -> Result<Vec<u8>, Error> {
        let size = header.entry_size().map_err(|error| self.unreadable("size", error))?;
        // Counts the header too, so that a chain of empty ones has an end.
        *so_far = so_far.saturating_add(size).saturating_add(BLOCK as u64);
        if *so_far > EXTENDED_LIMIT {
            return Err(self.limit(LimitKind::Headers, EXTENDED_LIMIT));
        }
        self.expect(size);
        let mut text = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        let mut filled = 0;
        while filled < text.len() {
            filled += self.read(&mut text[filled..])?;
        }
        self.skip()?;
        Ok(text)
    }

    fn limit(&self, what: LimitKind, limit: u64) -> Error {
        Error::Limit { member: show(&self.last), what, limit }
    }

    fn damaged(&self, detail: &str) -> Error {
        Error::Damaged { after: show(&self.last), detail: detail.to_owned(), source: None }
    }

    fn unreadable(&self, field: &str, error: io::Error) -> Error {
        Error::Damaged {
            after: show(&self.last),
            detail: format!("a header's {field} cannot be read"),
            source: Some(error),
        }
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

/// The name in the header itself; POSIX has room for the front part of a long one.
fn short_name(header: &Header) -> Vec<u8> {
    let name = until_nul(&header.as_old().name);
    match header.as_ustar().map(|ustar| until_nul(&ustar.prefix)) {
        Some(prefix) if !prefix.is_empty() => [&prefix, &b"/"[..], &name].concat(),
        _ => name,
    }
}

fn until_nul(field: &[u8]) -> Vec<u8> {
    field.split(|byte| *byte == 0).next().unwrap_or(field).to_vec()
}

/// The sum of the header's bytes, its own field read as spaces. Old writers took them as signed.
fn checksum_fits(header: &Header) -> bool {
    let Ok(expected) = header.cksum() else {
        return false;
    };
    let bytes = header.as_bytes().iter().enumerate();
    let bytes = bytes.map(|(place, byte)| if (148..156).contains(&place) { b' ' } else { *byte });
    let (mut plain, mut signed) = (0, 0);
    for byte in bytes {
        plain += u32::from(byte);
        signed += i32::from(byte.cast_signed());
    }
    expected == plain || i64::from(expected) == i64::from(signed)
}
