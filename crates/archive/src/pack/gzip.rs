//! Gzip on all cores, the way pigz does it: the input is cut into blocks, each is deflated by
//! itself with the last 32 KiB before it as dictionary and flushed to a whole byte, so that the
//! results put one after another are one deflate stream in one gzip member, which everything
//! reads.
//!
//! The cuts depend on the input alone. So the bytes are the same for any number of threads.
//!
//! Level and block size were measured on two cores, with zlib-rs, on tar archives of a machine's own
//! programs and texts (`benches/archive.sh` compares the whole of it):
//!
//! | tree | `pigz -9` | level 9 | level 8 | level 7 | level 6 |
//! |---|---|---|---|---|---|
//! | 378 MB, two thirds binaries | 126.78 MB, 29 s | 126.52 MB, 9 s | 129.2 MB, 10 s | 129.4 MB, 6 s | 130.6 MB |
//! | 174 MB, two thirds binaries | 53.85 MB | 53.75 MB | | | |
//!
//! Only level 9 reaches the size of `pigz -9`; it takes a third of the time, so there is nothing
//! to win by going lower. Blocks of 64 KiB to 1 MiB differ by 0.03 %; 128 KiB is pigz's own size.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use sha2::{Digest, Sha256};

use crate::Error;

/// How much is compressed at a time.
const BLOCK: usize = 128 << 10;
/// How far back deflate looks.
const WINDOW: usize = 32 << 10;
/// Blocks that wait for each thread, before and after it: enough that none idles, and little
/// enough that memory stays at a few MiB a thread.
const WAITING: usize = 4;
/// Deflate, no name, no time, slowest, Unix.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];

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

struct Block {
    /// The dictionary, then the content.
    bytes: Vec<u8>,
    dictionary: usize,
    last: bool,
}

struct Deflated {
    bytes: Vec<u8>,
    crc: Crc,
    last: bool,
}

/// Where the input goes: cuts it into blocks and deals them out to the threads in turn.
pub(super) struct Blocks<'a> {
    way: Way<'a>,
    block: Block,
}

/// What becomes of a block.
enum Way<'a> {
    /// Each thread compresses in its turn.
    Threads { senders: Vec<SyncSender<Block>>, next: usize },
    /// It is compressed and written here: the system gives no threads.
    Here { writer: Writer<'a>, level: u32, outcome: io::Result<()> },
}

impl<'a> Blocks<'a> {
    fn new(way: Way<'a>) -> Self {
        let block = Block { bytes: Vec::with_capacity(BLOCK), dictionary: 0, last: false };
        Self { way, block }
    }

    /// Takes the next bytes of the input.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Stopped> {
        while !bytes.is_empty() {
            let free = self.block.dictionary + BLOCK - self.block.bytes.len();
            if free == 0 {
                self.send(false)?;
                continue;
            }
            let (now, later) = bytes.split_at(free.min(bytes.len()));
            self.block.bytes.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn send(&mut self, last: bool) -> Result<(), Stopped> {
        let mut bytes = Vec::with_capacity(WINDOW + BLOCK);
        let tail = self.block.bytes.len().saturating_sub(WINDOW);
        bytes.extend_from_slice(&self.block.bytes[tail..]);
        let next = Block { dictionary: bytes.len(), bytes, last: false };
        let mut block = std::mem::replace(&mut self.block, next);
        block.last = last;
        match &mut self.way {
            Way::Threads { senders, next } => {
                let thread = *next;
                *next = (thread + 1) % senders.len();
                senders[thread].send(block).map_err(|_| Stopped)
            }
            Way::Here { writer, level, outcome } => {
                *outcome = deflate(*level, &block).and_then(|deflated| writer.put(&deflated));
                if outcome.is_ok() { Ok(()) } else { Err(Stopped) }
            }
        }
    }
}

/// Compresses what `feed` writes into `out`.
pub(super) fn compress(
    out: &File,
    threads: usize,
    level: u32,
    feed: impl FnOnce(&mut Blocks<'_>) -> Result<(), Halt>,
) -> Result<Compressed, Error> {
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
        let write = move || write_all(Writer::new(out)?, &receivers);
        let writer = match senders.is_empty() {
            true => None,
            false => thread::Builder::new().spawn_scoped(scope, write).ok(),
        };
        let mut blocks = Blocks::new(match &writer {
            Some(_) => Way::Threads { senders, next: 0 },
            None => {
                let writer = Writer::new(out).map_err(|source| Error::WriteArchive { source })?;
                Way::Here { writer, level, outcome: Ok(()) }
            }
        });
        let fed = feed(&mut blocks).and_then(|()| Ok(blocks.send(true)?));
        let written = match (blocks.way, writer) {
            (Way::Here { writer, outcome, .. }, _) => outcome.and_then(|()| writer.finish()),
            // Lets the threads end, where the input failed before its last block.
            (Way::Threads { senders, .. }, Some(writer)) => {
                drop(senders);
                writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
            (Way::Threads { .. }, None) => Err(io::ErrorKind::Other.into()),
        };
        match fed {
            Err(Halt::Failed(error)) => Err(error),
            // The writer says why.
            Ok(()) | Err(Halt::Stopped) => written.map_err(|source| Error::WriteArchive { source }),
        }
    })
}

/// One thread's work. It ends when there are no more blocks, or nobody wants the results.
fn deflate_all(blocks: &Receiver<Block>, deflated: &SyncSender<io::Result<Deflated>>, level: u32) {
    for block in blocks {
        if deflated.send(deflate(level, &block)).is_err() {
            return;
        }
    }
}

fn deflate(level: u32, block: &Block) -> io::Result<Deflated> {
    let (dictionary, content) = block.bytes.split_at(block.dictionary);
    let mut crc = Crc::new();
    crc.update(content);

    // A new one for each block: one that is reset keeps traces of the block before at the faster
    // levels, and which block that was depends on the number of threads.
    let mut compress = Compress::new(Compression::new(level), false);
    if !dictionary.is_empty() {
        compress.set_dictionary(dictionary)?;
    }
    let flush = if block.last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut bytes = Vec::with_capacity(BLOCK + BLOCK / 64);
    loop {
        let taken = compress.total_in() as usize;
        let status = compress.compress_vec(&content[taken..], &mut bytes, flush)?;
        // With room left, a flush is complete; a finish says so itself.
        let room = bytes.len() < bytes.capacity();
        if status == Status::StreamEnd || (room && !block.last) {
            break;
        }
        bytes.reserve(BLOCK / 2);
    }
    Ok(Deflated { bytes, crc, last: block.last })
}

/// Writes the results in the order in which the blocks were dealt out.
fn write_all(
    mut writer: Writer<'_>,
    threads: &[Receiver<io::Result<Deflated>>],
) -> io::Result<Compressed> {
    for thread in threads.iter().cycle() {
        // Only a failed input ends without a last block; its error is the one that counts.
        let Ok(deflated) = thread.recv() else { break };
        let deflated = deflated?;
        writer.put(&deflated)?;
        if deflated.last {
            break;
        }
    }
    writer.finish()
}

/// The member that is written: its head, its blocks, and what stands at its end.
struct Writer<'a> {
    out: &'a File,
    hash: Sha256,
    size: u64,
    crc: Crc,
}

impl<'a> Writer<'a> {
    fn new(out: &'a File) -> io::Result<Self> {
        let mut writer = Self { out, hash: Sha256::new(), size: 0, crc: Crc::new() };
        writer.write(&HEADER)?;
        Ok(writer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn put(&mut self, deflated: &Deflated) -> io::Result<()> {
        self.write(&deflated.bytes)?;
        self.crc.combine(&deflated.crc);
        Ok(())
    }

    fn finish(mut self) -> io::Result<Compressed> {
        self.write(&self.crc.sum().to_le_bytes())?;
        self.write(&self.crc.amount().to_le_bytes())?;
        let sha256 = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Compressed { size: self.size, sha256 })
    }
}
