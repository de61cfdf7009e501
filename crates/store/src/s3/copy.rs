//! Copies that the service makes by itself.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusoto_s3::{CopyObjectRequest, S3, UploadPartCopyRequest};

use super::answer::Expect;
use super::failure::Failed;
use super::multipart::{Finished, Part, plan};
use super::wire::Call;
use super::write::{Print, headers};
use super::{Bucket, quoted, typed, unquoted};
use crate::backend::Source;
use crate::{Condition, Error, Upload, parallel};

/// The client library puts the source into a header as it is.
const UNRESERVED: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// Parts of a copy: large ones, as nothing of them passes through here.
const PART: u64 = 512 * 1024 * 1024;
/// Below this a conditional copy is cheaper read and written.
const WORTH_PARTS: u64 = 8 * 1024 * 1024;

impl Bucket {
    /// Copies from a bucket of the same service. `None`: better streamed.
    ///
    /// Few services heed a condition on a copy in one request. On completing a multipart upload they
    /// do, wherever they do on a simple write; so a conditional copy is made of parts, or streamed.
    pub(super) fn copy_object(
        &self,
        source: &Source<'_>,
        key: &str,
        condition: &Condition,
    ) -> Result<Option<String>, Error> {
        let size = source.head.size;
        let result = if *condition == Condition::Always && size <= self.options.copy_threshold {
            self.copy_at_once(source, key, Vec::new())
                .map_err(|failed| self.of_source(source, failed))
        } else if *condition != Condition::Always
            && size < WORTH_PARTS.min(self.options.copy_threshold)
        {
            return Ok(None);
        } else {
            self.copy_in_parts(source, key, condition)
        };
        or_stream(result)
    }

    /// Copies in one request that carries the condition on what is at `key`: some services check it,
    /// others ignore it. `None`: better streamed.
    pub(super) fn copy_with_hint(
        &self,
        source: &Source<'_>,
        key: &str,
        condition: &Condition,
    ) -> Result<Option<String>, Error> {
        if source.head.size > self.options.copy_threshold {
            return or_stream(self.copy_in_parts(source, key, condition));
        }
        let result = match self.copy_at_once(source, key, headers(condition)) {
            // It does not know conditions on this request, or takes both for one of the source.
            Err(failed) if matches!(failed.status, 400 | 501) => {
                self.copy_at_once(source, key, Vec::new())
            }
            Err(failed) if failed.status == 412 && *condition != Condition::Always => {
                // Which of the two conditions failed is not said.
                let etag = self.head_object(key)?.map(|head| head.etag);
                let wanted = match condition {
                    Condition::IfMatch(etag) => Some(etag),
                    Condition::IfAbsent | Condition::Always => None,
                };
                if etag.as_ref() != wanted {
                    return Err(Error::Precondition { key: self.wire.show(key) });
                }
                Err(failed)
            }
            result => result,
        };
        or_stream(result.map_err(|failed| self.of_source(source, failed)))
    }

    fn copy_at_once(
        &self,
        source: &Source<'_>,
        key: &str,
        headers: Vec<(&'static str, String)>,
    ) -> Result<String, Failed> {
        let input = CopyObjectRequest {
            bucket: self.wire.bucket.clone(),
            key: key.to_owned(),
            acl: self.options.acl_of(key).map(str::to_owned),
            copy_source: encoded(source),
            copy_source_if_match: Some(quoted(&source.head.etag)),
            ..CopyObjectRequest::default()
        };
        let expect = Expect::Document("CopyObjectResult");
        let call = Call { slow: true, headers, ..Call::new("COPY", key, expect) };
        let output =
            typed::call(&self.wire, call, |client| async move { client.copy_object(input).await })?;
        output
            .copy_object_result
            .and_then(|result| result.e_tag)
            .map(|etag| unquoted(&etag))
            .filter(|etag| !etag.is_empty())
            .ok_or_else(|| Failed {
                error: self.no_etag(key, "the copy"),
                status: 200,
                code: String::new(),
                uncertain: true,
            })
    }

    fn copy_in_parts(
        &self,
        source: &Source<'_>,
        key: &str,
        condition: &Condition,
    ) -> Result<String, Error> {
        let metadata: Vec<(&str, &str)> = source
            .head
            .metadata
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let content_type = source.head.content_type.as_deref();
        let upload = Upload {
            content_type: content_type.unwrap_or("application/octet-stream"),
            content_encoding: source.head.content_encoding.as_deref(),
            condition: condition.clone(),
            metadata: &metadata,
            acl: None,
        };
        let parts = plan(source.head.size, PART.min(self.options.copy_threshold));
        // Its content has not passed through here, so only the checksum that it carries can tell.
        let sha256 = || {
            source.head.metadata.get("sha256").cloned().ok_or_else(|| Error::Corrupt {
                key: self.wire.show(key),
                detail: "whether it was copied cannot be told".to_owned(),
            })
        };
        let print = Print { size: source.head.size, etag: None, sha256: &sha256 };
        self.in_parts(key, &upload, print, |id| {
            parallel::map(self.options.parallel.min(8), &parts, |part| {
                self.copy_part(source, key, id, *part)
            })
        })
    }

    fn copy_part(
        &self,
        source: &Source<'_>,
        key: &str,
        id: &str,
        part: Part,
    ) -> Result<Finished, Error> {
        let input = UploadPartCopyRequest {
            bucket: self.wire.bucket.clone(),
            key: key.to_owned(),
            upload_id: id.to_owned(),
            part_number: part.number,
            copy_source: encoded(source),
            copy_source_if_match: Some(quoted(&source.head.etag)),
            copy_source_range: Some(format!("bytes={}-{}", part.start, part.start + part.size - 1)),
            ..UploadPartCopyRequest::default()
        };
        let call =
            Call { slow: true, ..Call::new("COPY", key, Expect::Document("CopyPartResult")) };
        let output =
            typed::call(
                &self.wire,
                call,
                |client| async move { client.upload_part_copy(input).await },
            )
            .map_err(|failed| self.of_source(source, failed))?;
        let etag = output.copy_part_result.and_then(|result| result.e_tag);
        let etag = etag.filter(|etag| !unquoted(etag).is_empty());
        let etag = etag.ok_or_else(|| self.no_etag(key, "a part of the copy"))?;
        Ok(Finished { number: part.number, etag, md5: None })
    }

    /// What a failed copy says about its source: here the only condition is on that.
    fn of_source(&self, source: &Source<'_>, failed: Failed) -> Error {
        let key = format!("s3://{}/{}", source.bucket, source.key);
        match failed.error {
            Error::Precondition { .. } => {
                Error::Corrupt { key, detail: "it changed while it was copied".to_owned() }
            }
            _ if failed.status == 404 && failed.code == "NoSuchKey" => Error::NotFound { key },
            error => error,
        }
    }
}

/// A copy that the service refuses as not implemented is streamed.
fn or_stream(result: Result<String, Error>) -> Result<Option<String>, Error> {
    match result {
        Ok(etag) => Ok(Some(etag)),
        Err(Error::Service { status: 501 | 405, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn encoded(source: &Source<'_>) -> String {
    format!("{}/{}", source.bucket, utf8_percent_encode(source.key, &UNRESERVED))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Head;

    #[test]
    fn sources_are_encoded() {
        let head = Head {
            size: 0,
            etag: String::new(),
            modified: jiff::Timestamp::UNIX_EPOCH,
            content_type: None,
            content_encoding: None,
            metadata: BTreeMap::new(),
        };
        let source = |key| encoded(&Source { bucket: "b.c-d", key, head: &head });
        assert_eq!(source("dist/php-8.3.4.tar.gz"), "b.c-d/dist/php-8.3.4.tar.gz");
        assert_eq!(source("a b+c%20?d&e=ä"), "b.c-d/a%20b%2Bc%2520%3Fd%26e%3D%C3%A4");
    }
}
