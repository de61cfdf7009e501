//! What a change takes away can be brought back, byte for byte; and what it may not take stays.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::sync::Arc;

use end_to_end::crowd::{DAY, STAGE, check, check_clean, deploy, keys, published, put, sync};
use end_to_end::{DEVELOP, Place};
use store::Upload;
use test_kit::Process;
use test_kit::s3::{Action, Attributes, Quirks};

const LATER: &str = "2026-02-01 00:00:00";

fn places() -> [Place; 3] {
    [Place::folder(), Place::in_process(), Place::seaweed()]
}

fn remove(place: &Place, name: &str) -> Process {
    place.tool("pkg-remove").args(["--yes", name])
}

fn gc(place: &Place) -> Process {
    place.tool("repo-check").args(["--gc", "--yes", "--older-than", "0s"])
}

/// Prepares what a change needs beside the repository.
type Prepare = fn(&Place);
/// The processes of a change, which follow each other.
type Change = fn(&Place) -> Vec<Process>;

/// Changes of a repository that has `a-1` and `b-1`.
const CHANGES: [(&str, Prepare, Change); 7] = [
    ("pkg-remove", |_| {}, |place| vec![remove(place, "a-1")]),
    (
        "repo-sync that updates",
        |place| put(place, STAGE, &[("a-1", LATER), ("b-1", DAY)]),
        |place| vec![sync(place, &[], DEVELOP)],
    ),
    (
        "repo-sync that removes",
        |place| put(place, STAGE, &[("b-1", DAY)]),
        |place| vec![sync(place, &[], DEVELOP)],
    ),
    (
        "pkg-deploy --overwrite",
        |_| {},
        |place| vec![deploy(place, "a-1", "another").arg("--overwrite")],
    ),
    ("pkg-remove, gc", |_| {}, |place| vec![remove(place, "a-1"), gc(place)]),
    (
        "pkg-remove, a new deploy of the name",
        |_| {},
        // The key is free at once: there is nothing to overwrite.
        |place| vec![remove(place, "a-1"), deploy(place, "a-1", "another")],
    ),
    (
        "pkg-deploy --overwrite, gc",
        |_| {},
        |place| vec![deploy(place, "a-1", "another").arg("--overwrite"), gc(place)],
    ),
];

/// What readers see of the repository.
fn contents(place: &Place) -> Vec<(String, String)> {
    place.contents().into_iter().filter(|(key, _)| key.starts_with(DEVELOP)).collect()
}

/// Each archive has its manifest: what was taken away does not keep its key.
fn check_pairs(place: &Place, change: &str) {
    let keys = keys(place, DEVELOP);
    let ending = |ending: &str| -> Vec<&str> {
        keys.iter().filter_map(|key| key.strip_suffix(ending)).collect()
    };
    assert_eq!(ending(".tar.gz"), ending(".composer.json"), "{}, {change}", place.kind);
}

/// What only the first one has.
fn differing<'a>(
    one: &'a [(String, String)],
    other: &[(String, String)],
) -> Vec<&'a (String, String)> {
    one.iter().filter(|object| !other.contains(object)).collect()
}

/// Two packages, as their builds were deployed.
fn deployed() -> impl Iterator<Item = Place> {
    places().into_iter().inspect(|place| {
        for name in ["a-1", "b-1"] {
            let _ = deploy(place, name, &format!("archive of {name}")).run().success();
        }
    })
}

#[test]
fn a_rollback_brings_back_what_changes_took() {
    let mut problems = Vec::new();
    for (name, prepare, change) in CHANGES {
        for place in deployed() {
            prepare(&place);
            let before = contents(&place);
            for process in change(&place) {
                check(&place, &[process.run()], &[0]);
            }
            assert_ne!(contents(&place), before, "{}, {name}", place.kind);
            check_pairs(&place, name);
            // Each deploy is a generation: the second one is that of both packages.
            let back = place.tool("repo-mkrepo").args(["rollback", "--yes", "2"]);
            let output = back.args([&place.bucket, DEVELOP]).run();
            let after = contents(&place);
            if output.status != 0 || after != before {
                let (expected, found) = (differing(&before, &after), differing(&after, &before));
                problems.push(format!(
                    "{}, {name}: status {}, {}\n    expected {expected:?}\n    found {found:?}",
                    place.kind, output.status, output.stderr
                ));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// With `SLIPWAY_KEEP_REMOVED=0` nothing is kept, as it was with the scripts.
#[test]
fn nothing_is_kept_where_that_is_asked_for() {
    for (name, prepare, change) in CHANGES {
        for place in deployed() {
            prepare(&place);
            for process in change(&place) {
                let process = process.env("SLIPWAY_KEEP_REMOVED", "0");
                check(&place, &[process.run()], &[0]);
            }
            check_pairs(&place, name);
            let all = place.store().list(DEVELOP).unwrap().into_iter().map(|object| object.key);
            let removed: Vec<String> = all.filter(|key| key.contains("/removed/")).collect();
            assert_eq!(removed, [""; 0], "{}, {name}", place.kind);
        }
    }
}

/// Everything that is kept of what was taken away.
fn kept(place: &Place) -> Vec<String> {
    let objects = place.store().list(&format!("{DEVELOP}.slipway/removed/")).unwrap();
    objects.into_iter().map(|object| object.key).collect()
}

/// What is older than `SLIPWAY_KEEP_REMOVED` goes with whatever removes something next.
#[test]
fn what_is_older_goes_with_the_next_change() {
    type Next = fn(&Place) -> Process;
    let next: [(&str, Next); 3] = [
        ("pkg-remove", |place| remove(place, "b-1")),
        ("repo-sync", |place| sync(place, &[], DEVELOP)),
        ("gc", |place| gc(place).args(["--keep-generations", "100"])),
    ];
    for (name, next) in next {
        let place = Place::in_process();
        let server = place.server().unwrap();
        let days_ago = |days| server.set_quirks(Quirks { days_behind: days, ..Quirks::default() });
        put(&place, STAGE, &[("c-1", DAY)]);
        for package in ["a-1", "b-1", "c-1"] {
            let _ = deploy(&place, package, package).run().success();
        }
        // By the service's clock, whatever this machine's says: eight days ago, and six.
        days_ago(8);
        let _ = remove(&place, "a-1").run().success();
        let old = kept(&place);
        assert_eq!(old.len(), 2, "{name}: {old:?}");
        days_ago(6);
        let _ = deploy(&place, "d-1", "d").run().success();
        let _ = remove(&place, "d-1").run().success();
        assert_eq!(kept(&place).len(), 4, "{name}: not old enough by then");
        days_ago(0);
        let _ = next(&place).run().success();
        let left = kept(&place);
        assert!(old.iter().all(|key| !left.contains(key)), "{name}: {left:?}");
        assert!(left.len() >= 2, "{name}: {left:?}");
    }
}

/// A rollback to a state with an archive that is gone for good refuses, whatever is at its key now.
#[test]
fn what_is_gone_for_good_is_not_taken_for_what_came_later() {
    let change: [(&str, Change); 2] = [
        ("overwritten", |place| vec![deploy(place, "a-1", "two").arg("--overwrite")]),
        ("removed, deployed", |place| vec![remove(place, "a-1"), deploy(place, "a-1", "two")]),
    ];
    let check_refused = |place: &Place, name: &str| {
        let before = contents(place);
        let back = place.tool("repo-mkrepo").args(["rollback", "--yes", "1"]);
        let output = back.args([&place.bucket, DEVELOP]).run();
        assert_eq!(output.status, 7, "{}, {name}: {}", place.kind, output.stderr);
        assert!(output.stderr.contains("a-1.tar.gz"), "{}", output.stderr);
        assert_eq!(contents(place), before, "{}, {name}", place.kind);
    };
    for (name, change) in change {
        for place in deployed() {
            for process in change(&place) {
                check(&place, &[process.env("SLIPWAY_KEEP_REMOVED", "0").run()], &[0]);
            }
            check_refused(&place, name);
            // The mark goes with the generations that it is about.
            let _ = gc(&place).args(["--keep-generations", "1"]).run().success();
            let marks = place.store().list(&format!("{DEVELOP}.slipway/gone/")).unwrap();
            assert_eq!(marks, [], "{}, {name}", place.kind);
        }
        // The same where it went with time.
        let place = Place::in_process();
        let days_ago = |days| {
            let quirks = Quirks { days_behind: days, ..Quirks::default() };
            place.server().unwrap().set_quirks(quirks);
        };
        days_ago(8);
        let _ = deploy(&place, "a-1", "one").run().success();
        for process in change(&place) {
            check(&place, &[process.run()], &[0]);
        }
        days_ago(0);
        let _ = deploy(&place, "b-1", "b").run().success();
        let _ = remove(&place, "b-1").run().success();
        check_refused(&place, name);
    }
}

/// A repository without packages is one all the same: what was removed last goes in time, too.
#[test]
fn gc_also_works_where_the_last_package_is_gone() {
    for place in places() {
        let _ = deploy(&place, "a-1", "one").run().success();
        let _ = remove(&place, "a-1").run().success();
        assert_eq!(kept(&place).len(), 2, "{}", place.kind);
        let _ = gc(&place).env("SLIPWAY_KEEP_REMOVED", "0").run().success();
        assert_eq!(kept(&place), [""; 0], "{}", place.kind);
        let mistyped = gc(&place).args([&place.bucket, "mistyped/"]);
        assert_eq!(mistyped.run().status, 7, "{}", place.kind);
    }
}

/// Repositories of the historical tools have neither a history nor checksums.
#[test]
fn a_repository_without_a_history_can_be_undone_too() {
    for place in places() {
        put(&place, DEVELOP, &[("a-1", DAY), ("b-1", DAY)]);
        delete_own(&place);
        let index = format!("{DEVELOP}packages.json");
        let store = place.store();
        let bytes = store.get(&index).unwrap().unwrap().bytes;
        store.put(&index, &bytes, &Upload::new("application/json")).unwrap();
        let before = contents(&place);
        let output = place.tool("pkg-remove").arg("a-1").input("y\n").run().success();
        assert!(output.stderr.contains(" UTC: repo-mkrepo rollback 1\n"), "{}", output.stderr);
        assert_ne!(contents(&place), before);
        let back = place.tool("repo-mkrepo").args(["rollback", "--yes", "1"]);
        let _ = back.args([&place.bucket, DEVELOP]).run().success();
        assert_eq!(contents(&place), before, "{}", place.kind);
    }
}

fn delete_own(place: &Place) {
    let own = place.store().list(&format!("{DEVELOP}.slipway/")).unwrap();
    let own: Vec<String> = own.into_iter().map(|object| object.key).collect();
    place.store().delete_many(&own).unwrap();
}

/// Without `.slipway/` a repository is what it was, but for its past.
#[test]
fn without_the_folder_only_the_past_is_lost() {
    for place in deployed() {
        let _ = remove(&place, "a-1").run().success();
        let before = contents(&place);
        delete_own(&place);
        assert_eq!(contents(&place), before);
        check_clean(&place, DEVELOP);
        let _ = deploy(&place, "c-1", "c").run().success();
        let _ = remove(&place, "b-1").run().success();
        assert_eq!(published(&place, DEVELOP), ["c-1"], "{}", place.kind);
        check_clean(&place, DEVELOP);
        let log = place.tool("repo-mkrepo").args(["log", &place.bucket, DEVELOP]);
        let log = log.run().success().stdout;
        assert!(log.contains("\n    - heroku-sys/b 1\n"), "{log}");
    }
}

/// Builds use what is in the repository, not what was removed from it.
#[test]
fn no_build_takes_what_was_removed() {
    for place in places() {
        for name in ["php-8.3.9", "php-8.3.10"] {
            let _ = deploy(&place, name, name).run().success();
        }
        let library = format!("{DEVELOP}libraries/libtally-2.0.1.tar.gz");
        place.store().put(&library, b"library", &Upload::new("application/gzip")).unwrap();
        let uses = || {
            let process = place.tool("bob-build").args(["--dry-run", "ext-counter-1.0.0_php-8.3"]);
            process.run().success().stderr
        };
        assert!(uses().contains("php-8.3.10.tar.gz"), "{}", uses());
        let _ = remove(&place, "php-8.3.10").run().success();
        assert!(uses().contains("php-8.3.9.tar.gz"), "{}", uses());
        assert!(!uses().contains("8.3.10"), "{}", uses());
    }
}

/// A rollback is a change as any other.
#[test]
fn a_rollback_can_be_undone_too() {
    for place in deployed() {
        let _ = deploy(&place, "a-1", "another").arg("--overwrite").run().success();
        let _ = remove(&place, "b-1").run().success();
        let newest = contents(&place);
        for (number, expected) in [("2", None), ("4", Some(&newest)), ("2", None)] {
            let back = place.tool("repo-mkrepo").args(["rollback", "--yes", number]);
            let _ = back.args([&place.bucket, DEVELOP]).run().success();
            let now = contents(&place);
            match expected {
                // The archive of b-1 stays: a rollback removes none.
                Some(expected) => {
                    assert!(differing(expected, &now).is_empty(), "{}: {now:?}", place.kind);
                }
                None => assert!(now.contains(&first(&place)), "{}: {now:?}", place.kind),
            }
        }
    }
}

/// The archive of the first deploy.
fn first(place: &Place) -> (String, String) {
    let text = place.masked("archive of a-1");
    (format!("{DEVELOP}a-1.tar.gz"), text)
}

/// What no generation names can be copied back by hand.
#[test]
fn an_orphan_is_kept_with_its_key() {
    for place in deployed() {
        let store = place.store();
        let orphan = format!("{DEVELOP}orphan.tar.gz");
        store.put(&orphan, b"orphan", &Upload::new("application/gzip")).unwrap();
        let _ = gc(&place).run().success();
        assert!(store.head(&orphan).unwrap().is_none(), "{}", place.kind);
        let sha256 = checksum::of_bytes("orphan");
        let kept = kept(&place);
        let content = kept.iter().find(|key| key.ends_with(&sha256)).unwrap();
        assert_eq!(store.get(content).unwrap().unwrap().bytes, b"orphan");
        let stone = kept.iter().find(|key| key.contains(&format!("{sha256}-"))).unwrap();
        let stone = String::from_utf8(store.get(stone).unwrap().unwrap().bytes).unwrap();
        assert!(stone.contains(r#""path":"orphan.tar.gz""#), "{stone}");
    }
}

/// A generation that cannot be read may name any archive.
#[test]
fn nothing_goes_while_a_generation_cannot_be_read() {
    for place in deployed() {
        let store = place.store();
        let orphan = format!("{DEVELOP}orphan.tar.gz");
        store.put(&orphan, b"orphan", &Upload::new("application/gzip")).unwrap();
        let own = store.list(&format!("{DEVELOP}.slipway/generations/")).unwrap();
        let first = own.iter().find(|object| object.key.ends_with(".manifests.gz")).unwrap();
        store.put(&first.key, b"damaged", &Upload::new("application/gzip")).unwrap();
        let _ = gc(&place).run().expect(6);
        assert!(store.head(&orphan).unwrap().is_some(), "{}", place.kind);
    }
}

/// Where nothing is kept, what a manifest begins to name while it is removed cannot be put back.
#[test]
fn what_cannot_be_put_back_is_said() {
    let place = Arc::new(Place::in_process());
    put(&place, DEVELOP, &[("a-1", DAY), ("late-1", DAY)]);
    let (store, server) = (place.store(), place.server().unwrap());
    let key = format!("{DEVELOP}late-1.composer.json");
    let manifest = store.get(&key).unwrap().unwrap().bytes;
    store.delete_many(std::slice::from_ref(&key)).unwrap();
    put(&place, DEVELOP, &[]);
    let other = Arc::downgrade(&place);
    server.set_hook(move |request| {
        if request.method == "DELETE" && request.path.ends_with("/late-1.tar.gz") {
            let place = other.upgrade().unwrap();
            let server = place.server().unwrap();
            server.put(&place.bucket, &key, manifest.clone(), Attributes::default());
        }
        Action::Serve
    });
    let gc = gc(&place).args(["--keep-generations", "1"]).env("SLIPWAY_KEEP_REMOVED", "0");
    let output = gc.run().expect(12);
    assert!(output.stderr.contains("late-1.tar.gz"), "{}", output.stderr);
}

/// A repository that names its archives by a public URL is not garbage in an environment that does
/// not know this URL.
#[test]
fn archives_with_another_public_url_are_no_garbage() {
    for place in places() {
        let archive = format!("{DEVELOP}a-1.tar.gz");
        let store = place.store();
        store.put(&archive, b"archive", &Upload::new("application/gzip")).unwrap();
        let manifest = format!(
            r#"{{"dist": {{"type": "heroku-sys-tar", "url": "https://cdn.example/x/{archive}"}}, "name": "heroku-sys/a", "require": {{}}, "time": "{DAY}", "type": "heroku-sys-library", "version": "1"}}"#
        );
        let key = format!("{DEVELOP}a-1.composer.json");
        store.put(&key, manifest.as_bytes(), &Upload::new("application/json")).unwrap();
        let publish = place.tool("repo-mkrepo").args(["--upload", &place.bucket, DEVELOP]);
        let _ = publish.env("S3_PUBLIC_URL", "https://cdn.example/x").run().success();

        let output = gc(&place).run();
        let there = store.head(&archive).unwrap().is_some();
        assert!(there, "{}: status {}, {}", place.kind, output.status, output.stdout);
        // The index remembers it, also when it is published without the variable.
        let all =
            |place: &Place| place.tool("repo-check").args(["--strict"]).run().success().stdout;
        assert!(!all(&place).contains("cdn.example"), "{}: {}", place.kind, all(&place));
        let _ = deploy(&place, "b-1", "b").run().success();
        assert!(!all(&place).contains("cdn.example"), "{}: {}", place.kind, all(&place));
    }
}

/// An archive that comes back under a key in use is that of its manifest, wherever the rollback ends.
#[test]
fn an_interrupted_rollback_leaves_no_archive_under_another_manifest() {
    let pair = |place: &Place| {
        let is_package = |key: &str| key.contains("/a-1.");
        let all = contents(place).into_iter();
        all.filter(|(key, _)| is_package(key)).collect::<Vec<_>>()
    };
    let mut ended = 0;
    for number in (1..200).step_by(3) {
        let place = Place::in_process();
        let _ = deploy(&place, "a-1", "one").run().success();
        let old = pair(&place);
        let _ = deploy(&place, "a-1", "another").arg("--overwrite").run().success();
        let new = pair(&place);
        let server = place.server().unwrap();
        server.forget_requests();
        server.set_hook(move |request| match request.number < number {
            true => Action::Serve,
            false => Action::Answer(403, "AccessDenied"),
        });
        let back =
            place.tool("repo-mkrepo").args(["rollback", "--yes", "1", &place.bucket, DEVELOP]);
        let status = back.run().status;
        server.clear_hook();
        let _ =
            place.tool("repo-mkrepo").args(["--upload", &place.bucket, DEVELOP]).run().success();
        let now = pair(&place);
        assert!(now == old || now == new, "ended at {number}: {now:?}");
        if status == 0 {
            assert_eq!(now, old);
            break;
        }
        ended += 1;
    }
    assert!((8..60).contains(&ended), "{ended} of these runs ended early");
}
