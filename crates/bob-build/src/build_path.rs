//! Where a build is installed: checked, kept to ourselves, and emptied.

use std::fs::{self, File};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::Duration;

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
    /// Both locked until this is dropped.
    _folder: File,
    _name: UnixListener,
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
        let mut waiting = Some(waiting);
        let mut wait = || {
            if let Some(tell) = waiting.take() {
                tell();
            }
        };
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
        let name = lock_name(&real, &mut wait).map_err(local)?;
        // A formula may have removed the folder before we had the lock on its name.
        fs::DirBuilder::new().recursive(true).mode(0o755).create(&real).map_err(local)?;
        let folder = lock_folder(&real, &mut wait).map_err(local)?;
        empty(&real).map_err(local)?;
        Ok(Self { real, given: given.to_owned(), _folder: folder, _name: name })
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

/// Locks the path as a name, on this machine: a formula may remove the folder and make another one
/// there, which a lock on the folder would not cover. The kernel keeps such a name without a file
/// and gives it back when we end, however that happens.
fn lock_name(real: &Path, wait: &mut impl FnMut()) -> io::Result<UnixListener> {
    let path = checksum::of_bytes(real.as_os_str().as_bytes());
    let address = SocketAddr::from_abstract_name(format!("slipway-build-path-{path}"))?;
    loop {
        match UnixListener::bind_addr(&address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => wait(),
            other => return other,
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Locks the folder, for those who share it with another machine's or container's names.
fn lock_folder(real: &Path, wait: &mut impl FnMut()) -> io::Result<File> {
    let lock = File::open(real)?;
    if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        wait();
        rustix::fs::flock(&lock, FlockOperation::LockExclusive)?;
    }
    Ok(lock)
}

/// Removes what is in a folder, links as links, and takes back the mode that a build gave it: a
/// set-group-ID bit would be handed on to all folders of the next one.
fn empty(folder: &Path) -> io::Result<()> {
    let mode = fs::metadata(folder)?.permissions().mode();
    if mode & 0o7700 != 0o700 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    }
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

    #[test]
    fn a_build_starts_with_a_plain_folder() {
        let place = scratch::Folder::new("build-path-test-").unwrap();
        let path = place.path().canonicalize().unwrap().join("app");
        let guarded = Guarded { workspace: Path::new("/no/workspace"), home: None };
        let prepare =
            || BuildPath::prepare(path.to_str().unwrap(), &guarded, || panic!("locked")).unwrap();
        drop(prepare());
        for mode in [0o2751, 0o1777, 0o555] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            drop(prepare());
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o755);
        }
        // Somebody's choice that harms nobody stays.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o775)).unwrap();
        drop(prepare());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o775);
    }

    #[test]
    fn a_folder_that_a_formula_made_anew_is_still_its_own() {
        let place = scratch::Folder::new("build-path-test-").unwrap();
        let path = place.path().canonicalize().unwrap().join("app");
        let guarded = Guarded { workspace: Path::new("/no/workspace"), home: None };
        let first = BuildPath::prepare(path.to_str().unwrap(), &guarded, || panic!("locked"));
        fs::remove_dir(&path).unwrap();
        fs::create_dir(&path).unwrap();
        fs::write(path.join("built"), "").unwrap();
        let (told, waits) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let second = scope.spawn(|| {
                BuildPath::prepare(path.to_str().unwrap(), &guarded, || told.send(()).unwrap())
                    .unwrap()
            });
            waits.recv_timeout(Duration::from_secs(10)).unwrap();
            assert!(path.join("built").exists());
            fs::remove_dir_all(&path).unwrap();
            drop(first);
            assert!(second.join().unwrap().real.is_dir());
        });
    }
}
