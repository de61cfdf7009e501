//! `packages.json` in the working folder.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tool::{Exit, Failure};

/// Writes a file whole or not at all: what was there before stays until all is written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    try_write(path, bytes).map_err(|error| {
        Failure::new(Exit::LocalIo, format!("cannot write {}: {error}", path.display()))
    })
}

fn try_write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = scratch::File::new_in(folder, ".packages-")?;
    file.file().write_all(bytes)?;
    // A temporary file is its owner's only; this one is to be as any that a program writes, or as
    // the one that it replaces.
    let mode = match fs::metadata(path) {
        Ok(present) => present.permissions().mode() & 0o777,
        Err(_) => 0o666 & !umask(),
    };
    file.file().set_permissions(Permissions::from_mode(mode))?;
    file.file().sync_all()?;
    file.persist(path)?;
    Ok(())
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
        write(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666 & !umask());
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = scratch::Folder::new("mkrepo-output-").unwrap();
        let path = folder.path().join("missing/packages.json");
        let failure = write(&path, b"x").unwrap_err();
        assert_eq!(failure.exit, Exit::LocalIo);
        assert!(failure.causes[0].contains("missing/packages.json"), "{failure:?}");
    }
}
