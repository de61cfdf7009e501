//! What a service must be able to do. Everything else is built from this, once, in [`crate::Store`].

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::inquiry::{Inquiry, Reply};
use crate::{Condition, Error, Head, Object, Patience, Tags, Upload};

/// How far down a listing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// All keys that start with the prefix.
    All,
    /// Of these, only the ones without a further `/` after the prefix.
    Direct,
}

/// An object that is being read.
pub(crate) struct Reading {
    /// Of the whole object: `size` is not what is left of it.
    pub head: Head,
    /// The bytes from the asked offset on. It may break off; the caller counts, and opens anew.
    pub body: Box<dyn Read + Send>,
}

/// The object that a copy within one service starts from.
pub(crate) struct Source<'a> {
    /// Its bucket, of the same service.
    pub bucket: &'a str,
    /// Its key.
    pub key: &'a str,
    /// As it was just now. Another state than this one must not be copied.
    pub head: &'a Head,
}

/// One bucket of one service.
///
/// Keys were checked by the caller ([`crate::key::check`]). ETags go in and out without quotes. A
/// failing condition is [`Error::Precondition`], a missing bucket [`Error::NoBucket`] (never `None`
/// or an empty list). Each method does its own retries; only a body that breaks off in the middle is
/// left to the caller.
pub(crate) trait Backend: Send + Sync {
    /// Names the service. Where two backends say the same, one can copy from the other.
    fn realm(&self) -> &str;
    /// The bucket's name.
    fn bucket(&self) -> &str;
    /// How a key is shown in messages: `s3://bucket/key`, or the file's path.
    fn show(&self, key: &str) -> String;
    /// Whether the content encoding of an upload is kept, and told to readers.
    fn keeps_encoding(&self) -> bool {
        true
    }
    /// How often a body that breaks off is asked for again.
    fn patience(&self) -> &Patience;
    /// What who writes here must know, if there is anything.
    fn caution(&self) -> Option<String> {
        None
    }
    /// Is the bucket there, and may what begins with `prefix` be listed?
    fn check_bucket(&self, prefix: &str) -> Result<(), Error>;
    /// What time it is by the service's clock, where it says so without a write. Asked of what begins
    /// with `prefix`, where the bucket itself may not be asked.
    fn time(&self, prefix: &str) -> Result<Option<jiff::Timestamp>, Error>;
    /// In any order; the caller sorts, drops doubles and keys that fail [`crate::key::check`].
    fn list(&self, prefix: &str, depth: Depth) -> Result<Vec<Object>, Error>;
    /// `None`: no such object.
    fn head(&self, key: &str) -> Result<Option<Head>, Error>;
    /// Opens an object for reading from byte `offset` on (at most its size). `None`: no such object.
    /// With `if_match`, an object with another ETag is [`Error::Precondition`].
    fn read(
        &self,
        key: &str,
        offset: u64,
        if_match: Option<&str>,
    ) -> Result<Option<Reading>, Error>;
    /// Writes an object from memory; the new ETag.
    fn put(&self, key: &str, bytes: &[u8], upload: &Upload<'_>) -> Result<String, Error>;
    /// Writes an object from a file of any size, in constant memory; the new ETag. If the file
    /// changes meanwhile, the write fails or the object is one state of it.
    fn put_file(&self, key: &str, file: &Path, upload: &Upload<'_>) -> Result<String, Error>;
    /// Copies within the service, content type and metadata included; the new ETag. `None`: the
    /// service cannot do this one by itself (the caller then streams). A source that is gone is
    /// [`Error::NotFound`], one that changed is [`Error::Corrupt`].
    fn copy(
        &self,
        source: &Source<'_>,
        key: &str,
        condition: &Condition,
    ) -> Result<Option<String>, Error>;
    /// The same with a condition that the service gets, and may ignore: the caller has just
    /// checked it, and this closes the moment in between where the service can.
    fn copy_hinted(
        &self,
        source: &Source<'_>,
        key: &str,
        condition: &Condition,
    ) -> Result<Option<String>, Error> {
        self.copy(source, key, condition)
    }
    /// Deletes an object if it still has this ETag; returns whether it did. The check and the removal
    /// are one step where the service can do that.
    fn delete_if_match(&self, key: &str, etag: &str) -> Result<bool, Error>;
    /// Missing ones are fine. All are tried; the first failure is reported.
    fn delete_many(&self, keys: &[String]) -> Result<(), Error>;
    /// What its tags are worth, as far as it is known.
    fn tags(&self) -> Tags {
        Tags::Useful
    }
    /// Learns what its tags are worth.
    fn distrust_tags(&self, _tags: Tags) {}
    /// Sends one request as it is. `None`: it takes none.
    fn inquire(&self, _inquiry: &Inquiry<'_>) -> Result<Option<Reply>, Error> {
        Ok(None)
    }
    /// The same bucket, as nobody.
    fn anonymous(&self) -> Arc<dyn Backend>;
}
