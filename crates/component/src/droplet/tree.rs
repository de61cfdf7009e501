//! A part of a file tree: what is outside of it is not there.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::paths;

/// A folder of which nothing outside can be seen, whatever `..` a path has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    root: PathBuf,
    hidden: Option<PathBuf>,
}

impl Tree {
    /// All of a folder.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), hidden: None }
    }

    /// A folder without one in it.
    pub(super) fn without(root: &Path, hidden: &str) -> Self {
        Self { root: root.to_owned(), hidden: Some(root.join(hidden)) }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Where something would be, if it may be seen.
    #[must_use]
    pub fn join(&self, name: impl AsRef<Path>) -> Option<PathBuf> {
        let path = paths::clean(&self.root.join(name));
        let hidden = self.hidden.as_ref().is_some_and(|hidden| paths::is_in(&path, hidden));
        (paths::is_in(&path, &self.root) && !hidden).then_some(path)
    }

    /// Whether something is there to be seen.
    #[must_use]
    pub fn exists(&self, name: impl AsRef<Path>) -> bool {
        self.join(name).is_some_and(|path| path.exists())
    }

    /// What lies directly in it and may be seen, in the order of paths.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn children(&self) -> io::Result<Vec<PathBuf>> {
        let mut children = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            children.extend(self.join(entry?.file_name()));
        }
        children.sort_by(|one, other| paths::compare(one, other));
        Ok(children)
    }
}

/// Copies what lies in one folder over another, which is in `root`. Modes stay, links stay links;
/// what is there is replaced. A folder of that name may be a link that stays in `root`.
///
/// # Errors
/// When something cannot be read or written, or would be written outside of `root`.
pub fn copy(from: &Path, to: &Path, root: &Path) -> io::Result<()> {
    for entry in WalkDir::new(from).min_depth(1) {
        let entry = entry?;
        let name = entry.path().strip_prefix(from).map_err(io::Error::other)?;
        let target = to.join(name);
        if entry.file_type().is_dir() {
            if target.is_dir() {
                check_inside(&target, root)?;
            } else {
                remove_file(&target)?;
                fs::create_dir_all(&target)?;
            }
            continue;
        }
        // Never through a link that is there.
        remove_file(&target)?;
        if entry.path_is_symlink() {
            symlink(fs::read_link(entry.path())?, &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_dir() => fs::remove_file(path),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Links each of `sources` into a folder, by its own name and relatively. What has that name there
/// already is an error.
///
/// # Errors
/// When a link cannot be made.
pub fn link_all<'a>(sources: impl IntoIterator<Item = &'a Path>, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for source in sources {
        let Some(name) = source.file_name() else {
            continue;
        };
        let link = folder.join(name);
        symlink(paths::relative(source, folder), &link).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", link.display()))
        })?;
    }
    Ok(())
}

/// Makes sure that `path` lies in `root`, by its text and through the links on its way.
pub(crate) fn check_inside(path: &Path, root: &Path) -> io::Result<()> {
    let outside = || {
        let message = format!("{} is outside of the droplet", path.display());
        io::Error::new(io::ErrorKind::PermissionDenied, message)
    };
    if !paths::is_in(path, root) {
        return Err(outside());
    }
    let real_root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let cleaned = paths::clean(path);
    // The lowest folder on the way that is there; what is not there cannot be a link.
    for above in cleaned.ancestors() {
        match fs::symlink_metadata(above) {
            Ok(_) => {
                let real = above.canonicalize().map_err(|_| outside())?;
                let inside = real.starts_with(&real_root) || root.starts_with(above);
                return if inside { Ok(()) } else { Err(outside()) };
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("app");
        fs::create_dir_all(root.join(".java-buildpack/x")).unwrap();
        fs::write(root.join("a"), "").unwrap();
        fs::write(folder.path().join("secret"), "").unwrap();
        let tree = Tree::without(&root, ".java-buildpack");
        for (name, seen) in [
            ("a", true),
            ("", true),
            (".java-buildpack", false),
            (".java-buildpack/x", false),
            ("a/../.java-buildpack/x", false),
            ("../secret", false),
            ("../app/a", true),
            ("/etc", false),
        ] {
            assert_eq!(tree.exists(name), seen, "{name}");
        }
        assert_eq!(tree.children().unwrap(), [root.join("a")]);
        let sandbox = Tree::new(&root.join(".java-buildpack/x"));
        assert!(sandbox.exists(""));
        assert!(!sandbox.exists("../../a"));
    }

    #[test]
    fn nothing_outside_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("app");
        fs::create_dir_all(root.join("in")).unwrap();
        symlink("/tmp", root.join("out")).unwrap();
        symlink("in", root.join("link")).unwrap();
        symlink("/nowhere/at/all", root.join("broken")).unwrap();
        for (name, inside) in [
            ("in/new/file", true),
            ("link/new", true),
            ("new", true),
            (".", true),
            ("out/new", false),
            ("out", false),
            ("broken", false),
            ("broken/x", false),
            ("../x", false),
            ("in/../../x", false),
        ] {
            assert_eq!(check_inside(&root.join(name), &root).is_ok(), inside, "{name}");
        }
    }

    #[test]
    fn copies_replace_files_and_merge_folders() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("conf")).unwrap();
        fs::create_dir_all(to.join("conf")).unwrap();
        fs::write(from.join("conf/a"), "new").unwrap();
        symlink("a", from.join("conf/link")).unwrap();
        fs::write(to.join("conf/b"), "kept").unwrap();
        fs::write(folder.path().join("outside"), "untouched").unwrap();
        symlink("../../outside", to.join("conf/a")).unwrap();
        copy(&from, &to, &to).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("to/conf/a"), "new");
        assert_eq!(read("to/conf/b"), "kept");
        assert_eq!(read("outside"), "untouched");
        assert_eq!(fs::read_link(to.join("conf/link")).unwrap(), Path::new("a"));

        // An archive may have brought a link to anywhere.
        fs::remove_dir_all(to.join("conf")).unwrap();
        fs::create_dir(folder.path().join("elsewhere")).unwrap();
        symlink(folder.path().join("elsewhere"), to.join("conf")).unwrap();
        let error = copy(&from, &to, &to).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(fs::read_dir(folder.path().join("elsewhere")).unwrap().count(), 0);
    }

    #[test]
    fn links_are_relative_and_never_replace() {
        let folder = tempfile::tempdir().unwrap();
        let (source, into) = (folder.path().join("a/x.jar"), folder.path().join("b/c"));
        link_all([source.as_path()], &into).unwrap();
        assert_eq!(fs::read_link(into.join("x.jar")).unwrap(), Path::new("../../a/x.jar"));
        let error = link_all([source.as_path()], &into).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }
}
