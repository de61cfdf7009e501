//! The S3 operations that the test server answers, on top of [`super::memory`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use s3s::access::{S3Access, S3AccessContext};
use s3s::dto::*;
use s3s::path::S3Path;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use super::memory::{Attributes, State};
use super::terms::{
    check_read, http_date, length, listed_etag, metadata, receive, source, url_encoded,
    write_condition,
};

/// The state behind the protocol, shared with the test that looks into it.
#[derive(Clone, Default)]
pub(super) struct Service(Arc<Mutex<State>>);

impl Service {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes with a request for a listing that is not to know the bucket's last so many changes.
#[derive(Clone, Copy)]
pub(super) struct Stale(pub(super) usize);

/// Lets signed requests do everything, and unsigned ones read public buckets.
#[async_trait::async_trait]
impl S3Access for Service {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_some() {
            return Ok(());
        }
        let (S3Path::Bucket { bucket } | S3Path::Object { bucket, .. }) = context.s3_path() else {
            return Err(s3_error!(AccessDenied));
        };
        let reads = ["GetObject", "HeadObject", "HeadBucket", "ListObjectsV2"];
        let public = self.state().bucket(bucket).is_ok_and(|b| b.public);
        if public && reads.contains(&context.s3_op().name()) {
            Ok(())
        } else {
            Err(s3_error!(AccessDenied))
        }
    }
}

/// The attributes that a request sets: five operations share these fields, but no type.
macro_rules! attributes {
    ($input:expr) => {
        Attributes {
            content_type: $input.content_type.clone(),
            cache_control: $input.cache_control.clone(),
            content_encoding: $input.content_encoding.clone(),
            content_disposition: $input.content_disposition.clone(),
            acl: $input.acl.as_ref().map(|acl| acl.as_str().to_owned()),
            storage_class: $input.storage_class.as_ref().map(|class| class.as_str().to_owned()),
            metadata: $input
                .metadata
                .iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        }
    };
}

#[async_trait::async_trait]
impl S3 for Service {
    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let mut state = self.state();
        if state.buckets.contains_key(&request.input.bucket) {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        state.buckets.insert(request.input.bucket, Default::default());
        Ok(S3Response::new(CreateBucketOutput::default()))
    }

    async fn delete_bucket(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        let mut state = self.state();
        if !state.bucket(&request.input.bucket)?.objects.is_empty() {
            return Err(s3_error!(BucketNotEmpty));
        }
        state.buckets.remove(&request.input.bucket);
        Ok(S3Response::new(DeleteBucketOutput::default()))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        let state = self.state();
        state.bucket(&request.input.bucket)?;
        state.may_list("")?;
        let headers = [(hyper::header::DATE, http_date(state.now()))].into_iter().collect();
        Ok(S3Response::with_headers(HeadBucketOutput::default(), headers))
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.state().bucket(&request.input.bucket)?;
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn list_buckets(
        &self,
        _request: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets = self
            .state()
            .buckets
            .keys()
            .map(|name| s3s::dto::Bucket {
                name: Some(name.clone()),
                creation_date: Some(std::time::SystemTime::UNIX_EPOCH.into()),
                ..Default::default()
            })
            .collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..Default::default() }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let limit = input.max_keys.unwrap_or(1000).clamp(0, 1000);
        let delimiter = input.delimiter.as_deref().filter(|text| !text.is_empty());
        let state = self.state();
        state.may_list(input.prefix.as_deref().unwrap_or_default())?;
        let page = state.list(
            &input.bucket,
            (input.prefix.as_deref().unwrap_or_default(), delimiter),
            input.continuation_token.as_deref().or(input.start_after.as_deref()),
            usize::try_from(limit).unwrap_or(0),
            request.extensions.get().map_or(0, |Stale(changes)| *changes),
        )?;
        let encode = |text: String| match &input.encoding_type {
            Some(kind) if kind.as_str() == EncodingType::URL => url_encoded(&text),
            _ => text,
        };
        let quirks = state.quirks.clone();
        let contents: Vec<Object> = page
            .objects
            .into_iter()
            .map(|(key, object)| Object {
                key: Some(encode(key)),
                e_tag: listed_etag(&quirks, object.etag),
                size: Some(length(&object.bytes)),
                last_modified: Some(object.modified.into()),
                storage_class: object.attributes.storage_class.map(ObjectStorageClass::from),
                ..Default::default()
            })
            .collect();
        let prefixes: Vec<CommonPrefix> = page
            .prefixes
            .into_iter()
            .map(|prefix| CommonPrefix { prefix: Some(encode(prefix)) })
            .collect();
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
            max_keys: Some(limit),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next,
            contents: Some(contents),
            common_prefixes: Some(prefixes),
            prefix: input.prefix.map(&encode),
            delimiter: input.delimiter.map(&encode),
            start_after: input.start_after.map(&encode),
            continuation_token: input.continuation_token,
            encoding_type: input.encoding_type,
            name: Some(input.bucket),
            ..Default::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let object = self.state().readable(&input.bucket, &input.key)?.clone();
        check_read(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let whole = object.bytes.len();
        let (bytes, range) = match input.range {
            None => (object.bytes.clone(), None),
            Some(range) => {
                let range = range.check(whole as u64)?;
                let (start, end) = (range.start as usize, range.end as usize);
                let text = format!("bytes {start}-{}/{whole}", end - 1);
                (object.bytes.slice(start..end), Some(text))
            }
        };
        Ok(S3Response::new(GetObjectOutput {
            metadata: metadata(&object),
            content_length: Some(length(&bytes)),
            body: Some(StreamingBlob::from(Body::from(bytes))),
            content_range: range,
            accept_ranges: Some("bytes".to_owned()),
            e_tag: Some(ETag::Strong(object.etag)),
            last_modified: Some(object.modified.into()),
            content_type: object.attributes.content_type,
            cache_control: object.attributes.cache_control,
            content_encoding: object.attributes.content_encoding,
            content_disposition: object.attributes.content_disposition,
            ..Default::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let object = self.state().asked(&input.bucket, &input.key)?.clone();
        check_read(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        Ok(S3Response::new(HeadObjectOutput {
            metadata: metadata(&object),
            content_length: Some(length(&object.bytes)),
            accept_ranges: Some("bytes".to_owned()),
            e_tag: Some(ETag::Strong(object.etag)),
            last_modified: Some(object.modified.into()),
            content_type: object.attributes.content_type,
            cache_control: object.attributes.cache_control,
            content_encoding: object.attributes.content_encoding,
            content_disposition: object.attributes.content_disposition,
            ..Default::default()
        }))
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let mut input = request.input;
        let bytes = receive(input.body.take(), input.content_md5.as_deref()).await?;
        let condition = write_condition(input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let attributes = attributes!(input);
        let stored =
            self.state().put(&input.bucket, &input.key, bytes, None, attributes, &condition)?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(stored.etag)),
            ..Default::default()
        }))
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        let (from_bucket, from_key) = source(&input.copy_source)?;
        let mut state = self.state();
        let object = state.readable(from_bucket, from_key)?.clone();
        check_read(
            &object,
            input.copy_source_if_match.as_ref(),
            input.copy_source_if_none_match.as_ref(),
        )
        .map_err(|_| s3_error!(PreconditionFailed))?;
        // The parsed input has no place for the conditions on the destination.
        let header = |name: &str| {
            request
                .headers
                .get(name)
                .and_then(|value| ETagCondition::parse_http_header(value.as_bytes()).ok())
        };
        let condition =
            write_condition(header("if-match").as_ref(), header("if-none-match").as_ref())?;
        let replace = input
            .metadata_directive
            .as_ref()
            .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        if !replace && (from_bucket, from_key) == (&input.bucket, &input.key) {
            return Err(s3_error!(InvalidRequest));
        }
        let sent = attributes!(input);
        let attributes =
            if replace { sent } else { Attributes { acl: sent.acl, ..object.attributes.clone() } };
        let stored = if state.quirks.copy_nothing {
            object
        } else {
            state.put(&input.bucket, &input.key, object.bytes, None, attributes, &condition)?
        };
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(ETag::Strong(stored.etag)),
                last_modified: Some(stored.modified.into()),
                ..Default::default()
            }),
            ..Default::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        self.state().delete(&input.bucket, &input.key)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        if input.delete.objects.is_empty() || input.delete.objects.len() > 1000 {
            return Err(s3_error!(MalformedXML));
        }
        let mut state = self.state();
        let mut deleted = Vec::new();
        for object in input.delete.objects {
            state.delete(&input.bucket, &object.key)?;
            deleted.push(DeletedObject { key: Some(object.key), ..Default::default() });
        }
        if input.delete.quiet == Some(true) {
            deleted.clear();
        }
        Ok(S3Response::new(DeleteObjectsOutput { deleted: Some(deleted), ..Default::default() }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = request.input;
        let attributes = attributes!(input);
        let id = self.state().begin_upload(&input.bucket, &input.key, attributes)?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..Default::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let mut input = request.input;
        let bytes = receive(input.body.take(), input.content_md5.as_deref()).await?;
        let place = (&*input.bucket, &*input.key, &*input.upload_id);
        let etag = self.state().put_part(place, input.part_number, bytes)?;
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            ..Default::default()
        }))
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let input = request.input;
        let (from_bucket, from_key) = source(&input.copy_source)?;
        let mut state = self.state();
        let object = state.readable(from_bucket, from_key)?.clone();
        check_read(
            &object,
            input.copy_source_if_match.as_ref(),
            input.copy_source_if_none_match.as_ref(),
        )
        .map_err(|_| s3_error!(PreconditionFailed))?;
        let bytes = match input.copy_source_range.as_deref() {
            None => object.bytes,
            Some(text) => {
                let range = Range::parse(text).map_err(|_| s3_error!(InvalidArgument))?;
                let range = range.check(object.bytes.len() as u64)?;
                object.bytes.slice(range.start as usize..range.end as usize)
            }
        };
        let place = (&*input.bucket, &*input.key, &*input.upload_id);
        let etag = state.put_part(place, input.part_number, bytes)?;
        Ok(S3Response::new(UploadPartCopyOutput {
            copy_part_result: Some(CopyPartResult {
                e_tag: Some(ETag::Strong(etag)),
                last_modified: Some(object.modified.into()),
                ..Default::default()
            }),
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let condition = write_condition(input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let mut listed = Vec::new();
        for part in input.multipart_upload.and_then(|upload| upload.parts).into_iter().flatten() {
            let (Some(number), Some(etag)) = (part.part_number, part.e_tag) else {
                return Err(s3_error!(MalformedXML));
            };
            listed.push((number, etag.into_value()));
        }
        let place = (&*input.bucket, &*input.key, &*input.upload_id);
        let stored = self.state().complete_upload(place, &listed, &condition)?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(stored.etag)),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = request.input;
        let mut state = self.state();
        state.upload(&input.bucket, &input.key, &input.upload_id)?;
        state.uploads.remove(&input.upload_id);
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = request.input;
        let state = self.state();
        state.bucket(&input.bucket)?;
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let uploads = state
            .uploads
            .iter()
            .filter(|(_, upload)| upload.bucket == input.bucket && upload.key.starts_with(prefix))
            .map(|(id, upload)| MultipartUpload {
                key: Some(upload.key.clone()),
                upload_id: Some(id.clone()),
                ..Default::default()
            })
            .collect();
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            uploads: Some(uploads),
            ..Default::default()
        }))
    }
}
