//! Writing objects in one request, and knowing whether it was us.
//!
//! A conditional write whose connection breaks may have taken effect all the same. Trying again is
//! right, but then the condition fails *because of us*: the key is there by now, or has the ETag of
//! our own bytes. To report that as a lost race would be wrong, and a caller that then deletes or
//! renames what it could not write would do harm. So when a condition fails, and an earlier try of
//! the same request has an unknown end, we look at what lies there:
//!
//! - it is our content (same size, and same MD5 or SHA-256): the write has succeeded. It may have
//!   been somebody else who wrote the very same bytes at the same moment; nobody, not even the
//!   service, could tell the difference from the result.
//! - it is other content: the condition has failed. If our first try did take effect and was
//!   replaced since, this answer is late, but true: the key is not in the state that the caller
//!   wants, and starting over from what is there now is what it has to do in any case.
//!
//! The opposite mistake, a retry that overwrites somebody's newer write, cannot happen: the retry
//! carries the same condition, and that no longer holds. A first try that was only delayed and
//! reaches the service after our retry meets the same condition.
//!
//! An unconditional write has no such protection, and needs none: last one wins is what it asks for.

use std::io::Read;
use std::path::Path;

use rusoto_core::signature::{SignedRequest, SignedRequestPayload};

use super::answer::Expect;
use super::failure::Failed;
use super::wire::Call;
use super::{Bucket, quoted, unquoted};
use crate::{Condition, Error, Upload, promise};

/// What an object of ours looks like from outside.
pub(super) struct Print<'a> {
    pub size: u64,
    /// ETags that the service may give to it, if it computes them in the usual way.
    pub etag: Option<String>,
    /// Lower-case hex; computed only when it comes to that.
    pub sha256: &'a dyn Fn() -> Result<String, Error>,
}

impl Bucket {
    pub(super) fn put_object(
        &self,
        key: &str,
        bytes: Vec<u8>,
        upload: &Upload<'_>,
    ) -> Result<String, Error> {
        let size = bytes.len() as u64;
        let mut request = self.wire.request("PUT", key);
        request.add_header("content-type", upload.content_type);
        if let Some(encoding) = upload.content_encoding {
            request.add_header("content-encoding", encoding);
        }
        for (name, value) in upload.metadata {
            request.add_header(format!("x-amz-meta-{name}"), value);
        }
        if let Some(acl) = upload.acl.or_else(|| self.options.acl_of(key)) {
            request.add_header("x-amz-acl", acl);
        }
        let conditional = conditions(&mut request, &upload.condition);
        request.set_payload(Some(bytes));
        // The service refuses what was damaged on the way.
        request.maybe_set_content_md5_header();
        let md5 = md5_of(&request);
        // The same memory again, in case we have to know it when we see it.
        let payload = payload(&request);
        let call = Call { conditional, ..Call::new("PUT", key, Expect::Nothing) };
        match self.wire.exchange(request, &call) {
            Ok(answer) => {
                self.mark_seen();
                let etag = answer.header("etag").map(|text| unquoted(&text));
                etag.filter(|etag| !etag.is_empty()).ok_or_else(|| Error::Corrupt {
                    key: self.wire.show(key),
                    detail: "the service confirms the write without an ETag".to_owned(),
                })
            }
            Err(failed) => {
                let print = Print { size, etag: md5, sha256: &|| Ok(checksum::of_bytes(&payload)) };
                self.ours_after_all(key, failed, &print)
            }
        }
    }

    /// Whether a write that failed is there all the same: see the head of this module.
    pub(super) fn ours_after_all(
        &self,
        key: &str,
        failed: Failed,
        print: &Print<'_>,
    ) -> Result<String, Error> {
        // A multipart upload that is gone was either completed or ended by somebody.
        let gone = failed.status == 404 && matches!(failed.code.as_str(), "NoSuchUpload" | "");
        if !failed.uncertain || !(gone || matches!(failed.error, Error::Precondition { .. })) {
            return Err(failed.error);
        }
        match self.is_there(key, print) {
            Ok(Some(etag)) => Ok(etag),
            // Without a look at it we can only say what the service said.
            Ok(None) | Err(_) => Err(failed.error),
        }
    }

    /// The object's ETag, if it is the one in the print.
    fn is_there(&self, key: &str, print: &Print<'_>) -> Result<Option<String>, Error> {
        let Some(head) = self.head_object(key)? else {
            return Ok(None);
        };
        if head.size != print.size {
            return Ok(None);
        }
        if print.etag.as_deref() == Some(head.etag.as_str()) {
            return Ok(Some(head.etag));
        }
        let sha256 = (print.sha256)()?;
        if let Some(kept) = head.metadata.get("sha256") {
            return Ok((*kept == sha256).then_some(head.etag));
        }
        // Encrypted ones have ETags of their own: then only the content itself can tell.
        let Some(mut reading) = self.read_object(key, 0, Some(&head.etag))? else {
            return Ok(None);
        };
        let mut hash = checksum::Hasher::default();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reading.body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => hash.update(&buffer[..count]),
                Err(error) => {
                    let detail = error.to_string();
                    return Err(Error::Corrupt { key: self.wire.show(key), detail });
                }
            }
        }
        Ok((hash.finish() == sha256).then_some(head.etag))
    }

    /// In one request where the file is small enough, else in parts.
    pub(super) fn put_from_file(
        &self,
        key: &str,
        path: &Path,
        upload: &Upload<'_>,
    ) -> Result<String, Error> {
        let local = |source| Error::Local { path: path.to_owned(), source };
        let mut file = std::fs::File::open(path).map_err(local)?;
        let size = file.metadata().map_err(local)?.len();
        if size > self.options.multipart_threshold {
            return self.put_in_parts(key, path, size, upload);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        file.read_to_end(&mut bytes).map_err(local)?;
        // What the metadata says of the content must be true of what goes up.
        let found = upload.promise().map(|_| checksum::of_bytes(&bytes));
        promise::check(upload.promise(), found).map_err(local)?;
        self.put_object(key, bytes, upload)
    }
}

/// Adds the headers of a condition. Whether there is one.
fn conditions(request: &mut SignedRequest, condition: &Condition) -> bool {
    for (name, value) in headers(condition) {
        request.add_header(name, &value);
    }
    *condition != Condition::Always
}

/// The headers of a condition.
pub(super) fn headers(condition: &Condition) -> Vec<(&'static str, String)> {
    match condition {
        Condition::Always => Vec::new(),
        Condition::IfAbsent => vec![("if-none-match", "*".to_owned())],
        Condition::IfMatch(etag) => vec![("if-match", quoted(etag))],
    }
}

/// A request's bytes, shared with it.
fn payload(request: &SignedRequest) -> impl AsRef<[u8]> + use<> {
    match &request.payload {
        Some(SignedRequestPayload::Buffer(bytes)) => bytes.clone(),
        _ => Default::default(),
    }
}

/// The payload's MD5 in hex, from the header in Base64 that the client library has just computed.
pub(super) fn md5_of(request: &SignedRequest) -> Option<String> {
    let text = request.headers().get("content-md5")?.first()?;
    let mut bits = 0_u32;
    let mut count = 0;
    let mut bytes = Vec::with_capacity(18);
    for letter in text.iter().take_while(|letter| **letter != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    (bytes.len() == 16).then(|| checksum::hex(&bytes))
}

#[cfg(test)]
mod tests {
    use rusoto_core::Region;

    use super::*;

    #[test]
    fn the_md5_of_a_payload() {
        for (text, md5) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("hello", "5d41402abc4b2a76b9719d911017c592"),
        ] {
            let mut request = SignedRequest::new("PUT", "s3", &Region::UsEast1, "/b/k");
            request.set_payload(Some(text.as_bytes().to_vec()));
            request.maybe_set_content_md5_header();
            assert_eq!(md5_of(&request).as_deref(), Some(md5));
        }
    }
}
