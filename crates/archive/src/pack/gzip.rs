//! Gzip on all cores: the tar archive is cut into blocks that know nothing of each other, libdeflate
//! compresses each, and all of them together are one deflate stream in one gzip member, which everything
//! reads. The header says where they are ([`crate::places`]).
//!
//! Each block becomes a stream of its own, with a block that is marked as the last one. That mark is
//! taken away, and an empty stored block behind it fills the last byte; zlib's example `gzjoin` joins
//! streams like that. An empty block at the very end is marked instead.
//!
//! The cuts depend on the input alone. So the bytes are the same for any number of threads.
//! `benches/archive.sh` compares time and size with `pigz -9` and others.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use flate2::Crc;
use libdeflater::{CompressionLvl, Compressor};
use sha2::{Digest, Sha256};

use super::scan;
use crate::Error;
use crate::places::Places;

/// Blocks that wait for each thread, before and after it: enough that none idles, and little enough
/// that memory stays at a few MiB a thread.
const WAITING: usize = 2;
/// Deflate, no name, no time, slowest, Unix.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
/// Where the header says what it has, and that this is an extra field.
const FLAGS: usize = 3;
const HAS_EXTRA: u8 = 4;
/// An empty stored block without its first three bits, which are of the byte before: it ends where a
/// byte ends.
const EMPTY: [u8; 4] = [0, 0, 0xff, 0xff];
/// The same, marked as the last block.
const END: [u8; 5] = [1, 0, 0, 0xff, 0xff];

/// What came out.
pub(super) struct Compressed {
    pub size: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// The writer has gone, because it met an error: there is no use in reading on.
pub(super) struct Stopped;

/// Why the input ended early.
pub(super) enum Halt {
    Stopped,
    Failed(Error),
}

impl From<Stopped> for Halt {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

struct Deflated {
    bytes: Vec<u8>,
    crc: Crc,
}

/// Where the input goes: cuts it into blocks and deals them out.
pub(super) struct Blocks<'a> {
    way: Way<'a>,
    /// How long a block is.
    length: usize,
    block: Vec<u8>,
}

/// What becomes of a block.
enum Way<'a> {
    /// Each thread compresses in its turn.
    Threads { senders: Vec<SyncSender<Vec<u8>>>, next: usize },
    /// It is compressed and written here: the system gives no threads.
    Here { writer: Writer<'a>, compressor: Compressor, outcome: io::Result<()> },
}

impl Blocks<'_> {
    /// Takes the next bytes of the input.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Stopped> {
        while !bytes.is_empty() {
            let free = self.length - self.block.len();
            let (now, later) = bytes.split_at(free.min(bytes.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == self.length {
                self.send()?;
            }
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), Stopped> {
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(self.length));
        match &mut self.way {
            Way::Threads { senders, next } => {
                let thread = *next;
                *next = (thread + 1) % senders.len();
                senders[thread].send(block).map_err(|_| Stopped)
            }
            Way::Here { writer, compressor, outcome } => {
                *outcome = deflate(compressor, &block).and_then(|deflated| writer.put(&deflated));
                if outcome.is_ok() { Ok(()) } else { Err(Stopped) }
            }
        }
    }

    fn end(&mut self) -> Result<(), Stopped> {
        if self.block.is_empty() { Ok(()) } else { self.send() }
    }
}

/// Compresses what `feed` writes into `out`: `size` bytes.
pub(super) fn compress(
    out: &File,
    threads: usize,
    level: i32,
    size: u64,
    feed: impl FnOnce(&mut Blocks<'_>) -> Result<(), Halt>,
) -> Result<Compressed, Error> {
    let cannot_write = |source| Error::WriteArchive { source };
    let level = CompressionLvl::new(level).unwrap_or_default();
    let places = Places::of(size);
    let length = places.block();
    let writer = Writer::new(out, places).map_err(cannot_write)?;
    thread::scope(|scope| {
        let mut senders = Vec::with_capacity(threads);
        let mut receivers = Vec::with_capacity(threads);
        for _ in 0..threads {
            let (sender, blocks) = sync_channel(WAITING);
            let (deflated, receiver) = sync_channel(WAITING);
            let work = move || deflate_all(&blocks, &deflated, level);
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
            senders.push(sender);
            receivers.push(receiver);
        }
        // The thread that writes gets what it writes with once it is there.
        let (hand_over, handed) = sync_channel::<Writer<'_>>(1);
        let write = move || match handed.recv() {
            Ok(writer) => write_all(writer, &receivers),
            Err(_) => Err(io::ErrorKind::Other.into()),
        };
        let thread = match senders.is_empty() {
            true => None,
            false => thread::Builder::new().spawn_scoped(scope, write).ok(),
        };
        let way = match &thread {
            Some(_) => {
                // It waits for this.
                let _sent = hand_over.send(writer);
                Way::Threads { senders, next: 0 }
            }
            None => Way::Here { writer, compressor: Compressor::new(level), outcome: Ok(()) },
        };
        let block = Vec::with_capacity(length.min(size as usize));
        let mut blocks = Blocks { way, length, block };
        let fed = feed(&mut blocks).and_then(|()| Ok(blocks.end()?));
        let written = match (blocks.way, thread) {
            (Way::Here { writer, outcome, .. }, _) => outcome.and_then(|()| writer.finish()),
            // Lets the threads end.
            (Way::Threads { senders, .. }, Some(thread)) => {
                drop(senders);
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
            (Way::Threads { .. }, None) => Err(io::ErrorKind::Other.into()),
        };
        match fed {
            Err(Halt::Failed(error)) => Err(error),
            // The writer says why.
            Ok(()) | Err(Halt::Stopped) => written.map_err(cannot_write),
        }
    })
}

/// One thread's work. It ends when there are no more blocks, or nothing takes the results.
fn deflate_all(
    blocks: &Receiver<Vec<u8>>,
    deflated: &SyncSender<io::Result<Deflated>>,
    level: CompressionLvl,
) {
    let mut compressor = Compressor::new(level);
    for block in blocks {
        if deflated.send(deflate(&mut compressor, &block)).is_err() {
            return;
        }
    }
}

/// A block as a part of a stream that goes on at the next byte.
fn deflate(compressor: &mut Compressor, block: &[u8]) -> io::Result<Deflated> {
    let mut crc = Crc::new();
    crc.update(block);
    let mut bytes = vec![0; compressor.deflate_compress_bound(block.len()) + 1 + EMPTY.len()];
    let size = compressor.deflate_compress(block, &mut bytes).map_err(io::Error::other)?;
    let last = scan::last_block(&bytes[..size])
        .ok_or_else(|| io::Error::other("libdeflate made a stream that cannot be read"))?;
    bytes[last.begin / 8] &= !(1 << (last.begin % 8));
    // Three bits that say that a stored block follows, which is not the last one. All are zero, as is
    // the rest of the stream's last byte.
    let end = (last.end + 3).div_ceil(8);
    bytes.truncate(end);
    bytes.extend_from_slice(&EMPTY);
    Ok(Deflated { bytes, crc })
}

/// Writes the results in the order in which the blocks were dealt out.
fn write_all(
    mut writer: Writer<'_>,
    threads: &[Receiver<io::Result<Deflated>>],
) -> io::Result<Compressed> {
    // Only a failed input ends before its last block; its error is the one that counts.
    for deflated in threads.iter().cycle().map_while(|thread| thread.recv().ok()) {
        writer.put(&deflated?)?;
    }
    writer.finish()
}

/// The member that is written: its header, its blocks, and what stands at its end.
struct Writer<'a> {
    out: &'a File,
    /// Where the member begins.
    begin: u64,
    places: Places,
    /// How long each block is that was written.
    sizes: Vec<u32>,
    crc: Crc,
}

impl<'a> Writer<'a> {
    fn new(mut out: &'a File, places: Places) -> io::Result<Self> {
        let begin = out.stream_position()?;
        let sizes = Vec::with_capacity(places.sizes.len());
        let mut writer = Self { out, begin, places, sizes, crc: Crc::new() };
        writer.write_header()?;
        Ok(writer)
    }

    fn write_header(&mut self) -> io::Result<()> {
        let field = self.places.field();
        let mut header = HEADER;
        header[FLAGS] = if field.is_empty() { 0 } else { HAS_EXTRA };
        self.out.write_all(&header)?;
        self.out.write_all(&field)
    }

    fn put(&mut self, deflated: &Deflated) -> io::Result<()> {
        self.out.write_all(&deflated.bytes)?;
        self.sizes.push(u32::try_from(deflated.bytes.len()).map_err(io::Error::other)?);
        self.crc.combine(&deflated.crc);
        Ok(())
    }

    /// Writes the end, and then the header again, which says how long the blocks are.
    fn finish(mut self) -> io::Result<Compressed> {
        self.out.write_all(&END)?;
        self.out.write_all(&self.crc.sum().to_le_bytes())?;
        self.out.write_all(&self.crc.amount().to_le_bytes())?;
        let end = self.out.stream_position()?;
        // Fewer are there only where the input has failed.
        if self.sizes.len() == self.places.sizes.len() {
            self.places.sizes = std::mem::take(&mut self.sizes);
            self.out.seek(SeekFrom::Start(self.begin))?;
            self.write_header()?;
        }
        self.out.seek(SeekFrom::Start(self.begin))?;
        let sha256 = checksum(self.out)?;
        self.out.seek(SeekFrom::Start(end))?;
        Ok(Compressed { size: end - self.begin, sha256 })
    }
}

/// SHA-256 of all that follows, in hex.
fn checksum(mut from: &File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
