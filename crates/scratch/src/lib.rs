//! Temporary files and folders that are gone when the process is, also by a signal.
//!
//! Each one stands in a register of the process while it exists. Dropping it removes it; a signal
//! handler calls [`sweep`], since a signal that ends a process drops nothing.
//!
//! What is kept between runs, such as a cache, is in folders that [`make_private`] makes and [`trust`]
//! judges.

mod private;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use private::{Distrust, make_private, trust};

/// Length of the random part of a name: that of Python's `tempfile`, which scripts may look for.
const RANDOM_BYTES: usize = 8;

static REGISTER: Mutex<Option<BTreeSet<PathBuf>>> = Mutex::new(Some(BTreeSet::new()));

/// Removes all that is registered, and refuses to make anything new from here on. For the moment
/// before a process ends by a signal.
pub fn sweep() {
    let paths = register().take().unwrap_or_default();
    for path in paths {
        remove(&path);
    }
}

/// A folder that only its owner can enter (mode 0700).
#[derive(Debug)]
pub struct Folder(Option<PathBuf>);

impl Folder {
    /// Makes one in the system's temporary folder (`$TMPDIR`, else `/tmp`).
    ///
    /// # Errors
    /// When it cannot be made there; the error names the folder.
    pub fn new(prefix: &str) -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir(), prefix)
    }

    /// Makes one in `parent`.
    ///
    /// # Errors
    /// When it cannot be made there; the error names the folder.
    pub fn new_in(parent: &Path, prefix: &str) -> io::Result<Self> {
        // Made while the register is held, so that a sweep never misses one.
        let mut register = register();
        let paths = open(&mut register)?;
        let path = tempfile::Builder::new()
            .prefix(prefix)
            .rand_bytes(RANDOM_BYTES)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(|error| named(parent, &error))?
            .keep();
        paths.insert(path.clone());
        Ok(Self(Some(path)))
    }

    /// Takes over a folder that another process has left for us to remove.
    #[must_use]
    pub fn adopt(path: PathBuf) -> Self {
        // When we are ending already, dropping it still removes it.
        if let Some(paths) = register().as_mut() {
            paths.insert(path.clone());
        }
        Self(Some(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// Leaves it for others: from here on it is theirs to remove.
    #[must_use]
    pub fn keep(mut self) -> PathBuf {
        let path = self.0.take().unwrap_or_default();
        forget(&path);
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            remove(&path);
            forget(&path);
        }
    }
}

/// A file that only its owner can read (mode 0600), meant to become another one.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    file: fs::File,
    kept: bool,
}

impl File {
    /// Makes one in `folder`, open for reading and writing.
    ///
    /// # Errors
    /// When it cannot be made there; the error names the folder.
    pub fn new_in(folder: &Path, prefix: &str) -> io::Result<Self> {
        let mut register = register();
        let paths = open(&mut register)?;
        let (file, path) = tempfile::Builder::new()
            .prefix(prefix)
            .rand_bytes(RANDOM_BYTES)
            .tempfile_in(folder)
            .map_err(|error| named(folder, &error))?
            .keep()
            .map_err(|error| named(folder, &error.error))?;
        paths.insert(path.clone());
        Ok(Self { path, file, kept: false })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub fn file(&mut self) -> &mut fs::File {
        &mut self.file
    }

    /// Moves it to `target`, in one step for readers of `target`; both lie on one file system.
    ///
    /// # Errors
    /// When it cannot be moved; the file is removed then.
    pub fn persist(mut self, target: &Path) -> io::Result<fs::File> {
        let file = self.file.try_clone()?;
        fs::rename(&self.path, target)?;
        self.kept = true;
        forget(&self.path);
        Ok(file)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
            forget(&self.path);
        }
    }
}

fn register() -> MutexGuard<'static, Option<BTreeSet<PathBuf>>> {
    // A panic elsewhere leaves the set as whole as it was.
    REGISTER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(register: &mut Option<BTreeSet<PathBuf>>) -> io::Result<&mut BTreeSet<PathBuf>> {
    register
        .as_mut()
        .ok_or_else(|| io::Error::new(io::ErrorKind::Interrupted, "ending on a signal"))
}

fn forget(path: &Path) {
    if let Some(paths) = register().as_mut() {
        paths.remove(path);
    }
}

/// Removes a file or a tree. There is nobody left to tell when that fails: the work that made it has
/// ended already, well or with its own error.
fn remove(path: &Path) {
    if fs::remove_file(path).is_err() {
        let _ = remove_tree(path);
    }
}

/// Removes a folder and all that is in it, read-only folders too.
///
/// # Errors
/// When something in it cannot be removed.
pub fn remove_tree(folder: &Path) -> io::Result<()> {
    if fs::remove_dir_all(folder).is_ok() {
        return Ok(());
    }
    make_writable(folder);
    fs::remove_dir_all(folder)
}

fn make_writable(folder: &Path) {
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}

fn named(folder: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("in {}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn dropped_things_are_gone_and_kept_ones_are_not() {
        let outer = Folder::new("scratch-test-").unwrap();
        let mode = fs::metadata(outer.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);

        let inner = Folder::new_in(outer.path(), "inner-").unwrap();
        let gone = inner.path().to_owned();
        fs::create_dir(gone.join("locked")).unwrap();
        fs::write(gone.join("locked/file"), "x").unwrap();
        fs::set_permissions(gone.join("locked"), fs::Permissions::from_mode(0o500)).unwrap();
        drop(inner);
        assert!(!gone.exists());

        let kept = Folder::new_in(outer.path(), "kept-").unwrap().keep();
        assert!(kept.is_dir());
        drop(Folder::adopt(kept.clone()));
        assert!(!kept.exists());

        let mut file = File::new_in(outer.path(), "file-").unwrap();
        let temporary = file.path().to_owned();
        file.file().write_all(b"whole").unwrap();
        file.persist(&outer.path().join("target")).unwrap();
        assert!(!temporary.exists());
        assert_eq!(fs::read(outer.path().join("target")).unwrap(), b"whole");

        let dropped = File::new_in(outer.path(), "file-").unwrap();
        let path = dropped.path().to_owned();
        drop(dropped);
        assert!(!path.exists());
    }

    #[test]
    fn the_error_names_the_folder() {
        let error = Folder::new_in(Path::new("/no/such/folder"), "x").unwrap_err();
        assert!(error.to_string().starts_with("in /no/such/folder: "), "{error}");
    }
}
