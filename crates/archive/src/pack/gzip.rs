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
pub(super) struct Blocks {
    threads: Vec<SyncSender<Block>>,
    next: usize,
    block: Block,
    taken: u64,
}

impl Blocks {
    fn new(threads: Vec<SyncSender<Block>>) -> Self {
        let block = Block { bytes: Vec::with_capacity(BLOCK), dictionary: 0, last: false };
        Self { threads, next: 0, block, taken: 0 }
    }

    /// Takes the next bytes of the input.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Stopped> {
        self.taken += bytes.len() as u64;
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

    /// How long the input is so far.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    fn send(&mut self, last: bool) -> Result<(), Stopped> {
        let mut bytes = Vec::with_capacity(WINDOW + BLOCK);
        let tail = self.block.bytes.len().saturating_sub(WINDOW);
        bytes.extend_from_slice(&self.block.bytes[tail..]);
        let next = Block { dictionary: bytes.len(), bytes, last: false };
        let mut block = std::mem::replace(&mut self.block, next);
        block.last = last;
        let thread = self.next;
        self.next = (thread + 1) % self.threads.len();
        self.threads[thread].send(block).map_err(|_| Stopped)
    }
}

/// Compresses what `feed` writes into `out`.
pub(super) fn compress(
    out: &mut File,
    threads: usize,
    level: u32,
    feed: impl FnOnce(&mut Blocks) -> Result<(), Halt>,
) -> Result<Compressed, Error> {
    thread::scope(|scope| {
        let mut senders = Vec::with_capacity(threads);
        let mut receivers = Vec::with_capacity(threads);
        for _ in 0..threads {
            let (sender, blocks) = sync_channel(WAITING);
            let (deflated, receiver) = sync_channel(WAITING);
            scope.spawn(move || deflate_all(&blocks, &deflated, level));
            senders.push(sender);
            receivers.push(receiver);
        }
        let writer = scope.spawn(move || write_all(out, &receivers));

        let mut blocks = Blocks::new(senders);
        let fed = feed(&mut blocks).and_then(|()| Ok(blocks.send(true)?));
        // Lets the threads end, where the input failed before its last block.
        drop(blocks);
        let written = match writer.join() {
            Ok(written) => written,
            Err(panic) => std::panic::resume_unwind(panic),
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
fn write_all(out: &mut File, threads: &[Receiver<io::Result<Deflated>>]) -> io::Result<Compressed> {
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut write = |bytes: &[u8]| {
        hash.update(bytes);
        size += bytes.len() as u64;
        out.write_all(bytes)
    };
    write(&HEADER)?;
    let mut crc = Crc::new();
    for thread in threads.iter().cycle() {
        // Only a failed input ends without a last block; its error is the one that counts.
        let Ok(deflated) = thread.recv() else { break };
        let deflated = deflated?;
        write(&deflated.bytes)?;
        crc.combine(&deflated.crc);
        if deflated.last {
            break;
        }
    }
    write(&crc.sum().to_le_bytes())?;
    write(&crc.amount().to_le_bytes())?;
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Compressed { size, sha256 })
}
