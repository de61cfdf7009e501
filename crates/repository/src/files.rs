//! Manifests in local files.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use manifest::plan::Entry;
use manifest::{FILE_SUFFIX, Manifest};
use rustix::fs::{Mode, OFlags, openat};

use crate::Error;
use crate::manifests::{Stored, parse};

/// What is read of a file at once: nearly every manifest.
const READ_SIZE: usize = 64 << 10;

/// A local folder of manifests.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    handle: File,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// [`Error::Local`] when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let handle = File::open(path).map_err(|error| local(path, error))?;
        Ok(Self { path: path.to_path_buf(), handle })
    }

    /// The file names of the manifests directly in the folder, sorted by bytes.
    ///
    /// # Errors
    /// [`Error::Local`] when the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(|error| local(&self.path, error))? {
            let entry = entry.map_err(|error| local(&self.path, error))?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            // As a shell's `*.composer.json`: hidden files are not meant.
            if !name.ends_with(FILE_SUFFIX) || name.starts_with('.') {
                continue;
            }
            let kind = entry.file_type().map_err(|error| local(&entry.path(), error))?;
            if kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()) {
                continue;
            }
            names.push(name);
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Reads one of its manifests.
    ///
    /// # Errors
    /// [`Error::Local`] when it cannot be read, [`Error::Manifest`] when it is none.
    pub fn read(&self, name: &str, reader: &mut Reader) -> Result<Entry, Error> {
        // From the folder on: its own path need not be looked up for each of thousands of files.
        let file = openat(&self.handle, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| local(&self.path.join(name), error.into()))?;
        let path = || self.path.join(name);
        let (manifest, modified) = reader.take(File::from(file), path)?;
        Ok(Entry { file_name: name.to_owned(), manifest, modified })
    }
}

/// Reads files, one after the other, into one buffer, which grows where a file needs it.
#[derive(Debug)]
pub struct Reader {
    buffer: Vec<u8>,
    /// How much of the buffer is the last file.
    length: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self { buffer: vec![0; READ_SIZE], length: 0 }
    }
}

impl Reader {
    /// Reads the manifest in a file.
    ///
    /// # Errors
    /// [`Error::Local`] when it cannot be read, [`Error::Manifest`] when it is none.
    pub fn read(&mut self, path: &Path) -> Result<Stored, Error> {
        let file = File::open(path).map_err(|error| local(path, error))?;
        let (manifest, modified) = self.take(file, || path.to_path_buf())?;
        let key = path.to_string_lossy().into_owned();
        let file_name = key.rsplit('/').next().unwrap_or(&key).to_owned();
        let bytes = &self.buffer[..self.length];
        Ok(Stored::of(file_name, key, String::new(), modified, manifest, bytes))
    }

    /// The manifest in an open file, and the time that counts where it has none of its own.
    fn take(
        &mut self,
        mut file: File,
        path: impl Fn() -> PathBuf,
    ) -> Result<(Manifest, Timestamp), Error> {
        let (buffer, length) = (&mut self.buffer, &mut self.length);
        *length = 0;
        let parse = |text: &[u8]| parse(&path().to_string_lossy(), text);
        let manifest = loop {
            match file.read(&mut buffer[*length..]) {
                Ok(0) => break parse(&buffer[..*length])?,
                Ok(more) => *length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(local(&path(), error)),
            }
            let text = &buffer[..*length];
            if text.len() > manifest::MAX_BYTES {
                // It is refused for its length.
                break parse(text)?;
            }
            // A manifest that is whole is not asked for more: nothing but blanks could follow it.
            if text.ends_with(b"}")
                && let Ok(manifest) = Manifest::parse(text)
            {
                break manifest;
            }
            if *length == buffer.len() {
                buffer.resize(2 * *length, 0);
            }
        };
        let modified = match manifest.timestamp() {
            Some(time) => time,
            None => {
                let about = file.metadata().and_then(|about| about.modified());
                let written = about.map_err(|error| local(&path(), error))?;
                // A time outside of jiff's range (the year 9999) is no time that we could compare.
                written.try_into().unwrap_or(Timestamp::UNIX_EPOCH)
            }
        };
        Ok((manifest, modified))
    }
}

fn local(path: &Path, source: io::Error) -> Error {
    Error::Local { path: path.to_path_buf(), source }
}
