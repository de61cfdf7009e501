//! An S3 server inside the test process: the real protocol with signature checks, on a free port.
//!
//! The protocol (routing, XML, signatures) is the crate `s3s`. The objects lie in memory, in our own
//! implementation, and not in `s3s-fs`: that one lists no ETags and no page but the first cheaply,
//! cannot hold both `q` and `q/1`, drops the content type of a copy, and checks a condition without
//! holding it until the write.

mod fault;
mod gate;
mod memory;
mod protocol;
mod quirks;
mod rights;
mod script;
mod serve;
mod terms;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::task::JoinHandle;

pub use fault::{Action, Hook, Request};
pub use memory::{Attributes, Stored};
pub use quirks::Quirks;
pub use script::{Fault, Script};

use gate::Gate;
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
    /// What takes connections; nothing, while they are refused.
    door: Mutex<Option<JoinHandle<()>>>,
    gate: Gate,
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
        let door = runtime.spawn(serve::accept(listener, s3, Arc::clone(&traffic)));
        *traffic.door() = Some(door);
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

    /// Lets requests meet the faults of a script from here on.
    pub fn set_script(&self, script: Script) {
        self.set_hook(script.into_hook());
    }

    /// Waits until so many requests are held ([`Action::Hold`]).
    ///
    /// # Panics
    /// When they do not come within minutes.
    pub fn wait_until_held(&self, requests: usize) {
        self.traffic.gate.wait(requests);
    }

    /// Serves all requests that are held.
    pub fn release(&self) {
        self.traffic.gate.open();
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

    fn door(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request down and says where, and what becomes of it.
    fn arrival(&self, request: &hyper::Request<Incoming>) -> (usize, Action) {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let acl = request.headers().get("x-amz-acl");
        let acl = acl.and_then(|acl| acl.to_str().ok()).map(str::to_owned);
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
                acl,
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
