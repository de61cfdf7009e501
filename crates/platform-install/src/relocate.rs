//! Moving folders that their owner may not write to.
//!
//! A folder notes in itself where it lies, so whoever moves one to another place must be allowed to
//! write to it: root is, the owner of a read-only folder is not.

use std::fs::{self, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What an owner needs to do all with a folder.
const ALL: u32 = 0o700;

/// Renames; a folder keeps its mode, whatever that is.
pub fn relocate(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let Some(before) = open_up(from)? else { return Err(error) };
            let moved = fs::rename(from, to);
            let now = if moved.is_ok() { to } else { from };
            fs::set_permissions(now, before)?;
            moved
        }
        done => done,
    }
}

/// Lets its owner into a folder. Returns the mode that it had; `None`: there was nothing to do.
pub fn open_up(folder: &Path) -> io::Result<Option<Permissions>> {
    let before: Metadata = folder.symlink_metadata()?;
    let mode = before.permissions().mode();
    if !before.is_dir() || mode & ALL == ALL {
        return Ok(None);
    }
    fs::set_permissions(folder, Permissions::from_mode(mode | ALL))?;
    Ok(Some(before.permissions()))
}
