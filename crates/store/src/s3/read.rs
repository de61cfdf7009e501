//! Looking at objects, and reading them.

use std::collections::BTreeMap;
use std::io::{self, Read};

use jiff::Timestamp;

use super::answer::{Answer, Expect, Received};
use super::wire::Call;
use super::{Bucket, quoted, unquoted};
use crate::backend::Reading;
use crate::{Error, Head};

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
            Err(failed) => Err(failed.error),
        }
    }

    pub(super) fn read_object(
        &self,
        key: &str,
        offset: u64,
        if_match: Option<&str>,
    ) -> Result<Option<Reading>, Error> {
        let mut request = self.wire.request("GET", key);
        if offset > 0 {
            request.add_header("range", &format!("bytes={offset}-"));
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
            Err(failed) => return Err(failed.error),
        };
        self.mark_seen();
        // Some services send the range with the status of the whole.
        let range = answer.header("content-range");
        let (size, skip) = if answer.status == 206 || range.is_some() {
            let range = range.unwrap_or_default();
            match parse_range(&range) {
                Some((start, size)) if start == offset => (size, 0),
                _ => return Err(self.unfit(key, &format!("asked from {offset} on, got {range:?}"))),
            }
        } else {
            // A service that knows no ranges sends all of it again.
            (self.length(key, &answer)?, offset)
        };
        let head = self.described(key, &answer, size)?;
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

/// `bytes 5-9/10`: the first byte and the whole size.
fn parse_range(text: &str) -> Option<(u64, u64)> {
    let (range, size) = text.strip_prefix("bytes")?.trim().split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end, size): (u64, u64, u64) =
        (start.parse().ok()?, end.parse().ok()?, size.parse().ok()?);
    (start <= end && end + 1 == size).then_some((start, size))
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
        assert_eq!(parse_range("bytes 5-9/10"), Some((5, 10)));
        for bad in ["", "bytes 5-8/10", "bytes 9-5/10", "bytes */10", "bytes 5-9/*", "items 5-9/10"]
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
