//! A process is held at a moment, another one runs to its end, then the first one goes on.
//!
//! Whatever the other one did, in the end all that the index and the snapshots name is there. The
//! process that was held has put it in order (status 0), or has withdrawn its change (12).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use end_to_end::crowd::{DAY, STAGE, bytes, check, deploy, published, put, sync};
use end_to_end::reader::pass;
use end_to_end::{DEVELOP, Place};
use store::Upload;
use test_kit::s3::{Action, Attributes, Quirks, Request, Server};
use test_kit::{Output, Process, Site};

/// What is printed right before a question.
const QUESTION: &str = "POTENTIALLY DESTRUCTIVE ACTION";

fn places() -> [Place; 4] {
    [Place::folder(), Place::in_process(), Place::seaweed(), Place::without_conditions()]
}

/// A repository on a service of its own. Anybody may read it, so that no credentials are needed
/// beside those of the destination.
fn source() -> Site {
    let source = Site::s3();
    source.create_bucket("source");
    source.server().unwrap().set_public("source", true);
    source
}

/// What a deploy says about an archive.
fn metadata(name: &str, content: &str) -> Attributes {
    let metadata = BTreeMap::from([
        ("sha256".to_owned(), checksum::of_bytes(content)),
        ("manifest".to_owned(), format!("{name}.composer.json")),
    ]);
    Attributes { metadata, ..Attributes::default() }
}

/// Adds a package of this archive, with the metadata that a deploy gives it: a sync knows it again.
fn add(source: &Site, name: &str, archive: &str) {
    let content = format!("archive of {archive}");
    let attributes = metadata(name, &content);
    source.server().unwrap().put("source", &format!("p/{archive}.tar.gz"), content, attributes);
    let url = source.url("source", &format!("p/{archive}.tar.gz"));
    source.manifest("source", "p/", name, DAY, &url);
    source.publish("source", "p/");
}

/// A sync from such a repository.
fn sync_from(place: &Place, source: &Site, options: &[&str]) -> Process {
    let endpoint = source.server().unwrap().endpoint();
    let tool = place.tool("repo-sync").args(["--yes", "--source-endpoint", &endpoint]);
    // It is held for as long as the others take.
    let tool = tool.args(options).env("SLIPWAY_TIMEOUT", "300");
    tool.args([&place.bucket, DEVELOP, "source", "p/"])
}

/// Holds the first of these requests.
fn hold(server: &Server, which: impl Fn(&Request) -> bool + Send + 'static) {
    let mut held = false;
    server.set_hook(move |request| {
        if held || !which(request) {
            return Action::Serve;
        }
        held = true;
        Action::Hold
    });
}

/// Holds the request of a sync for its last archive.
fn hold_copy(source: &Site) {
    let path = "/source/p/held-1.tar.gz";
    hold(source.server().unwrap(), move |request| request.method == "GET" && request.path == path);
}

/// Waits until the repository has this object.
fn wait_for(place: &Place, name: &str) {
    let store = place.store();
    let start = Instant::now();
    while store.head(&format!("{DEVELOP}{name}")).unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(300), "{}: no {name}", place.kind);
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a process that is held, and has done this by then, while the others run one by one; the
/// others must succeed.
fn beside(
    place: &Place,
    server: &Server,
    (held, done): (Process, &str),
    others: Vec<Process>,
) -> Output {
    let running = held.spawn();
    server.wait_until_held(1);
    wait_for(place, done);
    for other in others {
        check(place, &[other.run()], &[0]);
    }
    server.release();
    running.wait()
}

/// Runs a process up to its question, then the others one by one, then answers with yes.
fn at_question(place: &Place, held: Process, others: Vec<Process>) -> Output {
    let mut running = held.open_input().spawn();
    running.wait_for(QUESTION);
    for other in others {
        check(place, &[other.run()], &[0]);
    }
    running.answer("y\n");
    running.wait()
}

fn gc(place: &Place, generations: &str) -> Process {
    let tool = place.tool("repo-check").args(["--gc", "--yes", "--older-than", "0s"]);
    tool.args(["--keep-generations", generations])
}

fn snapshot(place: &Place) -> Process {
    place.tool("repo-mkrepo").args(["--upload", "-c", "rel", &place.bucket, DEVELOP])
}

/// What is wrong in the end, in a line.
fn wrong(case: &str, place: &Place, held: &Output) -> Option<String> {
    let missing = pass(place, &place.store(), DEVELOP);
    if [0, 12].contains(&held.status) && missing.is_empty() {
        return None;
    }
    let stderr = held.stderr.trim_end().lines().last().unwrap_or_default();
    Some(format!("{}, {case}: status {}, {stderr}; {missing:?}", place.kind, held.status))
}

fn all_right(problems: Vec<Option<String>>) {
    let problems: Vec<String> = problems.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A sync whose other archive is there, copied by this run or by one that was interrupted, while it
/// copies the last one.
#[test]
fn a_sync_that_copies_beside_gc() {
    let mut problems = Vec::new();
    for (case, interrupted) in [("sync beside gc", false), ("sync again beside gc", true)] {
        for place in places() {
            put(&place, DEVELOP, &[("kept-1", DAY)]);
            let source = source();
            add(&source, "early-1", "early-1");
            if interrupted {
                check(&place, &[sync_from(&place, &source, &["--no-remove"]).run()], &[0]);
                let key = format!("{DEVELOP}early-1.composer.json");
                place.store().delete_many(&[key]).unwrap();
                put(&place, DEVELOP, &[]);
            }
            add(&source, "held-1", "held-1");
            let server = source.server().unwrap();
            hold_copy(&source);
            let held = sync_from(&place, &source, &["--no-remove"]);
            let others = vec![gc(&place, "1")];
            let output = beside(&place, server, (held, "early-1.tar.gz"), others);
            problems.push(wrong(case, &place, &output));
            if output.status == 0 {
                assert_eq!(published(&place, DEVELOP), ["early-1", "held-1", "kept-1"]);
            }
        }
    }
    all_right(problems);
}

/// A sync of a package that shares the archive of another one, which is removed.
#[test]
fn a_sync_that_copies_beside_a_removal() {
    let mut problems = Vec::new();
    for (case, by_sync) in [("sync beside pkg-remove", false), ("sync beside a sync", true)] {
        for place in places() {
            let first = source();
            add(&first, "shared-1", "shared-1");
            add(&first, "kept-1", "kept-1");
            check(&place, &[sync_from(&place, &first, &[]).run()], &[0]);

            let second = source();
            add(&second, "other-1", "shared-1");
            add(&second, "held-1", "held-1");
            let remove = if by_sync {
                for end in ["composer.json", "tar.gz"] {
                    first.delete("source", &format!("p/shared-1.{end}"));
                }
                first.publish("source", "p/");
                sync_from(&place, &first, &[])
            } else {
                place.tool("pkg-remove").args(["--yes", "shared-1"])
            };
            let server = second.server().unwrap();
            hold_copy(&second);
            let held = sync_from(&place, &second, &["--no-remove"]);
            let held = (held, "shared-1.tar.gz");
            let output = beside(&place, server, held, vec![remove]);
            problems.push(wrong(case, &place, &output));
            if output.status == 0 {
                assert_eq!(published(&place, DEVELOP), ["held-1", "kept-1", "shared-1"]);
            }
        }
    }
    all_right(problems);
}

/// Two syncs of one source: the second one does all while the first one is held.
#[test]
fn a_sync_that_copies_beside_the_same_sync() {
    let mut problems = Vec::new();
    for place in places() {
        put(&place, DEVELOP, &[("old-1", DAY)]);
        let source = source();
        for name in ["early-1", "held-1"] {
            add(&source, name, name);
        }
        let server = source.server().unwrap();
        hold_copy(&source);
        let others = vec![sync_from(&place, &source, &[])];
        let held = (sync_from(&place, &source, &[]), "early-1.tar.gz");
        let output = beside(&place, server, held, others);
        problems.push(wrong("sync beside the same sync", &place, &output));
        assert_eq!(published(&place, DEVELOP), ["early-1", "held-1"], "{}", place.kind);
    }
    all_right(problems);
}

/// A service whose copy answers 200 and copies nothing.
#[test]
fn a_copy_that_copies_nothing() {
    let place = Place::in_process();
    put(&place, DEVELOP, &[("kept-1", DAY)]);
    put(&place, STAGE, &[("a-1", DAY), ("b-1", DAY), ("kept-1", DAY)]);
    let quirks = Quirks { copy_nothing: true, ..Quirks::default() };
    place.server().unwrap().set_quirks(quirks);
    let output = sync(&place, &[], DEVELOP).run();
    let missing = pass(&place, &place.store(), DEVELOP);
    assert_eq!(missing, [""; 0], "status {}: {}", output.status, output.stderr);
    if output.status == 0 {
        assert_eq!(published(&place, DEVELOP), ["a-1", "b-1", "kept-1"]);
    }
}

/// A removal, and a sync that removes, at their question while a snapshot is made.
#[test]
fn a_removal_that_asks_beside_a_snapshot() {
    let mut problems = Vec::new();
    for place in places() {
        put(&place, DEVELOP, &[("gone-1", DAY), ("kept-1", DAY)]);
        let remove = place.tool("pkg-remove").arg("gone-1");
        let output = at_question(&place, remove, vec![snapshot(&place)]);
        problems.push(wrong("pkg-remove beside a snapshot", &place, &output));
    }
    for place in places() {
        put(&place, STAGE, &[("kept-1", DAY)]);
        put(&place, DEVELOP, &[("gone-1", DAY), ("kept-1", DAY)]);
        let bucket = &place.bucket;
        let sync = place.tool("repo-sync").args([bucket, DEVELOP, bucket, STAGE]);
        let output = at_question(&place, sync, vec![snapshot(&place)]);
        problems.push(wrong("repo-sync beside a snapshot", &place, &output));
    }
    all_right(problems);
}

/// A removal at its question while the package is removed and deployed again, with another archive and
/// the very same manifest. In a bucket that has one tag for the same bytes only the time differs.
#[test]
fn a_removal_that_asks_beside_a_new_deploy() {
    let place = Place::in_process();
    let days_ago = |days| {
        let quirks = Quirks { days_behind: days, ..Quirks::default() };
        place.server().unwrap().set_quirks(quirks);
    };
    days_ago(1);
    for (name, content) in [("kept-1", "kept"), ("again-1", "one")] {
        check(&place, &[deploy(&place, name, content).run()], &[0]);
    }
    let mut running = place.tool("pkg-remove").arg("again-1").open_input().spawn();
    running.wait_for(QUESTION);
    days_ago(0);
    let remove = place.tool("pkg-remove").args(["--yes", "again-1"]);
    check(&place, &[remove.run(), deploy(&place, "again-1", "two").run()], &[0]);
    running.answer("y\n");
    let output = running.wait();
    assert_eq!(output.status, 12, "{}", output.stderr);
    assert_eq!(published(&place, DEVELOP), ["again-1", "kept-1"]);
    assert_eq!(bytes(&place, &format!("{DEVELOP}again-1.tar.gz")), b"two");
}

/// A snapshot that is held when it is written, while what it names is removed.
#[test]
fn a_snapshot_that_is_written_beside_a_removal() {
    let mut problems = Vec::new();
    for place in [Place::in_process(), Place::without_conditions()] {
        put(&place, DEVELOP, &[("gone-1", DAY), ("kept-1", DAY)]);
        let server = place.server().unwrap();
        let path = format!("/{}/{DEVELOP}packages-rel.json", place.bucket);
        hold(server, move |request| request.method == "PUT" && request.path == path);
        let remove = place.tool("pkg-remove").args(["--yes", "gone-1"]);
        let held = snapshot(&place).env("SLIPWAY_TIMEOUT", "300");
        let output = beside(&place, server, (held, "packages.json"), vec![remove]);
        problems.push(wrong("a snapshot beside pkg-remove", &place, &output));
    }
    all_right(problems);
}

/// A repository whose first generation has `gone-1`: the archive is there, the manifest is not.
fn gone() -> impl Iterator<Item = Place> {
    places().into_iter().inspect(|place| {
        put(place, DEVELOP, &[("gone-1", DAY), ("kept-1", DAY)]);
        place.store().delete_many(&[format!("{DEVELOP}gone-1.composer.json")]).unwrap();
        put(place, DEVELOP, &[]);
    })
}

fn rollback(place: &Place) -> Process {
    place.tool("repo-mkrepo").args(["rollback", "1", &place.bucket, DEVELOP])
}

/// A rollback at its question while what only its generation names is taken.
#[test]
fn a_rollback_that_asks_beside_gc_and_a_removal() {
    let mut problems = Vec::new();
    for place in gone() {
        let output = at_question(&place, rollback(&place), vec![gc(&place, "1")]);
        problems.push(wrong("rollback beside gc", &place, &output));
    }
    for place in gone() {
        let again = deploy(&place, "gone-1", "another").arg("--overwrite");
        let remove = place.tool("pkg-remove").args(["--yes", "gone-1"]);
        let output = at_question(&place, rollback(&place), vec![again, remove]);
        problems.push(wrong("rollback beside pkg-remove", &place, &output));
    }
    all_right(problems);
}

/// gc at its question, or while it reads, and others need or take what it finds.
#[test]
fn a_gc_beside_a_rollback_and_another_gc() {
    let mut problems = Vec::new();
    for place in gone() {
        let held = place.tool("repo-check").args(["--gc", "--older-than", "0s"]);
        let held = held.args(["--keep-generations", "1"]);
        let output = at_question(&place, held, vec![rollback(&place).arg("--yes")]);
        problems.push(wrong("gc beside rollback", &place, &output));
        assert_eq!(published(&place, DEVELOP), ["gone-1", "kept-1"], "{}", place.kind);
    }
    for place in gone() {
        // It has something to remove, and keeps all generations.
        let store = place.store();
        store.put(&format!("{DEVELOP}orphan-1.tar.gz"), b"orphan", &Upload::new("x/y")).unwrap();
        let held = place.tool("repo-check").args(["--gc", "--older-than", "0s"]);
        let output = at_question(&place, held, vec![gc(&place, "1")]);
        problems.push(wrong("gc beside gc that keeps less", &place, &output));
    }
    for place in gone().filter(|place| place.server().is_some()) {
        let server = place.server().unwrap();
        hold(server, |request| {
            request.method == "GET" && request.path.contains("/generations/0000000001-")
        });
        let held = gc(&place, "100").env("SLIPWAY_TIMEOUT", "300");
        let output = beside(&place, server, (held, "packages.json"), vec![gc(&place, "1")]);
        problems.push(wrong("gc that reads beside gc that keeps less", &place, &output));
    }
    all_right(problems);
}

/// gc at the very removal of an archive, while a deploy that had died goes on and publishes it.
#[test]
fn a_gc_that_removes_beside_a_deploy() {
    let mut problems = Vec::new();
    for place in [Place::in_process(), Place::without_conditions()] {
        put(&place, DEVELOP, &[("kept-1", DAY)]);
        let content = "archive of late-1";
        let archive = format!("{DEVELOP}late-1.tar.gz");
        let server = place.server().unwrap();
        server.put(&place.bucket, &archive, content, metadata("late-1", content));
        let path = format!("/{}/{archive}", place.bucket);
        hold(server, move |request| match request.method.as_str() {
            "POST" => request.query.starts_with("delete"),
            "DELETE" => request.path == path,
            _ => false,
        });
        let held = gc(&place, "100").env("SLIPWAY_TIMEOUT", "300");
        let others = vec![deploy(&place, "late-1", content)];
        let output = beside(&place, server, (held, "packages.json"), others);
        problems.push(wrong("gc beside a deploy", &place, &output));
    }
    all_right(problems);
}
