//! From key to file, one segment at a time, without following a symbolic link.
//!
//! Each function starts at the bucket's open folder, so that no renamed folder or planted link can
//! lead it outside.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::refuse;
use crate::Error;

pub(super) const TOO_LONG: &str = "a part of it is too long for a file name";
const LINK: &str = "it leads through a symbolic link";
const SPECIAL: &str = "it names something that is no file";

/// Gives an error of the system its place.
type Explain<'a> = &'a dyn Fn(Errno) -> Error;

/// What lies where a key points to.
#[derive(Debug)]
pub(super) enum Entry {
    Object(Stat),
    Folder,
    Missing,
    /// A segment before the last is a file.
    BelowObject,
}

/// One step down.
enum Step {
    Into(OwnedFd),
    Missing,
    File,
}

fn step(
    folder: BorrowedFd<'_>,
    name: &str,
    key: &str,
    explain: Explain<'_>,
) -> Result<Step, Error> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(next) => Ok(Step::Into(next)),
        Err(Errno::NOENT | Errno::NAMETOOLONG) => Ok(Step::Missing),
        Err(Errno::NOTDIR | Errno::LOOP) => match kind(folder, name, explain)? {
            Some((FileType::Symlink, _)) => Err(refuse(key, LINK)),
            Some(_) => Ok(Step::File),
            None => Ok(Step::Missing),
        },
        Err(other) => Err(explain(other)),
    }
}

fn kind(
    folder: BorrowedFd<'_>,
    name: &str,
    explain: Explain<'_>,
) -> Result<Option<(FileType, Stat)>, Error> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some((FileType::from_raw_mode(stat.st_mode), stat))),
        Err(Errno::NOENT | Errno::NAMETOOLONG) => Ok(None),
        Err(other) => Err(explain(other)),
    }
}

/// Walks down to the folder of `key`: that folder and the last segment, or what is in the way.
fn walk<'k>(
    bucket: BorrowedFd<'_>,
    key: &'k str,
    explain: Explain<'_>,
) -> Result<Result<(OwnedFd, &'k str), Entry>, Error> {
    let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
    let mut folder = bucket
        .try_clone_to_owned()
        .map_err(|error| explain(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
    for segment in folders.split('/').filter(|segment| !segment.is_empty()) {
        folder = match step(folder.as_fd(), segment, key, explain)? {
            Step::Into(next) => next,
            Step::Missing => return Ok(Err(Entry::Missing)),
            Step::File => return Ok(Err(Entry::BelowObject)),
        };
    }
    Ok(Ok((folder, name)))
}

/// The folder of `key` and its last segment, if that folder is there.
pub(super) fn parent<'k>(
    bucket: BorrowedFd<'_>,
    key: &'k str,
    explain: Explain<'_>,
) -> Result<Option<(OwnedFd, &'k str)>, Error> {
    Ok(walk(bucket, key, explain)?.ok())
}

/// Opens the folder `path` (no slash at its end; empty: the bucket itself), if it is there.
pub(super) fn folder(
    bucket: BorrowedFd<'_>,
    path: &str,
    explain: Explain<'_>,
) -> Result<Option<OwnedFd>, Error> {
    let below = format!("{path}/-");
    let below = below.trim_start_matches('/');
    Ok(parent(bucket, below, explain)?.map(|(folder, _)| folder))
}

/// What lies at `key`.
pub(super) fn entry(
    bucket: BorrowedFd<'_>,
    key: &str,
    explain: Explain<'_>,
) -> Result<Entry, Error> {
    let (folder, name) = match walk(bucket, key, explain)? {
        Ok(found) => found,
        Err(entry) => return Ok(entry),
    };
    match kind(folder.as_fd(), name, explain)? {
        Some((FileType::RegularFile, stat)) => Ok(Entry::Object(stat)),
        Some((FileType::Directory, _)) => Ok(Entry::Folder),
        Some((FileType::Symlink, _)) => Err(refuse(key, LINK)),
        Some(_) => Err(refuse(key, SPECIAL)),
        None => Ok(Entry::Missing),
    }
}

/// Opens the file at `key` for reading, if there is one.
pub(super) fn open(
    bucket: BorrowedFd<'_>,
    key: &str,
    explain: Explain<'_>,
) -> Result<Option<(File, Stat)>, Error> {
    let Ok((folder, name)) = walk(bucket, key, explain)? else {
        return Ok(None);
    };
    // Without NONBLOCK, a named pipe would wait for somebody to write to it.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(&folder, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT | Errno::NAMETOOLONG) => return Ok(None),
        Err(Errno::LOOP) => return Err(refuse(key, LINK)),
        Err(Errno::NXIO) => return Err(refuse(key, SPECIAL)),
        Err(other) => return Err(explain(other)),
    };
    let stat = rustix::fs::fstat(&file).map_err(explain)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(Some((File::from(file), stat))),
        FileType::Directory => Ok(None),
        _ => Err(refuse(key, SPECIAL)),
    }
}

/// Makes the folders of `key`, and returns the last one with the key's last segment. What stands in
/// the place of the file and is an empty folder is removed. Under the bucket's lock only.
pub(super) fn make_parent<'k>(
    bucket: BorrowedFd<'_>,
    key: &'k str,
    explain: Explain<'_>,
) -> Result<(OwnedFd, &'k str), Error> {
    for (end, _) in key.match_indices('/') {
        let above = &key[..end];
        let Some((folder, name)) = parent(bucket, above, explain)? else {
            return Err(explain(Errno::NOENT));
        };
        match rustix::fs::mkdirat(&folder, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(Errno::NAMETOOLONG) => return Err(refuse(key, TOO_LONG)),
            Err(other) => return Err(explain(other)),
        }
    }
    let Some((folder, name)) = parent(bucket, key, explain)? else {
        return Err(explain(Errno::NOENT));
    };
    match rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR) {
        // Whatever else stands there is the rename's affair.
        Ok(()) | Err(_) => Ok((folder, name)),
    }
}

/// Removes the folders of `key` that are empty, from below. Was there any? Under the bucket's lock
/// only.
pub(super) fn prune(
    bucket: BorrowedFd<'_>,
    key: &str,
    explain: Explain<'_>,
) -> Result<bool, Error> {
    let mut key = key;
    let mut any = false;
    while let Some((above, _)) = key.rsplit_once('/') {
        key = above;
        let Some((folder, name)) = parent(bucket, above, explain)? else {
            continue;
        };
        match rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR) {
            Ok(()) => any = true,
            // It was never made, or another did the same.
            Err(Errno::NOENT | Errno::NAMETOOLONG) => {}
            // Not empty, as a rule. An empty folder that cannot be removed is not worth a failure:
            // it shows in no listing.
            Err(_) => break,
        }
    }
    Ok(any)
}

/// Makes the names of `key` and of all its folders last.
pub(super) fn sync_parents(
    bucket: BorrowedFd<'_>,
    key: &str,
    explain: Explain<'_>,
) -> Result<(), Error> {
    let mut rest = key;
    loop {
        // A folder that is gone was removed with the key, after us.
        if let Some((folder, _)) = parent(bucket, rest, explain)? {
            rustix::fs::fsync(&folder).map_err(explain)?;
        }
        match rest.rsplit_once('/') {
            Some((above, _)) => rest = above,
            None => return Ok(()),
        }
    }
}
