//! A plain web server for a folder, which behaves as badly as a test wants.
//!
//! It knows `GET`, ranges, ETags, and `Faults`: what happens to the next requests for a path.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What happens to one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Another status, without content.
    Status(u16),
    /// A redirect to this address.
    Redirect(String),
    /// No answer, as long as the client waits for one.
    Stall,
    /// The connection breaks after so many bytes of the content.
    Cut(usize),
    /// The same, of an answer that is all of it, whatever part was asked for.
    CutWhole(usize),
    /// The connection breaks after so many bytes, and each request finds another ETag.
    CutAndChange(usize),
    /// `Content-Length` announces so many bytes more than come.
    TooLong(usize),
    /// All of it, whatever part was asked for.
    IgnoreRange,
    /// The part that was asked for, of what has another ETag by now.
    OtherPart,
    /// Other bytes than there are, of which the last are changed.
    Damage,
    /// A header more.
    Header(&'static str, String),
}

/// A request as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The path with its query.
    pub target: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
}

#[derive(Default)]
struct State {
    faults: BTreeMap<String, VecDeque<Fault>>,
    /// What happens to every request for a path.
    always: BTreeMap<String, Fault>,
    requests: Vec<Request>,
}

/// A server on a port of its own; it ends when dropped.
pub struct Server {
    port: u16,
    state: Arc<Mutex<State>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves a folder.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn start(folder: &Path) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("the port just bound").port();
        let state = Arc::new(Mutex::new(State::default()));
        let ended = Arc::new(AtomicBool::new(false));
        let (folder, shared, stop) = (folder.to_owned(), Arc::clone(&state), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (folder, state) = (folder.clone(), Arc::clone(&shared));
                if let Ok(stream) = stream {
                    // A client that goes away is what some tests are about.
                    std::thread::spawn(move || _ = serve(stream, &folder, &state));
                }
            }
        });
        Server { port, state, ended, thread: Some(thread) }
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Has the next request for a path, such as `/packages.json`, go wrong; after earlier faults.
    pub fn fault(&self, path: &str, fault: Fault) {
        let mut state = self.state.lock().expect("no test thread panicked here");
        state.faults.entry(path.to_owned()).or_default().push_back(fault);
    }

    /// Has every request for a path go wrong, after those that [`Server::fault`] was asked for.
    pub fn always(&self, path: &str, fault: Fault) {
        let mut state = self.state.lock().expect("no test thread panicked here");
        state.always.insert(path.to_owned(), fault);
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().expect("no test thread panicked here").requests.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(stream: TcpStream, folder: &Path, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or("/").to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                None => break,
                Some((name, value)) => {
                    headers.insert(name.to_ascii_lowercase(), value.to_owned());
                }
            }
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        std::io::copy(&mut (&mut reader).take(length.unwrap_or(0)), &mut std::io::sink())?;
        let path = target.split('?').next().unwrap_or("/").to_owned();
        let (fault, number) = {
            let mut state = state.lock().expect("no test thread panicked here");
            state.requests.push(Request { target, headers: headers.clone() });
            let next = state.faults.get_mut(&path).and_then(VecDeque::pop_front);
            let fault = next.or_else(|| state.always.get(&path).cloned());
            (fault, state.requests.len())
        };
        let goes_on = answer(&mut out, &file(folder, &path), &headers, fault, number)?;
        // PHP without curl reads until the end of the connection, which it asks for.
        let is_last = headers.get("connection").is_some_and(|value| value == "close");
        if !goes_on || is_last {
            return Ok(());
        }
    }
}

/// The file for a path. Tests' names need no decoding but of `+`.
fn file(folder: &Path, path: &str) -> PathBuf {
    let path = path.trim_start_matches('/').replace("%2B", "+");
    if path.split('/').any(|part| part == "..") { folder.join("\0") } else { folder.join(path) }
}

/// Answers; says whether the connection goes on.
fn answer(
    out: &mut TcpStream,
    file: &Path,
    headers: &BTreeMap<String, String>,
    fault: Option<Fault>,
    number: usize,
) -> std::io::Result<bool> {
    let plain = |out: &mut TcpStream, status: u16, more: &str| {
        write!(out, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{more}\r\n").map(|()| true)
    };
    match &fault {
        Some(Fault::Status(status)) => return plain(out, *status, ""),
        Some(Fault::Redirect(to)) => return plain(out, 302, &format!("Location: {to}\r\n")),
        Some(Fault::Stall) => return std::io::copy(out, &mut std::io::sink()).map(|_| false),
        _ => {}
    }
    let Ok(mut bytes) = std::fs::read(file) else {
        return plain(out, 404, "");
    };
    let etag =
        format!("\"{}-{}\"", bytes.len(), bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>());
    let other = matches!(fault, Some(Fault::OtherPart));
    let etag = match &fault {
        Some(Fault::OtherPart) => "\"other\"".to_owned(),
        Some(Fault::CutAndChange(_)) => format!("\"{number}\""),
        _ => etag,
    };
    if headers.get("if-none-match") == Some(&etag) {
        return plain(out, 304, "");
    }
    if matches!(fault, Some(Fault::Damage))
        && let Some(last) = bytes.last_mut()
    {
        *last ^= 0xff;
    }
    let mut head = format!("ETag: {etag}\r\n");
    if let Some(Fault::Header(name, value)) = &fault {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let start: Option<usize> = headers
        .get("range")
        .filter(|_| !matches!(fault, Some(Fault::IgnoreRange | Fault::CutWhole(_))))
        .filter(|_| other || headers.get("if-range").is_none_or(|known| *known == etag))
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let status = match start.filter(|start| *start < bytes.len()) {
        Some(start) => {
            let all = bytes.len();
            head.push_str(&format!("Content-Range: bytes {start}-{}/{all}\r\n", all - 1));
            bytes.drain(..start);
            206
        }
        None => 200,
    };
    let more = if let Some(Fault::TooLong(more)) = fault { more } else { 0 };
    let length = bytes.len() + more;
    write!(out, "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{head}\r\n")?;
    if let Some(Fault::Cut(at) | Fault::CutWhole(at) | Fault::CutAndChange(at)) = fault {
        out.write_all(&bytes[..at.min(bytes.len())])?;
        out.flush()?;
        return Ok(false);
    }
    out.write_all(&bytes)?;
    Ok(more == 0)
}
