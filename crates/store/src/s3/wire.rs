//! One request until its answer: signed, sent, tried again, sent on to the right region.
//!
//! Both the typed calls of the client library (through [`super::typed`]) and our own requests come
//! through [`Wire::exchange`], so that there is one place that retries, and one that decides what an
//! answer means ([`super::answer`]).

use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rusoto_core::credential::AwsCredentials;
use rusoto_core::signature::{SignedRequest, SignedRequestPayload};
use ureq::http::{Method, Request, Response};
use ureq::{Agent, AsSendBody, Body};

use super::address::Address;
use super::answer::{Answer, Expect, Verdict, judge};
use super::failure::{Failed, Refusal, tame};
use crate::credentials::Provider;
use crate::http::{Broke, Broken};
use crate::retry::Backoff;
use crate::{Error, Patience};

/// Documents that are no XML we know how to read are not worth more tries than this.
const MALFORMED_TRIES: u32 = 3;
/// How often a service may name another region for one request.
const MOVES: u32 = 2;

/// The way to one bucket.
pub(super) struct Wire {
    pub agent: Agent,
    pub service: location::Service,
    pub bucket: String,
    /// Shared by the anonymous twin of a bucket, which learns the same region.
    pub address: Arc<RwLock<Address>>,
    /// `None`: unsigned.
    pub credentials: Option<Arc<Provider>>,
    /// Whether who asks agrees to pay for the requests, where the bucket's owner wants that.
    pub pays: bool,
    pub patience: Patience,
}

/// A request's circumstances.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// For messages: `GET`, `LIST`, …
    pub verb: &'static str,
    /// The key (or prefix).
    pub key: String,
    pub expect: Expect,
    /// Whether the request carries a condition on the key's state.
    pub conditional: bool,
    /// Whether the service may be silent for long, since it moves much data by itself.
    pub slow: bool,
    /// Headers that the client library does not know.
    pub headers: Vec<(&'static str, String)>,
}

impl Call {
    pub(super) fn new(verb: &'static str, key: &str, expect: Expect) -> Self {
        Self {
            verb,
            key: key.to_owned(),
            expect,
            conditional: false,
            slow: false,
            headers: Vec::new(),
        }
    }
}

impl Wire {
    /// `s3://bucket/key`
    pub(super) fn show(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    pub(super) fn address(&self) -> Address {
        self.address.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A request of our own. `key` may be empty: the bucket itself.
    pub(super) fn request(&self, method: &str, key: &str) -> SignedRequest {
        let path = if key.is_empty() {
            format!("/{}", self.bucket)
        } else {
            format!("/{}/{key}", self.bucket)
        };
        SignedRequest::new(method, "s3", &self.address().region(), &path)
    }

    /// Sends a request until there is an answer worth returning.
    pub(super) fn exchange(
        &self,
        mut request: SignedRequest,
        call: &Call,
    ) -> Result<Answer, Failed> {
        let path = std::mem::take(&mut request.path);
        for (name, value) in &call.headers {
            request.remove_header(name);
            request.add_header(name, value);
        }
        if self.pays {
            request.remove_header("x-amz-request-payer");
            request.add_header("x-amz-request-payer", "requester");
        }
        let patience = &self.patience;
        let mut backoff = Backoff::new(patience.first_pause, patience.longest_pause);
        let (mut tries, mut unanswered, mut malformed, mut moves) = (0, 0, 0, 0);
        let mut trickling = 0;
        let mut renewed = false;
        // Whether a try may have taken effect that was not answered as a success.
        let mut uncertain = false;
        loop {
            tries += 1;
            let address = self.address();
            address.aim(&mut request, &self.bucket, &path);
            let signed_with = self.sign(&mut request, uncertain)?;
            let last = tries >= patience.attempts;
            match self.send(&request, call) {
                Err(broken) => {
                    uncertain |= !broken.kind.is_before_request();
                    unanswered += u32::from(broken.kind.is_unanswered());
                    let hopeless = broken.kind == Broke::Hopeless;
                    if hopeless || last || unanswered >= patience.connect_attempts {
                        return Err(unreachable(&address, broken.source, uncertain));
                    }
                }
                Ok(response) => {
                    unanswered = 0;
                    // While the service moves data, it may send a space now and then.
                    let idle = if call.slow { Duration::MAX } else { patience.idle };
                    match judge(response, call.expect, &address, idle) {
                        Verdict::Done(answer) => return Ok(*answer),
                        Verdict::Moved(region) if moves < MOVES => {
                            moves += 1;
                            self.move_to(&region);
                            continue;
                        }
                        Verdict::Moved(region) => {
                            let refusal = Refusal {
                                status: 301,
                                code: "Redirect".to_owned(),
                                message: format!(
                                    "sent on again and again, last to region {region}"
                                ),
                            };
                            return Err(self.refused(call, refusal, uncertain));
                        }
                        Verdict::Refused(refusal) => {
                            if let (true, false, Some((provider, used))) =
                                (refusal.is_expired(), renewed, &signed_with)
                            {
                                renewed = true;
                                provider.forget(used);
                                continue;
                            }
                            if last || !refusal.is_passing(call.conditional) {
                                return Err(self.refused(call, refusal, uncertain));
                            }
                            // A service that failed may have failed after the effect.
                            uncertain |= refusal.status >= 500 || refusal.status == 200;
                        }
                        Verdict::Malformed(detail) => {
                            uncertain = true;
                            malformed += 1;
                            if last || malformed >= MALFORMED_TRIES {
                                return Err(self.corrupt(call, &detail, uncertain));
                            }
                        }
                        Verdict::Oversized(detail) => {
                            return Err(self.corrupt(call, &detail, uncertain));
                        }
                        Verdict::Cut(error) => {
                            uncertain = true;
                            trickling += u32::from(error.kind() == io::ErrorKind::TimedOut);
                            if last || trickling >= patience.connect_attempts {
                                let detail = format!("the answer breaks off: {error}");
                                return Err(self.corrupt(call, &detail, uncertain));
                            }
                        }
                    }
                }
            }
            backoff.pause();
        }
    }

    /// Signs for the present address. Returns with what.
    fn sign(
        &self,
        request: &mut SignedRequest,
        uncertain: bool,
    ) -> Result<Option<(Arc<Provider>, String)>, Failed> {
        let Some(provider) = &self.credentials else {
            request.complement();
            return Ok(None);
        };
        let found = provider.current().map_err(|error| Failed {
            error,
            status: 0,
            code: String::new(),
            uncertain,
        })?;
        let key = found.key().to_owned();
        request.remove_header("x-amz-security-token");
        let token = found.token().map(str::to_owned);
        request.sign(&AwsCredentials::new(found.key(), found.secret(), token, None));
        Ok(Some((Arc::clone(provider), key)))
    }

    fn send(&self, request: &SignedRequest, call: &Call) -> Result<Response<Body>, Broken> {
        match &request.payload {
            Some(SignedRequestPayload::Buffer(bytes)) => self.run(request, call, &bytes[..]),
            // Streams cannot be sent twice; none of our requests has one.
            Some(SignedRequestPayload::Stream(_)) => {
                let error = io::Error::new(io::ErrorKind::Unsupported, "a streamed request");
                Err(Broken { kind: Broke::Hopeless, source: ureq::Error::Io(error) })
            }
            None if matches!(request.method(), "GET" | "HEAD" | "DELETE") => {
                self.run(request, call, ())
            }
            None => self.run(request, call, &[][..]),
        }
    }

    fn run<B: AsSendBody>(
        &self,
        signed: &SignedRequest,
        call: &Call,
        body: B,
    ) -> Result<Response<Body>, Broken> {
        let mut url =
            format!("{}://{}{}", signed.scheme(), signed.hostname(), signed.canonical_uri());
        if !signed.canonical_query_string().is_empty() {
            url.push('?');
            url.push_str(signed.canonical_query_string());
        }
        let invalid = |error: ureq::http::Error| Broken {
            kind: Broke::Hopeless,
            source: ureq::Error::Http(error),
        };
        let method = Method::from_bytes(signed.method().as_bytes())
            .map_err(|error| invalid(error.into()))?;
        let mut builder = Request::builder().method(method).uri(url);
        for (name, values) in signed.headers() {
            // The agent counts the body itself; it is not part of the signature.
            if name != "content-length" {
                for value in values {
                    builder = builder.header(name.as_str(), value.as_slice());
                }
            }
        }
        let request = builder.body(body).map_err(invalid)?;
        let request = if call.slow {
            let idle = self.patience.idle.saturating_mul(10);
            let config = self.agent.configure_request(request).timeout_per_read(Some(idle));
            config.timeout_recv_response(Some(idle.saturating_mul(2))).build()
        } else {
            request
        };
        Ok(self.agent.run(request)?)
    }

    fn move_to(&self, region: &str) {
        let moved = Address::new(&self.service, &self.bucket, Some(region));
        *self.address.write().unwrap_or_else(PoisonError::into_inner) = moved;
    }

    fn refused(&self, call: &Call, refusal: Refusal, uncertain: bool) -> Failed {
        let key = self.show(&call.key);
        let operation = format!("{} {key}", call.verb);
        Failed {
            error: refusal.error(&operation, &self.bucket, &key, call.conditional),
            status: refusal.status,
            code: refusal.code,
            uncertain,
        }
    }

    pub(super) fn corrupt(&self, call: &Call, detail: &str, uncertain: bool) -> Failed {
        Failed {
            error: Error::Corrupt {
                key: self.show(&call.key),
                detail: format!("answer to {}: {}", call.verb, tame(detail)),
            },
            status: 0,
            code: "MalformedAnswer".to_owned(),
            uncertain,
        }
    }
}

fn unreachable(address: &Address, source: ureq::Error, uncertain: bool) -> Failed {
    Failed {
        error: Error::Unreachable {
            endpoint: address.endpoint().to_owned(),
            source: http_client::cause(source),
        },
        status: 0,
        code: String::new(),
        uncertain,
    }
}
