//! The buckets and objects of the test server, in memory.
//!
//! One lock covers the whole state, so a condition is checked and its effect done in one step, as
//! on a real service. Nothing here knows HTTP: see [`super::protocol`] for that.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use s3s::crypto::{Checksum, Md5};

use super::quirks::Quirks;

/// What the server keeps, all of it.
#[derive(Default)]
pub(super) struct State {
    pub(super) buckets: BTreeMap<String, Bucket>,
    pub(super) uploads: BTreeMap<String, Multipart>,
    pub(super) quirks: Quirks,
    next_upload: u64,
}

/// A bucket: its objects, in the byte order of their keys.
#[derive(Default)]
pub(super) struct Bucket {
    pub(super) objects: BTreeMap<String, Stored>,
    pub(super) public: bool,
    /// The last changes, newest last: a key, and what was there before.
    changes: VecDeque<(String, Option<Stored>)>,
}

/// The ETag of everything, where all have the same.
const CONSTANT: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// So many changes can be hidden from a listing.
const REMEMBERED: usize = 32;

impl Bucket {
    /// Puts an object in place, or takes it away.
    fn change(&mut self, key: &str, object: Option<Stored>) {
        let before = match object {
            Some(object) => self.objects.insert(key.to_owned(), object),
            None => self.objects.remove(key),
        };
        self.changes.push_back((key.to_owned(), before));
        if self.changes.len() > REMEMBERED {
            self.changes.pop_front();
        }
    }

    /// The bucket as it was before its last so many changes.
    fn earlier(&self, changes: usize) -> BTreeMap<String, Stored> {
        let mut objects = self.objects.clone();
        for (key, before) in self.changes.iter().rev().take(changes) {
            match before {
                Some(object) => objects.insert(key.clone(), object.clone()),
                None => objects.remove(key),
            };
        }
        objects
    }
}

/// What a client may say about an object beside its bytes.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// `Cache-Control`, as sent.
    pub cache_control: Option<String>,
    /// `Content-Encoding`, as sent.
    pub content_encoding: Option<String>,
    /// `Content-Disposition`, as sent.
    pub content_disposition: Option<String>,
    /// The canned ACL of the request (`public-read`). Kept, not enforced.
    pub acl: Option<String>,
    /// `x-amz-storage-class`, as sent. What is in `GLACIER` or `DEEP_ARCHIVE` can be listed and
    /// asked about, and neither read nor copied.
    pub storage_class: Option<String>,
    /// User metadata (`x-amz-meta-*`), names without that prefix.
    pub metadata: BTreeMap<String, String>,
}

/// An object as it lies in the server.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The content.
    pub bytes: Bytes,
    /// The ETag without quotes: the MD5 in hex, or `<md5 of md5s>-<parts>` after a multipart upload.
    pub etag: String,
    /// When it was written.
    pub modified: SystemTime,
    /// Content type, user metadata and the like.
    pub attributes: Attributes,
}

/// A multipart upload under way.
pub(super) struct Multipart {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) attributes: Attributes,
    pub(super) parts: BTreeMap<i32, (String, Bytes)>,
}

/// The condition of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    Absent,
    Present,
    Match(String),
    NotMatch(String),
}

/// Why the state refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NoSuchBucket,
    NoSuchKey,
    AccessDenied,
    InvalidObjectState,
    NoSuchUpload,
    PreconditionFailed,
    InvalidPart,
    InvalidPartOrder,
    EntityTooSmall,
    NotImplemented,
}

/// A page of a listing.
pub(super) struct Page {
    pub(super) objects: Vec<(String, Stored)>,
    pub(super) prefixes: Vec<String>,
    /// The entry (key or common prefix) that the next page starts after.
    pub(super) next: Option<String>,
}

impl State {
    pub(super) fn bucket(&self, name: &str) -> Result<&Bucket, Refusal> {
        self.buckets.get(name).ok_or(Refusal::NoSuchBucket)
    }

    fn bucket_mut(&mut self, name: &str) -> Result<&mut Bucket, Refusal> {
        self.buckets.get_mut(name).ok_or(Refusal::NoSuchBucket)
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> Result<&Stored, Refusal> {
        self.bucket(bucket)?.objects.get(key).ok_or(Refusal::NoSuchKey)
    }

    /// The time by the server's own clock.
    pub(super) fn now(&self) -> SystemTime {
        SystemTime::now() - Duration::from_secs(24 * 3600) * self.quirks.days_behind
    }

    /// Checks whether a write of `key` may go ahead. A write with `If-Match` on a missing key is
    /// answered 404, as AWS does.
    pub(super) fn check(
        &self,
        bucket: &str,
        key: &str,
        condition: &Condition,
    ) -> Result<(), Refusal> {
        let present = self.bucket(bucket)?.objects.get(key);
        if self.quirks.ignore_conditions {
            return Ok(());
        }
        if self.quirks.refuse_conditions && *condition != Condition::Always {
            return Err(Refusal::NotImplemented);
        }
        match (condition, present) {
            (Condition::Always, _)
            | (Condition::Absent | Condition::NotMatch(_), None)
            | (Condition::Present, Some(_)) => Ok(()),
            (Condition::Match(etag), Some(object)) if *etag == object.etag => Ok(()),
            (Condition::NotMatch(etag), Some(object)) if *etag != object.etag => Ok(()),
            (Condition::Match(_) | Condition::Present, None) => Err(Refusal::NoSuchKey),
            (Condition::Absent | Condition::Match(_) | Condition::NotMatch(_), Some(_)) => {
                Err(Refusal::PreconditionFailed)
            }
        }
    }

    /// Writes an object whole, if its condition holds, and returns its new state.
    pub(super) fn put(
        &mut self,
        bucket: &str,
        key: &str,
        bytes: Bytes,
        etag: Option<String>,
        mut attributes: Attributes,
        condition: &Condition,
    ) -> Result<Stored, Refusal> {
        self.check(bucket, key, condition)?;
        if self.quirks.drop_encoding {
            attributes.content_encoding = None;
        }
        let stored = Stored {
            etag: match self.quirks.constant_etags {
                true => CONSTANT.to_owned(),
                false => etag.unwrap_or_else(|| md5_hex(&bytes)),
            },
            bytes,
            modified: self.now(),
            attributes,
        };
        self.bucket_mut(bucket)?.change(key, Some(stored.clone()));
        Ok(stored)
    }

    /// Removes an object; a missing one is fine.
    pub(super) fn delete(&mut self, bucket: &str, key: &str) -> Result<(), Refusal> {
        self.bucket_mut(bucket)?.change(key, None);
        Ok(())
    }

    /// One page of the keys below `prefix` that follow the entry `after`; the last changes, so many
    /// as `stale` says, are not seen.
    pub(super) fn list(
        &self,
        bucket: &str,
        (prefix, delimiter): (&str, Option<&str>),
        after: Option<&str>,
        limit: usize,
        stale: usize,
    ) -> Result<Page, Refusal> {
        let bucket = self.bucket(bucket)?;
        let earlier = (stale > 0).then(|| bucket.earlier(stale));
        let mut entries: Vec<(String, Option<&Stored>)> = Vec::new();
        for (key, object) in earlier.as_ref().unwrap_or(&bucket.objects) {
            let Some(rest) = key.strip_prefix(prefix) else {
                continue;
            };
            let cut = delimiter.and_then(|delimiter| {
                rest.find(delimiter).map(|at| prefix.len() + at + delimiter.len())
            });
            match cut {
                Some(end) => {
                    let common = &key[..end];
                    if entries.last().is_none_or(|(last, _)| last != common) {
                        entries.push((common.to_owned(), None));
                    }
                }
                None => entries.push((key.clone(), Some(object))),
            }
        }
        entries.sort_by_cached_key(|(entry, _)| self.rank(entry));
        let after = after.map(|after| self.rank(after));
        let mut rest = entries
            .into_iter()
            .filter(|(entry, _)| after.as_ref().is_none_or(|after| self.rank(entry) > *after));

        let mut page = Page { objects: Vec::new(), prefixes: Vec::new(), next: None };
        let mut last = None;
        for (entry, object) in rest.by_ref().take(limit.min(self.quirks.page_size)) {
            last = Some(entry.clone());
            match object {
                Some(object) => page.objects.push((entry, object.clone())),
                None => page.prefixes.push(entry),
            }
        }
        if rest.next().is_some() {
            page.next = last;
        }
        Ok(page)
    }

    /// What listings are sorted by.
    fn rank(&self, entry: &str) -> Vec<u8> {
        let mut rank = entry.as_bytes().to_vec();
        if self.quirks.slash_first {
            for byte in &mut rank {
                if *byte == b'/' {
                    *byte = 0;
                }
            }
        }
        rank
    }

    /// Begins a multipart upload and returns its id.
    pub(super) fn begin_upload(
        &mut self,
        bucket: &str,
        key: &str,
        attributes: Attributes,
    ) -> Result<String, Refusal> {
        self.bucket(bucket)?;
        self.next_upload += 1;
        let id = format!("upload-{}", self.next_upload);
        let upload = Multipart {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            attributes,
            parts: BTreeMap::new(),
        };
        self.uploads.insert(id.clone(), upload);
        Ok(id)
    }

    /// The upload of this id, if it is for this bucket and key.
    pub(super) fn upload(
        &mut self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Result<&mut Multipart, Refusal> {
        self.uploads
            .get_mut(id)
            .filter(|upload| upload.bucket == bucket && upload.key == key)
            .ok_or(Refusal::NoSuchUpload)
    }

    /// Keeps a part and returns its ETag.
    pub(super) fn put_part(
        &mut self,
        (bucket, key, id): (&str, &str, &str),
        number: i32,
        bytes: Bytes,
    ) -> Result<String, Refusal> {
        let etag = md5_hex(&bytes);
        self.upload(bucket, key, id)?.parts.insert(number, (etag.clone(), bytes));
        Ok(etag)
    }

    /// Makes the object of the parts that the client lists, in ascending order with their ETags.
    pub(super) fn complete_upload(
        &mut self,
        (bucket, key, id): (&str, &str, &str),
        listed: &[(i32, String)],
        condition: &Condition,
    ) -> Result<Stored, Refusal> {
        let smallest = self.quirks.smallest_part;
        self.upload(bucket, key, id)?;
        self.check(bucket, key, condition)?;
        let upload = self.upload(bucket, key, id)?;
        if listed.is_empty() {
            return Err(Refusal::InvalidPart);
        }
        if !listed.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(Refusal::InvalidPartOrder);
        }
        let mut content = Vec::new();
        let mut hashes = Md5::new();
        for (position, (number, etag)) in listed.iter().enumerate() {
            let (_, bytes) = upload
                .parts
                .get(number)
                .filter(|(stored, _)| stored == etag)
                .ok_or(Refusal::InvalidPart)?;
            if position + 1 < listed.len() && bytes.len() < smallest {
                return Err(Refusal::EntityTooSmall);
            }
            hashes.update(&Md5::checksum(bytes));
            content.extend_from_slice(bytes);
        }
        let etag = format!("{}-{}", hex(&hashes.finalize()), listed.len());
        let attributes = upload.attributes.clone();
        self.uploads.remove(id);
        self.put(bucket, key, content.into(), Some(etag), attributes, &Condition::Always)
    }
}

/// The MD5 of `bytes` in lower-case hex.
pub(super) fn md5_hex(bytes: &[u8]) -> String {
    hex(&Md5::checksum(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
