//! Where a build is installed: checked, kept to ourselves, and emptied.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::Error;

/// Folders of the system, which no build may empty.
const SYSTEM: [&str; 18] = [
    "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/media", "/mnt",
    "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/usr", "/var",
];

/// An empty build path that no other build uses meanwhile.
#[derive(Debug)]
pub(crate) struct BuildPath {
    /// Where it really is, links resolved.
    pub real: PathBuf,
    /// As the formula gets it.
    pub given: String,
    /// Locked until this is dropped.
    _lock: File,
}

/// Folders that a build path may neither be nor hold.
#[derive(Debug)]
pub(crate) struct Guarded<'a> {
    /// The formulae.
    pub workspace: &'a Path,
    /// The user's home.
    pub home: Option<PathBuf>,
}

impl BuildPath {
    /// Checks and empties `given`. Two builds with one build path wait for each other; `waiting`
    /// is called when this one has to.
    pub(crate) fn prepare(
        given: &str,
        guarded: &Guarded<'_>,
        waiting: impl FnOnce(),
    ) -> Result<Self, Error> {
        let refuse = |reason: &str| Error::BuildPath { path: given.into(), reason: reason.into() };
        let path = Path::new(given);
        if !path.is_absolute() {
            return Err(refuse("it is not absolute"));
        }
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(refuse("it has \"..\" in it"));
        }
        // As written first, so that nothing is made below a path that is refused.
        check(path, guarded).map_err(|reason| refuse(&reason))?;
        let local = |source| Error::Local { path: path.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o755).create(path).map_err(local)?;
        let real = path.canonicalize().map_err(local)?;
        check(&real, guarded).map_err(|reason| refuse(&reason))?;
        // The folder itself is the lock: it is emptied but never removed.
        let lock = File::open(&real).map_err(local)?;
        if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            waiting();
            rustix::fs::flock(&lock, FlockOperation::LockExclusive)
                .map_err(|error| local(error.into()))?;
        }
        empty(&real).map_err(local)?;
        Ok(Self { real, given: given.to_owned(), _lock: lock })
    }
}

/// Why a path must not be emptied.
fn check(path: &Path, guarded: &Guarded<'_>) -> Result<(), String> {
    let is_or_holds = |other: &Path| other.starts_with(path);
    if path.parent().is_none() {
        return Err("it is the root of the file system".to_owned());
    }
    if SYSTEM.iter().any(|folder| is_or_holds(Path::new(folder)))
        || path.parent() == Some(Path::new("/home"))
    {
        return Err("it is a folder of the system".to_owned());
    }
    if guarded.home.as_deref().is_some_and(is_or_holds) {
        return Err("it is or holds a home folder".to_owned());
    }
    if is_or_holds(guarded.workspace)
        || guarded.workspace.canonicalize().is_ok_and(|real| is_or_holds(&real))
    {
        return Err("it is or holds the workspace".to_owned());
    }
    Ok(())
}

/// Removes what is in a folder, links as links.
fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_emptied_is_refused() {
        let place = scratch::Folder::new("build-path-test-").unwrap();
        let root = place.path().canonicalize().unwrap();
        let workspace = root.join("home/work");
        fs::create_dir_all(&workspace).unwrap();
        fs::create_dir_all(root.join("out/old")).unwrap();
        fs::write(root.join("out/old/file"), "x").unwrap();
        std::os::unix::fs::symlink("old", root.join("out/link")).unwrap();
        std::os::unix::fs::symlink("home", root.join("out-home")).unwrap();
        std::os::unix::fs::symlink("out", root.join("out-link")).unwrap();
        let guarded = Guarded { workspace: &workspace, home: Some(root.join("home")) };
        let prepare = |path: &str| BuildPath::prepare(path, &guarded, || panic!("locked"));
        let at = |path: &str| root.join(path).to_str().unwrap().to_owned();
        for path in
            ["/", "relative/path", "/usr", "/home/somebody", "/etc/", "", &at("out/../home")]
        {
            assert!(matches!(prepare(path), Err(Error::BuildPath { .. })), "{path:?}");
        }
        for path in [at("home"), at("home/work"), root.to_str().unwrap().to_owned(), at("out-home")]
        {
            assert!(matches!(prepare(&path), Err(Error::BuildPath { .. })), "{path:?}");
        }
        let prepared = prepare(&at("out-link")).unwrap();
        assert_eq!(prepared.real, root.join("out"));
        assert_eq!(fs::read_dir(&prepared.real).unwrap().count(), 0);
        assert!(workspace.is_dir());
        drop(prepared);
        assert!(prepare(&at("new/deep")).unwrap().real.is_dir());
    }
}
