//! A file that is being written, before it has its name.

use std::fs::{File, Permissions};
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

/// The name that a file passes through on its way into the bucket, under the bucket's lock.
const PASSING: &str = "new";

/// A file that is being written. Dropped, it is gone.
pub(super) enum Staged {
    /// It has no name at all, so that it ends with the process whatever happens.
    Unnamed(File),
    /// Where the file system knows only named files.
    Named(scratch::File),
}

impl Staged {
    /// Makes one on the file system of `folder`.
    pub(super) fn new(folder: &Path) -> io::Result<Staged> {
        if let Some(file) = unnamed(folder)? {
            return Ok(Staged::Unnamed(file));
        }
        let mut file = scratch::File::new_in(folder, "new-")?;
        file.file().set_permissions(Permissions::from_mode(0o644))?;
        Ok(Staged::Named(file))
    }

    pub(super) fn file(&mut self) -> &mut File {
        match self {
            Staged::Unnamed(file) => file,
            Staged::Named(file) => file.file(),
        }
    }

    /// Puts the file in place of whatever file has that name in `parent`. `folder` is the one that it
    /// was made in; the bucket's lock is held.
    pub(super) fn commit(
        self,
        folder: &Path,
        parent: BorrowedFd<'_>,
        name: &str,
    ) -> Result<(), Errno> {
        match self {
            Staged::Unnamed(file) => {
                let passing = folder.join(PASSING);
                // Left by a process that was killed at this point.
                match rustix::fs::unlink(&passing) {
                    Ok(()) | Err(Errno::NOENT) => {}
                    Err(other) => return Err(other),
                }
                rustix::fs::linkat(CWD, link(&file), CWD, &passing, AtFlags::SYMLINK_FOLLOW)?;
                let renamed = rustix::fs::renameat(CWD, &passing, parent, name);
                if renamed.is_err() {
                    rustix::fs::unlink(&passing)?;
                }
                renamed
            }
            // What drops afterwards finds nothing left to remove.
            Staged::Named(file) => rustix::fs::renameat(CWD, file.path(), parent, name),
        }
    }
}

/// The name by which the kernel knows an open file.
fn link(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// A file without a name; `None` where the system has no such thing.
#[cfg(target_os = "linux")]
pub(super) fn unnamed(folder: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)) {
        Ok(file) => {
            let file = File::from(file);
            // It can be given a name only by way of /proc.
            Ok(Path::new(&link(&file)).exists().then_some(file))
        }
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn unnamed(_folder: &Path) -> io::Result<Option<File>> {
    Ok(None)
}
