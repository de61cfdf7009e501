//! The client library's typed calls over our own wire. It knows the names of headers, parameters
//! and elements; it neither signs, nor sends, nor retries here.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{HeaderMap, HeaderName, StatusCode};
use rusoto_core::request::{DispatchSignedRequestFuture, HttpDispatchError, HttpResponse};
use rusoto_core::signature::SignedRequest;
use rusoto_core::{ByteStream, Client, DispatchSignedRequest, RusotoError};
use rusoto_s3::S3Client;

use super::answer::{Answer, Received};
use super::failure::Failed;
use super::wire::{Call, Wire};

/// Makes one typed call. Each call has a client of its own, which costs next to nothing, so that a
/// failure finds its way back whole: the library itself would only keep a text.
pub(super) fn call<T, E, F>(
    wire: &Arc<Wire>,
    call: Call,
    make: impl FnOnce(S3Client) -> F,
) -> Result<T, Failed>
where
    F: Future<Output = Result<T, RusotoError<E>>>,
{
    let failure = Arc::new(Mutex::new(None));
    let dispatcher =
        Dispatcher { wire: Arc::clone(wire), call: call.clone(), failure: Arc::clone(&failure) };
    let client =
        S3Client::new_with_client(Client::new_not_signing(dispatcher), wire.address().region());
    let future = pin!(make(client));
    // Our dispatcher blocks, so nothing that is awaited is ever pending.
    let result = match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => {
            return Err(wire.corrupt(&call, "the client library waits for nothing", true));
        }
    };
    result.map_err(|error| {
        let kept = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.unwrap_or_else(|| {
            let detail = match error {
                RusotoError::ParseError(detail) => detail,
                _ => "not understood".to_owned(),
            };
            wire.corrupt(&call, &detail, true)
        })
    })
}

struct Dispatcher {
    wire: Arc<Wire>,
    call: Call,
    failure: Arc<Mutex<Option<Failed>>>,
}

impl DispatchSignedRequest for Dispatcher {
    fn dispatch(
        &self,
        request: SignedRequest,
        _timeout: Option<Duration>,
    ) -> DispatchSignedRequestFuture {
        let result = match self.wire.exchange(request, &self.call) {
            Ok(answer) => translated(answer),
            Err(failed) => {
                let text = failed.error.to_string();
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed);
                Err(HttpDispatchError::new(text))
            }
        };
        Box::pin(std::future::ready(result))
    }
}

fn translated(answer: Answer) -> Result<HttpResponse, HttpDispatchError> {
    let unfit = |error: http::Error| HttpDispatchError::new(error.to_string());
    let mut headers = HeaderMap::<String>::with_capacity(answer.headers.len());
    for name in answer.headers.keys() {
        let key = HeaderName::from_bytes(name.as_str().as_bytes())
            .map_err(|error| unfit(error.into()))?;
        headers.insert(key, answer.header(name.as_str()).unwrap_or_default());
    }
    let bytes = match answer.body {
        Received::Whole(bytes) => bytes,
        // Only our own requests ask for streams.
        Received::Stream(_) => Vec::new(),
    };
    let status = StatusCode::from_u16(answer.status).map_err(|error| unfit(error.into()))?;
    Ok(HttpResponse { status, headers, body: ByteStream::from(bytes) })
}
