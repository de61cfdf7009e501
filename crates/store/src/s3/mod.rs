//! S3: the only module that knows the client library (rusoto).
//!
//! The library serves for its types, its signatures and its XML. How requests are sent, tried again
//! and judged is ours ([`wire`]), since its own client never retries, knows no deadline, and panics
//! on answers that it does not expect.

mod address;
mod answer;
mod copy;
mod delete;
mod failure;
mod inquire;
mod list;
mod multipart;
mod read;
mod tags;
mod typed;
mod wire;
mod write;
mod xml;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use location::{Env, Service};

use self::address::Address;
use self::answer::{Answer, Expect};
use self::wire::{Call, Wire};
use crate::backend::{Backend, Depth, Reading, Source};
use crate::credentials::Provider;
use crate::inquiry::{Inquiry, Reply};
use crate::{Access, Condition, Error, Head, Object, Options, Patience, Tags, Upload, aws, http};

/// Opens a bucket and looks for credentials.
pub(crate) fn open(
    service: &Service,
    bucket: &str,
    options: Options,
    env: Env<'_>,
) -> Result<Arc<dyn Backend>, Error> {
    if !address::bucket_is_valid(bucket) {
        return Err(Error::NoBucket { bucket: bucket.to_owned() });
    }
    let profile = options.profile.as_deref();
    let credentials = match options.access {
        Access::Anonymous => None,
        Access::Credentials if aws::is_unsigned(env) => None,
        Access::Credentials => {
            let provider = Provider::find(env, profile)?;
            Some(provider.ok_or_else(|| Error::NoCredentials { bucket: bucket.to_owned() })?)
        }
    };
    let patience = options.patience(env)?;
    // A region of the environment says nothing about the URLs of readers, so it is not the location's.
    let region =
        aws::region(env, profile).filter(|_| service.region().is_some_and(|r| !r.is_set()));
    let wrong = |region: &String| Error::Setting {
        detail: format!(
            "the region {region:?} of AWS_REGION, AWS_DEFAULT_REGION or the profile is not one"
        ),
    };
    if let Some(region) = region.as_ref().filter(|region| !address::region_is_valid(region)) {
        return Err(wrong(region));
    }
    let address = Address::new(service, bucket, region.as_deref());
    let roots = aws::roots(env, profile)?;
    let wire = Wire {
        agent: http::agent(&patience, options.parallel.max(1), http::proxies(env)?, None, roots),
        service: service.clone(),
        bucket: bucket.to_owned(),
        address: Arc::new(RwLock::new(address)),
        pays: credentials.is_some() && aws::pays(env)?,
        credentials: credentials.map(Arc::new),
        patience,
    };
    Ok(Arc::new(Bucket::new(wire, options)))
}

/// A bucket of an S3 service.
struct Bucket {
    wire: Arc<Wire>,
    options: Options,
    realm: String,
    /// Whether the bucket has been seen: only then a bare 404 means that a key is missing.
    seen: AtomicBool,
    /// What is known of the ETags of the service.
    known: Arc<tags::Known>,
}

impl Bucket {
    fn new(wire: Wire, options: Options) -> Self {
        // Copies work between all of AWS's regions; elsewhere an endpoint is a service.
        let realm = match &wire.service {
            Service::Endpoint { url, .. } => format!("s3 {url}"),
            Service::Aws { .. } | Service::Folder { .. } => "s3 aws".to_owned(),
        };
        let known = tags::Known::of(&realm);
        Self { wire: Arc::new(wire), options, realm, seen: AtomicBool::new(false), known }
    }

    /// A bare 404 to a HEAD request says neither bucket nor key. This asks for the bucket, once.
    fn ensure_bucket(&self) -> Result<(), Error> {
        if self.seen.load(Ordering::Relaxed) { Ok(()) } else { self.check_bucket("") }
    }

    /// Asks for the bucket; where that is refused, for its keys that begin with `prefix`. Credentials
    /// may have rights there only, and a refusal of HEAD has no reason.
    fn ask(&self, prefix: &str) -> Result<Answer, Error> {
        let request = self.wire.request("HEAD", "");
        let answer = match self.wire.exchange(request, &Call::new("HEAD", "", Expect::Nothing)) {
            Err(failed) if failed.is_mute() => {
                let mut request = self.wire.request("GET", "");
                for (name, value) in [("list-type", "2"), ("max-keys", "1"), ("prefix", prefix)] {
                    request.add_param(name, value);
                }
                let expect = Expect::Document("ListBucketResult");
                self.wire.exchange(request, &Call::new("LIST", prefix, expect))
            }
            answer => answer,
        };
        match answer {
            Ok(answer) => {
                self.mark_seen();
                Ok(answer)
            }
            Err(failed) if failed.status == 404 => {
                Err(Error::NoBucket { bucket: self.wire.bucket.clone() })
            }
            Err(failed) => Err(failed.error),
        }
    }

    fn mark_seen(&self) {
        self.seen.store(true, Ordering::Relaxed);
    }
}

impl Backend for Bucket {
    fn realm(&self) -> &str {
        &self.realm
    }

    fn bucket(&self) -> &str {
        &self.wire.bucket
    }

    fn show(&self, key: &str) -> String {
        self.wire.show(key)
    }

    fn patience(&self) -> &Patience {
        &self.wire.patience
    }

    fn check_bucket(&self, prefix: &str) -> Result<(), Error> {
        self.ask(prefix).map(drop)
    }

    fn time(&self, prefix: &str) -> Result<Option<jiff::Timestamp>, Error> {
        Ok(self.ask(prefix)?.header("date").and_then(|text| read::parse_date(&text)))
    }

    fn list(&self, prefix: &str, depth: Depth) -> Result<Vec<Object>, Error> {
        self.with_tags(self.list_objects(prefix, depth)?)
    }

    fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        self.head_object(key)
    }

    fn read(
        &self,
        key: &str,
        offset: u64,
        if_match: Option<&str>,
    ) -> Result<Option<Reading>, Error> {
        self.read_object(key, offset, if_match)
    }

    fn put(&self, key: &str, bytes: &[u8], upload: &Upload<'_>) -> Result<String, Error> {
        self.settled(key, self.put_object(key, bytes.to_vec(), upload)?)
    }

    fn put_file(&self, key: &str, file: &Path, upload: &Upload<'_>) -> Result<String, Error> {
        self.settled(key, self.put_from_file(key, file, upload)?)
    }

    fn copy(
        &self,
        source: &Source<'_>,
        key: &str,
        condition: &Condition,
    ) -> Result<Option<String>, Error> {
        let copied = self.copy_object(source, key, condition)?;
        copied.map(|etag| self.settled(key, etag)).transpose()
    }

    fn copy_hinted(
        &self,
        source: &Source<'_>,
        key: &str,
        condition: &Condition,
    ) -> Result<Option<String>, Error> {
        let copied = self.copy_with_hint(source, key, condition)?;
        copied.map(|etag| self.settled(key, etag)).transpose()
    }

    fn delete_if_match(&self, key: &str, etag: &str) -> Result<bool, Error> {
        self.delete_object_if_match(key, etag)
    }

    fn delete_many(&self, keys: &[String]) -> Result<(), Error> {
        self.delete_objects(keys)
    }

    fn tags(&self) -> Tags {
        self.known.tags()
    }

    fn distrust_tags(&self, tags: Tags) {
        self.known.learn(tags);
    }

    fn inquire(&self, inquiry: &Inquiry<'_>) -> Result<Option<Reply>, Error> {
        self.reply(inquiry).map(Some)
    }

    fn anonymous(&self) -> Arc<dyn Backend> {
        let wire = Wire {
            agent: self.wire.agent.clone(),
            service: self.wire.service.clone(),
            bucket: self.wire.bucket.clone(),
            address: Arc::clone(&self.wire.address),
            credentials: None,
            pays: false,
            patience: self.wire.patience.clone(),
        };
        let options = Options { access: Access::Anonymous, ..self.options.clone() };
        Arc::new(Self::new(wire, options))
    }
}

/// An ETag as we keep it: without quotes.
fn unquoted(etag: &str) -> String {
    etag.trim().trim_start_matches("W/").trim_matches('"').to_owned()
}

/// An ETag as it goes over the wire.
fn quoted(etag: &str) -> String {
    format!("\"{}\"", tags::own(etag))
}
