//! The cache against a small web server.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::*;
use crate::console::tests::kept;

/// Gives prepared answers, one for each connection, and keeps what was asked.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let mut answers: VecDeque<String> =
            answers.iter().map(|answer| answer.replace("HOST", &address)).collect();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some(answer) = answers.pop_front() else {
                    // Nobody listens any more.
                    return;
                };
                kept.lock().unwrap().push(request(stream.as_ref().unwrap()));
                stream.unwrap().write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { address, asked }
    }

    fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn request(stream: &TcpStream) -> String {
    let mut lines = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        if line.is_empty() {
            break;
        }
        lines.push_str(&line.to_ascii_lowercase());
        lines.push('\n');
    }
    lines
}

fn ok(body: &str, headers: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

const NOT_MODIFIED: &str = "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n";
const NOT_FOUND: &str =
    "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngone";
const HALF: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nhalf";

struct Case {
    folder: tempfile::TempDir,
    downloads: Downloads,
    log: crate::console::tests::Kept,
}

fn case(settings: &str) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let (console, _, log) = kept(false);
    let environment: Environment = [("JBP_RETRY_BASE_SECONDS".to_owned(), "0".to_owned())].into();
    let settings = crate::yaml::parse(settings).unwrap().unwrap();
    let downloads = Downloads::new(
        &folder.path().join("mutable"),
        &folder.path().join("fallback"),
        settings.as_map().unwrap(),
        &environment,
        console,
    )
    .unwrap();
    Case { folder, downloads, log }
}

impl Case {
    fn entry(&self, folder: &str, uri: &str) -> Entry {
        Entry::new(&self.folder.path().join(folder), uri)
    }

    fn read(&self, cached: &Cached) -> String {
        fs::read_to_string(&cached.path).unwrap()
    }
}

#[test]
fn what_is_still_right_is_not_fetched_again() {
    let first = ok("content", "ETag: \"e\"\r\nLast-Modified: yesterday\r\n");
    let server = Server::new(&[&first, NOT_MODIFIED, &ok("newer", "")]);
    let case = case("{}");
    let uri = server.uri("/index.yml");
    let cached = case.downloads.get(&uri).unwrap();
    assert!(cached.downloaded);
    assert_eq!(case.read(&cached), "content");
    let again = case.downloads.get(&uri).unwrap();
    assert!(!again.downloaded);
    assert_eq!(case.read(&again), "content");
    let newer = case.downloads.get(&uri).unwrap();
    assert!(newer.downloaded);
    assert_eq!(case.read(&newer), "newer");
    assert_eq!(case.entry("mutable", &uri).etag(), None, "the notes of the old content are gone");
    let asked = server.asked();
    assert!(!asked[0].contains("if-none-match"));
    assert!(asked[1].contains("if-none-match: \"e\"\n"));
    assert!(asked[1].contains("if-modified-since: yesterday\n"));
}

#[test]
fn redirects_keep_the_key_and_the_conditions() {
    let redirect = |status: u16, to: &str| {
        format!(
            "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: 0\r\nLocation: {to}\r\n\r\n"
        )
    };
    for status in [301, 302, 303, 307] {
        let answers = [
            redirect(status, "http://HOST/there"),
            ok("content", "ETag: \"e\"\r\n"),
            redirect(status, "/there"),
            NOT_MODIFIED.to_owned(),
        ];
        let server = Server::new(&answers.each_ref().map(String::as_str));
        let case = case("{}");
        let uri = server.uri("/here");
        assert_eq!(case.read(&case.downloads.get(&uri).unwrap()), "content");
        assert!(case.entry("mutable", &uri).is_cached());
        assert!(!case.downloads.get(&uri).unwrap().downloaded);
        assert!(server.asked()[3].starts_with("get /there "));
        assert!(server.asked()[3].contains("if-none-match: \"e\"\n"));
    }
}

#[test]
fn failures_are_tried_again_and_then_the_network_is_gone() {
    let answers = [NOT_FOUND; 6];
    let server = Server::new(&answers);
    let case = case("{}");
    let uri = server.uri("/x");
    let error = case.downloads.get(&uri).unwrap_err();
    assert_eq!(error.to_string(), format!("Unable to find cached file for {uri}"));
    assert_eq!(server.asked().len(), 6);
    assert!(!case.downloads.available.get());
    assert!(
        case.log.text().contains("Request failure 5, retrying after 0s.  Failure: 404 Not Found")
    );
    assert!(case.log.text().contains("Internet availability set to false"));
    // From here on nobody is asked, and the caches have to do.
    let fallback = case.entry("fallback", &uri);
    fallback.make_folder().unwrap();
    fs::write(fallback.cached(), "packaged").unwrap();
    let cached = case.downloads.get(&uri).unwrap();
    assert_eq!((case.read(&cached).as_str(), cached.downloaded), ("packaged", false));
    assert_eq!(server.asked().len(), 6);
}

#[test]
fn one_good_answer_in_time_is_enough() {
    let server = Server::new(&[NOT_FOUND, HALF, &ok("content", "")]);
    let case = case("{}");
    let cached = case.downloads.get(&server.uri("/x")).unwrap();
    assert_eq!(case.read(&cached), "content");
    assert!(case.downloads.available.get());
}

#[test]
fn half_a_download_is_none() {
    let server = Server::new(&[HALF; 6]);
    let case = case("{}");
    let uri = server.uri("/x");
    let entry = case.entry("mutable", &uri);
    entry.make_folder().unwrap();
    fs::write(entry.cached(), "old").unwrap();
    assert!(case.downloads.get(&uri).is_err());
    assert!(!entry.is_cached());
    let left = fs::read_dir(case.folder.path().join("mutable")).unwrap().count();
    assert_eq!(left, 0, "no part of it is left");
}

#[test]
fn nobody_there_is_not_asked_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let case = case("{}");
    assert!(case.downloads.get(&uri).is_err());
    assert!(case.downloads.available.get());
    assert!(!case.log.text().contains("retrying"));
    let entry = case.entry("mutable", &uri);
    fs::write(entry.cached(), "earlier").unwrap();
    assert_eq!(case.read(&case.downloads.get(&uri).unwrap()), "earlier");
}

#[test]
fn without_remote_downloads_nobody_is_asked() {
    let server = Server::new(&[&ok("content", "")]);
    let case = case("{remote_downloads: disabled}");
    let uri = server.uri("/x");
    assert!(case.downloads.get(&uri).is_err());
    let entry = case.entry("fallback", &uri);
    entry.make_folder().unwrap();
    fs::write(entry.cached(), "packaged").unwrap();
    assert_eq!(case.read(&case.downloads.get(&uri).unwrap()), "packaged");
    assert_eq!(server.asked(), [""; 0]);
}

#[test]
fn passwords_go_to_the_service_and_nowhere_else() {
    let server = Server::new(&[&ok("content", "")]);
    let case = case("{}");
    let uri = server.uri("/x").replace("http://", "http://user:pass@");
    let cached = case.downloads.get(&uri).unwrap();
    assert_eq!(case.entry("mutable", &server.uri("/x")).cached(), cached.path);
    assert!(server.asked()[0].contains("authorization: basic dxnlcjpwyxnz\n"));
    let error = case.downloads.get(&uri).unwrap();
    assert!(!error.downloaded);
    assert!(!case.log.text().contains("pass@"), "{}", case.log.text());
}

#[test]
fn files_of_folders() {
    let case = case("{}");
    let file = case.folder.path().join("a b/index.yml");
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::write(&file, "content").unwrap();
    let uri = format!("file://{}", file.display()).replace(' ', "%20");
    let cached = case.downloads.get(&uri).unwrap();
    assert_eq!((case.read(&cached).as_str(), cached.downloaded), ("content", true));
    assert!(!case.downloads.get(&uri).unwrap().downloaded);
    fs::write(&file, "other content").unwrap();
    assert_eq!(case.read(&case.downloads.get(&uri).unwrap()), "other content");
    for uri in ["s3://bucket", "ftp://x/y", "file:///", "nothing"] {
        assert!(case.downloads.get(uri).is_err(), "{uri}");
    }
}

#[test]
fn pauses_double_up_to_a_minute() {
    let mut downloads = case("{}").downloads;
    downloads.first_pause = 5.0;
    let pauses: Vec<f64> = (1..=6).map(|failures| downloads.pause(failures)).collect();
    assert_eq!(pauses, [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]);
}
