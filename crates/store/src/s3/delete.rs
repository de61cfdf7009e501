//! Deleting many objects.

use std::collections::BTreeSet;

use rusoto_s3::{Delete, DeleteObjectsRequest, ObjectIdentifier, S3, S3Error};

use super::answer::Expect;
use super::failure::{Refusal, tame};
use super::wire::Call;
use super::{Bucket, quoted, typed};
use crate::retry::Backoff;
use crate::{Error, parallel};

/// S3 takes no more keys in one request.
const BATCH: usize = 1000;

impl Bucket {
    /// All are tried; the first failure is returned.
    pub(super) fn delete_objects(&self, keys: &[String]) -> Result<(), Error> {
        let batches: Vec<&[String]> = keys.chunks(BATCH).collect();
        let results = parallel::map(self.options.parallel, &batches, |batch| {
            Ok::<_, std::convert::Infallible>(self.delete_batch(batch))
        });
        let Ok(results) = results;
        results.into_iter().collect()
    }

    fn delete_batch(&self, keys: &[String]) -> Result<(), Error> {
        let patience = &self.wire.patience;
        let mut backoff = Backoff::new(patience.first_pause, patience.longest_pause);
        let mut left: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
        let mut tries = 0;
        loop {
            tries += 1;
            let errors = match self.ask_to_delete(&left) {
                Ok(errors) => errors,
                // Services that do not know the request know the single one.
                Err(Error::Service { status: 501 | 405, .. }) => return self.delete_singly(&left),
                Err(error) => return Err(error),
            };
            let mut passing = BTreeSet::new();
            let mut refused: Vec<(String, Refusal)> = Vec::new();
            for error in errors {
                let code = error.code.unwrap_or_default();
                let refusal = Refusal {
                    status: if code == "AccessDenied" { 403 } else { 200 },
                    message: tame(&error.message.unwrap_or_default()),
                    code,
                };
                let key = error.key.unwrap_or_default();
                if refusal.code == "NoSuchKey" {
                    continue;
                }
                match left.get(key.as_str()) {
                    Some(key) if refusal.is_passing(false) && tries < patience.attempts => {
                        passing.insert(*key);
                    }
                    _ => refused.push((key, refusal)),
                }
            }
            if let Some((key, refusal)) = refused.first() {
                return Err(self.not_deleted(key, refusal, refused.len() - 1));
            }
            if passing.is_empty() {
                return Ok(());
            }
            left = passing;
            backoff.pause();
        }
    }

    fn ask_to_delete(&self, keys: &BTreeSet<&str>) -> Result<Vec<S3Error>, Error> {
        let identifier = |key: &&str| ObjectIdentifier { key: (*key).to_owned(), version_id: None };
        let input = DeleteObjectsRequest {
            bucket: self.wire.bucket.clone(),
            delete: Delete { objects: keys.iter().map(identifier).collect(), quiet: Some(true) },
            ..DeleteObjectsRequest::default()
        };
        // A single key is named in messages.
        let shown = if keys.len() == 1 { keys.first().copied().unwrap_or_default() } else { "" };
        let call = Call::new("DELETE", shown, Expect::Document("DeleteResult"));
        let output =
            typed::call(
                &self.wire,
                call,
                |client| async move { client.delete_objects(input).await },
            )?;
        self.mark_seen();
        Ok(output.errors.unwrap_or_default())
    }

    fn delete_singly(&self, keys: &BTreeSet<&str>) -> Result<(), Error> {
        let keys: Vec<&str> = keys.iter().copied().collect();
        let results = parallel::map(self.options.parallel, &keys, |key| {
            let request = self.wire.request("DELETE", key);
            let answer = self.wire.exchange(request, &Call::new("DELETE", key, Expect::Nothing));
            Ok::<_, std::convert::Infallible>(match answer {
                Err(failed) if failed.status == 404 && failed.code != "NoSuchBucket" => Ok(()),
                Err(failed) => Err(failed.error),
                Ok(_) => Ok(()),
            })
        });
        let Ok(results) = results;
        results.into_iter().collect()
    }

    /// Deletes an object if it still has this ETag. Few services check that themselves, so it is asked
    /// for first; the request carries the condition for those that do.
    pub(super) fn delete_object_if_match(&self, key: &str, etag: &str) -> Result<bool, Error> {
        // One answer that says otherwise may be wrong.
        let differs =
            || Ok::<_, Error>(self.head_object(key)?.is_none_or(|head| head.etag != etag));
        if differs()? && differs()? {
            return Ok(false);
        }
        let call = |headers| Call {
            conditional: true,
            headers,
            ..Call::new("DELETE", key, Expect::Nothing)
        };
        let ask = |headers| {
            self.wire.exchange(self.wire.request("DELETE", key), &call(headers)).map(drop)
        };
        let answer = match ask(vec![("if-match", quoted(etag))]) {
            // It does not know conditions on this request.
            Err(failed) if matches!(failed.status, 400 | 501) => ask(Vec::new()),
            answer => answer,
        };
        match answer {
            Ok(()) => Ok(true),
            Err(failed) if failed.status == 404 && failed.code != "NoSuchBucket" => Ok(true),
            Err(failed) if matches!(failed.error, Error::Precondition { .. }) => Ok(false),
            Err(failed) => Err(failed.error),
        }
    }

    fn not_deleted(&self, key: &str, refusal: &Refusal, others: usize) -> Error {
        let more = if others == 0 { String::new() } else { format!(" and {others} more") };
        let shown = self.wire.show(key);
        refusal.error(&format!("DELETE {shown}{more}"), &self.wire.bucket, &shown, false)
    }
}
