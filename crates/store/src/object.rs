//! What is in a bucket, and what is said about it when it is written.

use std::collections::BTreeMap;

/// One entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The whole key, prefix included.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Opaque, without quotes. It changes with the content; it need not be an MD5.
    pub etag: String,
    /// When the object was last written, by the service's clock.
    pub modified: jiff::Timestamp,
    /// The storage class, where the service names one: `STANDARD`, `GLACIER`, …
    pub storage_class: Option<String>,
}

impl Object {
    /// The storage class of an object that cannot be read before it is restored.
    #[must_use]
    pub fn archived(&self) -> Option<&str> {
        // GLACIER_IR, for one, is read like any other.
        self.storage_class.as_deref().filter(|class| matches!(*class, "GLACIER" | "DEEP_ARCHIVE"))
    }
}

impl Object {
    /// What tells this state of the object from others, as [`Head::identity`] says it.
    #[must_use]
    pub fn identity(&self) -> String {
        identity(&self.etag, self.size, self.modified)
    }
}

/// What is known of an object without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Bytes of the whole object.
    pub size: u64,
    /// Opaque, without quotes; good for [`Condition::IfMatch`].
    pub etag: String,
    /// When the object was last written, by the service's clock.
    pub modified: jiff::Timestamp,
    /// The content type that the object was written with.
    pub content_type: Option<String>,
    /// The content encoding that the object was written with, such as `gzip`.
    pub content_encoding: Option<String>,
    /// User metadata, names in lower case and without `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
}

impl Head {
    /// Whether this is the same state of the object.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        (self.size, &self.etag) == (other.size, &other.etag)
    }

    /// What tells this state of the object from others, as long as caches last: more than its ETag,
    /// since some services give the same one to all.
    #[must_use]
    pub fn identity(&self) -> String {
        identity(&self.etag, self.size, self.modified)
    }

    /// Whether the object says that it is stored compressed, and in no other way.
    #[must_use]
    pub fn is_gzip(&self) -> bool {
        let mut encodings = self.encodings();
        let is_gzip = |encoding: &str| {
            ["gzip", "x-gzip"].iter().any(|known| encoding.eq_ignore_ascii_case(known))
        };
        encodings.next().is_some_and(is_gzip) && encodings.next().is_none()
    }

    /// The encodings that a web client undoes before it hands out the bytes. `aws-chunked` is one of
    /// the upload: some services store it, and send it, all the same.
    pub fn encodings(&self) -> impl Iterator<Item = &str> {
        let encodings = self.content_encoding.as_deref().unwrap_or_default().split(',');
        let nothing = ["", "identity", "aws-chunked"];
        encodings.map(str::trim).filter(move |encoding| {
            !nothing.iter().any(|known| encoding.eq_ignore_ascii_case(known))
        })
    }
}

/// What the ETags of a service are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tags {
    /// They change with the content, and listings have them.
    Useful,
    /// Listings have none, or others than the objects.
    Unlisted,
    /// Objects with other contents have the same.
    Constant,
}

/// Follows the ETag of the service in a tag of ours, where all ETags are the same. No ETag has it.
pub(crate) const MARK: char = '~';

/// Whether a tag that two objects have says that their contents are the same: not where it is only
/// their size and date.
#[must_use]
pub fn proves_content(tag: &str) -> bool {
    !tag.contains(MARK)
}

/// Headers have whole seconds only.
fn identity(etag: &str, size: u64, modified: jiff::Timestamp) -> String {
    format!("{etag} {size} {}", modified.as_second())
}

/// A whole object in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What is known of it.
    pub head: Head,
    /// All of it: as many bytes as `head.size` says, or what these were before they were encoded
    /// with `gzip`, where `head.content_encoding` says so.
    pub bytes: Vec<u8>,
}

/// What a finished download yields beside the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// What is known of the object.
    pub head: Head,
    /// SHA-256 of the bytes that were written to the file, in lower-case hex.
    pub sha256: String,
}

/// When a write may take effect. The service decides, in one step with the write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Condition {
    /// Whatever is there.
    #[default]
    Always,
    /// Only if no object has this key.
    IfAbsent,
    /// Only if the object there still has this ETag.
    IfMatch(String),
}

/// How an object is written.
#[derive(Debug, Clone)]
pub struct Upload<'a> {
    /// `Content-Type`, kept by the service and given back to readers.
    pub content_type: &'a str,
    /// `Content-Encoding`, for bytes that are encoded so already. A folder keeps none, since whoever
    /// serves it does not know.
    pub content_encoding: Option<&'a str>,
    /// When the write may take effect.
    pub condition: Condition,
    /// User metadata: names (letters, digits, `-`) and values.
    pub metadata: &'a [(&'a str, &'a str)],
    /// A canned ACL, in place of that of the store's options.
    pub acl: Option<&'a str>,
}

impl<'a> Upload<'a> {
    /// An unconditional write without metadata.
    pub fn new(content_type: &'a str) -> Self {
        Self {
            content_type,
            content_encoding: None,
            condition: Condition::Always,
            metadata: &[],
            acl: None,
        }
    }
}
