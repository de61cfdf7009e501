//! Large objects, in parts: read from a file by several threads, or copied by the service.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rusoto_s3::{
    AbortMultipartUploadRequest, CompleteMultipartUploadRequest, CompletedMultipartUpload,
    CompletedPart, CreateMultipartUploadRequest, S3,
};

use super::answer::Expect;
use super::failure::Failed;
use super::wire::{Call, Wire};
use super::write::{Print, headers, md5_of};
use super::{Bucket, typed, unquoted};
use crate::{Condition, Error, Upload, parallel, promise, unfinished};

/// S3 takes no more parts than this in one upload.
const MOST_PARTS: u64 = 10_000;
/// The most memory that the parts of one upload may take, apart from a single one.
const MEMORY: u64 = 128 * 1024 * 1024;
/// Uploads of parts side by side.
const SIDE_BY_SIDE: u64 = 6;
const MIB: u64 = 1024 * 1024;

/// One part of an object: its number (from 1), where it starts, and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub number: i64,
    pub start: u64,
    pub size: u64,
}

/// Cuts an object into parts of `wanted` bytes, or as much more as keeps it below 10,000 parts.
pub(super) fn plan(size: u64, wanted: u64) -> Vec<Part> {
    let least = size.div_ceil(MOST_PARTS);
    let each = if least > wanted { least.next_multiple_of(MIB) } else { wanted.max(1) };
    (1..)
        .map(|number| (number, (number as u64 - 1) * each))
        .take_while(|(_, start)| *start < size)
        .map(|(number, start)| Part { number, start, size: each.min(size - start) })
        .collect()
}

/// What a finished part is known by.
pub(super) struct Finished {
    pub number: i64,
    /// As the service wrote it, quotes included.
    pub etag: String,
    /// Of the bytes, in hex, where we know it.
    pub md5: Option<String>,
}

impl Bucket {
    pub(super) fn put_in_parts(
        &self,
        key: &str,
        path: &Path,
        size: u64,
        upload: &Upload<'_>,
    ) -> Result<String, Error> {
        let local = |source| Error::Local { path: path.to_owned(), source };
        let file = File::open(path).map_err(local)?;
        let before = file.metadata().map_err(local)?.modified().map_err(local)?;
        let parts = plan(size, self.options.part_size);
        let each = parts.first().map_or(1, |part| part.size.max(1));
        let threads = (MEMORY / each).clamp(1, SIDE_BY_SIDE).min(self.options.parallel as u64);
        let sha256 = || checksum::of_file(path).map_err(local);
        let print = Print { size, etag: None, sha256: &sha256 };
        let promised = upload.promise();
        self.in_parts(key, upload, print, |id| {
            let upload = || {
                let threads = usize::try_from(threads).unwrap_or(1);
                parallel::map(threads, &parts, |part| {
                    let mut bytes = vec![0; usize::try_from(part.size).unwrap_or(usize::MAX)];
                    file.read_exact_at(&mut bytes, part.start).map_err(local)?;
                    self.put_part(key, id, part.number, bytes)
                })
            };
            let (found, finished) = match promised {
                // The hash beside the upload, which takes longer.
                Some(_) => {
                    let (hash, finished) = parallel::both(|| checksum::of_file(path), upload);
                    (Some(hash), finished)
                }
                None => (None, upload()),
            };
            let finished = finished?;
            promise::check(promised, found.transpose().map_err(local)?).map_err(local)?;
            // Other bytes in the middle of the upload would make an object that never existed.
            let now = file.metadata().map_err(local)?;
            if now.len() != size || now.modified().map_err(local)? != before {
                let changed = io::Error::other("it was changed while it was uploaded");
                return Err(local(changed));
            }
            Ok(finished)
        })
    }

    fn put_part(
        &self,
        key: &str,
        id: &str,
        number: i64,
        bytes: Vec<u8>,
    ) -> Result<Finished, Error> {
        let mut request = self.wire.request("PUT", key);
        request.add_param("partNumber".to_owned(), number.to_string());
        request.add_param("uploadId".to_owned(), id.to_owned());
        request.set_payload(Some(bytes));
        request.maybe_set_content_md5_header();
        let md5 = md5_of(&request);
        let answer = self.wire.exchange(request, &Call::new("PUT", key, Expect::Nothing))?;
        let etag = answer.header("etag").filter(|etag| !unquoted(etag).is_empty());
        let etag = etag.ok_or_else(|| self.no_etag(key, "a part"))?;
        Ok(Finished { number, etag, md5 })
    }

    /// Begins, has `work` make the parts, and completes under the upload's condition. Whatever
    /// fails, the parts are given back.
    pub(super) fn in_parts(
        &self,
        key: &str,
        upload: &Upload<'_>,
        print: Print<'_>,
        work: impl FnOnce(&str) -> Result<Vec<Finished>, Error>,
    ) -> Result<String, Error> {
        let id = self.begin(key, upload)?;
        let open = unfinished::begin({
            let (wire, key, id) = (Arc::clone(&self.wire), key.to_owned(), id.clone());
            move || {
                let _ = abort(&wire, &key, &id);
            }
        });
        let size = print.size;
        let done = work(&id)
            .and_then(|finished| self.complete(key, &id, finished, &upload.condition, print))
            .and_then(|etag| {
                let head = self.head_object(key)?;
                match head {
                    // If it is another one by now, it was there before that.
                    Some(head) if head.etag == etag && head.size != size => Err(Error::Corrupt {
                        key: self.wire.show(key),
                        detail: format!("{} of {size} bytes were written", head.size),
                    }),
                    _ => Ok(etag),
                }
            });
        if done.is_err() {
            // What is reported is why the upload failed. If it was completed after all, there is
            // nothing left to give back, and the object stays.
            let _ = abort(&self.wire, key, &id);
        }
        drop(open);
        done
    }

    fn begin(&self, key: &str, upload: &Upload<'_>) -> Result<String, Error> {
        let metadata: HashMap<String, String> = upload
            .metadata
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let input = CreateMultipartUploadRequest {
            bucket: self.wire.bucket.clone(),
            key: key.to_owned(),
            acl: upload.acl.or_else(|| self.options.acl_of(key)).map(str::to_owned),
            content_type: Some(upload.content_type.to_owned()),
            content_encoding: upload.content_encoding.map(str::to_owned),
            metadata: Some(metadata).filter(|metadata| !metadata.is_empty()),
            ..CreateMultipartUploadRequest::default()
        };
        let call = Call::new("PUT", key, Expect::Document("InitiateMultipartUploadResult"));
        let output = typed::call(&self.wire, call, |client| async move {
            client.create_multipart_upload(input).await
        })?;
        output.upload_id.filter(|id| !id.is_empty()).ok_or_else(|| Error::Corrupt {
            key: self.wire.show(key),
            detail: "the service begins an upload without naming it".to_owned(),
        })
    }

    fn complete(
        &self,
        key: &str,
        id: &str,
        mut finished: Vec<Finished>,
        condition: &Condition,
        mut print: Print<'_>,
    ) -> Result<String, Error> {
        finished.sort_by_key(|part| part.number);
        print.etag = print.etag.or_else(|| usual_etag(&finished));
        let parts = finished
            .into_iter()
            .map(|part| CompletedPart { e_tag: Some(part.etag), part_number: Some(part.number) })
            .collect();
        let input = CompleteMultipartUploadRequest {
            bucket: self.wire.bucket.clone(),
            key: key.to_owned(),
            upload_id: id.to_owned(),
            multipart_upload: Some(CompletedMultipartUpload { parts: Some(parts) }),
            ..CompleteMultipartUploadRequest::default()
        };
        let call = Call {
            conditional: *condition != Condition::Always,
            slow: true,
            headers: headers(condition),
            ..Call::new("PUT", key, Expect::Document("CompleteMultipartUploadResult"))
        };
        let result = typed::call(&self.wire, call, |client| async move {
            client.complete_multipart_upload(input).await
        });
        match result {
            // A success that names no ETag has written nothing that we know of.
            Ok(output) => output
                .e_tag
                .map(|etag| unquoted(&etag))
                .filter(|etag| !etag.is_empty())
                .ok_or_else(|| self.no_etag(key, "the upload")),
            Err(failed) => self.ours_after_all(key, failed, &print),
        }
    }

    pub(super) fn no_etag(&self, key: &str, what: &str) -> Error {
        Error::Corrupt {
            key: self.wire.show(key),
            detail: format!("the service confirms {what} without an ETag"),
        }
    }
}

/// Gives an upload up, with all its parts.
fn abort(wire: &Arc<Wire>, key: &str, id: &str) -> Result<(), Failed> {
    let input = AbortMultipartUploadRequest {
        bucket: wire.bucket.clone(),
        key: key.to_owned(),
        upload_id: id.to_owned(),
        ..AbortMultipartUploadRequest::default()
    };
    typed::call(wire, Call::new("DELETE", key, Expect::Nothing), |client| async move {
        client.abort_multipart_upload(input).await
    })?;
    Ok(())
}

/// The ETag that AWS gives to an object of these parts: the MD5 of the parts' MD5s, and how many.
fn usual_etag(finished: &[Finished]) -> Option<String> {
    let mut all = Vec::with_capacity(16 * finished.len());
    for part in finished {
        let md5 = part.md5.as_ref()?;
        for index in (0..md5.len()).step_by(2) {
            all.push(u8::from_str_radix(md5.get(index..index + 2)?, 16).ok()?);
        }
    }
    // The client library brings MD5 along for Content-MD5.
    let mut request =
        rusoto_core::signature::SignedRequest::new("PUT", "s3", &rusoto_core::Region::UsEast1, "/");
    request.set_payload(Some(all));
    request.maybe_set_content_md5_header();
    Some(format!("{}-{}", md5_of(&request)?, finished.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * MIB;

    #[test]
    fn plans() {
        let parts = plan(25, 10);
        let expected = [(1, 0, 10), (2, 10, 10), (3, 20, 5)];
        assert_eq!(parts.len(), 3);
        for (part, (number, start, size)) in parts.iter().zip(expected) {
            assert_eq!(*part, Part { number, start, size });
        }
        assert_eq!(plan(20, 10).len(), 2);
        assert_eq!(plan(1, 10), [Part { number: 1, start: 0, size: 1 }]);
        assert_eq!(plan(0, 10), []);
    }

    #[test]
    fn parts_grow_with_the_object() {
        for size in [5 * GIB + 1, 100 * GIB, 160_001 * MIB, 5 * 1024 * GIB] {
            let parts = plan(size, 16 * MIB);
            assert!(parts.len() as u64 <= MOST_PARTS, "{} parts", parts.len());
            assert_eq!(parts.iter().map(|part| part.size).sum::<u64>(), size);
            // S3's own limits, for all but the last.
            let each = parts[0].size;
            assert!((5 * MIB..=5 * GIB).contains(&each), "{each}");
            assert!(parts.windows(2).all(|two| two[0].start + two[0].size == two[1].start));
        }
        assert_eq!(plan(100 * GIB, 16 * MIB)[0].size, 16 * MIB);
    }

    #[test]
    fn the_usual_etag() {
        let md5 = |text: &str| Some(text.to_owned());
        let part = |number, text| Finished { number, etag: String::new(), md5: md5(text) };
        let parts = [
            part(1, "5d41402abc4b2a76b9719d911017c592"),
            part(2, "d41d8cd98f00b204e9800998ecf8427e"),
        ];
        // python3: md5(bytes.fromhex(a + b)).hexdigest()
        assert_eq!(usual_etag(&parts).as_deref(), Some("a169f9255cc30bf56198c64ae2a09832-2"));
        assert_eq!(usual_etag(&[Finished { number: 1, etag: String::new(), md5: None }]), None);
    }
}
