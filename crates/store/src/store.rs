//! One open bucket.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use location::{Env, Service};

use crate::backend::{Backend, Depth};
use crate::{
    Content, Download, Error, Head, Object, Options, Stream, Tags, Upload, folder, key, parallel,
    s3, transfer,
};

/// The metadata with the checksum of an object's content, where it was written by us.
pub(crate) const SHA256: &str = "sha256";

/// One open bucket. A clone is the same bucket again, with the same connections.
///
/// All methods block until they are done, and may be called from several threads at once. Keys are
/// whole keys, prefix included. Keys that are empty, longer than 1,024 bytes, hold control
/// characters or a segment that is empty, `.` or `..` are [`Error::InvalidKey`]; listings leave out
/// such keys.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) parallel: usize,
    largest: u64,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.backend.show("")).finish()
    }
}

impl Store {
    /// Opens a bucket. Nothing is asked of the service yet, but credentials are looked for.
    ///
    /// # Errors
    /// [`Error::Setting`] where the environment's patience is not valid;
    /// [`Error::NoCredentials`] and [`Error::Credentials`], unless [`crate::Access::Anonymous`] is
    /// asked for or the service is a folder.
    pub fn open(
        service: &Service,
        bucket: &str,
        options: Options,
        env: Env<'_>,
    ) -> Result<Self, Error> {
        let (parallel, largest) = (options.parallel.max(1), options.largest);
        let options = Options { patience: Some(options.patience(env)?), ..options };
        let backend = match service {
            Service::Folder { root } => folder::open(root, bucket, &options)?,
            Service::Aws { .. } | Service::Endpoint { .. } => {
                s3::open(service, bucket, options, env)?
            }
        };
        Ok(Self { backend, parallel, largest })
    }

    /// The same bucket, without credentials.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { backend: self.backend.anonymous(), ..self.clone() }
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        self.backend.bucket()
    }

    /// What a user who writes to this bucket must know: that its locks may not be shared between
    /// machines.
    #[must_use]
    pub fn caution(&self) -> Option<String> {
        self.backend.caution()
    }

    /// How many requests are made side by side: for callers that do their own with
    /// [`parallel::map`].
    #[must_use]
    pub fn parallel(&self) -> usize {
        self.parallel
    }

    /// The most bytes of an object that [`Store::get`] reads, as it is before it is encoded, and that
    /// [`Store::put`] writes: for callers that encode, or write several objects, and are to refuse
    /// what is too large before the first one.
    #[must_use]
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// Refuses an object of so many bytes, where they are more than [`Store::largest`].
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn check_size(&self, key: &str, size: u64) -> Result<(), Error> {
        let limit = self.largest;
        if size <= limit {
            return Ok(());
        }
        Err(Error::TooLarge { key: self.backend.show(key), limit })
    }

    /// Whether the bucket is there and may be listed, with one request. On S3, credentials that may
    /// only read or write objects are [`Error::AccessDenied`] here.
    ///
    /// # Errors
    /// [`Error::NoBucket`], [`Error::AccessDenied`], [`Error::Unreachable`].
    pub fn check_bucket(&self) -> Result<(), Error> {
        self.check_access("")
    }

    /// The same for keys that begin with `prefix`: credentials may have rights there only.
    ///
    /// # Errors
    /// As [`Store::check_bucket`].
    pub fn check_access(&self, prefix: &str) -> Result<(), Error> {
        key::check_prefix(prefix)?;
        self.backend.check_bucket(prefix)
    }

    /// What time it is by the service's clock, in whole seconds or better; `None` where only a write
    /// could tell. It is never later than the actual time.
    ///
    /// # Errors
    /// As [`Store::check_access`].
    pub fn time(&self, prefix: &str) -> Result<Option<jiff::Timestamp>, Error> {
        key::check_prefix(prefix)?;
        self.backend.time(prefix)
    }

    /// What the ETags of the service are worth, as far as this process knows.
    #[must_use]
    pub fn tags(&self) -> Tags {
        self.backend.tags()
    }

    /// Remembers for this process that the ETags of the service are worth no more than this. Listings
    /// then ask for each object, and where ETags are constant, tags are made of size, date and
    /// checksum as well.
    pub fn distrust_tags(&self, tags: Tags) {
        self.backend.distrust_tags(tags);
    }

    /// All objects whose keys start with `prefix`, sorted by the bytes of their keys.
    ///
    /// # Errors
    /// As of the service; [`Error::Corrupt`] when it lists what was not asked for.
    pub fn list(&self, prefix: &str) -> Result<Vec<Object>, Error> {
        self.listed(prefix, Depth::All)
    }

    /// The same, without keys that have a further `/` after `prefix`.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn list_direct(&self, prefix: &str) -> Result<Vec<Object>, Error> {
        self.listed(prefix, Depth::Direct)
    }

    fn listed(&self, prefix: &str, depth: Depth) -> Result<Vec<Object>, Error> {
        key::check_prefix(prefix)?;
        let mut objects = self.backend.list(prefix, depth)?;
        // What a service lists is not trusted: neither its order, nor that it heeds the prefix.
        for object in &objects {
            let rest = object.key.strip_prefix(prefix);
            if rest.is_none_or(|rest| {
                depth == Depth::Direct && rest.trim_end_matches('/').contains('/')
            }) {
                return Err(Error::Corrupt {
                    key: self.backend.show(prefix),
                    detail: format!(
                        "the listing names {:?}, which does not belong there",
                        object.key
                    ),
                });
            }
        }
        objects.retain(|object| key::check(&object.key).is_ok());
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        // Written between two pages, one object may stand in both; the later page knows better.
        objects.reverse();
        objects.dedup_by(|a, b| a.key == b.key);
        objects.reverse();
        Ok(objects)
    }

    /// What is known of an object. `None`: there is none.
    ///
    /// # Errors
    /// As of the service.
    pub fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        key::check(key)?;
        self.backend.head(key)
    }

    /// A whole object, of at most [`Store::largest`] bytes. `None`: there is none.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Corrupt`], and as of the service.
    pub fn get(&self, key: &str) -> Result<Option<Content>, Error> {
        self.get_within(key, self.largest)
    }

    /// The same, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub fn get_within(&self, key: &str, limit: u64) -> Result<Option<Content>, Error> {
        key::check(key)?;
        transfer::get(&*self.backend, key, limit)
    }

    /// Whole objects, side by side, in the order asked.
    ///
    /// # Errors
    /// As [`Store::get`]; the first failure ends all.
    pub fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Content>>, Error> {
        self.get_many_within(keys, self.largest)
    }

    /// The same, each of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Store::get`]; the first failure ends all.
    pub fn get_many_within(
        &self,
        keys: &[String],
        limit: u64,
    ) -> Result<Vec<Option<Content>>, Error> {
        for key in keys {
            key::check(key)?;
        }
        parallel::map(self.parallel, keys, |key| transfer::get(&*self.backend, key, limit))
    }

    /// Streams an object to a file, whose former content is replaced. A connection that breaks is
    /// resumed where it broke; length and SHA-256 are of what is in the file. `None`: there is no
    /// such object, and the file is untouched.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Local`], and as of the service.
    pub fn download(&self, key: &str, file: &mut File) -> Result<Option<Download>, Error> {
        key::check(key)?;
        transfer::download(&*self.backend, key, file)
    }

    /// Opens an object as a stream, for readers that keep nothing of it. `None`: there is none.
    ///
    /// # Errors
    /// As of the service.
    pub fn stream(&self, key: &str) -> Result<Option<Stream>, Error> {
        key::check(key)?;
        Stream::open(Arc::clone(&self.backend), key)
    }

    /// Writes an object from memory. Returns its ETag.
    ///
    /// # Errors
    /// [`Error::Precondition`] when the upload's condition does not hold, [`Error::TooLarge`] for what
    /// [`Store::get`] would not read, and as of the service.
    pub fn put(&self, key: &str, bytes: &[u8], upload: &Upload<'_>) -> Result<String, Error> {
        key::check(key)?;
        self.check_size(key, bytes.len() as u64)?;
        self.backend.put(key, bytes, upload)
    }

    /// Writes an object from a file of any size, in constant memory. Returns its ETag. Readers see
    /// the whole object or what was there before.
    ///
    /// # Errors
    /// [`Error::Precondition`] when the upload's condition does not hold, [`Error::Local`], and as
    /// of the service.
    pub fn put_file(&self, key: &str, file: &Path, upload: &Upload<'_>) -> Result<String, Error> {
        key::check(key)?;
        self.backend.put_file(key, file, upload)
    }

    /// Deletes an object if it still has this ETag; returns whether it did. The check and the removal
    /// are one step where the service can do that; elsewhere a moment lies between them.
    ///
    /// # Errors
    /// As of the service.
    pub fn delete_if_match(&self, key: &str, etag: &str) -> Result<bool, Error> {
        key::check(key)?;
        self.backend.delete_if_match(key, etag)
    }

    /// Deletes objects. Missing ones are fine, so are keys that are named twice.
    ///
    /// # Errors
    /// The first failure, after all were tried.
    pub fn delete_many(&self, keys: &[String]) -> Result<(), Error> {
        for key in keys {
            key::check(key)?;
        }
        let keys: Vec<String> = keys.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        if keys.is_empty() { Ok(()) } else { self.backend.delete_many(&keys) }
    }
}
