//! Writers that race for one key while the network fails them.

use std::sync::atomic::{AtomicU64, Ordering};

use test_kit::s3::{Action, Server};

use super::{open, options, quick};
use crate::{Condition, Error, Options, Patience, Store, Upload};

/// A fault for a fifth of all requests, of every kind, after a fixed but mixed-up pattern.
fn unreliable(server: &Server) {
    let state = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    server.set_hook(move |request| {
        let mut x = state.load(Ordering::Relaxed);
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        state.store(x, Ordering::Relaxed);
        match x % 20 {
            0 => Action::ResetBefore,
            1 => Action::ResetAfter,
            2 => Action::Answer(503, "SlowDown"),
            3 if request.method != "HEAD" => Action::Truncate(2),
            _ => Action::Serve,
        }
    });
}

/// Adds a line to the object, whoever else does so at the same time.
fn add(store: &Store, line: &str) -> Result<(), Error> {
    for _ in 0..1000 {
        let (mut text, condition) = match store.get("k")? {
            None => (String::new(), Condition::IfAbsent),
            Some(content) => {
                (String::from_utf8(content.bytes).unwrap(), Condition::IfMatch(content.head.etag))
            }
        };
        if text.lines().any(|found| found == line) {
            // An earlier round took effect, and somebody built on it before we knew.
            return Ok(());
        }
        text.push_str(line);
        text.push('\n');
        let upload = Upload { condition, ..Upload::new("text/plain") };
        match store.put("k", text.as_bytes(), &upload) {
            Err(Error::Precondition { .. }) => {}
            result => return result.map(drop),
        }
    }
    panic!("never any luck")
}

#[test]
fn no_update_is_lost_or_made_twice() {
    let server = Server::start();
    server.create_bucket("own");
    let patient = Patience { attempts: 30, ..quick() };
    let store = open(&server.endpoint(), Options { patience: Some(patient), ..options() });
    unreliable(&server);
    std::thread::scope(|scope| {
        for writer in 0..6 {
            let store = store.clone();
            scope.spawn(move || {
                for round in 0..8 {
                    add(&store, &format!("{writer}/{round}")).unwrap();
                }
            });
        }
    });
    server.clear_hook();
    let text = String::from_utf8(store.get("k").unwrap().unwrap().bytes).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let expected: Vec<String> =
        (0..6).flat_map(|writer| (0..8).map(move |round| format!("{writer}/{round}"))).collect();
    assert_eq!(lines, expected);
}

#[test]
fn of_writers_of_a_new_key_one_wins() {
    let server = Server::start();
    server.create_bucket("own");
    let patient = Patience { attempts: 30, ..quick() };
    let store = open(&server.endpoint(), Options { patience: Some(patient), ..options() });
    unreliable(&server);
    for round in 0..10 {
        let key = format!("k{round}");
        let winners: Vec<String> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8)
                .map(|writer| {
                    let (store, key) = (store.clone(), key.clone());
                    scope.spawn(move || {
                        let bytes = format!("writer {writer}");
                        let upload =
                            Upload { condition: Condition::IfAbsent, ..Upload::new("text/plain") };
                        match store.put(&key, bytes.as_bytes(), &upload) {
                            Ok(_) => Some(bytes),
                            Err(Error::Precondition { .. }) => None,
                            Err(error) => panic!("{error}"),
                        }
                    })
                })
                .collect();
            writers.into_iter().filter_map(|writer| writer.join().unwrap()).collect()
        });
        let there = server.object("own", &key).unwrap();
        assert_eq!(winners, [String::from_utf8(there.bytes.to_vec()).unwrap()]);
    }
}
