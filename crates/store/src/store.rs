//! One open bucket.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use location::{Env, Service};

use crate::backend::{Backend, Depth, Source};
use crate::{
    Condition, Content, Download, Error, Head, Object, Options, Stream, Upload, folder, key,
    parallel, s3, transfer,
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
    backend: Arc<dyn Backend>,
    parallel: usize,
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
        self.backend.check_bucket()
    }

    /// What time it is by the service's clock, in whole seconds or better; `None` where only a write
    /// could tell. It is never later than the actual time.
    ///
    /// # Errors
    /// As [`Store::check_bucket`].
    pub fn time(&self) -> Result<Option<jiff::Timestamp>, Error> {
        self.backend.time()
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

    /// Copies an object here, content type and metadata included. Returns the new ETag. Within one
    /// service the bytes do not pass through this machine, and what arrived is asked for and
    /// compared; between two services, and where the service cannot copy this object or did not, they
    /// are streamed, and checked against the checksum that the source has (`sha256` in its metadata).
    /// One that has none gets it.
    ///
    /// # Errors
    /// [`Error::NotFound`] without a source, [`Error::Precondition`] when the condition does not
    /// hold here, and as of both services.
    pub fn copy_from(
        &self,
        source: &Self,
        source_key: &str,
        key: &str,
        condition: Condition,
    ) -> Result<String, Error> {
        self.copied(source, source_key, key, condition, false)
    }

    /// The same over what is here now: the object with the ETag `expected`, or none. That is checked
    /// just before, and by the service where it can. Unlike [`Store::copy_from`] with a condition,
    /// the bytes of small objects stay within the service too.
    ///
    /// # Errors
    /// As [`Store::copy_from`].
    pub fn copy_over(
        &self,
        source: &Self,
        source_key: &str,
        key: &str,
        expected: Option<&str>,
    ) -> Result<String, Error> {
        key::check(key)?;
        let now = self.backend.head(key)?.map(|head| head.etag);
        if now.as_deref() != expected {
            return Err(Error::Precondition { key: self.backend.show(key) });
        }
        let condition = match expected {
            Some(etag) => Condition::IfMatch(etag.to_owned()),
            None => Condition::IfAbsent,
        };
        self.copied(source, source_key, key, condition, true)
    }

    fn copied(
        &self,
        source: &Self,
        source_key: &str,
        key: &str,
        condition: Condition,
        hinted: bool,
    ) -> Result<String, Error> {
        key::check(source_key)?;
        key::check(key)?;
        let head = source
            .backend
            .head(source_key)?
            .ok_or_else(|| Error::NotFound { key: source.backend.show(source_key) })?;
        if self.backend.realm() == source.backend.realm() {
            let from = Source { bucket: source.backend.bucket(), key: source_key, head: &head };
            let copied = match hinted {
                true => self.backend.copy_hinted(&from, key, &condition),
                false => self.backend.copy(&from, key, &condition),
            };
            match copied {
                Ok(Some(etag)) => {
                    // Some services answer that they have copied, and have not.
                    let verified = self.verified(source_key, &head, key, etag, &condition)?;
                    if let Some(etag) = verified {
                        return Ok(etag);
                    }
                }
                // Perhaps only the source's own credentials, or nobody's, may read the source.
                Ok(None) | Err(Error::AccessDenied { .. }) => {}
                // It was answered too late, and tried again: then it is here.
                Err(error @ Error::Precondition { .. }) => {
                    return match self.backend.head(key)? {
                        Some(here) if is_copy(&head, &here) => Ok(here.etag),
                        _ => Err(error),
                    };
                }
                Err(error) => return Err(error),
            }
        }
        transfer::stream(&*source.backend, source_key, &*self.backend, key, condition)
    }

    /// Looks at a copy that the service says to have made; returns its tag, or `None` when there is
    /// nothing, or still what was there before.
    fn verified(
        &self,
        source_key: &str,
        source: &Head,
        key: &str,
        etag: String,
        before: &Condition,
    ) -> Result<Option<String>, Error> {
        let Some(copy) = self.backend.head(key)? else { return Ok(None) };
        if copy.etag != etag && copy.etag != source.etag {
            return match before {
                _ if is_copy(source, &copy) => Ok(Some(copy.etag)),
                Condition::IfMatch(before) if *before == copy.etag => Ok(None),
                // It is another one by now, so ours was here before that.
                Condition::Always => Ok(Some(etag)),
                _ => Err(Error::Precondition { key: self.backend.show(key) }),
            };
        }
        let damaged = |detail: String| Error::Corrupt { key: self.backend.show(key), detail };
        if copy.size != source.size {
            let (size, whole) = (copy.size, source.size);
            return Err(damaged(format!(
                "{size} of the {whole} bytes of {source_key} were copied"
            )));
        }
        match (source.metadata.get(SHA256), copy.metadata.get(SHA256)) {
            (Some(theirs), ours) if ours != Some(theirs) => {
                Err(damaged(format!("it does not have the checksum of {source_key}")))
            }
            _ => Ok(Some(copy.etag)),
        }
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

    /// Copies objects here side by side, as [`Store::copy_from`] without a condition. Pairs are
    /// (key in the source, key here). `on_done` gets each key here as soon as it is written.
    ///
    /// # Errors
    /// As [`Store::copy_from`]; the first failure ends all, what is copied stays.
    pub fn copy_many(
        &self,
        source: &Self,
        pairs: &[(String, String)],
        on_done: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        for (from, to) in pairs {
            key::check(from)?;
            key::check(to)?;
        }
        parallel::map(self.parallel, pairs, |(from, to)| {
            self.copy_from(source, from, to, Condition::Always)?;
            on_done(to);
            Ok::<(), Error>(())
        })?;
        Ok(())
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

/// Whether an object certainly holds what the source does: by checksum where both have one, else by
/// size and tag.
fn is_copy(source: &Head, here: &Head) -> bool {
    let checksums = (source.metadata.get(SHA256), here.metadata.get(SHA256));
    source.size == here.size
        && match checksums {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => source.etag == here.etag,
        }
}
