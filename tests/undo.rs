//! What a change takes away can be brought back, byte for byte; and what it may not take stays.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use end_to_end::crowd::{DAY, STAGE, check, deploy, keys, put, sync};
use end_to_end::{DEVELOP, Place};
use store::Upload;
use test_kit::Process;

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
