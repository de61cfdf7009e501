//! What is kept beside the bucket: its lock, its clock, and what is said about its objects.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use rustix::fs::{FlockOperation, Stat, Timespec, Timestamps, UTIME_NOW};
use rustix::io::Errno;

use super::attributes::Attributes;
use super::{nanoseconds, size};
use crate::Error;

/// A last stamp that is so far ahead comes from a clock that was wrong then.
const AHEAD: i128 = 3_600 * 1_000_000_000;
/// The coarsest time stamps of a file system that are put up with (FAT: 2 s).
const COARSEST: i128 = 10 * 1_000_000_000;

/// Whatever time it is.
const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };

/// Nobody holds the lock for longer than a few files need to be renamed or removed: whoever does is
/// stopped, or its disk is.
const LONGEST_HELD: Duration = Duration::from_secs(120);

/// The folder `<root>/.slipway/<bucket>`.
pub(super) struct Side {
    path: PathBuf,
}

/// The bucket's lock, held until dropped, against other threads and other processes.
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

/// Attributes that are written, but not yet at the place where readers look.
pub(super) struct StagedAttributes {
    file: scratch::File,
    target: PathBuf,
}

impl Side {
    pub(super) fn new(path: PathBuf) -> Side {
        Side { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn local(&self) -> impl Fn(io::Error) -> Error {
        local(&self.path)
    }

    /// Makes the folder where it is missing. Before any change.
    pub(super) fn make(&self) -> Result<(), Error> {
        std::fs::create_dir_all(&self.path).map_err(self.local())
    }

    /// Takes the bucket's lock, once whoever holds it is done.
    pub(super) fn lock(&self) -> Result<Lock, Error> {
        self.lock_within(LONGEST_HELD)
    }

    fn lock_within(&self, limit: Duration) -> Result<Lock, Error> {
        let path = self.path.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let open = || options.open(&path);
        let file = open().and_then(|file| locked(file, limit)).map_err(local(&path))?;
        Ok(Lock { file, path })
    }

    /// Where the attributes of this state of an object are. Neither the folder above nor an inode is
    /// in the name, so that a copy of the whole root (`cp -a`, a backup) keeps them.
    fn target(&self, key: &str, stat: &Stat) -> PathBuf {
        let hash = checksum::of_bytes(key);
        let (shelf, rest) = hash.split_at(2);
        let name = format!("{rest}-{:x}-{:x}", nanoseconds(stat), size(stat));
        self.path.join("attributes").join(shelf).join(name)
    }

    /// What is said about this state of an object; nothing about a file that came by hand.
    pub(super) fn attributes(&self, key: &str, stat: &Stat) -> Result<Option<Attributes>, Error> {
        let path = self.target(key, stat);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Attributes::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(local(&path)(error)),
        }
    }

    /// Writes the attributes of a coming state, beside the place where readers look.
    pub(super) fn stage_attributes(
        &self,
        key: &str,
        stat: &Stat,
        attributes: &Attributes,
    ) -> Result<StagedAttributes, Error> {
        let target = self.target(key, stat);
        let folder = target.parent().unwrap_or(&self.path);
        std::fs::create_dir_all(folder).map_err(local(folder))?;
        let write = || {
            let mut file = scratch::File::new_in(folder, "new-")?;
            file.file().write_all(attributes.to_text().as_bytes())?;
            // As readable as the objects: they hold nothing more secret.
            let mode = Permissions::from_mode(0o644);
            file.file().set_permissions(mode)?;
            file.file().sync_all()?;
            Ok(file)
        };
        let file = write().map_err(local(folder))?;
        Ok(StagedAttributes { file, target })
    }

    /// Removes the attributes of a state that is gone.
    pub(super) fn forget_attributes(&self, key: &str, stat: &Stat) -> Result<(), Error> {
        let path = self.target(key, stat);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(local(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Makes the names of attributes last.
    pub(super) fn sync_attributes(&self, key: &str) -> Result<(), Error> {
        let hash = checksum::of_bytes(key);
        let shelf = self.path.join("attributes").join(&hash[..2]);
        File::open(&shelf).and_then(|folder| folder.sync_all()).map_err(local(&shelf))
    }
}

impl StagedAttributes {
    /// Puts them where readers look.
    pub(super) fn persist(self) -> Result<(), Error> {
        let StagedAttributes { file, target } = self;
        file.persist(&target).map(drop).map_err(local(&target))
    }
}

impl Lock {
    /// Sets a file's modification time to now, or to whatever is needed to be later than all that
    /// this bucket has seen: the clock may stand still between two writes, run backwards, or be finer
    /// than the file system. The lock file remembers the last one.
    pub(super) fn stamp(&self, file: &File) -> Result<(), Error> {
        self.try_stamp(file).map_err(local(&self.path))
    }

    fn try_stamp(&self, file: &File) -> io::Result<()> {
        // By the clock of the file system, which on a network is its server's: machines whose own
        // clocks differ then agree on what is older.
        rustix::fs::futimens(file, &Timestamps { last_access: NOW, last_modification: NOW })?;
        let now = nanoseconds(&rustix::fs::fstat(file)?);
        let last = self.last()?;
        let last = if last > now + AHEAD { 0 } else { last };
        let mut stamp = now.max(last + 1);
        let mut step = 1;
        let kept = loop {
            set_modified(file, stamp)?;
            let kept = nanoseconds(&rustix::fs::fstat(file)?);
            if kept > last {
                break kept;
            }
            if step > COARSEST {
                let text = "the file system does not keep modification times";
                return Err(io::Error::other(text));
            }
            step *= 10;
            stamp += step;
        };
        // Of one width, so that a shorter number never leaves digits of a longer one.
        self.file.write_all_at(format!("{kept:039}\n").as_bytes(), 0)
    }

    fn last(&self) -> io::Result<i128> {
        let mut digits = [0; 39];
        match self.file.read_exact_at(&mut digits, 0) {
            Ok(()) => {}
            // It is new.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
            Err(error) => return Err(error),
        }
        // Anything else in it is from a crash of the machine: the clock will do.
        let text = std::str::from_utf8(&digits).unwrap_or_default();
        Ok(text.parse().unwrap_or(0))
    }
}

/// Locks a file, after all who asked before.
fn locked(file: File, limit: Duration) -> io::Result<File> {
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => return Ok(file),
        Err(Errno::WOULDBLOCK | Errno::INTR) => {}
        Err(other) => return Err(other.into()),
    }
    // The system keeps the queue, but knows no deadline. A thread that is not waited for any more
    // gives the lock back as soon as it has it.
    let (sender, receiver) = mpsc::channel();
    let started = parallel::start("lock", move || {
        let mut result = Err(Errno::INTR);
        while result == Err(Errno::INTR) {
            result = rustix::fs::flock(&file, FlockOperation::LockExclusive);
        }
        let _ = sender.send(result.map(|()| file));
    });
    started?;
    match receiver.recv_timeout(limit) {
        Ok(result) => Ok(result?),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!(
                "another process has held this lock for {} seconds; continue it if it is stopped, \
                 or end it",
                limit.as_secs()
            ),
        )),
    }
}

fn set_modified(file: &File, nanoseconds: i128) -> io::Result<()> {
    const SECOND: i128 = 1_000_000_000;
    let time = Timespec {
        tv_sec: i64::try_from(nanoseconds.div_euclid(SECOND)).unwrap_or(i64::MAX),
        tv_nsec: i64::try_from(nanoseconds.rem_euclid(SECOND)).unwrap_or(0),
    };
    let times = Timestamps { last_access: time, last_modification: time };
    Ok(rustix::fs::futimens(file, &times)?)
}

fn local(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Local { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_never_given_back_is_waited_for_and_then_named() {
        let folder = scratch::Folder::new("store-test-").unwrap();
        let side = Side::new(folder.path().to_owned());
        let held = side.lock().unwrap();
        let Err(error) = side.lock_within(Duration::from_millis(20)) else {
            panic!("two have the lock");
        };
        let text = format!("{error:?}");
        assert!(text.contains("/lock") && text.contains("another process has held"), "{text}");
        // Whoever waits gets it, and so does whoever comes after one that has given up.
        let path = folder.path().to_owned();
        let waiting = std::thread::spawn(move || Side::new(path).lock().map(drop));
        drop(held);
        waiting.join().unwrap().unwrap();
        drop(side.lock().unwrap());
    }
}
