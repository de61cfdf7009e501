//! Services that ignore the conditions of writes, or refuse them.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::path::PathBuf;
use std::sync::{Barrier, Mutex};
use std::thread;

use location::{Location, Prefix, Region, Service};
use repository::conditions::Guard;
use repository::{Error, Options, history, publish};
use store::{Condition, Store, Upload};
use test_kit::Site;
use test_kit::s3::{ACCESS_KEY, Action, Quirks, SECRET_KEY};

const BUCKET: &str = "packages";
const PREFIX: &str = "dist/";
const TIME: &str = "2026-01-01 00:00:00";

fn ignoring() -> Quirks {
    Quirks { ignore_conditions: true, ..Quirks::default() }
}

fn refusing() -> Quirks {
    Quirks { refuse_conditions: true, ..Quirks::default() }
}

fn site(quirks: Quirks) -> (Site, Store, Location) {
    let site = Site::s3();
    site.create_bucket(BUCKET);
    let server = site.server().unwrap();
    server.set_quirks(quirks);
    let service = Service::Endpoint { url: server.endpoint(), region: Region::default() };
    let location = Location::new(service, BUCKET, Prefix::parse(PREFIX).unwrap()).unwrap();
    let env = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some(ACCESS_KEY.to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some(SECRET_KEY.to_owned()),
        _ => None,
    };
    let store = Store::open(&location.service, BUCKET, store::Options::default(), &env).unwrap();
    (site, store, location)
}

/// How many requests went to keys of probes; none of these is left behind.
fn probes(site: &Site) -> usize {
    assert!(!site.keys(BUCKET).iter().any(|key| key.contains("probe")), "{:?}", site.keys(BUCKET));
    let requests = site.server().unwrap().requests();
    requests.iter().filter(|request| request.path.contains("/dist/.slipway/probe-")).count()
}

#[test]
fn sixteen_writers_lose_nothing() {
    for quirks in [ignoring(), refusing()] {
        let (site, store, location) = site(quirks);
        let warnings = Mutex::new(Vec::new());
        let warn = |text: &str| warnings.lock().unwrap().push(text.to_owned());
        for round in 0..3 {
            let start = Barrier::new(16);
            thread::scope(|scope| {
                for writer in 0..16 {
                    let (store, location, site, start) = (&store, &location, &site, &start);
                    let warn = &warn;
                    scope.spawn(move || {
                        start.wait();
                        let name = format!("w{writer}-{round}");
                        site.package(BUCKET, PREFIX, &name, TIME);
                        if writer == 0 && round > 0 {
                            let gone = format!("dist/w7-{}.composer.json", round - 1);
                            store.delete_many(&[gone]).unwrap();
                        }
                        let options = Options { warn: Some(warn), ..Options::default() };
                        publish(store, location, &options).unwrap();
                    });
                }
            });
            let stored = site.get(BUCKET, "dist/packages.json").unwrap();
            assert_eq!(
                String::from_utf8(stored).unwrap(),
                String::from_utf8(site.index(BUCKET, PREFIX)).unwrap()
            );
        }
        // Said once, by whichever thread has asked.
        let warnings = warnings.into_inner().unwrap();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("conditi"), "{warnings:?}");
        assert!(probes(&site) > 0);
        let log = history::log(&store, &location).unwrap();
        assert!(!log.is_empty());
        assert_eq!(log.last().unwrap().parent, None, "the chain is whole");
    }
}

#[test]
fn a_verdict_is_remembered_here_and_on_disk() {
    let (site, store, location) = site(Quirks::default());
    let folder = site.workspace.path("cache");
    let options = || Options { cache: Some(folder.clone()), ..Options::default() };
    site.package(BUCKET, PREFIX, "a-1", TIME);
    publish(&store, &location, &options()).unwrap();
    assert!((3..=9).contains(&probes(&site)), "{}", probes(&site));
    site.server().unwrap().forget_requests();
    site.package(BUCKET, PREFIX, "b-1", TIME);
    publish(&store, &location, &options()).unwrap();
    publish(&store, &location, &Options::default()).unwrap();
    assert_eq!(probes(&site), 0);
    let verdicts: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let file = verdicts.iter().find(|path| path.extension().is_some_and(|e| e == "conditions"));
    let text = std::fs::read_to_string(file.unwrap()).unwrap();
    assert!(text.contains("\nkept\nkept\n"), "{text}");
}

#[test]
fn a_publish_without_a_change_asks_nothing() {
    let (site, store, location) = site(Quirks::default());
    site.package(BUCKET, PREFIX, "a-1", TIME);
    site.publish(BUCKET, PREFIX);
    publish(&store, &location, &Options::default()).unwrap();
    assert_eq!(probes(&site), 0);
}

#[test]
fn a_service_that_refuses_later_is_believed_then() {
    let (site, store, location) = site(Quirks::default());
    site.package(BUCKET, PREFIX, "a-1", TIME);
    publish(&store, &location, &Options::default()).unwrap();
    site.server().unwrap().set_quirks(refusing());
    site.package(BUCKET, PREFIX, "b-1", TIME);
    let warnings = Mutex::new(0);
    let warn = |_: &str| *warnings.lock().unwrap() += 1;
    let options = Options { warn: Some(&warn), ..Options::default() };
    publish(&store, &location, &options).unwrap();
    assert_eq!(site.get(BUCKET, "dist/packages.json").unwrap(), site.index(BUCKET, PREFIX));
    assert_eq!(warnings.into_inner().unwrap(), 1);
}

#[test]
fn a_write_looks_before_and_after() {
    for quirks in [ignoring(), refusing()] {
        let (site, store, location) = site(quirks);
        let warn = |_: &str| {};
        let guard = Guard::new(&store, &location, None, &warn);
        let upload = |condition| Upload { condition, ..Upload::new("text/plain") };
        let etag = guard.put("dist/x", b"one", &upload(Condition::IfAbsent)).unwrap();
        let taken = guard.put("dist/x", b"two", &upload(Condition::IfAbsent)).unwrap_err();
        assert!(matches!(taken, store::Error::Precondition { .. }), "{taken}");
        let etag = guard.put("dist/x", b"two", &upload(Condition::IfMatch(etag))).unwrap();
        let wrong = upload(Condition::IfMatch("0".repeat(32)));
        guard.put("dist/x", b"three", &wrong).unwrap_err();
        guard.put("dist/gone", b"three", &wrong).unwrap_err();
        let file = site.workspace.write("file", "four");
        guard.put_file("dist/x", &file, &upload(Condition::IfAbsent)).unwrap_err();
        assert_eq!(site.get(BUCKET, "dist/x").unwrap(), b"two");
        guard.put_file("dist/x", &file, &upload(Condition::IfMatch(etag))).unwrap();
        assert_eq!(site.get(BUCKET, "dist/x").unwrap(), b"four");

        // What we wrote is gone when we look again: then somebody else was there.
        let server = site.server().unwrap();
        let mut written = false;
        server.set_hook(move |request| match request.line().as_str() {
            "PUT /packages/dist/late" => {
                written = true;
                Action::Serve
            }
            "GET /packages/dist/late" if written => Action::Answer(404, "NoSuchKey"),
            _ => Action::Serve,
        });
        let lost = guard.put("dist/late", b"ours", &upload(Condition::IfAbsent)).unwrap_err();
        assert!(matches!(lost, store::Error::Precondition { .. }), "{lost}");
        server.clear_hook();
    }
}

#[test]
fn of_sixteen_that_write_a_new_key_one_wins() {
    for quirks in [ignoring(), refusing()] {
        let (site, store, location) = site(quirks);
        let warn = |_: &str| {};
        for round in 0..5 {
            let key = format!("dist/x-{round}.tar.gz");
            let won = Mutex::new(Vec::new());
            let start = Barrier::new(16);
            thread::scope(|scope| {
                for writer in 0..16 {
                    let (store, location, key) = (&store, &location, &key);
                    let (won, start, warn) = (&won, &start, &warn);
                    scope.spawn(move || {
                        let guard = Guard::new(store, location, None, warn);
                        let bytes = format!("of writer {}", writer / 2);
                        let upload = Upload {
                            condition: Condition::IfAbsent,
                            ..Upload::new("application/gzip")
                        };
                        start.wait();
                        match guard.put(key, bytes.as_bytes(), &upload) {
                            Ok(_) => won.lock().unwrap().push(bytes),
                            Err(store::Error::Precondition { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    });
                }
            });
            let won = won.into_inner().unwrap();
            assert_eq!(won.len(), 1, "{won:?}");
            assert_eq!(site.get(BUCKET, &key).unwrap(), won[0].as_bytes());
        }
        let litter = site.keys(BUCKET).into_iter().filter(|key| key.contains("claim"));
        assert_eq!(litter.collect::<Vec<_>>(), [""; 0]);
    }
}

#[test]
fn whoever_may_not_delete_can_write_all_the_same() {
    let (site, store, location) = site(ignoring());
    let warn = |_: &str| {};
    let guard = Guard::new(&store, &location, None, &warn);
    let upload = Upload { condition: Condition::IfAbsent, ..Upload::new("text/plain") };
    site.server().unwrap().set_hook(|request| match request.method.as_str() {
        "POST" | "DELETE" => Action::Answer(403, "AccessDenied"),
        _ => Action::Serve,
    });
    guard.put("dist/x", b"one", &upload).unwrap();
    let taken = guard.put("dist/x", b"two", &upload).unwrap_err();
    assert!(matches!(taken, store::Error::Precondition { .. }), "{taken}");
    site.delete(BUCKET, "dist/x");
    guard.put("dist/x", b"two", &upload).unwrap();
}

#[test]
fn a_snapshot_of_that_name_is_refused_all_the_same() {
    for quirks in [ignoring(), refusing()] {
        let (site, store, location) = site(quirks);
        let options =
            Options { snapshot: Some("one".to_owned()), new_snapshot: true, ..Options::default() };
        site.package(BUCKET, PREFIX, "a-1", TIME);
        publish(&store, &location, &options).unwrap();
        publish(&store, &location, &options).unwrap();
        site.package(BUCKET, PREFIX, "b-1", TIME);
        let refused = publish(&store, &location, &options).unwrap_err();
        assert!(matches!(refused, Error::SnapshotExists { .. }), "{refused}");
    }
}
