//! The history: what publishes leave behind, and what readers make of it.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::thread;

use location::{Location, Prefix, Region, Service};
use repository::history::{self, Id, Origin};
use repository::{Error, Options, WhenEmpty, publish};
use store::{Store, Upload};
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

fn sites() -> [Site; 2] {
    let sites = Site::both();
    sites.iter().for_each(|site| site.create_bucket(BUCKET));
    sites
}

fn numbers(store: &Store, location: &Location) -> Vec<u64> {
    history::log(store, location).unwrap().iter().map(|generation| generation.number).collect()
}

fn changes(generation: &history::Generation) -> Vec<String> {
    generation.changes.iter().map(ToString::to_string).collect()
}

/// Three generations: a; a and b; b alone.
fn three(site: &Site, store: &Store, location: &Location) -> Vec<history::Generation> {
    site.package(BUCKET, PREFIX, "a-1", TIME);
    publish(store, location, &Options::default()).unwrap();
    site.package(BUCKET, PREFIX, "b-1", TIME);
    let origin = Origin { who: Some("mona".to_owned()), ..Origin::default() };
    let origin = origin.by("repo-sync", "1.2.3", "sync");
    publish(store, location, &Options { origin, ..Options::default() }).unwrap();
    site.delete(BUCKET, "dist/a-1.composer.json");
    publish(store, location, &Options::default()).unwrap();
    history::log(store, location).unwrap()
}

#[test]
fn each_publish_that_changes_something_is_recorded() {
    for site in sites() {
        let (store, location) = open(&site);
        assert_eq!(history::log(&store, &location).unwrap(), []);
        let log = three(&site, &store, &location);
        publish(&store, &location, &Options::default()).unwrap();
        assert_eq!(history::log(&store, &location).unwrap(), log, "nothing changed");

        let [third, second, first] = log.as_slice() else { panic!("{log:?}") };
        assert_eq!((first.number, second.number, third.number), (1, 2, 3));
        assert_eq!(first.parent, None);
        assert_eq!(second.parent.as_ref(), Some(&first.id));
        assert_eq!(third.parent.as_ref(), Some(&second.id));
        assert_eq!(changes(first), ["+ heroku-sys/a 1"]);
        assert_eq!(changes(second), ["+ heroku-sys/b 1"]);
        assert_eq!(changes(third), ["- heroku-sys/a 1"]);
        assert_eq!(second.origin.command, "sync");
        assert_eq!(second.origin.who.as_deref(), Some("mona"));
        assert_eq!((second.packages, second.versions, second.manifests.count), (2, 2, 2));
        assert!(log.iter().all(|generation| !generation.outside));
        let index = site.get(BUCKET, "dist/packages.json").unwrap();
        assert_eq!(third.index_sha256, checksum::of_bytes(&index));
        let head = store.head("dist/packages.json").unwrap().unwrap();
        assert_eq!(head.metadata.get("generation"), Some(&third.id.to_string()));
        assert_eq!(head.metadata.get("sha256"), Some(&third.index_sha256));
        // Two files each, and nothing that a wildcard for manifests of old would take along.
        let files: Vec<String> =
            site.keys(BUCKET).into_iter().filter(|key| key.contains(".slipway/")).collect();
        assert_eq!(files.len(), 6);
        assert!(!files.iter().any(|key| key.ends_with(".composer.json")), "{files:?}");
        assert_eq!(history::newest(&store, &location, 2).unwrap(), log[..2]);
    }
}

#[test]
fn generations_are_found_by_the_names_that_users_have_for_them() {
    let site = &sites()[0];
    let (store, location) = open(site);
    let log = three(site, &store, &location);
    let find = |name: &str| history::find(&store, &location, name).map(|found| found.number).ok();
    assert_eq!(find("2"), Some(2));
    assert_eq!(find("HEAD"), Some(3));
    assert_eq!(find("HEAD~"), Some(2));
    assert_eq!(find("HEAD~2"), Some(1));
    assert_eq!(find(&log[1].id.to_string()), Some(2));
    for name in ["", "0", "4", "HEAD~3", "HEAD2", "HEAD~x", "-1", "0000000002-000000000000"] {
        assert_eq!(find(name), None, "{name}");
    }
}

#[test]
fn manifests_come_back_byte_for_byte() {
    for site in sites() {
        let (store, location) = open(&site);
        // As nobody of ours would write it.
        let odd = "{\n  \"version\": \"1\", \"name\": \"heroku-sys/odd\",\"x\": \"\\u00e4 ä\"\n}\n";
        site.put(BUCKET, "dist/odd-1.composer.json", odd);
        site.package(BUCKET, PREFIX, "a-1", TIME);
        let cache = Some(site.workspace.path("cache"));
        publish(&store, &location, &Options { cache: cache.clone(), ..Options::default() })
            .unwrap();
        // Once more, with what the cache knows of them.
        site.package(BUCKET, PREFIX, "b-1", TIME);
        publish(&store, &location, &Options { cache, ..Options::default() }).unwrap();

        let plain = site.get(BUCKET, "dist/a-1.composer.json").unwrap();
        for generation in history::log(&store, &location).unwrap() {
            let found = history::manifests(&store, &location, &generation.id).unwrap();
            assert_eq!(found.get("odd-1.composer.json").unwrap().bytes(), odd.as_bytes());
            assert_eq!(found.get("a-1.composer.json").unwrap().bytes(), plain);
            assert_eq!(found.entries.len() as u64, generation.manifests.count);
            let index = found.index().to_bytes();
            assert_eq!(checksum::of_bytes(index), generation.index_sha256);
        }
    }
}

#[test]
fn a_tool_without_a_history_in_between_is_told() {
    for site in sites() {
        let (store, location) = open(&site);
        site.package(BUCKET, PREFIX, "a-1", TIME);
        site.publish(BUCKET, PREFIX);
        // Right already: nothing is written.
        let published = publish(&store, &location, &Options::default()).unwrap();
        assert_eq!((published.changed, published.generation), (false, None));
        assert_eq!(numbers(&store, &location), [0; 0]);

        site.package(BUCKET, PREFIX, "b-1", TIME);
        publish(&store, &location, &Options::default()).unwrap();
        site.package(BUCKET, PREFIX, "c-1", TIME);
        site.publish(BUCKET, PREFIX);
        assert_eq!(numbers(&store, &location), [1], "the newest there is");
        site.package(BUCKET, PREFIX, "d-1", TIME);
        publish(&store, &location, &Options::default()).unwrap();
        let log = history::log(&store, &location).unwrap();
        assert_eq!(log[0].parent.as_ref(), Some(&log[1].id));
        assert_eq!((log[0].number, log[0].outside, log[1].outside), (2, true, false));
        assert_eq!(changes(&log[0]), ["+ heroku-sys/d 1"]);
    }
}

#[test]
fn it_outlives_the_last_package() {
    for site in sites() {
        let (store, location) = open(&site);
        site.package(BUCKET, PREFIX, "a-1", TIME);
        publish(&store, &location, &Options::default()).unwrap();
        site.delete(BUCKET, "dist/a-1.composer.json");
        let options = Options { when_empty: WhenEmpty::Remove, ..Options::default() };
        let gone = publish(&store, &location, &options).unwrap();
        assert_eq!(gone.etag, None);
        let log = history::log(&store, &location).unwrap();
        assert_eq!(gone.generation.as_ref(), Some(&log[0].id));
        assert_eq!(changes(&log[0]), ["- heroku-sys/a 1"]);
        assert_eq!(log.len(), 2);
        // Once more is no change.
        assert_eq!(publish(&store, &location, &options).unwrap().generation, None);

        site.package(BUCKET, PREFIX, "b-1", TIME);
        publish(&store, &location, &Options::default()).unwrap();
        let log = history::log(&store, &location).unwrap();
        assert_eq!((log.len(), log[0].number, log[0].outside), (3, 3, false));
        assert_eq!(changes(&log[0]), ["+ heroku-sys/b 1"]);
    }
}

#[test]
fn damaged_files_are_named_and_keep_nobody_from_publishing() {
    for site in sites() {
        let (store, location) = open(&site);
        let log = three(&site, &store, &location);
        let key = |id: &Id, ending: &str| format!("dist/.slipway/generations/{id}{ending}");
        let damage = |key: &str| {
            let mut bytes = site.get(BUCKET, key).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            site.put(BUCKET, key, bytes);
        };
        damage(&key(&log[1].id, ".manifests.gz"));
        let error = history::manifests(&store, &location, &log[1].id).unwrap_err();
        assert!(matches!(&error, Error::Generation { key, .. } if key.contains(".manifests.gz")));
        assert_eq!(history::log(&store, &location).unwrap(), log);

        damage(&key(&log[0].id, ".json"));
        let error = history::log(&store, &location).unwrap_err();
        assert!(
            matches!(&error, Error::Generation { key, .. } if key.ends_with(".json")),
            "{error}"
        );
        site.package(BUCKET, PREFIX, "c-1", TIME);
        let published = publish(&store, &location, &Options::default()).unwrap();
        assert_eq!(published.generation.unwrap().number(), 4);

        // Without the damaged one the chain ends there; its number is not used again.
        history::remove(&store, &location, &[log[0].id.clone()]).unwrap();
        assert_eq!(numbers(&store, &location), [4]);
        let found = history::found(&store, &location).unwrap();
        assert_eq!(found.iter().map(|found| found.id.number()).collect::<Vec<_>>(), [1, 2, 4]);
        let gone = history::manifests(&store, &location, &log[0].id).unwrap_err();
        assert!(matches!(gone, Error::NoGeneration { .. }), "{gone}");
    }
}

#[test]
fn what_was_left_over_is_no_part_of_it() {
    for site in sites() {
        let (store, location) = open(&site);
        let log = three(&site, &store, &location);
        site.put(BUCKET, "dist/.slipway/generations/0000000009-000000000000.json", "{}");
        site.put(BUCKET, "dist/.slipway/generations/notes.txt", "by hand");
        assert_eq!(history::log(&store, &location).unwrap(), log);
        assert_eq!(history::found(&store, &location).unwrap().len(), 4);
    }
}

#[test]
fn of_racing_writers_each_generation_is_on_the_chain_and_no_other_stays() {
    for site in sites() {
        let (store, location) = open(&site);
        thread::scope(|scope| {
            for writer in 0..16 {
                let (store, location, site) = (&store, &location, &site);
                scope.spawn(move || {
                    site.package(BUCKET, PREFIX, &format!("w{writer}-1"), TIME);
                    publish(store, location, &Options::default()).unwrap();
                });
            }
        });
        let log = history::log(&store, &location).unwrap();
        let added: usize = log.iter().map(|generation| generation.changes.len()).sum();
        assert_eq!(added, 16, "each package was added once");
        // Those that lost have had numbers, too.
        let numbers = numbers(&store, &location);
        assert!(numbers.is_sorted_by(|left, right| left > right), "{numbers:?}");
        assert_eq!(log.last().unwrap().parent, None);
        let on_chain: Vec<Id> = log.into_iter().rev().map(|generation| generation.id).collect();
        let found = history::found(&store, &location).unwrap();
        assert_eq!(found.into_iter().map(|found| found.id).collect::<Vec<_>>(), on_chain);
    }
}

#[test]
fn a_lost_answer_breaks_no_chain() {
    let site = Site::s3();
    site.create_bucket(BUCKET);
    let (store, location) = open(&site);
    let server = site.server().unwrap();
    site.package(BUCKET, PREFIX, "a-1", TIME);
    publish(&store, &location, &Options::default()).unwrap();
    // Our write takes effect, but the answer is lost, and before we ask again somebody else has
    // published on top of it. So ours is reported as lost, and is a parent all the same.
    site.package(BUCKET, PREFIX, "b-1", TIME);
    let (other_store, other_location) = (store.clone(), location.clone());
    let mut writes = 0;
    server.set_hook(move |request| {
        if request.line() != "PUT /packages/dist/packages.json" {
            return Action::Serve;
        }
        writes += 1;
        match writes {
            1 => Action::ResetAfter,
            2 => Action::Answer(503, "SlowDown"),
            _ => Action::Serve,
        }
    });
    let other = thread::spawn(move || {
        let body = r#"{"name": "heroku-sys/c", "version": "1"}"#;
        let key = "dist/c-1.composer.json";
        other_store.put(key, body.as_bytes(), &Upload::new("application/json")).unwrap();
        publish(&other_store, &other_location, &Options::default()).unwrap();
    });
    publish(&store, &location, &Options::default()).unwrap();
    other.join().unwrap();
    server.clear_hook();
    let log = history::log(&store, &location).unwrap();
    assert_eq!(log.last().unwrap().number, 1, "the chain is whole: {log:?}");
    assert_eq!(site.get(BUCKET, "dist/packages.json").unwrap(), site.index(BUCKET, PREFIX));
}
