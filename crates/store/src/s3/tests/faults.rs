//! Requests that fail on the way, before or after their effect.

use std::io::{Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use test_kit::s3::{Action, Attributes, Request, Server};

use super::{open, options, quick};
use crate::{Condition, Error, Options, Patience, Store, Upload};

fn server() -> (Server, Store) {
    let server = Server::start();
    server.create_bucket("own");
    let small = Options { part_size: 10, multipart_threshold: 25, copy_threshold: 40, ..options() };
    let store = open(&server.endpoint(), small);
    (server, store)
}

fn put(server: &Server, key: &str, bytes: &[u8]) {
    server.put("own", key, bytes.to_vec(), Attributes::default());
}

/// Does `action` to the first requests for which `which` holds.
fn fault(
    server: &Server,
    times: usize,
    action: Action,
    which: impl Fn(&Request) -> bool + Send + 'static,
) {
    let done = AtomicUsize::new(0);
    server.set_hook(move |request| {
        if which(request) && done.fetch_add(1, Ordering::Relaxed) < times {
            action
        } else {
            Action::Serve
        }
    });
}

fn upload(condition: Condition) -> Upload<'static> {
    Upload { condition, ..Upload::new("text/plain") }
}

const FAULTS: [Action; 6] = [
    Action::Answer(503, "SlowDown"),
    Action::Answer(500, "InternalError"),
    Action::Answer(429, "TooManyRequests"),
    Action::ResetBefore,
    Action::ResetAfter,
    Action::Truncate(3),
];

#[test]
fn every_operation_survives_every_fault() {
    for action in FAULTS {
        let (server, store) = server();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [7; 101]).unwrap();
        for number in 0..5 {
            put(&server, &format!("old/{number}"), b"old");
        }
        // Each request fails three times, and then does not.
        let mut seen = std::collections::HashMap::new();
        server.set_hook(move |request| {
            let count = seen.entry((request.line(), request.query.clone())).or_insert(0);
            *count += 1;
            // An answer to HEAD has no body to cut.
            let bare = request.method == "HEAD" && matches!(action, Action::Truncate(_));
            if *count <= 3 && !bare { action } else { Action::Serve }
        });
        store.check_bucket().unwrap();
        assert_eq!(store.list("old/").unwrap().len(), 5, "{action:?}");
        assert_eq!(store.get("old/1").unwrap().unwrap().bytes, b"old");
        assert_eq!(store.head("old/1").unwrap().unwrap().size, 3);
        store.put("new/a", b"a", &upload(Condition::Always)).unwrap();
        store.put_file("new/b", file.path(), &upload(Condition::Always)).unwrap();
        store.copy_from(&store, "old/2", "new/c", Condition::Always).unwrap();
        store.delete_many(&["old/3".to_owned(), "old/4".to_owned()]).unwrap();
        server.clear_hook();
        assert_eq!(server.keys("own"), ["new/a", "new/b", "new/c", "old/0", "old/1", "old/2"]);
        assert_eq!(server.object("own", "new/b").unwrap().bytes, vec![7; 101], "{action:?}");
    }
}

#[test]
fn a_fault_that_stays_is_an_error() {
    let (server, store) = server();
    fault(&server, usize::MAX, Action::Answer(503, "SlowDown"), |_| true);
    let error = store.list("").unwrap_err();
    assert!(
        matches!(&error, Error::Service { status: 503, code, .. } if code == "SlowDown"),
        "{error}"
    );
    let tries = Patience::default().attempts as usize;
    assert_eq!(server.requests().len(), tries);
    fault(&server, usize::MAX, Action::ResetBefore, |_| true);
    let error = store.get("k").unwrap_err();
    assert!(
        matches!(&error, Error::Unreachable { endpoint, .. } if *endpoint == server.endpoint()),
        "{error}"
    );
}

#[test]
fn a_conditional_write_that_lost_its_answer_is_ours() {
    for fate in [Action::ResetAfter, Action::Truncate(0)] {
        let (server, store) = server();
        fault(&server, 1, fate, |request| request.method == "PUT");
        let etag = store.put("k", b"ours", &upload(Condition::IfAbsent)).unwrap();
        assert_eq!(server.object("own", "k").unwrap().etag, etag);

        fault(&server, 1, fate, |request| request.method == "PUT");
        let next = store.put("k", b"next", &upload(Condition::IfMatch(etag.clone()))).unwrap();
        assert_eq!(server.object("own", "k").unwrap().bytes, "next");
        assert_ne!(next, etag);
    }
}

#[test]
fn a_conditional_write_that_lost_its_answer_and_the_race_is_not_ours() {
    let (server, store) = server();
    let server = Arc::new(server);
    // The first try gets lost, and before the second one somebody else is there.
    let other = Arc::downgrade(&server);
    let mut tries = 0;
    server.set_hook(move |request| {
        if request.method != "PUT" {
            return Action::Serve;
        }
        tries += 1;
        match tries {
            1 => Action::ResetBefore,
            _ => {
                put(&other.upgrade().unwrap(), "k", b"them");
                Action::Serve
            }
        }
    });
    let error = store.put("k", b"ours", &upload(Condition::IfAbsent)).unwrap_err();
    assert!(matches!(error, Error::Precondition { .. }), "{error}");
    assert_eq!(server.object("own", "k").unwrap().bytes, "them");
}

#[test]
fn a_condition_that_fails_at_once_is_not_looked_into() {
    let (server, store) = server();
    put(&server, "k", b"same");
    server.forget_requests();
    // Even the same bytes: they were not written by this call.
    let error = store.put("k", b"same", &upload(Condition::IfAbsent)).unwrap_err();
    assert!(matches!(&error, Error::Precondition { key } if key == "s3://own/k"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_multipart_upload_that_lost_its_last_answer_is_ours() {
    for condition in [Condition::Always, Condition::IfAbsent] {
        let (server, store) = server();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [9; 55]).unwrap();
        fault(&server, 1, Action::ResetAfter, |request| {
            request.method == "POST" && request.query.contains("uploadId")
        });
        let etag = store.put_file("k", file.path(), &upload(condition)).unwrap();
        let object = server.object("own", "k").unwrap();
        assert_eq!((object.etag, object.bytes.len()), (etag, 55));
        assert_eq!(server.open_uploads("own"), [""; 0]);
    }
}

#[test]
fn a_multipart_upload_that_fails_leaves_nothing() {
    let (server, store) = server();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), [9; 55]).unwrap();
    fault(&server, 1, Action::Answer(403, "AccessDenied"), |request| {
        request.query.contains("partNumber=3")
    });
    let error = store.put_file("k", file.path(), &upload(Condition::Always)).unwrap_err();
    assert!(matches!(error, Error::AccessDenied { .. }), "{error}");
    assert_eq!(server.open_uploads("own"), [""; 0]);
    put(&server, "k", b"there");
    server.clear_hook();
    let error = store.put_file("k", file.path(), &upload(Condition::IfAbsent)).unwrap_err();
    assert!(matches!(error, Error::Precondition { .. }), "{error}");
    assert_eq!(server.open_uploads("own"), [""; 0]);
    assert_eq!(server.object("own", "k").unwrap().bytes, "there");
}

#[test]
fn a_download_goes_on_where_it_broke() {
    let (server, store) = server();
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    put(&server, "k", &bytes);
    fault(&server, 3, Action::Truncate(30_000), |request| request.method == "GET");
    let mut file = tempfile::tempfile().unwrap();
    file.set_len(1_000_000).unwrap();
    let done = store.download("k", &mut file).unwrap().unwrap();
    assert_eq!(done.sha256, checksum::of_bytes(&bytes));
    assert_eq!(done.head.size, 100_000);
    let mut written = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut written).unwrap();
    assert!(written == bytes);
    assert_eq!(server.requests().len(), 4);
    assert!(store.download("missing", &mut file).unwrap().is_none());
    assert_eq!(file.metadata().unwrap().len(), 100_000);
}

#[test]
fn a_download_of_an_object_that_changes_is_of_one_state() {
    let (server, store) = server();
    put(&server, "k", &[1; 50_000]);
    let server = Arc::new(server);
    let other = Arc::downgrade(&server);
    let mut tries = 0;
    server.set_hook(move |_| {
        tries += 1;
        match tries {
            1 => Action::Truncate(20_000),
            2 => {
                put(&other.upgrade().unwrap(), "k", &[2; 60_000]);
                Action::Serve
            }
            _ => Action::Serve,
        }
    });
    let content = store.get("k").unwrap().unwrap();
    assert_eq!(content.head.size, 60_000);
    assert!(content.bytes == [2; 60_000]);
}

#[test]
fn a_stream_goes_on_where_it_broke_and_is_of_one_state() {
    let (server, store) = server();
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    put(&server, "k", &bytes);
    fault(&server, 3, Action::Truncate(30_000), |request| request.method == "GET");
    let mut read = Vec::new();
    let mut stream = store.stream("k").unwrap().unwrap();
    assert_eq!(stream.head().size, 100_000);
    stream.read_to_end(&mut read).unwrap();
    assert!(read == bytes);
    assert_eq!(server.requests().len(), 4);
    assert!(store.stream("missing").unwrap().is_none());

    fault(&server, usize::MAX, Action::Truncate(0), |request| request.method == "GET");
    let mut stream = store.stream("k").unwrap().unwrap();
    let error = stream.read_to_end(&mut read).unwrap_err().into_inner().unwrap();
    let error = error.downcast::<Error>().unwrap();
    assert!(matches!(&*error, Error::Corrupt { key, .. } if key.ends_with("/k")), "{error}");

    fault(&server, 1, Action::Truncate(20_000), |_| true);
    let mut stream = store.stream("k").unwrap().unwrap();
    put(&server, "k", &[2; 100_000]);
    let error = stream.read_to_end(&mut read).unwrap_err();
    assert!(error.to_string().contains("it changed while it was read"), "{error}");
}

#[test]
fn silence_has_an_end() {
    let server = Server::start();
    let patience = Patience { idle: Duration::from_millis(300), ..quick() };
    let store = open(&server.endpoint(), Options { patience: Some(patience), ..options() });
    fault(&server, usize::MAX, Action::Delay(Duration::from_secs(600)), |_| true);
    let start = Instant::now();
    let error = store.get("k").unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn nobody_there_is_known_soon() {
    // A port of the system's, which it gives to nobody who asks for a free one.
    let url = "http://127.0.0.1:1";
    let store = open(url, Options { patience: Some(Patience::default()), ..Options::default() });
    let start = Instant::now();
    let error = store.check_bucket().unwrap_err();
    assert!(matches!(&error, Error::Unreachable { endpoint, .. } if endpoint == url), "{error}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn a_name_that_does_not_resolve_is_known_soon() {
    let patience = Patience {
        // Many tries of what answers badly; few of what cannot be found.
        attempts: u32::MAX,
        ..quick()
    };
    let store =
        open("http://no-such-host.invalid", Options { patience: Some(patience), ..options() });
    let start = Instant::now();
    assert!(matches!(store.check_bucket(), Err(Error::Unreachable { .. })));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// How many requests reading an object takes where `action` befalls each.
fn reading(action: Action, size: usize) -> (usize, Result<usize, Error>) {
    let (server, store) = server();
    put(&server, "k", &vec![7; size]);
    server.set_hook(move |request| if request.method == "GET" { action } else { Action::Serve });
    let mut file = tempfile::tempfile().unwrap();
    let outcome = store.download("k", &mut file);
    let requests = server.requests().len();
    let length = file.metadata().unwrap().len();
    // The same as a stream.
    server.forget_requests();
    let mut read = Vec::new();
    let streamed = store.stream("k").map(|stream| stream.unwrap().read_to_end(&mut read));
    assert_eq!(streamed.is_ok_and(|read| read.is_ok()), outcome.is_ok(), "{action:?}");
    (requests.max(server.requests().len()), outcome.map(|_| usize::try_from(length).unwrap()))
}

#[test]
fn only_what_gets_further_is_asked_for_again_and_again() {
    let most = Patience::default().attempts as usize;
    // A proxy that cuts each answer.
    let (requests, outcome) = reading(Action::Truncate(200_000), 5_000_000);
    assert_eq!((requests, outcome.unwrap()), (25, 5_000_000));
    // A little more each time; more announced than comes, after which the rest is asked for.
    for action in [Action::Truncate(1000), Action::TooLong(7)] {
        let (requests, outcome) = reading(action, 300_000);
        outcome.unwrap_err();
        assert!(requests <= 2 * most, "{action:?}: {requests}");
    }
}

/// A proxy that does not look at conditions: the rest of another state is not taken for ours.
#[test]
fn the_rest_of_another_state_is_not_taken() {
    let (server, store) = server();
    put(&server, "k", &[7; 300_000]);
    let mut first = true;
    server.set_hook(move |_| {
        if std::mem::take(&mut first) { Action::Truncate(100_000) } else { Action::OtherEtag }
    });
    let mut stream = store.stream("k").unwrap().unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("it changed while it was read"), "{error}");
}
