//! The second reading of an archive: each member is checked again, then written.
//!
//! Checked again because the file may have changed since, and because the check says where a
//! member really lies when a part of its path is a link on disk.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::check::{Checker, Place};
use super::disk::{self, Disk};
use super::members::Members;
use super::sparse::Map;
use super::{Entry, EntryKind, Limits, Selection, Unpacked};
use crate::Error;

/// The mode of folders that no member describes.
const PLAIN_FOLDER: u32 = 0o755;

/// A folder's mode and, if a member says so, its time.
type Folder = (u32, Option<(i64, u32)>);

struct Extraction<'a> {
    into: &'a Path,
    disk: Disk,
    /// Modes and times of folders, set when all is written: a folder may forbid writing, and
    /// writing changes its time.
    folders: BTreeMap<Vec<u8>, Folder>,
    buffer: Vec<u8>,
}

/// Extracts the archive over `into`, whose absolute path will be `home`.
pub(super) fn extract(
    reader: impl Read,
    into: &Path,
    home: &Path,
    limits: &Limits,
    selection: &Selection,
) -> Result<Unpacked, Error> {
    let failed = |source| Error::Extract { path: into.to_owned(), source };
    fs::create_dir_all(into).map_err(failed)?;
    let disk = Disk::open(into).map_err(failed)?;
    let buffer = vec![0; 128 << 10];
    let mut extraction = Extraction { into, disk, folders: BTreeMap::new(), buffer };

    let mut checker = Checker::new(Some(home), limits);
    let mut members = Members::new(reader, limits, selection.plain);
    let mut unpacked = Unpacked { entries: 0, bytes: 0 };
    while let Some(entry) = members.next()? {
        let Some(entry) = selection.pick(entry) else {
            continue;
        };
        if let Some(place) = checker.admit(&entry, Some(&mut extraction.disk))? {
            extraction.write(&entry, &place, &mut members)?;
            unpacked.entries += 1;
            unpacked.bytes += entry.size;
        }
    }
    extraction.finish_folders()?;
    Ok(unpacked)
}

impl Extraction<'_> {
    fn write(
        &mut self,
        entry: &Entry,
        place: &Place,
        members: &mut Members<impl Read>,
    ) -> Result<(), Error> {
        let time = (entry.mtime, entry.mtime_nanos);
        let path = place.path.as_slice();
        let made = match entry.kind {
            EntryKind::Directory => self.disk.make_folder(path),
            EntryKind::File => self.write_file(entry, path, members)?,
            EntryKind::Link => self
                .disk
                .make_link(path, &entry.target)
                .and_then(|()| self.disk.touch_link(path, time)),
            EntryKind::HardLink => self.disk.make_hard_link(path, &place.target),
            EntryKind::Pipe | EntryKind::CharacterDevice | EntryKind::BlockDevice => {
                self.disk.make_node(path, entry).and_then(|()| self.disk.touch_link(path, time))
            }
        };
        made.map_err(|source| self.failed(path, source))?;

        for parent in self.disk.take_made() {
            self.folders.entry(parent).or_insert((PLAIN_FOLDER, None));
        }
        if entry.kind == EntryKind::Directory {
            self.folders.insert(path.to_vec(), (entry.mode, Some(time)));
        } else {
            // An empty folder of this name may have been replaced.
            self.folders.remove(path);
        }
        Ok(())
    }

    /// The outer error is the archive's, the inner one the disk's.
    fn write_file(
        &mut self,
        entry: &Entry,
        path: &[u8],
        members: &mut Members<impl Read>,
    ) -> Result<io::Result<()>, Error> {
        let mut file = match self.disk.make_file(path) {
            Ok(file) => file,
            Err(error) => return Ok(Err(error)),
        };
        let outcome = match members.take_map() {
            None => copy(members, u64::MAX, &mut file, &mut self.buffer),
            Some(map) => fill(members, &map, entry.size, &mut file, &mut self.buffer),
        };
        let outcome = outcome.map(|written| {
            written.and_then(|()| {
                disk::finish_file(&file, entry.mode, (entry.mtime, entry.mtime_nanos))
            })
        });
        if !matches!(outcome, Ok(Ok(()))) {
            // The first error counts; this one would follow from it.
            let _ = self.disk.remove_file(path);
        }
        outcome
    }

    fn finish_folders(&mut self) -> Result<(), Error> {
        // Backwards, so that a folder comes after everything below it.
        for (path, (mode, time)) in std::mem::take(&mut self.folders).into_iter().rev() {
            self.disk
                .finish_folder(&path, mode, time)
                .map_err(|source| self.failed(&path, source))?;
        }
        Ok(())
    }

    fn failed(&self, path: &[u8], source: io::Error) -> Error {
        Error::Extract { path: self.into.join(OsStr::from_bytes(path)), source }
    }
}

/// Writes the next `most` bytes of a member, or all that there are. The outer error is the
/// archive's, the inner one the disk's.
fn copy(
    members: &mut Members<impl Read>,
    most: u64,
    file: &mut File,
    buffer: &mut [u8],
) -> Result<io::Result<()>, Error> {
    let mut left = most;
    while left > 0 {
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let count = members.read(&mut buffer[..room])?;
        if count == 0 {
            break;
        }
        if let Err(error) = file.write_all(&buffer[..count]) {
            return Ok(Err(error));
        }
        left -= count as u64;
    }
    Ok(Ok(()))
}

/// Writes the parts of a sparse file to their places, and leaves holes between them.
fn fill(
    members: &mut Members<impl Read>,
    map: &Map,
    size: u64,
    file: &mut File,
    buffer: &mut [u8],
) -> Result<io::Result<()>, Error> {
    for segment in map {
        if let Err(error) = file.seek(SeekFrom::Start(segment.start)) {
            return Ok(Err(error));
        }
        if let Err(error) = copy(members, segment.length, file, buffer)? {
            return Ok(Err(error));
        }
    }
    Ok(file.set_len(size))
}
