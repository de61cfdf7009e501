//! From connections to answers, with the faults on the way.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, ETAG, HeaderValue};
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process};
use s3s::Body;
use s3s::service::S3Service;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::protocol::Stale;
use super::{Action, Traffic};

/// What [`Action::OtherEtag`] says in place of an ETag: as long as an MD5, and of nothing.
const NO_ETAG: &str = "00000000000000000000000000000000";
/// How many pieces an answer of [`Action::Slow`] comes in.
const PIECES: usize = 8;

/// Takes connections until the listener is dropped.
pub(super) fn accept(
    listener: TcpListener,
    s3: S3Service,
    traffic: Arc<Traffic>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let address = listener.local_addr().expect("the address of a listener");
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors: let others finish.
                sleep(Duration::from_millis(10)).await;
                continue;
            };
            // Without this, each small answer waits for the client's delayed acknowledgement.
            let _ = stream.set_nodelay(true);
            let s3 = s3.clone();
            let traffic = Arc::clone(&traffic);
            tokio::spawn(async move {
                let service = hyper::service::service_fn(move |request| {
                    serve(request, s3.clone(), Arc::clone(&traffic), address)
                });
                // An error here is a connection that broke: the client's affair, or our fault.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

/// Closes the port, and opens it again after this time.
async fn refuse(time: Duration, address: SocketAddr, s3: S3Service, traffic: Arc<Traffic>) {
    let Some(door) = traffic.door().take() else {
        // It is closed already.
        return;
    };
    door.abort();
    // The listener is gone when this returns, and not before.
    let _ = door.await;
    tokio::spawn(async move {
        sleep(time).await;
        let listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                // Somebody's connection has this port for the moment.
                Err(_) => sleep(Duration::from_millis(5)).await,
            }
        };
        let door = tokio::spawn(accept(listener, s3, Arc::clone(&traffic)));
        *traffic.door() = Some(door);
    });
}

/// Why a connection is cut.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("cut by the test")
    }
}

impl std::error::Error for Cut {}

async fn serve(
    mut request: hyper::Request<Incoming>,
    s3: S3Service,
    traffic: Arc<Traffic>,
    address: SocketAddr,
) -> Result<hyper::Response<Body>, Cut> {
    let (number, action) = traffic.arrival(&request);
    match action {
        Action::ResetBefore => return Err(Cut),
        Action::Refuse(time) => {
            refuse(time, address, s3, traffic).await;
            return Err(Cut);
        }
        Action::StallBefore => return std::future::pending().await,
        Action::KillBefore(process) => {
            kill(process);
            return Err(Cut);
        }
        Action::Answer(status, code) => {
            return answer(request, &traffic, number, (status, code, "by the test")).await;
        }
        Action::Say(status, code, message) => {
            return answer(request, &traffic, number, (status, code, message)).await;
        }
        Action::Delay(time) => sleep(time).await,
        Action::Hold => {
            let gate = traffic.gate.enter();
            while !traffic.gate.passed(gate) {
                sleep(Duration::from_millis(2)).await;
            }
        }
        Action::StaleList(changes) => {
            request.extensions_mut().insert(Stale(changes));
        }
        Action::Serve
        | Action::ResetAfter
        | Action::StallAfter
        | Action::Slow(_)
        | Action::Truncate(_)
        | Action::TooLong(_)
        | Action::TooShort(_)
        | Action::OtherEtag
        | Action::KillAfter(_) => {}
    }
    let response = s3.call(request.map(Body::from)).await;
    let response = response.map_err(|_| Cut)?;
    match action {
        Action::ResetAfter => return Err(Cut),
        Action::StallAfter => return std::future::pending().await,
        Action::KillAfter(process) => {
            kill(process);
            return Err(Cut);
        }
        _ => {}
    }
    traffic.departure(number, response.status().as_u16());
    distort(response, action).await
}

/// Answers with an error, without any effect: status, code and message.
async fn answer(
    request: hyper::Request<Incoming>,
    traffic: &Traffic,
    number: usize,
    (status, code, message): (u16, &str, &str),
) -> Result<hyper::Response<Body>, Cut> {
    // The body is read first, or the client might see a broken pipe in place of the answer.
    let _ = request.into_body().collect().await;
    traffic.departure(number, status);
    let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let mut response = hyper::Response::new(Body::from(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).map_err(|_| Cut)?;
    Ok(response)
}

/// Does to a finished answer what the action says.
async fn distort(
    response: hyper::Response<Body>,
    action: Action,
) -> Result<hyper::Response<Body>, Cut> {
    if matches!(action, Action::Serve | Action::Hold | Action::Delay(_) | Action::StaleList(_)) {
        return Ok(response);
    }
    let (mut head, body) = response.into_parts();
    let mut bytes = body.collect().await.map_err(|_| Cut)?.to_bytes();
    // An answer to HEAD announces a length, and has no body.
    let announced = head.headers.get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    let length: usize = announced.unwrap_or(bytes.len());
    let (length, pieces, pause, cut) = match action {
        Action::Truncate(limit) => {
            bytes.truncate(limit);
            (length, 1, Duration::ZERO, true)
        }
        Action::TooLong(more) => (length + more, 1, Duration::ZERO, true),
        Action::TooShort(less) => {
            bytes.truncate(bytes.len().saturating_sub(less));
            (length.saturating_sub(less), 1, Duration::ZERO, false)
        }
        Action::Slow(pause) => (length, PIECES, pause, false),
        Action::OtherEtag => {
            bytes = without_etags(&bytes);
            if head.headers.contains_key(ETAG) {
                head.headers.insert(ETAG, HeaderValue::from_static(QUOTED));
            }
            let length = if announced.is_some() && bytes.is_empty() { length } else { bytes.len() };
            (length, 1, Duration::ZERO, false)
        }
        _ => (length, 1, Duration::ZERO, false),
    };
    // Without a body, HEAD's length says nothing about what follows.
    head.headers.insert(CONTENT_LENGTH, length.into());
    let body = Drip::new(&bytes, pieces, pause, cut);
    Ok(hyper::Response::from_parts(head, Body::http_body(body)))
}

/// [`NO_ETAG`] as it stands in a header.
const QUOTED: &str = "\"00000000000000000000000000000000\"";

/// An XML document in which every `ETag` is another; other bytes as they are.
fn without_etags(bytes: &Bytes) -> Bytes {
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.starts_with("<?xml"))
    else {
        return bytes.clone();
    };
    let mut changed = String::new();
    let mut parts = text.split("<ETag>");
    changed.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = part.find("</ETag>").map_or(part, |end| &part[end..]);
        changed.push_str(&format!("<ETag>&quot;{NO_ETAG}&quot;{rest}"));
    }
    changed.into()
}

fn kill(process: u32) {
    let id = i32::try_from(process).ok().and_then(Pid::from_raw).expect("a process id");
    // It may have ended by itself.
    let _ = kill_process(id, Signal::KILL);
}

/// A body that comes in pieces, and may fail once they are on their way.
struct Drip {
    pieces: std::vec::IntoIter<Bytes>,
    pause: Duration,
    cut: bool,
    waiting: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Drip {
    fn new(bytes: &Bytes, pieces: usize, pause: Duration, cut: bool) -> Drip {
        let size = bytes.len().div_ceil(pieces).max(1);
        let pieces: Vec<Bytes> = (0..bytes.len())
            .step_by(size)
            .map(|start| bytes.slice(start..bytes.len().min(start + size)))
            .collect();
        // The head must be on its way, too.
        let waiting =
            (cut && pieces.is_empty()).then(|| Box::pin(sleep(Duration::from_millis(20))));
        Drip { pieces: pieces.into_iter(), pause, cut, waiting }
    }
}

impl hyper::body::Body for Drip {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(waiting) = &mut self.waiting {
            if waiting.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.waiting = None;
        }
        if let Some(piece) = self.pieces.next() {
            // What is written must be on its way before the connection is cut.
            let last = self.cut && self.pieces.len() == 0;
            let pause = if last { Duration::from_millis(20) } else { self.pause };
            if !pause.is_zero() {
                self.waiting = Some(Box::pin(sleep(pause)));
            }
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        Poll::Ready(std::mem::take(&mut self.cut).then_some(Err(Cut)))
    }
}
