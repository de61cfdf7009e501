//! Looking at objects, and reading them.

use std::collections::BTreeMap;
use std::io::{self, Read};

use jiff::Timestamp;

use super::answer::{Answer, Expect, Received};
use super::failure::Failed;
use super::wire::Call;
use super::{Bucket, quoted, unquoted};
use crate::backend::{Depth, Reading};
use crate::{Error, Head, Reason};

impl Bucket {
    pub(super) fn head_object(&self, key: &str) -> Result<Option<Head>, Error> {
        let request = self.wire.request("HEAD", key);
        match self.wire.exchange(request, &Call::new("HEAD", key, Expect::Nothing)) {
            Ok(answer) => {
                self.mark_seen();
                let size = self.length(key, &answer)?;
                self.described(key, &answer, size).map(Some)
            }
            Err(failed) if failed.status == 404 => self.ensure_bucket().map(|()| None),
            // What the answer to HEAD cannot say, that to a GET of a byte does.
            Err(failed) if failed.is_mute() => {
                let reading = self.read_range(key, Some("bytes=0-0"), None)?;
                Ok(reading.map(|(_, head)| head))
            }
            Err(failed) => Err(failed.error),
        }
    }

    pub(super) fn read_object(
        &self,
        key: &str,
        offset: u64,
        if_match: Option<&str>,
    ) -> Result<Option<Reading>, Error> {
        let range = (offset > 0).then(|| format!("bytes={offset}-"));
        let Some((answer, head)) = self.read_range(key, range.as_deref(), if_match)? else {
            return Ok(None);
        };
        let range = answer.header("content-range");
        let skip = if answer.status == 206 || range.is_some() {
            let range = range.unwrap_or_default();
            match parse_range(&range) {
                Some(range) if range.start == offset && range.end + 1 == range.size => 0,
                _ => return Err(self.unfit(key, &format!("asked from {offset} on, got {range:?}"))),
            }
        } else {
            // A service that knows no ranges sends all of it again.
            offset
        };
        let mut body: Box<dyn Read + Send> = match answer.body {
            Received::Stream(body) => body,
            Received::Whole(bytes) => Box::new(io::Cursor::new(bytes)),
        };
        if skip > 0 {
            // If it breaks off in here, the caller's next read finds the end, and asks again.
            let _ = io::copy(&mut body.by_ref().take(skip), &mut io::sink());
        }
        Ok(Some(Reading { head, body }))
    }

    /// Asks for an object, or for a range of it. `None`: no such object.
    fn read_range(
        &self,
        key: &str,
        range: Option<&str>,
        if_match: Option<&str>,
    ) -> Result<Option<(Answer, Head)>, Error> {
        let mut request = self.wire.request("GET", key);
        if let Some(range) = range {
            request.add_header("range", range);
        }
        if let Some(etag) = if_match {
            request.add_header("if-match", &quoted(etag));
        }
        let answer = match self.wire.exchange(request, &Call::new("GET", key, Expect::Object)) {
            Ok(answer) => answer,
            Err(failed) if failed.status == 404 => {
                return match failed.error {
                    Error::NoBucket { .. } => Err(failed.error),
                    _ if failed.code == "NoSuchKey" => Ok(None),
                    _ => self.ensure_bucket().map(|()| None),
                };
            }
            // No object without bytes has a first one.
            Err(failed) if failed.status == 416 && range == Some("bytes=0-0") => {
                return self.read_range(key, None, if_match);
            }
            Err(failed) if self.is_missing(key, &failed) => return Ok(None),
            Err(failed) => return Err(failed.error),
        };
        self.mark_seen();
        // Some services send the range with the status of the whole.
        let range = answer.header("content-range");
        let size = if answer.status == 206 || range.is_some() {
            let range = range.unwrap_or_default();
            let unfit = || self.unfit(key, &format!("the answer has the range {range:?}"));
            parse_range(&range).ok_or_else(unfit)?.size
        } else {
            self.length(key, &answer)?
        };
        let head = self.described(key, &answer, size)?;
        Ok(Some((answer, head)))
    }

    /// Whether a refusal means that there is no such object. Without the right to list the whole
    /// bucket, a missing key is answered with 403, as one that may not be read. A listing that
    /// answers tells the two apart: that of the key, or of a folder above it.
    fn is_missing(&self, key: &str, failed: &Failed) -> bool {
        let denied = matches!(failed.error, Error::AccessDenied { .. });
        if !denied || failed.error.reason() != Some(Reason::Rights) {
            return false;
        }
        let above = key.rmatch_indices('/').map(|(at, _)| &key[..=at]).chain([""]);
        let folders = above.enumerate().map(|(level, folder)| match level {
            0 => (folder, Depth::Direct),
            _ => (folder, Depth::All),
        });
        for (prefix, depth) in std::iter::once((key, Depth::All)).chain(folders) {
            match self.list_objects(prefix, depth) {
                Ok(listed) => return listed.iter().all(|object| object.key != key),
                Err(Error::AccessDenied { .. }) => {}
                Err(_) => return false,
            }
        }
        false
    }

    fn length(&self, key: &str, answer: &Answer) -> Result<u64, Error> {
        answer
            .header("content-length")
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.unfit(key, "the answer has no length"))
    }

    fn described(&self, key: &str, answer: &Answer, size: u64) -> Result<Head, Error> {
        let etag =
            answer.header("etag").map(|text| unquoted(&text)).filter(|text| !text.is_empty());
        let modified = answer.header("last-modified").and_then(|text| parse_date(&text));
        let mut metadata = BTreeMap::new();
        for name in answer.headers.keys() {
            if let Some(short) = name.as_str().strip_prefix("x-amz-meta-") {
                let value = answer.header(name.as_str()).unwrap_or_default();
                metadata.insert(short.to_owned(), value);
            }
        }
        let head = Head {
            size,
            etag: etag.ok_or_else(|| self.unfit(key, "the answer has no ETag"))?,
            modified: modified.ok_or_else(|| self.unfit(key, "the answer has no date"))?,
            content_type: answer.header("content-type").filter(|text| !text.is_empty()),
            content_encoding: answer.header("content-encoding").filter(|text| !text.is_empty()),
            metadata,
        };
        Ok(self.known.complete(&self.wire.bucket, key, head))
    }

    fn unfit(&self, key: &str, detail: &str) -> Error {
        Error::Corrupt { key: self.wire.show(key), detail: detail.to_owned() }
    }
}

/// `bytes 5-9/10`: the first byte, the last one, and the whole size.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    start: u64,
    end: u64,
    size: u64,
}

fn parse_range(text: &str) -> Option<Range> {
    let (range, size) = text.strip_prefix("bytes")?.trim().split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end, size): (u64, u64, u64) =
        (start.parse().ok()?, end.parse().ok()?, size.parse().ok()?);
    (start <= end && end < size).then_some(Range { start, end, size })
}

/// `Tue, 21 Nov 2023 09:00:00 GMT`
pub(super) fn parse_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(parse_range("bytes 5-9/10"), Some(Range { start: 5, end: 9, size: 10 }));
        assert_eq!(parse_range("bytes 0-0/10"), Some(Range { start: 0, end: 0, size: 10 }));
        for bad in
            ["", "bytes 5-10/10", "bytes 9-5/10", "bytes */10", "bytes 5-9/*", "items 5-9/10"]
        {
            assert_eq!(parse_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn dates() {
        let date = parse_date("Tue, 21 Nov 2023 09:00:01 GMT").unwrap();
        assert_eq!(date.to_string(), "2023-11-21T09:00:01Z");
        assert_eq!(parse_date("yesterday"), None);
    }
}
