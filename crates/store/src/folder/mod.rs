//! The embedded store: a bucket is a folder, a key is a file.
//!
//! ```text
//! <root>/<bucket>/dist/php-8.3.4.tar.gz    the object `dist/php-8.3.4.tar.gz`
//! <root>/.slipway/<bucket>/lock            taken for every change of the bucket; holds the last stamp
//! <root>/.slipway/<bucket>/attributes/     content types and user metadata
//! ```
//!
//! A bucket is made with `mkdir`, and its folder can be served by any web server as it is. What a user
//! copies into it by hand is an object too; its content type goes by its name. `.slipway` may be
//! deleted while no tool runs: only content types and metadata are lost. A bucket and its root lie
//! on one file system.
//!
//! The meaning is that of S3:
//! - A reader sees an object whole, the old or the new one: bytes are written to a file without a
//!   name, synced, and put in place by a rename. A process that is killed leaves nothing in the bucket.
//! - Every change is done under the bucket's lock, so conditions hold between processes too.
//! - An ETag is made of modification time, size and inode, so that a listing reads no content. Each
//!   write gets a modification time that is later than that of any write to the bucket before (see
//!   [`side::Lock::stamp`]), so two writes in one tick of the clock, or on a reused inode, differ.
//! - Folders are made and removed as keys need them.
//!
//! Where a folder cannot do what S3 does, the key is refused ([`Error::InvalidKey`]): a key that is
//! also the folder of another one, and a segment that is too long for the file system. Symbolic links
//! are never followed below the bucket, and are no objects: a key that leads through one is refused.

mod attributes;
mod listing;
mod locks;
mod path;
mod side;
mod staged;
mod write;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::backend::{Backend, Depth, Reading, Source};
use crate::{Access, Condition, Error, Head, Object, Options, Patience, Upload, promise};

use attributes::Attributes;
use path::Entry;
use side::Side;

/// The folder of the root that is ours and no bucket.
const OURS: &str = ".slipway";
/// Keys that are deleted under one lock; others get their turn in between.
const DELETED_AT_ONCE: usize = 256;
/// Times that an object may be replaced while it is opened.
const CHANGES: u32 = 100;

/// Opens the bucket `bucket` below the folder `root`.
pub(crate) fn open(
    root: &Path,
    bucket: &str,
    options: &Options,
) -> Result<Arc<dyn Backend>, Error> {
    let unfit = ["", ".", "..", OURS].contains(&bucket) || bucket.contains(['/', '\0']);
    if unfit {
        return Err(Error::NoBucket { bucket: bucket.to_owned() });
    }
    let patience = options.patience.clone().unwrap_or_default();
    Ok(Arc::new(Bucket::new(root, bucket, options.access, patience)))
}

/// One folder below the root.
struct Bucket {
    root: PathBuf,
    name: String,
    realm: String,
    access: Access,
    patience: Patience,
}

/// An object that is open for reading.
struct Opened {
    file: File,
    head: Head,
}

impl Bucket {
    fn new(root: &Path, name: &str, access: Access, patience: Patience) -> Bucket {
        // Two ways to write one root are one realm; a root that is not there yet is its own.
        let real = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        Bucket {
            root: root.to_owned(),
            name: name.to_owned(),
            realm: format!("file://{}", real.display()),
            access,
            patience,
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(&self.name).join(key)
    }

    fn local(&self, key: &str) -> impl Fn(io::Error) -> Error {
        let path = self.path(key);
        move |source| Error::Local { path: path.clone(), source }
    }

    /// The same, for what comes from rustix.
    fn errno(&self, key: &str) -> impl Fn(Errno) -> Error {
        let local = self.local(key);
        move |errno| local(errno.into())
    }

    /// Opens the bucket's folder.
    fn folder(&self) -> Result<OwnedFd, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(self.root.join(&self.name), flags, Mode::empty()).map_err(|errno| {
            match errno {
                Errno::NOENT | Errno::NOTDIR => Error::NoBucket { bucket: self.name.clone() },
                other => self.errno("")(other),
            }
        })
    }

    fn side(&self) -> Side {
        Side::new(self.root.join(OURS).join(&self.name))
    }

    /// Nobody may read, but not write, as with a public bucket.
    fn check_access(&self, method: &str, key: &str) -> Result<(), Error> {
        match self.access {
            Access::Credentials => Ok(()),
            Access::Anonymous => Err(Error::AccessDenied {
                operation: format!("{method} {}", self.show(key)),
                code: "AccessDenied".to_owned(),
                message: String::new(),
            }),
        }
    }

    /// Makes the lists of names of these folders, by their keys, last.
    fn sync(&self, changed: BTreeMap<String, OwnedFd>) -> Result<(), Error> {
        let mut result = Ok(());
        for (above, parent) in changed {
            let synced = rustix::fs::fsync(&parent).map_err(self.errno(&above));
            result = result.and(synced);
        }
        result
    }

    /// Opens an object with what is said about it, both of one state.
    fn open(&self, key: &str) -> Result<Option<Opened>, Error> {
        let folder = self.folder()?;
        let side = self.side();
        for _ in 0..CHANGES {
            let Some((file, stat)) = path::open(folder.as_fd(), key, &self.errno(key))? else {
                return Ok(None);
            };
            let found = side.attributes(key, &stat)?;
            if found.is_none() {
                // A file that came by hand has no attributes. But neither has one that a writer
                // has replaced since we opened it.
                let now = path::entry(folder.as_fd(), key, &self.errno(key))?;
                if !matches!(now, Entry::Object(now) if etag(&now) == etag(&stat)) {
                    continue;
                }
            }
            let attributes = found.unwrap_or_else(|| Attributes::by_name(key));
            let head = Head {
                size: size(&stat),
                etag: etag(&stat),
                modified: modified(&stat),
                content_type: Some(attributes.content_type),
                content_encoding: None,
                metadata: attributes.metadata,
            };
            return Ok(Some(Opened { file, head }));
        }
        Err(Error::Corrupt {
            key: self.show(key),
            detail: format!("it changed {CHANGES} times while it was opened"),
        })
    }
}

impl Backend for Bucket {
    fn realm(&self) -> &str {
        &self.realm
    }

    fn patience(&self) -> &Patience {
        &self.patience
    }

    fn bucket(&self) -> &str {
        &self.name
    }

    fn show(&self, key: &str) -> String {
        self.path(key).display().to_string()
    }

    fn keeps_encoding(&self) -> bool {
        false
    }

    fn caution(&self) -> Option<String> {
        let side = self.root.join(OURS);
        let locked = if side.is_dir() { &side } else { &self.root };
        let system = locks::unshared_at(locked)?;
        Some(format!(
            "{} is on {system}, which may keep locks to this machine. Let only one machine write to \
             this store at a time.",
            self.root.display()
        ))
    }

    fn check_bucket(&self, _prefix: &str) -> Result<(), Error> {
        self.folder().map(drop)
    }

    /// As a file without a name says, which no reader sees; the file system's clock is that of its
    /// server, where it has one.
    fn time(&self, prefix: &str) -> Result<Option<jiff::Timestamp>, Error> {
        self.check_bucket(prefix)?;
        // Where none can be made (read-only, or an old file system), only a write could tell.
        let Ok(Some(file)) = staged::unnamed(&self.path("")) else { return Ok(None) };
        let stat = rustix::fs::fstat(&file).map_err(self.errno(""))?;
        Ok(Some(modified(&stat)))
    }

    fn list(&self, prefix: &str, depth: Depth) -> Result<Vec<Object>, Error> {
        let folder = self.folder()?;
        listing::list(folder.as_fd(), prefix, depth, &|key| self.path(key))
    }

    fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        Ok(self.open(key)?.map(|opened| opened.head))
    }

    fn read(
        &self,
        key: &str,
        offset: u64,
        if_match: Option<&str>,
    ) -> Result<Option<Reading>, Error> {
        let Some(Opened { mut file, head }) = self.open(key)? else {
            return Ok(None);
        };
        if if_match.is_some_and(|wanted| wanted != head.etag) {
            return Err(Error::Precondition { key: self.show(key) });
        }
        file.seek(SeekFrom::Start(offset)).map_err(self.local(key))?;
        Ok(Some(Reading { head, body: Box::new(file) }))
    }

    fn put(&self, key: &str, bytes: &[u8], upload: &Upload<'_>) -> Result<String, Error> {
        plain(key, upload)?;
        let attributes = Attributes::of(upload);
        self.write(key, &attributes, &upload.condition, &mut |file| {
            file.write_all(bytes).map_err(self.local(key))
        })
    }

    fn put_file(&self, key: &str, path: &Path, upload: &Upload<'_>) -> Result<String, Error> {
        plain(key, upload)?;
        let attributes = Attributes::of(upload);
        let local = |source| Error::Local { path: path.to_owned(), source };
        let mut source = File::open(path).map_err(local)?;
        if !source.metadata().map_err(local)?.is_file() {
            return Err(local(io::Error::other("not a regular file")));
        }
        self.write(key, &attributes, &upload.condition, &mut |file| {
            let before = rustix::fs::fstat(&source).map_err(|errno| local(errno.into()))?;
            // Shares the blocks or copies inside the kernel, where the file systems can.
            io::copy(&mut source, file).map_err(self.local(key))?;
            let found = upload.promise().map(|_| checksum::of_file(path)).transpose();
            promise::check(upload.promise(), found.map_err(local)?).map_err(local)?;
            let after = rustix::fs::fstat(&source).map_err(|errno| local(errno.into()))?;
            if etag(&before) == etag(&after) {
                Ok(())
            } else {
                Err(Error::Corrupt {
                    key: path.display().to_string(),
                    detail: "it changed while it was read".to_owned(),
                })
            }
        })
    }

    fn copy(
        &self,
        source: &Source<'_>,
        key: &str,
        condition: &Condition,
    ) -> Result<Option<String>, Error> {
        let from = Bucket::new(&self.root, source.bucket, self.access, self.patience.clone());
        let Some(mut opened) = from.open(source.key)? else {
            return Err(Error::NotFound { key: from.show(source.key) });
        };
        if opened.head.etag != source.head.etag {
            return Err(Error::Corrupt {
                key: from.show(source.key),
                detail: "it changed while it was copied".to_owned(),
            });
        }
        let attributes = Attributes {
            content_type: opened.head.content_type.unwrap_or_default(),
            metadata: opened.head.metadata,
        };
        self.write(key, &attributes, condition, &mut |file| {
            // No hard link: a later change by hand in the one place would show in the other.
            io::copy(&mut opened.file, file).map(drop).map_err(self.local(key))
        })
        .map(Some)
    }

    fn delete_if_match(&self, key: &str, wanted: &str) -> Result<bool, Error> {
        self.check_access("DELETE", key)?;
        let (folder, side) = (self.folder()?, self.side());
        side.make()?;
        let mut changed = BTreeMap::new();
        let lock = side.lock()?;
        let now = path::entry(folder.as_fd(), key, &self.errno(key))?;
        if !matches!(now, Entry::Object(stat) if etag(&stat) == wanted) {
            return Ok(false);
        }
        self.delete(folder.as_fd(), &side, key, &mut changed)?;
        drop(lock);
        self.sync(changed).map(|()| true)
    }

    fn delete_many(&self, keys: &[String]) -> Result<(), Error> {
        for key in keys {
            self.check_access("DELETE", key)?;
        }
        let folder = self.folder()?;
        let side = self.side();
        side.make()?;
        let mut result = Ok(());
        let mut changed = BTreeMap::new();
        for keys in keys.chunks(DELETED_AT_ONCE) {
            let lock = side.lock()?;
            for key in keys {
                result = result.and(self.delete(folder.as_fd(), &side, key, &mut changed));
            }
            drop(lock);
        }
        result.and(self.sync(changed))
    }

    fn anonymous(&self) -> Arc<dyn Backend> {
        Arc::new(Bucket {
            root: self.root.clone(),
            name: self.name.clone(),
            realm: self.realm.clone(),
            access: Access::Anonymous,
            patience: self.patience.clone(),
        })
    }
}

/// Refuses what readers of the folder would take for something else: a web server that serves it
/// cannot know that a file is encoded.
fn plain(key: &str, upload: &Upload<'_>) -> Result<(), Error> {
    match upload.content_encoding {
        Some(_) => Err(refuse(key, "a folder cannot say that its content is encoded")),
        None => Ok(()),
    }
}

fn refuse(key: &str, reason: &'static str) -> Error {
    Error::InvalidKey { key: key.to_owned(), reason }
}

/// Changes with each write of a key, and is known without reading it.
fn etag(stat: &Stat) -> String {
    format!("{:x}-{:x}-{:x}", nanoseconds(stat), size(stat), stat.st_ino)
}

/// The modification time, since 1970.
fn nanoseconds(stat: &Stat) -> i128 {
    i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec)
}

fn modified(stat: &Stat) -> jiff::Timestamp {
    // Beyond the years that the type holds, its ends are as good as any.
    jiff::Timestamp::from_nanosecond(nanoseconds(stat)).unwrap_or(if stat.st_mtime < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or_default()
}
