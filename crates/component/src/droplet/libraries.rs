//! JARs and folders for the class path.

use std::io;
use std::path::{Path, PathBuf};

use super::tree::link_all;
use crate::paths;

/// JARs, or folders of classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Libraries {
    root: PathBuf,
    paths: Vec<PathBuf>,
}

impl Libraries {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), paths: Vec::new() }
    }

    /// Adds one.
    pub fn push(&mut self, path: impl Into<PathBuf>) {
        self.paths.push(path.into());
    }

    /// All, in the order in which they were added.
    #[must_use]
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// All as the released command writes them, in the order of paths.
    #[must_use]
    pub fn qualified_paths(&self) -> Vec<String> {
        sorted(&self.paths).iter().map(|path| paths::qualify(path, &self.root)).collect()
    }

    /// `-cp a:b`, or nothing where there are none.
    #[must_use]
    pub fn as_classpath(&self) -> Option<String> {
        (!self.paths.is_empty()).then(|| format!("-cp {}", self.qualified_paths().join(":")))
    }

    /// Links each into a folder, by its own name and relatively.
    ///
    /// # Errors
    /// When the name is taken, or the link cannot be made.
    pub fn link_to(&self, folder: &Path) -> io::Result<()> {
        link_all(self.paths.iter().map(PathBuf::as_path), folder)
    }
}

/// Folders of extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionDirectories {
    root: PathBuf,
    paths: Vec<PathBuf>,
}

impl ExtensionDirectories {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), paths: Vec::new() }
    }

    /// Adds one.
    pub fn push(&mut self, path: impl Into<PathBuf>) {
        self.paths.push(path.into());
    }

    /// `a:b` in the order of paths, or nothing where there are none.
    #[must_use]
    pub fn as_paths(&self) -> Option<String> {
        let sorted = sorted(&self.paths);
        let paths: Vec<String> =
            sorted.iter().map(|path| paths::qualify(path, &self.root)).collect();
        (!paths.is_empty()).then(|| paths.join(":"))
    }
}

fn sorted(paths: &[PathBuf]) -> Vec<&PathBuf> {
    let mut sorted: Vec<&PathBuf> = paths.iter().collect();
    sorted.sort_by(|one, other| paths::compare(one, other));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_paths_are_sorted() {
        let mut libraries = Libraries::new(Path::new("/app"));
        assert_eq!(libraries.as_classpath(), None);
        for path in ["/app/b.jar", "/app/a-b.jar", "/app/a/b.jar", "/app"] {
            libraries.push(path);
        }
        assert_eq!(
            libraries.as_classpath().unwrap(),
            "-cp $PWD/.:$PWD/a/b.jar:$PWD/a-b.jar:$PWD/b.jar"
        );
        assert_eq!(libraries.paths()[0], Path::new("/app/b.jar"));
    }

    #[test]
    fn extensions() {
        let mut extensions = ExtensionDirectories::new(Path::new("/app"));
        assert_eq!(extensions.as_paths(), None);
        extensions.push("/app/z");
        extensions.push("/app/b");
        assert_eq!(extensions.as_paths().unwrap(), "$PWD/b:$PWD/z");
    }
}
