//! Listings: page by page, and never for ever.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use rusoto_s3::{ListObjectsV2Output, ListObjectsV2Request, S3};

use super::answer::Expect;
use super::wire::Call;
use super::{Bucket, typed, unquoted};
use crate::backend::Depth;
use crate::{Error, Object};

/// More than this is no listing that we can do anything with.
const MOST: usize = 2_000_000;
/// Pages in a row that name nothing new. A few are normal where much was deleted.
const BARREN: u32 = 100;

impl Bucket {
    pub(super) fn list_objects(&self, prefix: &str, depth: Depth) -> Result<Vec<Object>, Error> {
        let corrupt = |detail: &str| Error::Corrupt {
            key: self.wire.show(prefix),
            detail: format!("listing: {detail}"),
        };
        let mut found = BTreeMap::new();
        let mut tokens = HashSet::new();
        let mut token: Option<String> = None;
        let mut barren = 0;
        loop {
            let page = self.page(prefix, depth, token.take())?;
            let before = found.len();
            let encoded =
                page.encoding_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("url"));
            for entry in page.contents.unwrap_or_default() {
                let key = entry.key.unwrap_or_default();
                let key = if encoded {
                    decoded(&key).ok_or_else(|| corrupt("a key that is not UTF-8"))?
                } else {
                    key
                };
                let size = entry.size.and_then(|size| u64::try_from(size).ok());
                let modified = entry.last_modified.and_then(|text| text.parse::<Timestamp>().ok());
                let (Some(size), Some(modified)) = (size, modified) else {
                    return Err(corrupt(&format!("{key:?} without a size or a date")));
                };
                let etag = unquoted(&entry.e_tag.unwrap_or_default());
                let storage_class = entry.storage_class.filter(|class| !class.is_empty());
                found.insert(key.clone(), Object { key, size, etag, modified, storage_class });
            }
            self.mark_seen();
            if found.len() > MOST {
                return Err(corrupt(&format!("more than {MOST} objects")));
            }
            if page.is_truncated != Some(true) {
                return Ok(found.into_values().collect());
            }
            barren = if found.len() == before { barren + 1 } else { 0 };
            if barren == BARREN {
                return Err(corrupt(&format!("{BARREN} pages in a row name nothing new")));
            }
            let next = page.next_continuation_token.filter(|next| !next.is_empty());
            let next =
                next.ok_or_else(|| corrupt("a page that says there is more, but not where"))?;
            if !tokens.insert(next.clone()) {
                return Err(corrupt("it goes round in circles"));
            }
            token = Some(next);
        }
    }

    /// One page. Keys come as they are, since services differ in how they encode a `+`. Only where
    /// a key in the bucket cannot stand in XML, keys are asked for in percent-encoding.
    fn page(
        &self,
        prefix: &str,
        depth: Depth,
        token: Option<String>,
    ) -> Result<ListObjectsV2Output, Error> {
        let ask =
            |encoding: Option<&str>| {
                let input = ListObjectsV2Request {
                    bucket: self.wire.bucket.clone(),
                    prefix: Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty()),
                    delimiter: (depth == Depth::Direct).then(|| "/".to_owned()),
                    continuation_token: token.clone(),
                    encoding_type: encoding.map(str::to_owned),
                    ..ListObjectsV2Request::default()
                };
                let call = Call::new("LIST", prefix, Expect::Document("ListBucketResult"));
                typed::call(&self.wire, call, |client| async move {
                    client.list_objects_v2(input).await
                })
            };
        match ask(None) {
            Err(failed) if failed.code == "MalformedAnswer" => {
                // If it is no better this way, the first failure says more.
                ask(Some("url")).map_err(|_| failed.error)
            }
            answer => Ok(answer?),
        }
    }
}

/// Undoes the encoding of `encoding-type=url`, in which a space is a plus sign.
fn decoded(key: &str) -> Option<String> {
    let key = key.replace('+', " ");
    percent_decode_str(&key).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_keys() {
        assert_eq!(decoded("a+b%2Bc/%C3%A4%01").as_deref(), Some("a b+c/ä\u{1}"));
        assert_eq!(decoded("%ff"), None);
    }
}
