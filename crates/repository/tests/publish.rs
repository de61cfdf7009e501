//! The publish, alone and under contention, on both stores.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use location::{Location, Prefix, Region, Service};
use manifest::index::ChangeKind;
use repository::{Error, Options, Step, WhenEmpty, history, publish};
use store::Store;
use test_kit::Site;
use test_kit::s3::{ACCESS_KEY, Action, SECRET_KEY};

const BUCKET: &str = "packages";
const PREFIX: &str = "dist/";
const TIME: &str = "2026-01-01 00:00:00";

fn open(site: &Site) -> (Store, Location) {
    let service = match site.server() {
        Some(server) => Service::Endpoint { url: server.endpoint(), region: Region::default() },
        None => Service::Folder { root: site.workspace.path("stores") },
    };
    let location = Location::new(service, BUCKET, Prefix::parse(PREFIX).unwrap()).unwrap();
    let env = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some(ACCESS_KEY.to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some(SECRET_KEY.to_owned()),
        _ => None,
    };
    let store = Store::open(&location.service, BUCKET, store::Options::default(), &env).unwrap();
    (store, location)
}

/// Both stores, with a bucket.
fn sites() -> [Site; 2] {
    let sites = Site::both();
    sites.iter().for_each(|site| site.create_bucket(BUCKET));
    sites
}

fn packages(site: &Site) -> String {
    String::from_utf8(site.get(BUCKET, "dist/packages.json").unwrap()).unwrap()
}

#[test]
fn it_says_what_changed_and_writes_only_what_differs() {
    for site in sites() {
        let (store, location) = open(&site);
        site.package(BUCKET, PREFIX, "a-1", TIME);
        site.package(BUCKET, PREFIX, "b-1", TIME);
        site.put(BUCKET, "dist/below/c-1.composer.json", "not read");
        site.put(BUCKET, "dist/notes.json", "not read");
        let options = Options::default();

        let first = publish(&store, &location, &options).unwrap();
        assert_eq!(first.bytes, site.index(BUCKET, PREFIX));
        assert_eq!(packages(&site).as_bytes(), first.bytes);
        assert!(first.changed);
        assert_eq!((first.packages, first.versions, first.changes.len()), (2, 2, 2));

        let again = publish(&store, &location, &options).unwrap();
        assert!(!again.changed && again.changes.is_empty());
        assert_eq!(again.etag, first.etag);

        store.delete_many(&["dist/a-1.composer.json".to_owned()]).unwrap();
        let removed = publish(&store, &location, &options).unwrap();
        assert!(removed.changed);
        let kinds: Vec<_> = removed.changes.iter().map(|c| (c.kind, c.name.as_str())).collect();
        assert_eq!(kinds, [(ChangeKind::Removed, "heroku-sys/a")]);
    }
}

#[test]
fn archives_that_were_missing_before_do_not_stop_it() {
    for site in sites() {
        let (store, location) = open(&site);
        site.package(BUCKET, PREFIX, "a-1", TIME);
        site.package(BUCKET, PREFIX, "b-1", TIME);
        site.delete(BUCKET, "dist/a-1.tar.gz");
        publish(&store, &location, &Options::default()).unwrap();
        assert_eq!(packages(&site).as_bytes(), site.index(BUCKET, PREFIX));
    }
}

#[test]
fn a_snapshot_has_the_same_bytes_and_content_type() {
    for site in sites() {
        let (store, location) = open(&site);
        site.package(BUCKET, PREFIX, "a-1", TIME);
        let options =
            Options { snapshot: Some("one".to_owned()), new_snapshot: true, ..Options::default() };
        let published = publish(&store, &location, &options).unwrap();
        assert_eq!(published.snapshot.as_deref(), Some("dist/packages-one.json"));
        let content = store.get("dist/packages-one.json").unwrap().unwrap();
        assert_eq!(content.bytes, published.bytes);
        assert_eq!(content.head.content_type.as_deref(), Some("application/json"));

        // The same once more is no change; another one under that name is refused.
        publish(&store, &location, &options).unwrap();
        site.package(BUCKET, PREFIX, "b-1", TIME);
        let refused = publish(&store, &location, &options).unwrap_err();
        assert!(matches!(refused, Error::SnapshotExists { .. }), "{refused}");
    }
}

#[test]
fn names_of_snapshots_stay_below_the_prefix() {
    for site in sites() {
        let (store, location) = open(&site);
        for name in ["", "a/b", "../x", "ä", "x.composer"] {
            let options = Options { snapshot: Some(name.to_owned()), ..Options::default() };
            let refused = publish(&store, &location, &options).unwrap_err();
            assert!(matches!(refused, Error::SnapshotName { .. }), "{name}: {refused}");
        }
    }
}

#[test]
fn a_broken_manifest_is_named_and_nothing_is_written() {
    for site in sites() {
        let (store, location) = open(&site);
        site.put(BUCKET, "dist/a-1.composer.json", "{\"name\": \"x\",\n  oops}");
        let error = publish(&store, &location, &Options::default()).unwrap_err();
        let Error::Manifest { name, source } = &error else { panic!("{error}") };
        assert_eq!(name, "dist/a-1.composer.json");
        assert!(source.to_string().contains("line 2"), "{source}");
        assert_eq!(site.get(BUCKET, "dist/packages.json"), None);
    }
}

#[test]
fn an_empty_repository() {
    for site in sites() {
        let (store, location) = open(&site);
        let with = |when_empty| Options { when_empty, ..Options::default() };
        let refused = publish(&store, &location, &with(WhenEmpty::Refuse)).unwrap_err();
        assert!(matches!(refused, Error::NoManifests { .. }), "{refused}");
        assert!(!publish(&store, &location, &with(WhenEmpty::Remove)).unwrap().changed);

        publish(&store, &location, &with(WhenEmpty::Write)).unwrap();
        publish(&store, &location, &with(WhenEmpty::Refuse)).unwrap();
        site.put(BUCKET, "dist/packages-old.json", "{\"packages\": {}}");
        let removed = publish(&store, &location, &with(WhenEmpty::Remove)).unwrap();
        assert!(removed.changed);
        assert_eq!(removed.etag, None);
        assert!(site.packages(BUCKET).is_empty(), "{:?}", site.keys(BUCKET));
    }
}

#[test]
fn sixteen_writers_lose_nothing() {
    for site in sites() {
        let (store, location) = open(&site);
        let most = AtomicUsize::new(0);
        for round in 0..4 {
            thread::scope(|scope| {
                for writer in 0..16 {
                    let (store, location, site, most) = (&store, &location, &site, &most);
                    scope.spawn(move || {
                        site.package(BUCKET, PREFIX, &format!("w{writer}-{round}"), TIME);
                        let published = publish(store, location, &Options::default()).unwrap();
                        let own = format!("/w{writer}-{round}.tar.gz");
                        let index = String::from_utf8(published.bytes).unwrap();
                        assert!(index.contains(&own), "{own} is not in what was published");
                        most.fetch_max(published.attempts as usize, Ordering::Relaxed);
                    });
                }
            });
            assert_eq!(packages(&site).as_bytes(), site.index(BUCKET, PREFIX));
            assert_eq!(packages(&site).matches("\"version\"").count(), 16 * (round + 1));
        }
        let most = most.into_inner();
        assert!(most < 100, "{most} attempts: the back-off does not spread the writers");
    }
}

#[test]
fn a_fifth_of_all_requests_may_fail() {
    let site = Site::s3();
    site.create_bucket(BUCKET);
    let (store, location) = open(&site);
    let server = site.server().unwrap();
    let mut dice: u64 = 7;
    server.set_hook(move |_| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (dice >> 33) % 15 {
            0 => Action::Answer(503, "SlowDown"),
            1 => Action::ResetBefore,
            2 => Action::ResetAfter,
            _ => Action::Serve,
        }
    });
    for round in 0..3 {
        thread::scope(|scope| {
            for writer in 0..8 {
                let (store, location, site) = (&store, &location, &site);
                scope.spawn(move || {
                    site.package(BUCKET, PREFIX, &format!("w{writer}-{round}"), TIME);
                    publish(store, location, &Options::default()).unwrap();
                });
            }
        });
        assert_eq!(packages(&site).as_bytes(), site.index(BUCKET, PREFIX));
        assert_eq!(packages(&site).matches("\"version\"").count(), 8 * (round + 1));
    }
    server.clear_hook();
    let log = history::log(&store, &location).unwrap();
    assert_eq!(log.last().unwrap().parent, None, "the chain is whole");
}

#[test]
fn what_changes_after_the_listing_is_published_too() {
    let site = Site::s3();
    site.create_bucket(BUCKET);
    let (store, location) = open(&site);
    let site = Arc::new(site);
    site.package(BUCKET, PREFIX, "a-1", TIME);
    site.package(BUCKET, PREFIX, "b-1", TIME);
    // Somebody brings one package and removes another when our index is about to be written.
    let server = site.server().unwrap();
    let other = Arc::downgrade(&site);
    let mut done = false;
    server.set_hook(move |request| {
        if !done && request.line() == "PUT /packages/dist/packages.json" {
            done = true;
            let site = other.upgrade().unwrap();
            site.package(BUCKET, PREFIX, "c-1", TIME);
            site.put(
                BUCKET,
                "dist/b-1.composer.json",
                r#"{"name": "heroku-sys/b", "version": "2"}"#,
            );
        }
        Action::Serve
    });
    let published = publish(&store, &location, &Options::default()).unwrap();
    server.clear_hook();
    assert_eq!(published.attempts, 2);
    assert_eq!(packages(&site).as_bytes(), site.index(BUCKET, PREFIX));
    assert!(packages(&site).contains("c-1.tar.gz"));
}

#[test]
fn what_was_removed_meanwhile_does_not_come_back() {
    for site in sites() {
        let (store, location) = open(&site);
        site.package(BUCKET, PREFIX, "p-1", TIME);
        publish(&store, &location, &Options::default()).unwrap();
        let before = packages(&site);
        site.package(BUCKET, PREFIX, "x-1", TIME);
        // We have listed and generated; then two others publish, and what they leave has the very
        // bytes (on S3, the very tag) of what we have read, without the package that we have listed.
        let generating = Cell::new(0);
        let progress = |step: &Step| {
            if *step == Step::Uploading && generating.replace(1) == 0 {
                site.package(BUCKET, PREFIX, "q-1", TIME);
                publish(&store, &location, &Options::default()).unwrap();
                for name in ["q-1", "x-1"] {
                    site.delete(BUCKET, &format!("dist/{name}.composer.json"));
                }
                publish(&store, &location, &Options::default()).unwrap();
                assert_eq!(packages(&site), before);
            }
        };
        let options = Options { progress: Some(&progress), ..Options::default() };
        let published = publish(&store, &location, &options).unwrap();
        assert!(!String::from_utf8(published.bytes).unwrap().contains("x-1"));
        assert_eq!(packages(&site), before);
    }
}

#[test]
fn nor_does_it_at_the_very_last_moment() {
    let site = Arc::new(Site::s3());
    site.create_bucket(BUCKET);
    let (store, location) = open(&site);
    site.package(BUCKET, PREFIX, "p-1", TIME);
    publish(&store, &location, &Options::default()).unwrap();
    let before = packages(&site);
    site.package(BUCKET, PREFIX, "x-1", TIME);
    let other = Arc::downgrade(&site);
    let mut done = false;
    let server = site.server().unwrap();
    server.set_hook(move |request| {
        if !done && request.line() == "PUT /packages/dist/packages.json" {
            done = true;
            // Another index, and the former one again: the tag is the one that we ask for.
            let site = other.upgrade().unwrap();
            let former = site.get(BUCKET, "dist/packages.json").unwrap();
            site.package(BUCKET, PREFIX, "q-1", TIME);
            site.publish(BUCKET, PREFIX);
            site.delete(BUCKET, "dist/q-1.composer.json");
            site.delete(BUCKET, "dist/x-1.composer.json");
            site.publish(BUCKET, PREFIX);
            assert_eq!(site.get(BUCKET, "dist/packages.json").unwrap(), former);
        }
        Action::Serve
    });
    let published = publish(&store, &location, &Options::default()).unwrap();
    server.clear_hook();
    assert_eq!(published.attempts, 2, "our write took effect, and the list had moved");
    assert_eq!(packages(&site), before);
}

/// Lets somebody else add a package and publish when `at` says so of a request; returns what became
/// of our writes of `packages.json`.
fn replaced_meanwhile(at: impl Fn(&str) -> bool + Send + 'static) -> Vec<Option<u16>> {
    let site = Arc::new(Site::s3());
    site.create_bucket(BUCKET);
    let (store, location) = open(&site);
    site.package(BUCKET, PREFIX, "a-1", TIME);
    let server = site.server().unwrap();
    let other = Arc::downgrade(&site);
    let mut done = false;
    server.set_hook(move |request| {
        if !done && at(&request.line()) {
            done = true;
            let site = other.upgrade().unwrap();
            site.package(BUCKET, PREFIX, "b-1", TIME);
            site.publish(BUCKET, PREFIX);
        }
        Action::Serve
    });
    let published = publish(&store, &location, &Options::default()).unwrap();
    server.clear_hook();
    assert_eq!(published.attempts, 2);
    // Theirs was right already: we wrote nothing, and left no generation behind.
    assert!(!published.changed);
    assert_eq!(site.keys(BUCKET).len(), site.packages(BUCKET).len() + published_files(&site));
    let requests = server.requests();
    let writes = requests.iter().filter(|r| r.line() == "PUT /packages/dist/packages.json");
    writes.map(|request| request.status).collect()
}

/// The files of generations; theirs had none.
fn published_files(site: &Site) -> usize {
    site.keys(BUCKET).iter().filter(|key| key.contains("/generations/")).count()
}

#[test]
fn an_index_that_was_replaced_meanwhile_is_not_overwritten() {
    // Between our listing and our write: seen before a generation is written.
    let writes = replaced_meanwhile(|line| line == "GET /packages/dist/a-1.composer.json");
    assert_eq!(writes, []);
    // At the last moment: the service refuses our write.
    let writes = replaced_meanwhile(|line| {
        line.starts_with("PUT /packages/dist/.slipway/generations/") && line.ends_with(".json")
    });
    assert_eq!(writes, [Some(412)]);
}

#[test]
fn the_cache_saves_requests_and_is_never_trusted_over_the_tag() {
    let site = Site::s3();
    site.create_bucket(BUCKET);
    let (store, location) = open(&site);
    let server = site.server().unwrap();
    for number in 0..20 {
        site.package(BUCKET, PREFIX, &format!("p-{number}"), TIME);
    }
    let folder = site.workspace.path("cache");
    let options = Options { cache: Some(folder.clone()), ..Options::default() };
    let fetched = || {
        let requests = server.requests();
        let gets = requests.iter().filter(|r| r.method == "GET");
        gets.filter(|r| r.path.ends_with(".composer.json")).count()
    };
    publish(&store, &location, &options).unwrap();
    assert_eq!(fetched(), 20);

    server.forget_requests();
    site.package(BUCKET, PREFIX, "p-7", "2026-02-02 00:00:00");
    site.package(BUCKET, PREFIX, "p-20", TIME);
    publish(&store, &location, &options).unwrap();
    assert_eq!(fetched(), 2);
    assert_eq!(packages(&site).as_bytes(), site.index(BUCKET, PREFIX));

    // A damaged cache is no cache.
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    server.forget_requests();
    publish(&store, &location, &options).unwrap();
    assert_eq!(fetched(), 21);
    assert_eq!(packages(&site).as_bytes(), site.index(BUCKET, PREFIX));
}
