//! Packing a folder: the same tree gives the same bytes.

mod gzip;
mod header;
mod scan;
mod tree;

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::Error;
use gzip::{Blocks, Halt};
use tree::{Found, Tree, What};

/// The time limit where the caller names none: 1980-01-01T00:00:00Z, in seconds since 1970.
///
/// Builds are made now, so that by default all of a build's times become this one and two builds
/// of one tree give the same bytes. 1980 and not 1970, because zip-minded tools refuse older times.
pub const DEFAULT_TIME_LIMIT: i64 = 315_532_800;

/// How to pack.
#[derive(Debug, Clone)]
pub struct PackOptions {
    /// How many threads compress; all cores where it is `None`. It does not change the bytes.
    pub threads: Option<NonZeroUsize>,
    /// Times above this one (seconds since 1970, from `SOURCE_DATE_EPOCH`) become this one;
    /// [`DEFAULT_TIME_LIMIT`] where it is `None`.
    pub mtime_limit: Option<i64>,
    /// How much time is spent on its size.
    pub effort: Effort,
}

/// How much time is spent on an archive's size. Each gives the same bytes for the same tree in one
/// release of ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Effort {
    /// The size of `pigz -9`, in a fifth of its time.
    #[default]
    Normal,
    /// Some percent less, in about its time.
    Best,
}

impl Effort {
    fn level(self) -> i32 {
        match self {
            Self::Normal => 7,
            Self::Best => 10,
        }
    }
}

impl Default for PackOptions {
    fn default() -> Self {
        Self { threads: None, mtime_limit: None, effort: Effort::Normal }
    }
}

/// What was packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The archive's size in bytes.
    pub size: u64,
    /// The archive's SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// How many members it has.
    pub entries: u64,
    /// The size of all its files, unpacked.
    pub content: u64,
    /// The size of the archive before it was compressed.
    pub uncompressed: u64,
    /// Sockets, which no archive can hold: they were left out.
    pub sockets: Vec<PathBuf>,
}

/// Packs the children of the folder `tree` into `out`, at its current position. It must be open for
/// reading too: the checksum is that of what was written.
///
/// Names are relative (`bin/php`) and sorted by bytes; owners are 0:0; modes are kept, set-uid
/// bits too; of several hard links the first is the file and the others refer to it. The format is
/// GNU tar's, which holds names of any length and any bytes.
///
/// All that is packed can be unpacked again: symbolic links are packed as they are, wherever they
/// lead, and named pipes and devices as such. Sockets are left out, as by every tar.
///
/// After an error `out` holds a part of an archive, which the caller removes.
///
/// # Errors
/// [`Error::Changed`] for a file that changed while it was read, [`Error::Read`] and
/// [`Error::WriteArchive`] for what the disk says.
pub fn pack(tree: &Path, out: &mut File, options: &PackOptions) -> Result<Packed, Error> {
    let limit = options.mtime_limit.unwrap_or(DEFAULT_TIME_LIMIT);
    let threads = options.threads.map_or_else(parallel::processors, NonZeroUsize::get);
    let Tree { found, sockets } = tree::walk(tree)?;
    let uncompressed = found.iter().map(|entry| size_in_tar(entry, limit)).sum::<u64>();
    let uncompressed = uncompressed + header::END.len() as u64;
    let level = options.effort.level();
    let compressed = gzip::compress(out, threads, level, uncompressed, |blocks| {
        let mut buffer = vec![0; 128 << 10];
        for entry in &found {
            write_entry(tree, entry, limit, &mut buffer, blocks)?;
        }
        blocks.write(&header::END)?;
        Ok(())
    })?;
    let sizes = found.iter().map(|entry| match entry.what {
        What::File { size, .. } => size,
        _ => 0,
    });
    Ok(Packed {
        size: compressed.size,
        sha256: compressed.sha256,
        entries: found.len() as u64,
        content: sizes.sum(),
        uncompressed,
        sockets,
    })
}

/// How many bytes an entry takes: its headers, its content, and what fills the last block of that.
fn size_in_tar(entry: &Found, limit: i64) -> u64 {
    let header = header::encode(entry, mtime(entry, limit)).len() as u64;
    match entry.what {
        What::File { size, .. } => header + size + header::padding(size).len() as u64,
        _ => header,
    }
}

fn mtime(entry: &Found, limit: i64) -> i64 {
    entry.mtime.clamp(0, limit.max(0))
}

fn write_entry(
    tree: &Path,
    entry: &Found,
    limit: i64,
    buffer: &mut [u8],
    blocks: &mut Blocks,
) -> Result<(), Halt> {
    blocks.write(&header::encode(entry, mtime(entry, limit)))?;
    if let What::File { size, identity } = entry.what {
        let path = tree.join(entry.path());
        write_content(&path, size, identity, buffer, blocks)?;
        blocks.write(header::padding(size))?;
    }
    Ok(())
}

/// Copies a file of exactly `size` bytes: the header that says so is already written.
fn write_content(
    path: &Path,
    size: u64,
    identity: tree::Identity,
    buffer: &mut [u8],
    blocks: &mut Blocks,
) -> Result<(), Halt> {
    let cannot_read = |source: io::Error| Error::Read { path: path.to_owned(), source };
    let changed = || Error::Changed { path: path.to_owned() };

    // Not blocking, and not through a link: the name may have become a pipe or a link since.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let mut file = File::from(opened.map_err(|errno| cannot_read(errno.into()))?);
    let before = file.metadata().map_err(cannot_read)?;
    if !before.is_file() || tree::identity(&before) != identity || before.len() != size {
        return Err(changed().into());
    }
    let mut left = size;
    loop {
        let count = match file.read(buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(cannot_read(error).into()),
        };
        if count == 0 {
            break;
        }
        left = left.checked_sub(count as u64).ok_or_else(changed)?;
        blocks.write(&buffer[..count])?;
    }
    let after = file.metadata().map_err(cannot_read)?;
    let touched = (before.mtime(), before.mtime_nsec()) != (after.mtime(), after.mtime_nsec());
    if left > 0 || touched {
        return Err(changed().into());
    }
    Ok(())
}
