//! Packing a folder: the same tree gives the same bytes.

mod gzip;
mod header;
mod tree;

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::Error;
use gzip::{Blocks, Halt};
use tree::{Found, What};

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
    /// The compression level, 1 to 9.
    pub level: u32,
}

impl Default for PackOptions {
    fn default() -> Self {
        Self { threads: None, mtime_limit: None, level: 9 }
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
}

/// Packs the children of the folder `tree` into `out`, at its current position.
///
/// Names are relative (`bin/php`) and sorted by bytes; owners are 0:0; modes are kept, set-uid
/// bits too; of several hard links the first is the file and the others refer to it. The format is
/// GNU tar's, which holds names of any length and any bytes.
///
/// After an error `out` holds a part of an archive, which the caller removes.
///
/// # Errors
/// [`Error::Special`] for sockets, named pipes and devices, [`Error::Changed`] for a file that
/// changed while it was read, [`Error::Read`] and [`Error::WriteArchive`] for what the disk says.
pub fn pack(tree: &Path, out: &mut File, options: &PackOptions) -> Result<Packed, Error> {
    let limit = options.mtime_limit.unwrap_or(DEFAULT_TIME_LIMIT);
    let threads = options.threads.map_or_else(parallel::processors, NonZeroUsize::get);
    let found = tree::walk(tree)?;
    let compressed = gzip::compress(out, threads, options.level.clamp(1, 9), |blocks| {
        let mut buffer = vec![0; 128 << 10];
        for entry in &found {
            write_entry(tree, entry, limit, &mut buffer, blocks)?;
        }
        blocks.write(&header::END)?;
        Ok(())
    })?;
    Ok(Packed { size: compressed.size, sha256: compressed.sha256, entries: found.len() as u64 })
}

fn write_entry(
    tree: &Path,
    entry: &Found,
    limit: i64,
    buffer: &mut [u8],
    blocks: &mut Blocks,
) -> Result<(), Halt> {
    let mtime = entry.mtime.clamp(0, limit.max(0));
    blocks.write(&header::encode(entry, mtime))?;
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
