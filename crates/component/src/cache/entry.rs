//! One file in a cache folder, and what is known of it.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::text::sanitize;

/// The files that belong to one address.
#[derive(Debug)]
pub(super) struct Entry {
    folder: PathBuf,
    cached: PathBuf,
    etag: PathBuf,
    last_modified: PathBuf,
}

impl Entry {
    /// The entry of `uri` in a folder. Who asks with which password does not matter to the name.
    pub fn new(folder: &Path, uri: &str) -> Self {
        let key = checksum::of_bytes(sanitize(uri));
        let file = |ending: &str| folder.join(format!("{key}.{ending}"));
        Self {
            folder: folder.to_owned(),
            cached: file("cached"),
            etag: file("etag"),
            last_modified: file("last_modified"),
        }
    }

    pub fn make_folder(&self) -> io::Result<()> {
        scratch::make_private(&self.folder)
            .map_err(|error| io::Error::other(format!("{}: {error}", self.folder.display())))
    }

    pub fn cached(&self) -> &Path {
        &self.cached
    }

    pub fn is_cached(&self) -> bool {
        self.cached.is_file()
    }

    /// What the service called the content when it was fetched. Without the content it is worth
    /// nothing.
    pub fn etag(&self) -> Option<String> {
        self.note(&self.etag)
    }

    pub fn last_modified(&self) -> Option<String> {
        self.note(&self.last_modified)
    }

    fn note(&self, path: &Path) -> Option<String> {
        if !self.is_cached() {
            return None;
        }
        fs::read_to_string(path).ok().filter(|text| !text.is_empty())
    }

    /// Forgets all of it.
    pub fn destroy(&self) {
        for path in [&self.etag, &self.last_modified, &self.cached] {
            // What is not there is forgotten already; what cannot be removed is never trusted
            // without its notes, and they go first.
            let _ = fs::remove_file(path);
        }
    }

    /// Replaces the content by what `body` yields, whole or not at all. Says how long it is.
    pub fn replace(
        &self,
        body: &mut dyn Read,
        etag: Option<&str>,
        last_modified: Option<&str>,
        expected: Option<u64>,
    ) -> Result<u64, Replace> {
        let mut file = scratch::File::new_in(&self.folder, ".download-").map_err(Replace::Disk)?;
        let mut buffer = vec![0; 64 << 10];
        let mut length = 0;
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Replace::Body(error)),
            };
            file.file().write_all(&buffer[..count]).map_err(Replace::Disk)?;
            length += count as u64;
        }
        if expected.is_some_and(|expected| expected != length) {
            return Err(Replace::Length(length));
        }
        // The notes of the old content must never stand beside the new one.
        let _ = fs::remove_file(&self.etag);
        let _ = fs::remove_file(&self.last_modified);
        file.file().sync_all().map_err(Replace::Disk)?;
        file.persist(&self.cached).map_err(Replace::Disk)?;
        for (path, note) in [(&self.etag, etag), (&self.last_modified, last_modified)] {
            if let Some(note) = note {
                let mut file =
                    scratch::File::new_in(&self.folder, ".note-").map_err(Replace::Disk)?;
                file.file().write_all(note.as_bytes()).map_err(Replace::Disk)?;
                file.persist(path).map_err(Replace::Disk)?;
            }
        }
        Ok(length)
    }
}

/// Why content was not replaced.
#[derive(Debug)]
pub(super) enum Replace {
    Disk(io::Error),
    Body(io::Error),
    Length(u64),
}
