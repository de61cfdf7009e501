//! Folders that are kept between runs, such as caches: what they hold is used without a second look,
//! so only their owner may write to them.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The bits of a mode that let others than the owner write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// How many levels of a folder are looked at. Caches have no more.
const LEVELS: u32 = 2;

/// Why a folder is not used.
#[derive(Debug)]
pub enum Distrust {
    /// It is, or has in it, what belongs to another user.
    Foreign {
        /// The file or folder.
        path: PathBuf,
        /// The user.
        owner: u32,
    },
    /// It is, or has in it, what others than the owner may write to.
    Writable {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It cannot be looked at.
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl std::fmt::Display for Distrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Foreign { path, owner } => {
                write!(f, "{} belongs to another user (uid {owner})", path.display())
            }
            Self::Writable { path, mode } => {
                write!(f, "other users may write to {} (mode {mode:04o})", path.display())
            }
            Self::Unreadable { path, source } => {
                write!(f, "cannot read {}: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for Distrust {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            Self::Foreign { .. } | Self::Writable { .. } => None,
        }
    }
}

/// Makes a folder, and those above it that are missing, that only their owner can enter (mode 0700),
/// whatever the umask allows. A folder that exists stays as it is.
///
/// # Errors
/// When it cannot be made, and when the existing one is not for us alone, as [`trust`] has it.
pub fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    judge_folder(folder)
        .map(drop)
        .map_err(|distrust| io::Error::new(ErrorKind::PermissionDenied, distrust.to_string()))
}

/// Whether no other user can have written what a folder holds: it, and the files in it, belong to
/// this user, who alone may write to them. A folder that is missing is trusted: [`make_private`]
/// makes it.
///
/// # Errors
/// The first reason not to trust it.
pub fn trust(folder: &Path) -> Result<(), Distrust> {
    if !judge_folder(folder)? {
        return Ok(());
    }
    judge_entries(folder, LEVELS)
}

/// Whether the folder itself exists; a link to it must be ours too.
fn judge_folder(folder: &Path) -> Result<bool, Distrust> {
    let Some(link) = look(folder, |path| fs::symlink_metadata(path))? else { return Ok(false) };
    judge(folder, &link)?;
    let Some(real) = look(folder, |path| fs::metadata(path))? else { return Ok(false) };
    judge(folder, &real)?;
    Ok(true)
}

fn judge_entries(folder: &Path, levels: u32) -> Result<(), Distrust> {
    let Some(levels) = levels.checked_sub(1) else { return Ok(()) };
    let unreadable = |source| Distrust::Unreadable { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        // Other processes of ours replace and remove files at any time.
        let Some(found) = look(&path, |path| fs::symlink_metadata(path))? else { continue };
        judge(&path, &found)?;
        // What a link leads to is what is read.
        let found = match found.is_symlink() {
            true => match look(&path, |path| fs::metadata(path))? {
                Some(target) => {
                    judge(&path, &target)?;
                    target
                }
                None => continue,
            },
            false => found,
        };
        if found.is_dir() {
            judge_entries(&path, levels)?;
        }
    }
    Ok(())
}

/// `None`: it is missing.
fn look(
    path: &Path,
    stat: impl Fn(&Path) -> io::Result<Metadata>,
) -> Result<Option<Metadata>, Distrust> {
    match stat(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Distrust::Unreadable { path: path.to_owned(), source }),
    }
}

fn judge(path: &Path, found: &Metadata) -> Result<(), Distrust> {
    let path = || path.to_owned();
    let ours = rustix::process::geteuid().as_raw();
    if found.uid() != ours {
        return Err(Distrust::Foreign { path: path(), owner: found.uid() });
    }
    // All links have the mode 0777, which means nothing.
    if !found.is_symlink() && found.mode() & WRITABLE_BY_OTHERS != 0 {
        return Err(Distrust::Writable { path: path(), mode: found.mode() & 0o7777 });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;
    use crate::Folder;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn private_folders_are_private() {
        let outer = Folder::new("scratch-test-").unwrap();
        let inner = outer.path().join("a/b");
        make_private(&inner).unwrap();
        make_private(&inner).unwrap();
        for folder in [inner.as_path(), inner.parent().unwrap()] {
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn what_others_may_write_to_is_not_trusted() {
        let outer = Folder::new("scratch-test-").unwrap();
        let cache = outer.path().join("cache");
        trust(&cache).unwrap();
        make_private(&cache.join("sub")).unwrap();
        let file = cache.join("sub/file");
        fs::write(&file, "x").unwrap();
        set_mode(&cache, 0o755);
        set_mode(&file, 0o644);
        trust(&cache).unwrap();
        for path in [&cache, &cache.join("sub"), &file] {
            let before = fs::metadata(path).unwrap().permissions();
            for mode in [0o777, 0o1777, 0o702, 0o720] {
                set_mode(path, mode);
                let distrust = trust(&cache).unwrap_err();
                let message =
                    format!("other users may write to {} (mode {mode:04o})", path.display());
                assert_eq!(distrust.to_string(), message);
            }
            fs::set_permissions(path, before).unwrap();
        }
        trust(&cache).unwrap();
        set_mode(&cache, 0o777);
        assert_eq!(make_private(&cache).unwrap_err().kind(), ErrorKind::PermissionDenied);
        set_mode(&cache, 0o700);

        // Of a link in it, what it leads to counts.
        let other = outer.path().join("other");
        fs::write(&other, "x").unwrap();
        symlink(&other, cache.join("sub/link")).unwrap();
        symlink("nowhere", cache.join("sub/dangling")).unwrap();
        set_mode(&other, 0o644);
        trust(&cache).unwrap();
        set_mode(&other, 0o666);
        assert!(matches!(trust(&cache), Err(Distrust::Writable { .. })));
        fs::remove_file(cache.join("sub/link")).unwrap();

        // A link leads to the folder that counts.
        let link = outer.path().join("elsewhere");
        symlink("cache", &link).unwrap();
        trust(&link).unwrap();
        set_mode(&cache, 0o777);
        assert!(matches!(trust(&link), Err(Distrust::Writable { .. })));
    }

    #[test]
    fn what_belongs_to_another_user_is_not_trusted() {
        if !rustix::process::geteuid().is_root() {
            // Nothing but the folders of the system belongs to another user here.
            assert!(matches!(trust(Path::new("/usr")), Err(Distrust::Foreign { owner: 0, .. })));
            return;
        }
        let outer = Folder::new("scratch-test-").unwrap();
        let cache = outer.path().join("cache");
        make_private(&cache.join("sub")).unwrap();
        let (file, link) = (cache.join("sub/file"), outer.path().join("link"));
        fs::write(&file, "x").unwrap();
        symlink("cache", &link).unwrap();
        for path in [&cache, &cache.join("sub"), &file] {
            chown(path, Some(12345), None).unwrap();
            let distrust = trust(&link).unwrap_err().to_string();
            assert!(distrust.ends_with("belongs to another user (uid 12345)"), "{distrust}");
            chown(path, Some(0), None).unwrap();
        }
        trust(&link).unwrap();
        std::os::unix::fs::lchown(&link, Some(12345), None).unwrap();
        assert!(matches!(trust(&link), Err(Distrust::Foreign { owner: 12345, .. })));
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_trusted() {
        let outer = Folder::new("scratch-test-").unwrap();
        let file = outer.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(matches!(trust(&file), Err(Distrust::Unreadable { .. })));
        assert!(matches!(trust(&file.join("sub")), Err(Distrust::Unreadable { .. })));
    }
}
