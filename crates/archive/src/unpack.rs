//! Unpacking: everything is checked before anything is written.

mod check;
mod disk;
mod extract;
mod gunzip;
mod header;
mod input;
mod links;
mod members;
mod pax;
mod selection;
mod sparse;

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::LimitKind;
use crate::{Error, Packed};
use check::Checker;
use disk::Disk;
use members::Members;
pub use selection::Selection;

/// How much an archive may hold.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Unpacked bytes of all files. 64 GiB by default.
    pub bytes: u64,
    /// Members. 1,000,000 by default.
    pub entries: u64,
    /// How many times larger than the archive its content may be. 200 by default; programs and
    /// text stay below 20, a file of zeros reaches 1,000.
    pub ratio: u64,
    /// The ratio counts only beyond so many unpacked bytes, so that one file of zeros is no bomb.
    /// 512 MiB by default.
    pub ratio_from: u64,
}

impl Limits {
    /// How many bytes may come out of an archive of `packed` bytes in all. For what is unpacked
    /// otherwise than here.
    #[must_use]
    pub fn most_from(&self, packed: u64) -> u64 {
        let by_ratio = packed.saturating_mul(self.ratio).max(self.ratio_from);
        self.with_headers().min(by_ratio)
    }

    /// The first limit that an archive exceeds, and its value: what is packed here is to be unpacked
    /// elsewhere.
    #[must_use]
    pub fn exceeded_by(&self, packed: &Packed) -> Option<(LimitKind, u64)> {
        let ratio = packed.uncompressed / self.ratio.max(1);
        if packed.entries > self.entries {
            Some((LimitKind::Entries, self.entries))
        } else if packed.content > self.bytes {
            Some((LimitKind::Bytes, self.bytes))
        } else if packed.uncompressed > self.ratio_from && ratio > packed.size {
            Some((LimitKind::Ratio, self.ratio))
        } else {
            None
        }
    }

    /// The bytes of all files, and the headers and the padding that come on top of them.
    fn with_headers(&self) -> u64 {
        self.bytes.saturating_add(self.entries.saturating_mul(HEADERS))
    }
}

/// So much comes on top of the content of each member, at most.
const HEADERS: u64 = 8 << 10;

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 30, entries: 1_000_000, ratio: 200, ratio_from: 512 << 20 }
    }
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A folder.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// Another name of an earlier file.
    HardLink,
    /// A named pipe.
    Pipe,
    /// A device file.
    CharacterDevice,
    /// A device file.
    BlockDevice,
}

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path below the archive's root: no leading `./`, no slash at the end. Any bytes but NUL.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// The target of a link: as it stands for a symbolic one, a member's name for a hard one.
    pub target: Vec<u8>,
    /// The file's size in bytes, with the holes of a sparse file.
    pub size: u64,
    /// The permission bits with set-uid, set-gid and sticky.
    pub mode: u32,
    /// Whole seconds since 1970.
    pub mtime: i64,
    /// Nanoseconds on top of them.
    pub mtime_nanos: u32,
    /// The major and minor number of a device file.
    pub device: (u32, u32),
}

/// What was unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// How many members were extracted.
    pub entries: u64,
    /// How many bytes their files have.
    pub bytes: u64,
}

/// Checks the whole archive as [`unpack`] would, and lists its members in their order.
///
/// `into` is the folder into which it would be unpacked: what lies there is taken into account.
///
/// # Errors
/// [`Error::Unsafe`], [`Error::Limit`], [`Error::Truncated`], [`Error::Damaged`]; [`Error::ReadArchive`]
/// and [`Error::Read`] for what the reader and the folder say.
pub fn inspect(
    reader: impl Read,
    into: Option<&Path>,
    limits: &Limits,
) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    check(reader, into, into, limits, &Selection::default(), &mut |entry| entries.push(entry))?;
    Ok(entries)
}

/// Checks the whole archive as [`inspect`] does without a folder, keeps no list of its members,
/// and says how many would be extracted.
///
/// # Errors
/// As [`inspect`].
pub fn verify(reader: impl Read, limits: &Limits) -> Result<Unpacked, Error> {
    let mut unpacked = Unpacked { entries: 0, bytes: 0 };
    check(reader, None, None, limits, &Selection::default(), &mut |entry| {
        unpacked.entries += 1;
        unpacked.bytes += entry.size;
    })?;
    Ok(unpacked)
}

/// Unpacks a gzipped tar archive over the folder `into`, which is made if it is missing.
///
/// The archive is read twice: nothing is written when any member is refused. Refused are names
/// that lead outside, members below links, devices where the process is not root's, what passes
/// `limits`, truncated archives and trailing garbage.
///
/// Symbolic links may have any target: nothing is written through a link that leads outside. So a
/// package can refer to files of the system (`cacerts -> /etc/ssl/certs/ca-certificates.crt`).
///
/// Folders merge with those that are there. Files and links replace what is there (the old file is
/// unlinked, never written through); so does a folder that meets a symbolic link, as with GNU tar.
/// Of members with the same name the last one wins. Modes are kept, set-uid bits too, whatever
/// the umask; times are kept; owners are those of the process. A `.` member changes nothing.
///
/// After a failure of the disk the folder holds a part of the archive.
///
/// # Errors
/// As [`inspect`], and [`Error::Extract`] for what the disk says.
pub fn unpack(reader: impl Read + Seek, into: &Path, limits: &Limits) -> Result<Unpacked, Error> {
    unpack_for(reader, into, into, limits)
}

/// [`unpack`] for a tree that is put together in `into` and will be moved to the folder `home`:
/// absolute links that lead to a folder there lead to the same one of the tree.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_for(
    reader: impl Read + Seek,
    into: &Path,
    home: &Path,
    limits: &Limits,
) -> Result<Unpacked, Error> {
    unpack_picked(reader, into, home, limits, &Selection::default())
}

/// [`unpack`] for a part of an archive, or for one that is not compressed.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_selected(
    reader: impl Read + Seek,
    into: &Path,
    limits: &Limits,
    selection: &Selection,
) -> Result<Unpacked, Error> {
    unpack_picked(reader, into, into, limits, selection)
}

fn unpack_picked(
    mut reader: impl Read + Seek,
    into: &Path,
    home: &Path,
    limits: &Limits,
    selection: &Selection,
) -> Result<Unpacked, Error> {
    let unnamed = |source| Error::Read { path: into.to_owned(), source };
    let start = reader.stream_position().map_err(unnamed)?;
    check(&mut reader, Some(into), Some(home), limits, selection, &mut |_| ())?;
    reader.seek(SeekFrom::Start(start)).map_err(unnamed)?;
    extract::extract(reader, into, home, limits, selection)
}

/// [`unpack`] for the file `path`.
///
/// # Errors
/// As [`unpack`]; [`Error::Read`] names `path` where it cannot be read.
pub fn unpack_file(
    path: impl AsRef<Path>,
    into: &Path,
    limits: &Limits,
) -> Result<Unpacked, Error> {
    let path = path.as_ref();
    let named = |source| Error::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(named)?;
    unpack(file, into, limits).map_err(|error| match error {
        Error::Read { path: unnamed, source } if unnamed.as_os_str().is_empty() => named(source),
        other => other,
    })
}

fn check(
    reader: impl Read,
    into: Option<&Path>,
    home: Option<&Path>,
    limits: &Limits,
    selection: &Selection,
    each: &mut dyn FnMut(Entry),
) -> Result<(), Error> {
    let disk = match into.map(fs::symlink_metadata) {
        Some(Ok(_)) => into.map(open).transpose()?,
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
            let path = into.unwrap_or(Path::new("")).to_owned();
            return Err(Error::Read { path, source: error });
        }
        _ => None,
    };
    let mut checker = Checker::new(home, limits);
    let mut members = Members::new(reader, limits, selection.plain);
    let mut disk = disk;
    while let Some(entry) = members.next()? {
        let Some(mut entry) = selection.pick(entry) else {
            continue;
        };
        if let Some(place) = checker.admit(&entry, disk.as_mut())? {
            entry.name = place.name;
            each(entry);
        }
    }
    Ok(())
}

fn open(into: &Path) -> Result<Disk, Error> {
    Disk::open(into).map_err(|source| Error::Read { path: into.to_owned(), source })
}
