//! Archives that were downloaded before, by bucket, key and ETag: a new ETag is another file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tool::Io;

/// How long an archive that nobody asks for is kept.
const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A folder of downloaded archives; `None`: nothing is kept.
#[derive(Debug)]
pub(crate) struct Cache(Option<PathBuf>);

impl Cache {
    /// The cache in `folder`, which is made. Where it cannot be used, a warning says so.
    pub(crate) fn open(folder: Option<PathBuf>, io: &Io) -> Self {
        let folder = folder.and_then(|folder| io.writable_cache(folder));
        if let Some(folder) = &folder {
            forget_old(folder);
        }
        Self(folder)
    }

    /// The folder that a download goes to first: beside its place in the cache, so that one rename
    /// moves it there. `None` without a cache.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// Where an object is kept. `store` tells services and buckets apart.
    pub(crate) fn path(&self, store: &str, key: &str, etag: &str) -> Option<PathBuf> {
        let folder = self.0.as_ref()?;
        let mut hash = checksum::Hasher::default();
        for part in [store, key, etag] {
            // Lengths keep the parts apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Some(folder.join(format!("{}.tar.gz", hash.finish())))
    }
}

/// Marks a file as asked for.
pub(crate) fn touch(file: &fs::File) {
    // An archive whose time cannot be set is forgotten too early, and downloaded again.
    let _ = file.set_modified(SystemTime::now());
}

/// Removes what nobody has asked for in a long time. A cache that cannot be tidied still serves.
fn forget_old(folder: &Path) {
    let old = |entry: &fs::DirEntry| {
        let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok()?;
        Some(modified.elapsed().ok()? > KEEP)
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if old(&entry) == Some(true) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
