//! An S3 server inside the test process: the real protocol with signature checks, on a free port.
//!
//! The protocol (routing, XML, signatures) is the crate `s3s`. The objects lie in memory, in our own
//! implementation, and not in `s3s-fs`: that one lists no ETags and no page but the first cheaply,
//! cannot hold both `q` and `q/1`, drops the content type of a copy, and checks a condition without
//! holding it until the write.

mod fault;
mod memory;
mod protocol;
mod terms;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};

pub use fault::{Action, Hook, Request};
pub use memory::{Attributes, Quirks, Stored};

use memory::Condition;
use protocol::Service;

/// The access key that the server knows.
pub const ACCESS_KEY: &str = "AKIDTESTKIT";
/// Its secret.
pub const SECRET_KEY: &str = "test-kit-secret";

/// A running server. It ends, with all its data, when this value is dropped.
pub struct Server {
    address: SocketAddr,
    service: Service,
    traffic: Arc<Traffic>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// What passes through the server.
#[derive(Default)]
struct Traffic {
    requests: Mutex<Vec<Request>>,
    hook: Mutex<Option<Box<Hook>>>,
}

impl Server {
    /// Starts a server without buckets on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When no port can be had.
    #[must_use]
    pub fn start() -> Server {
        Server::start_on("127.0.0.1:0")
    }

    /// Starts a server on this address.
    ///
    /// # Panics
    /// When the address cannot be bound.
    #[must_use]
    pub fn start_on(address: &str) -> Server {
        let service = Service::default();
        let traffic = Arc::new(Traffic::default());
        let mut builder = S3ServiceBuilder::new(service.clone());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        builder.set_access(service.clone());
        let s3 = builder.build();

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("s3-server")
            .enable_all()
            .build()
            .expect("a runtime for the S3 server");
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind(address))
            .unwrap_or_else(|error| panic!("cannot listen on {address}: {error}"));
        let address = listener.local_addr().expect("the address just bound");
        runtime.spawn(accept(listener, s3, Arc::clone(&traffic)));
        Server { address, service, traffic, runtime: Some(runtime) }
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The variables that point a process at this server, with the right credentials.
    #[must_use]
    pub fn env(&self) -> BTreeMap<String, String> {
        crate::s3_env(&self.endpoint(), ACCESS_KEY, SECRET_KEY)
    }

    /// Makes an empty bucket. Was there none of that name?
    pub fn create_bucket(&self, bucket: &str) -> bool {
        let mut state = self.service.state();
        let new = !state.buckets.contains_key(bucket);
        state.buckets.entry(bucket.to_owned()).or_default();
        new
    }

    /// Lets anybody read and list the bucket, or nobody without a signature (as it is at first).
    ///
    /// # Panics
    /// When there is no such bucket.
    pub fn set_public(&self, bucket: &str, public: bool) {
        self.service
            .state()
            .buckets
            .get_mut(bucket)
            .unwrap_or_else(|| panic!("no bucket {bucket}"))
            .public = public;
    }

    /// Makes the server stray from the ideal in these ways.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.service.state().quirks = quirks;
    }

    /// Writes an object behind the protocol's back.
    ///
    /// # Panics
    /// When there is no such bucket.
    pub fn put(&self, bucket: &str, key: &str, bytes: impl Into<Bytes>, attributes: Attributes) {
        let bytes = bytes.into();
        self.service
            .state()
            .put(bucket, key, bytes, None, attributes, &Condition::Always)
            .unwrap_or_else(|refusal| panic!("cannot put {bucket}/{key}: {refusal:?}"));
    }

    /// Removes an object behind the protocol's back. Was there one?
    pub fn delete(&self, bucket: &str, key: &str) -> bool {
        let mut state = self.service.state();
        let present = state.object(bucket, key).is_ok();
        present && state.delete(bucket, key).is_ok()
    }

    /// An object as it lies in the server.
    #[must_use]
    pub fn object(&self, bucket: &str, key: &str) -> Option<Stored> {
        self.service.state().object(bucket, key).ok().cloned()
    }

    /// All keys of a bucket, sorted by bytes; none where there is no such bucket.
    #[must_use]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let state = self.service.state();
        state
            .bucket(bucket)
            .map(|bucket| bucket.objects.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Multipart uploads that were begun and neither completed nor aborted: their keys.
    #[must_use]
    pub fn open_uploads(&self, bucket: &str) -> Vec<String> {
        let state = self.service.state();
        let uploads = state.uploads.values();
        uploads.filter(|upload| upload.bucket == bucket).map(|upload| upload.key.clone()).collect()
    }

    /// All requests so far, in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.traffic.requests().clone()
    }

    /// Begins a new record of requests, which counts from 1 again.
    pub fn forget_requests(&self) {
        self.traffic.requests().clear();
    }

    /// Asks `hook` what becomes of each request from here on.
    pub fn set_hook(&self, hook: impl FnMut(&Request) -> Action + Send + 'static) {
        *self.traffic.hook() = Some(Box::new(hook));
    }

    /// Serves everything again.
    pub fn clear_hook(&self) {
        *self.traffic.hook() = None;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A hook may hold a request back; the end of the test does not wait for it.
            runtime.shutdown_background();
        }
    }
}

impl Traffic {
    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hook(&self) -> MutexGuard<'_, Option<Box<Hook>>> {
        self.hook.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request down and says where, and what becomes of it.
    fn arrival(&self, request: &hyper::Request<Incoming>) -> (usize, Action) {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let signed = request.headers().contains_key("authorization")
            || query.contains("X-Amz-Signature")
            || query.contains("Signature=");
        let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
        // The hook's lock is held over both steps, so that its calls come in the order of numbers.
        let mut hook = self.hook();
        let arrived = {
            let mut requests = self.requests();
            let arrived = Request {
                number: requests.len() + 1,
                method: request.method().to_string(),
                path: path.into_owned(),
                query,
                signed,
                status: None,
            };
            requests.push(arrived.clone());
            arrived
        };
        let action = hook.as_mut().map_or(Action::Serve, |hook| hook(&arrived));
        (arrived.number, action)
    }

    fn departure(&self, number: usize, status: u16) {
        // The record may have been cleared meanwhile.
        if let Some(request) = self.requests().get_mut(number - 1) {
            request.status = Some(status);
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, s3: S3Service, traffic: Arc<Traffic>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors: let others finish.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Without this, each small answer waits for the client's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let s3 = s3.clone();
        let traffic = Arc::clone(&traffic);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                serve(request, s3.clone(), Arc::clone(&traffic))
            });
            // An error here is a connection that broke: the client's affair, or a fault we made.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Why a connection is cut.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("cut by the test")
    }
}

impl std::error::Error for Cut {}

async fn serve(
    request: hyper::Request<Incoming>,
    s3: S3Service,
    traffic: Arc<Traffic>,
) -> Result<hyper::Response<s3s::Body>, Cut> {
    let (number, action) = traffic.arrival(&request);
    match action {
        Action::ResetBefore => return Err(Cut),
        Action::Answer(status, code) => {
            // The body is read first, or the client might see a broken pipe in place of the answer.
            let _ = request.into_body().collect().await;
            traffic.departure(number, status);
            let body = format!("<Error><Code>{code}</Code><Message>by the test</Message></Error>");
            let mut response = hyper::Response::new(s3s::Body::from(body));
            *response.status_mut() = hyper::StatusCode::from_u16(status).map_err(|_| Cut)?;
            return Ok(response);
        }
        Action::Delay(time) => tokio::time::sleep(time).await,
        Action::Serve | Action::ResetAfter | Action::Truncate(_) => {}
    }
    let response = s3.call(request.map(s3s::Body::from)).await;
    let mut response = response.map_err(|_| Cut)?;
    if action == Action::ResetAfter {
        return Err(Cut);
    }
    traffic.departure(number, response.status().as_u16());
    if let Action::Truncate(limit) = action {
        response = truncate(response, limit).await?;
    }
    Ok(response)
}

/// Announces the whole body, sends `limit` bytes of it, then breaks off.
async fn truncate(
    response: hyper::Response<s3s::Body>,
    limit: usize,
) -> Result<hyper::Response<s3s::Body>, Cut> {
    let (mut head, body) = response.into_parts();
    let bytes = body.collect().await.map_err(|_| Cut)?.to_bytes();
    head.headers.insert(hyper::header::CONTENT_LENGTH, bytes.len().into());
    let part = bytes.slice(..limit.min(bytes.len()));
    let body = Partial {
        bytes: Some(part),
        pause: Box::pin(tokio::time::sleep(Duration::from_millis(20))),
    };
    Ok(hyper::Response::from_parts(head, s3s::Body::http_body(body)))
}

/// A body that yields its bytes, waits until they are on their way, and fails.
struct Partial {
    bytes: Option<Bytes>,
    pause: Pin<Box<tokio::time::Sleep>>,
}

impl hyper::body::Body for Partial {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        self.pause.as_mut().poll(context).map(|()| Some(Err(Cut)))
    }
}
