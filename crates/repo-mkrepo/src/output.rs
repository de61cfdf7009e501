//! `packages.json` in the working folder.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tool::{Exit, Failure};

/// A file that is going to be written whole or not at all: what was there before stays until then.
pub struct Output {
    path: PathBuf,
    file: scratch::File,
}

impl Output {
    /// Makes sure that the file can be written. Where it is a symbolic link, what that leads to.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = target.parent().unwrap_or(Path::new("."));
        let file = scratch::File::new_in(folder, ".packages-").map_err(unwritable(path))?;
        Ok(Self { path: target, file })
    }

    /// Writes it.
    pub fn write(self, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path.clone();
        self.try_write(bytes).map_err(unwritable(&path))
    }

    fn try_write(mut self, bytes: &[u8]) -> io::Result<()> {
        let file = self.file.file();
        file.write_all(bytes)?;
        // A temporary file is its owner's only; this one is to be as any that a program writes, or
        // as the one that it replaces, but never for all users to write.
        let mode = match fs::metadata(&self.path) {
            Ok(present) => present.permissions().mode() & 0o775,
            Err(_) => 0o666 & !umask(),
        };
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        self.file.persist(&self.path)?;
        Ok(())
    }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::new(Exit::LocalIo, format!("cannot write {}: {error}", path.display()))
}

fn umask() -> u32 {
    // It can only be read by setting it.
    let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    rustix::process::umask(mask);
    mask.as_raw_mode()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_replaces_the_file_and_keeps_its_mode() {
        let folder = scratch::Folder::new("mkrepo-output-").unwrap();
        let path = folder.path().join("packages.json");
        let write = |bytes: &[u8]| Output::open(&path).unwrap().write(bytes).unwrap();
        write(b"one");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666 & !umask());
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        write(b"two");
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        write(b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o664);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("packages.json", &link).unwrap();
        Output::open(&link).unwrap().write(b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert!(link.is_symlink());
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = scratch::Folder::new("mkrepo-output-").unwrap();
        let path = folder.path().join("missing/packages.json");
        let failure = Output::open(&path).err().unwrap();
        assert_eq!(failure.exit, Exit::LocalIo);
        assert!(failure.causes[0].contains("missing/packages.json"), "{failure:?}");
    }
}
