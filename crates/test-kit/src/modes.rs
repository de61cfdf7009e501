//! What other users may do with files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What a folder holds, at any depth, that every user may write to: mode and path. Links are left
/// out, whose mode means nothing, and what is removed while it is looked at.
#[must_use]
pub fn writable_by_all(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let mode = metadata.permissions().mode();
        if !metadata.is_symlink() && mode & 0o002 != 0 {
            found.push(format!("{:o} {}", mode & 0o7777, path.display()));
        }
        if metadata.is_dir() {
            found.extend(writable_by_all(&path));
        }
    }
    found
}
