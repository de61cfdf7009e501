//! Services whose ETags do not tell two states of an object apart.
//!
//! Some give the same ETag to everything, some list none, or others than HEAD has. What is known of a
//! service holds for the process. It comes from listings that cannot be right, and from
//! [`crate::Store::distrust_tags`]. From then on each listed object is asked for with HEAD, and where
//! all ETags are the same, the tag of an object is made of its ETag, size, date and checksum.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Bucket;
use crate::object::MARK;
use crate::store::SHA256;
use crate::{Error, Head, Object, Tags, key, parallel};

/// So many objects must have another ETag than the listing said, in the same size and of the same
/// second: one may be a write at that moment.
const OTHERS: u32 = 2;

/// ETag, size, and the second of the last write.
type Listed = (String, u64, i64);

/// What is known of the ETags of a service.
#[derive(Debug, Default)]
pub(super) struct Known {
    constant: AtomicBool,
    unlisted: AtomicBool,
    others: AtomicU32,
    /// What listings said, by bucket and key.
    listed: Mutex<BTreeMap<(String, String), Listed>>,
}

static SERVICES: Mutex<BTreeMap<String, Arc<Known>>> = Mutex::new(BTreeMap::new());

impl Known {
    pub(super) fn of(service: &str) -> Arc<Self> {
        let mut services = SERVICES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(services.entry(service.to_owned()).or_default())
    }

    pub(super) fn tags(&self) -> Tags {
        if self.constant.load(Ordering::Relaxed) {
            Tags::Constant
        } else if self.unlisted.load(Ordering::Relaxed) {
            Tags::Unlisted
        } else {
            Tags::Useful
        }
    }

    pub(super) fn learn(&self, tags: Tags) {
        match tags {
            Tags::Useful => {}
            Tags::Unlisted => self.unlisted.store(true, Ordering::Relaxed),
            Tags::Constant => self.constant.store(true, Ordering::Relaxed),
        }
    }

    /// The tag of a state of an object: the ETag, where that tells it from others.
    pub(super) fn complete(&self, bucket: &str, key: &str, mut head: Head) -> Head {
        let second = head.modified.as_second();
        let place = (bucket.to_owned(), key.to_owned());
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner).remove(&place);
        if listed
            .is_some_and(|(etag, size, at)| etag != head.etag && (size, at) == (head.size, second))
            && self.others.fetch_add(1, Ordering::Relaxed) + 1 >= OTHERS
        {
            self.learn(Tags::Unlisted);
        }
        if self.tags() == Tags::Constant {
            let sha256 = head.metadata.get(SHA256).map_or("", String::as_str);
            let (etag, size) = (&head.etag, head.size);
            head.etag = format!("{etag}{MARK}{size:x}-{second:x}-{}", short(sha256));
        }
        head
    }
}

fn short(sha256: &str) -> &str {
    sha256.get(..32).unwrap_or(sha256)
}

/// The service's own part of a tag.
pub(super) fn own(tag: &str) -> &str {
    tag.split(MARK).next().unwrap_or(tag)
}

impl Bucket {
    /// Judges the ETags of a listing, and replaces them where they are worth nothing.
    pub(super) fn with_tags(&self, objects: Vec<Object>) -> Result<Vec<Object>, Error> {
        // Those of Amazon S3 are known.
        if !matches!(self.wire.service, location::Service::Endpoint { .. }) {
            return Ok(objects);
        }
        if self.known.tags() == Tags::Useful {
            if objects.iter().any(|object| object.etag.is_empty()) {
                self.known.learn(Tags::Unlisted);
            } else if let Some((one, other)) = same_tag(&objects) {
                // Content of another size has another tag, wherever tags are worth something. One
                // answer may be wrong, so both are asked for.
                let tag = |key| Ok::<_, Error>(self.head_object(key)?.map(|head| head.etag));
                let (one, other) = (tag(one)?, tag(other)?);
                self.known.learn(if one == other { Tags::Constant } else { Tags::Unlisted });
            }
        }
        if self.known.tags() == Tags::Useful {
            let mut listed = self.known.listed.lock().unwrap_or_else(PoisonError::into_inner);
            listed.retain(|(bucket, _), _| *bucket != self.wire.bucket);
            listed.extend(objects.iter().map(|object| {
                let said = (object.etag.clone(), object.size, object.modified.as_second());
                ((self.wire.bucket.clone(), object.key.clone()), said)
            }));
            return Ok(objects);
        }
        // Those that cannot be asked for are left out of listings in any case.
        let (objects, mut others): (Vec<Object>, Vec<Object>) =
            objects.into_iter().partition(|object| key::check(&object.key).is_ok());
        let found = parallel::map(self.options.parallel, &objects, |object| {
            let head = self.head_object(&object.key)?;
            Ok::<_, Error>(head.map(|head| Object {
                key: object.key.clone(),
                size: head.size,
                etag: head.etag,
                modified: head.modified,
                storage_class: object.storage_class.clone(),
            }))
        })?;
        // What is gone by now is not listed.
        others.extend(found.into_iter().flatten());
        Ok(others)
    }

    /// The tag of an object that was just written, as HEAD is going to say it.
    pub(super) fn settled(&self, key: &str, etag: String) -> Result<String, Error> {
        if self.known.tags() != Tags::Constant || etag.contains(MARK) {
            return Ok(etag);
        }
        Ok(self.head_object(key)?.map_or(etag, |head| head.etag))
    }
}

/// Two objects with one tag and two sizes.
fn same_tag(objects: &[Object]) -> Option<(&str, &str)> {
    let mut seen: BTreeMap<&str, &Object> = BTreeMap::new();
    for object in objects {
        let first = seen.entry(&object.etag).or_insert(object);
        if first.size != object.size {
            return Some((&first.key, &object.key));
        }
    }
    None
}
