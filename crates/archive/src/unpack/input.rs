//! The decompressed bytes of an archive, with the limits on how many there may be.

use std::io::{self, BufRead as _, BufReader, Read};

use super::Limits;
use super::gunzip::Gunzip;
use crate::error::LimitKind;

/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

pub(super) struct Input<R> {
    decoder: Decoder<R>,
    /// Decompressed so far.
    unpacked: u64,
    cap: u64,
    ratio: u64,
    ratio_from: u64,
}

/// Why there are no more bytes.
pub(super) enum Stop {
    /// The reader itself failed.
    Local(io::Error),
    /// The compressed data ends too early.
    Truncated,
    /// The compressed data is damaged, or something follows it.
    Damaged(io::Error),
    Limit(LimitKind, u64),
}

enum Decoder<R> {
    Gzip(Box<Gunzip<BufReader<Source<R>>>>),
    /// A tar archive as it is.
    Plain(BufReader<Source<R>>),
}

impl<R: Read> Decoder<R> {
    fn new(reader: R, plain: bool) -> Self {
        let mut source = BufReader::with_capacity(128 << 10, Source { reader, taken: 0 });
        // Whatever is wrong with the reader is told when it is read.
        let is_gzip = !plain || source.fill_buf().is_ok_and(|bytes| bytes.starts_with(&GZIP));
        if is_gzip { Self::Gzip(Box::new(Gunzip::new(source))) } else { Self::Plain(source) }
    }

    fn taken(&self) -> u64 {
        match self {
            Self::Gzip(decoder) => decoder.source().map_or(0, |source| source.get_ref().taken),
            Self::Plain(source) => source.get_ref().taken,
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Plain(source) => source.read(buffer),
        }
    }
}

impl<R: Read> Input<R> {
    /// With `plain`, the archive may also be one that is not compressed.
    pub fn new(reader: R, limits: &Limits, plain: bool) -> Self {
        Self {
            decoder: Decoder::new(reader, plain),
            unpacked: 0,
            cap: limits.with_headers(),
            ratio: limits.ratio,
            ratio_from: limits.ratio_from,
        }
    }

    /// Reads some bytes; none at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        loop {
            match self.decoder.read(buffer) {
                Ok(count) => {
                    self.unpacked += count as u64;
                    self.within_limits()?;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(sort_out(error)),
            }
        }
    }

    /// Whether the archive is not compressed, and has no bytes at all.
    pub fn is_nothing(&self) -> bool {
        matches!(self.decoder, Decoder::Plain(_)) && self.unpacked == 0
    }

    /// Fills the buffer, unless the end comes first; says how much there was.
    pub fn read_full(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }

    fn within_limits(&self) -> Result<(), Stop> {
        if self.unpacked > self.cap {
            return Err(Stop::Limit(LimitKind::Bytes, self.cap));
        }
        let packed = self.decoder.taken();
        if self.unpacked > self.ratio_from && self.unpacked / self.ratio.max(1) > packed {
            return Err(Stop::Limit(LimitKind::Ratio, self.ratio));
        }
        Ok(())
    }
}

/// Tells the reader's own failures from the decompressor's.
fn sort_out(error: io::Error) -> Stop {
    if error.get_ref().is_some_and(|inner| inner.is::<Failed>()) {
        return match error.into_inner().map(|inner| inner.downcast::<Failed>()) {
            Some(Ok(failed)) => Stop::Local(failed.0),
            Some(Err(other)) => Stop::Local(io::Error::other(other)),
            None => Stop::Local(io::ErrorKind::Other.into()),
        };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Stop::Truncated,
        _ => Stop::Damaged(error),
    }
}

/// The compressed bytes, counted.
struct Source<R> {
    reader: R,
    taken: u64,
}

/// Marks an error of the reader on its way through the decompressor.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the archive")]
struct Failed(#[source] io::Error);

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(buffer) {
            Ok(count) => {
                self.taken += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => Err(io::Error::other(Failed(error))),
        }
    }
}
