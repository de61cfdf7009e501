//! The folder on disk. Every path is walked part by part from the folder's own handle without
//! following links, so that whatever another process does meanwhile, nothing outside is touched.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, chmod, fchmod, futimens,
    linkat, makedev, mkdirat, mknodat, open, openat, readlinkat, statat, symlinkat, unlinkat,
    utimensat,
};
use rustix::io::Errno;

use super::{Entry, EntryKind};

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Folders are ours alone until their own modes are set at the end.
const PRIVATE: Mode = Mode::RWXU;

/// What lies at a path.
pub(super) enum Found {
    Directory,
    Link(Vec<u8>),
    Other,
}

pub(super) struct Disk {
    root: OwnedFd,
    /// The folder opened last, because members of one folder follow one another.
    last: Option<(Vec<u8>, OwnedFd)>,
    /// Folders that were made because something lies below them.
    made: Vec<Vec<u8>>,
}

impl Disk {
    /// Opens the folder; it may itself be a link.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(path, flags, Mode::empty())?;
        Ok(Self { root, last: None, made: Vec::new() })
    }

    /// What lies at `path`; nothing also where a part of the way is not a folder.
    pub fn find(&mut self, path: &[u8]) -> io::Result<Option<Found>> {
        let (parent, name) = split(path);
        let parent = match self.folder(parent, false) {
            Ok(parent) => parent,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        let Some(stat) = stat(parent, name)? else {
            return Ok(None);
        };
        Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Found::Directory,
            FileType::Symlink => Found::Link(readlinkat(parent, name, Vec::new())?.into_bytes()),
            _ => Found::Other,
        }))
    }

    /// Whether the folder at `path` has no children.
    pub fn is_empty(&mut self, path: &[u8]) -> io::Result<bool> {
        let folder = self.folder(path, false)?;
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes a folder that its owner can write into, or takes the one that is there.
    pub fn make_folder(&mut self, path: &[u8]) -> io::Result<()> {
        let (parent, name) = split(path);
        self.replacing(parent, name, |parent| {
            match mkdirat(parent, name, PRIVATE) {
                Err(Errno::EXIST) => match stat(parent, name)? {
                    Some(stat) if FileType::from_raw_mode(stat.st_mode).is_dir() => {
                        // One that does not let its owner write would not take the children.
                        let mode = Mode::from_raw_mode(stat.st_mode);
                        if !mode.contains(PRIVATE) {
                            let folder = openat(parent, name, FOLDER, Mode::empty())?;
                            fchmod(folder, mode | PRIVATE)?;
                        }
                        Ok(())
                    }
                    _ => Err(Errno::EXIST),
                },
                done => done,
            }
        })
    }

    /// Makes an empty file, in the place of what is there.
    pub fn make_file(&mut self, path: &[u8]) -> io::Result<File> {
        let (parent, name) = split(path);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(self.replacing(parent, name, |parent| openat(parent, name, flags, mode))?.into())
    }

    /// Makes a symbolic link, in the place of what is there.
    pub fn make_link(&mut self, path: &[u8], target: &[u8]) -> io::Result<()> {
        let (parent, name) = split(path);
        self.replacing(parent, name, |parent| symlinkat(target, parent, name))
    }

    /// Makes another name for the file `target`, in the place of what is there.
    pub fn make_hard_link(&mut self, path: &[u8], target: &[u8]) -> io::Result<()> {
        let (from, from_name) = split(target);
        let (parent, name) = split(path);
        // The cache holds one folder only, and this needs two.
        let from = self.folder(from, false)?.try_clone()?;
        let old = stat(self.folder(parent, true)?, name)?;
        let new = stat(&from, from_name)?.ok_or(Errno::NOENT)?;
        if old.is_some_and(|old| (old.st_dev, old.st_ino) == (new.st_dev, new.st_ino)) {
            // It is that file already. Unlinking it could remove the file's only name.
            return Ok(());
        }
        self.replacing(parent, name, |parent| {
            linkat(&from, from_name, parent, name, AtFlags::empty())
        })
    }

    /// Makes a named pipe or a device file, in the place of what is there.
    pub fn make_node(&mut self, path: &[u8], entry: &Entry) -> io::Result<()> {
        let (parent, name) = split(path);
        let kind = match entry.kind {
            EntryKind::CharacterDevice => FileType::CharacterDevice,
            EntryKind::BlockDevice => FileType::BlockDevice,
            _ => FileType::Fifo,
        };
        let device = makedev(entry.device.0, entry.device.1);
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let node = self.replacing(parent, name, |parent| {
            mknodat(parent, name, kind, Mode::RUSR | Mode::WUSR, device)?;
            openat(parent, name, flags, Mode::empty())
        })?;
        // Opened otherwise, a pipe would wait and a device act. A handle of a path alone takes no
        // mode, so it is set by the handle's own name.
        let own = format!("/proc/self/fd/{}", node.as_raw_fd());
        Ok(chmod(own, Mode::from_raw_mode(entry.mode))?)
    }

    /// Sets the own time of what is not to be opened: of a link, a pipe or a device file.
    pub fn touch_link(&mut self, path: &[u8], time: (i64, u32)) -> io::Result<()> {
        let (parent, name) = split(path);
        let parent = self.folder(parent, false)?;
        Ok(utimensat(parent, name, &times(time), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Sets a folder's mode and time, in this order and after everything below it is done.
    pub fn finish_folder(
        &mut self,
        path: &[u8],
        mode: u32,
        time: Option<(i64, u32)>,
    ) -> io::Result<()> {
        let folder = self.folder(path, false)?;
        fchmod(folder, Mode::from_raw_mode(mode))?;
        if let Some(time) = time {
            futimens(folder, &times(time))?;
        }
        Ok(())
    }

    /// Removes a file that could not be written to its end.
    pub fn remove_file(&mut self, path: &[u8]) -> io::Result<()> {
        let (parent, name) = split(path);
        Ok(unlinkat(self.folder(parent, false)?, name, AtFlags::empty())?)
    }

    /// The folders made since the last call because something lies below them.
    pub fn take_made(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.made)
    }

    /// Runs `make` in the folder `parent`; where `name` is taken, removes what is there first.
    fn replacing<T>(
        &mut self,
        parent: &[u8],
        name: &[u8],
        mut make: impl FnMut(&OwnedFd) -> Result<T, Errno>,
    ) -> io::Result<T> {
        let folder = self.folder(parent, true)?;
        match make(folder) {
            Err(Errno::EXIST) => {}
            done => return Ok(done?),
        }
        match unlinkat(folder, name, AtFlags::empty()) {
            // It is a folder; only an empty one goes.
            Err(Errno::ISDIR | Errno::PERM) => unlinkat(folder, name, AtFlags::REMOVEDIR)?,
            done => done?,
        }
        Ok(make(folder)?)
    }

    /// Opens a folder below the root, part by part, following nothing.
    fn folder(&mut self, path: &[u8], create: bool) -> Result<&OwnedFd, Errno> {
        if path.is_empty() {
            self.last = None;
            return Ok(&self.root);
        }
        // Never stale: when a member replaces an empty folder, what was opened last is that
        // folder's parent, whose own parents are not empty.
        let cached = self.last.take().filter(|(last, _)| last == path);
        let fd = match cached {
            Some((_, fd)) => fd,
            None => self.walk(path, create)?,
        };
        let (_, fd) = self.last.insert((path.to_vec(), fd));
        Ok(fd)
    }

    fn walk(&mut self, path: &[u8], create: bool) -> Result<OwnedFd, Errno> {
        let mut current: Option<OwnedFd> = None;
        let mut end = 0;
        for part in path.split(|byte| *byte == b'/') {
            end += part.len();
            let parent = current.as_ref().unwrap_or(&self.root);
            let next = match openat(parent, part, FOLDER, Mode::empty()) {
                Err(Errno::NOENT) if create => {
                    mkdirat(parent, part, PRIVATE)?;
                    self.made.push(path[..end].to_vec());
                    openat(parent, part, FOLDER, Mode::empty())
                }
                opened => opened,
            };
            current = Some(next?);
            end += 1;
        }
        current.ok_or(Errno::NOENT)
    }
}

/// Sets an open file's mode and time. The mode comes last of all that changes a file: writing
/// would clear its set-uid bit.
pub(super) fn finish_file(file: &File, mode: u32, time: (i64, u32)) -> io::Result<()> {
    fchmod(file, Mode::from_raw_mode(mode))?;
    Ok(futimens(file, &times(time))?)
}

fn stat(parent: &OwnedFd, name: &[u8]) -> Result<Option<Stat>, Errno> {
    match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// The folder's path and the name in it.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

fn times((seconds, nanos): (i64, u32)) -> Timestamps {
    let time = Timespec { tv_sec: seconds, tv_nsec: nanos.into() };
    Timestamps { last_access: time, last_modification: time }
}
