//! What the operations share: from requests to the terms of [`super::memory`], and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::header::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::crypto::{Checksum, Md5};
use s3s::dto::*;
use s3s::{Body, S3Error, S3ErrorCode, S3Result, s3_error};

use super::memory::{Condition, Refusal, Stored};
use super::quirks::Quirks;

/// The largest body that the server takes.
const LARGEST_BODY: usize = 1 << 32;

impl From<Refusal> for S3Error {
    fn from(refusal: Refusal) -> S3Error {
        match refusal {
            Refusal::NoSuchBucket => s3_error!(NoSuchBucket),
            Refusal::NoSuchKey => s3_error!(NoSuchKey),
            Refusal::AccessDenied => s3_error!(AccessDenied, "Access Denied"),
            Refusal::InvalidObjectState => s3_error!(
                InvalidObjectState,
                "The operation is not valid for the object's storage class"
            ),
            Refusal::NoSuchUpload => s3_error!(NoSuchUpload),
            Refusal::PreconditionFailed => s3_error!(PreconditionFailed),
            Refusal::InvalidPart => s3_error!(InvalidPart),
            Refusal::InvalidPartOrder => s3_error!(InvalidPartOrder),
            Refusal::EntityTooSmall => s3_error!(EntityTooSmall),
            Refusal::NotImplemented => s3_error!(NotImplemented),
        }
    }
}

/// Reads a request's body whole, and checks it against `Content-MD5`.
pub(super) async fn receive(body: Option<StreamingBlob>, md5: Option<&str>) -> S3Result<Bytes> {
    let bytes = match body {
        Some(body) => Body::from(body)
            .store_all_limited(LARGEST_BODY)
            .await
            .map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?,
        None => Bytes::new(),
    };
    if let Some(md5) = md5 {
        let sent = STANDARD.encode(Md5::checksum(&bytes));
        if sent != md5 {
            return Err(s3_error!(BadDigest));
        }
    }
    Ok(bytes)
}

pub(super) fn write_condition(
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<Condition> {
    match (if_match, if_none_match) {
        (None, None) => Ok(Condition::Always),
        (Some(ETagCondition::Any), None) => Ok(Condition::Present),
        (Some(ETagCondition::ETag(etag)), None) => Ok(Condition::Match(etag.value().to_owned())),
        (None, Some(ETagCondition::Any)) => Ok(Condition::Absent),
        (None, Some(ETagCondition::ETag(etag))) => Ok(Condition::NotMatch(etag.value().to_owned())),
        (Some(_), Some(_)) => Err(s3_error!(InvalidRequest)),
    }
}

/// An object's ETag as listings have it.
pub(super) fn listed_etag(quirks: &Quirks, etag: String) -> Option<ETag> {
    match (quirks.unlisted_etags, quirks.other_etags) {
        (true, _) => None,
        (false, true) => Some(ETag::Strong(format!("{etag}-listed"))),
        (false, false) => Some(ETag::Strong(etag)),
    }
}

/// Checks the conditions of a read.
pub(super) fn check_read(
    object: &Stored,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let same = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.etag,
    };
    if if_match.is_some_and(|condition| !same(condition)) {
        return Err(s3_error!(PreconditionFailed));
    }
    if if_none_match.is_some_and(same) {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

pub(super) fn source(copy_source: &CopySource) -> S3Result<(&str, &str)> {
    match copy_source {
        CopySource::Bucket { bucket, key, .. } => Ok((bucket, key)),
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => {
            Err(s3_error!(NotImplemented))
        }
    }
}

/// `encoding-type=url` of a listing, by the rules of AWS: a space becomes `+`.
pub(super) fn url_encoded(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'*')
        .remove(b'/')
        .remove(b' ');
    utf8_percent_encode(text, KEPT).to_string().replace(' ', "+")
}

/// A time as headers have it.
pub(super) fn http_date(time: SystemTime) -> HeaderValue {
    let mut text = Vec::new();
    Timestamp::from(time)
        .format(TimestampFormat::HttpDate, &mut text)
        .expect("memory takes everything");
    HeaderValue::from_bytes(&text).expect("a date is a header")
}

pub(super) fn length(bytes: &Bytes) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

pub(super) fn metadata(object: &Stored) -> Option<Metadata> {
    let metadata = &object.attributes.metadata;
    (!metadata.is_empty()).then(|| metadata.clone().into_iter().collect())
}
