//! Where archive, manifest and log of a build go.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use archive::{PackOptions, Packed};
use record::{Archive, ManifestFile};

use crate::Error;
use crate::manifest_file::Written;

/// A build's files: in a folder that the user named, else in one that goes when nobody takes it.
pub(crate) enum Output {
    /// Below the user's folder, laid out as in the bucket.
    Kept(PathBuf),
    /// A folder for this build alone.
    Temporary(scratch::Folder),
}

impl Output {
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self, Error> {
        match folder {
            Some(folder) => Ok(Self::Kept(folder.to_owned())),
            None => {
                let folder = scratch::Folder::new("bob-build-").map_err(Error::local("TMPDIR"))?;
                Ok(Self::Temporary(folder))
            }
        }
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }

    /// Whether whoever reads the record removes the files.
    pub(crate) fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary(_))
    }

    /// Leaves the files to whoever reads the record.
    pub(crate) fn hand_over(self) {
        if let Self::Temporary(folder) = self {
            // The path stands in the record.
            let _ = folder.keep();
        }
    }

    /// The path of a file here, its folder made.
    pub(crate) fn place(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.folder().join(name);
        let parent = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(Error::local(parent))?;
        Ok(path)
    }

    /// Packs `tree` as NAME.tar.gz, or into the file that the user named. It appears under its name
    /// when it is whole.
    pub(crate) fn pack(
        &self,
        tree: &Path,
        name: &str,
        named: Option<&Path>,
        options: &PackOptions,
    ) -> Result<(Archive, Packed), Error> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => self.place(&format!("{name}.tar.gz"))?,
        };
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut file = scratch::File::new_in(folder, "archive-").map_err(Error::local(folder))?;
        let packed = archive::pack(tree, file.file(), options)
            .map_err(|source| Error::Pack { path: tree.to_owned(), source })?;
        file.persist(&path).map_err(Error::local(&path))?;
        let sha256 = packed.sha256.clone();
        Ok((Archive { path, size_bytes: packed.size, sha256 }, packed))
    }

    /// Copies a manifest here.
    pub(crate) fn keep_manifest(&self, written: &Written) -> Result<ManifestFile, Error> {
        let path = self.place(&written.name)?;
        fs::write(&path, &written.bytes).map_err(Error::local(&path))?;
        let sha256 = checksum::of_bytes(&written.bytes);
        let (name, acl) = (written.name.clone(), written.acl.clone());
        Ok(ManifestFile { path, name, sha256, acl })
    }

    /// A new file for what the formula says.
    pub(crate) fn log(&self, name: &str) -> Result<(PathBuf, File), Error> {
        let path = self.place(&format!("{name}.log"))?;
        let file = File::create(&path).map_err(Error::local(&path))?;
        Ok((path, file))
    }
}
