//! The folder in which everything is put together before it goes to its place.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use archive::Limits;

use crate::Error;
use crate::download::Item;
use crate::resolve::shown_package;

/// How the name of a stage begins. What a killed run leaves is known by it.
pub const PREFIX: &str = ".platform-install-";

/// Folders of a stage: what goes to its place, and what has given way to it.
pub const TREE: &str = "tree";
/// See [`TREE`].
pub const REPLACED: &str = "replaced";

/// A tree that will be moved to `home`.
pub struct Stage {
    // Below `home`, so that it is on the same file system.
    folder: scratch::Folder,
    home: PathBuf,
}

impl Stage {
    /// An empty one.
    pub fn new(home: &Path) -> Result<Self, Error> {
        let folder = scratch::Folder::new_in(home, PREFIX).map_err(Error::local("write", home))?;
        for name in [TREE, REPLACED, "archives"] {
            let path = folder.path().join(name);
            fs::create_dir(&path).map_err(Error::local("make", &path))?;
        }
        // What is made in it is to be seen by others once it is in place.
        Ok(Self { folder, home: home.to_owned() })
    }

    /// The tree.
    pub fn tree(&self) -> PathBuf {
        self.folder.path().join(TREE)
    }

    /// Where what gives way is kept until all is in place.
    pub fn replaced(&self) -> PathBuf {
        self.folder.path().join(REPLACED)
    }

    /// Leaves it where it is: from here on it is also for the next run.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// Where archives are until they are unpacked.
    pub fn archives(&self) -> PathBuf {
        self.folder.path().join("archives")
    }

    /// The folder that the tree is for.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Unpacks a package's archive over what is there, and removes the archive.
    pub fn unpack(&self, item: &Item, limits: &Limits) -> Result<(), Error> {
        let Some(path) = &item.archive else { return Ok(()) };
        let file = File::open(path).map_err(Error::local("read", path))?;
        archive::unpack_for(file, &self.tree(), &self.home, limits).map_err(|source| {
            Error::Archive {
                package: shown_package(&item.package),
                url: item.place.as_ref().map(fetch::Place::shown).unwrap_or_default(),
                source,
            }
        })?;
        fs::remove_file(path).map_err(Error::local("remove", path))
    }

    /// The path in the tree of a file that a package names. `None`: there is no such file, or it
    /// lies elsewhere.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        let name = Path::new(name);
        let below = name.strip_prefix(&self.home).unwrap_or(name);
        let plain =
            below.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let path = self.tree().join(below).canonicalize().ok().filter(|_| plain)?;
        let tree = self.tree().canonicalize().ok()?;
        (path.starts_with(tree) && path.is_file()).then_some(path)
    }

    /// Writes a file of ours, over what is there.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.place(name)?;
        fs::write(&path, text).map_err(Error::local("write", &path))
    }

    /// Copies a file from elsewhere into the tree, over what is there.
    pub fn copy(&self, from: &Path, name: &str) -> Result<(), Error> {
        let path = self.place(name)?;
        fs::copy(from, &path).map_err(Error::local("write", path)).map(drop)
    }

    /// Moves a file of the tree to another name.
    pub fn rename(&self, from: &Path, to: &str) -> Result<(), Error> {
        let to = self.place(to)?;
        fs::rename(from, &to).map_err(Error::local("write", to))
    }

    /// The path for a new file, with its folders made and nothing in its way. A link on the way
    /// that leads out of the tree is an error.
    fn place(&self, name: &str) -> Result<PathBuf, Error> {
        let mut path = self.tree();
        let tree = path.canonicalize().map_err(Error::local("read", &path))?;
        let (folders, file) = name.rsplit_once('/').unwrap_or(("", name));
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            path.push(part);
            match fs::create_dir(&path) {
                Ok(()) => {
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
                        .map_err(Error::local("make", &path))?;
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let real = path.canonicalize().ok().filter(|real| real.starts_with(&tree));
                    if !real.is_some_and(|real| real.is_dir()) {
                        return Err(Error::Clash { path: folders.to_owned() });
                    }
                }
                Err(error) => return Err(Error::local("make", path)(error)),
            }
        }
        path.push(file);
        match fs::remove_file(&path) {
            Ok(()) => Ok(path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(path),
            Err(_) => Err(Error::Clash { path: name.to_owned() }),
        }
    }
}
