//! The removal as a program, on both stores.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeSet;
use std::sync::Arc;

use location::{Location, Prefix, Region, Service};
use record::{Record, Stream};
use test_kit::s3::{ACCESS_KEY, Action, Attributes, Quirks, SECRET_KEY};
use test_kit::{Output, Site};

const BUCKET: &str = "php-dev";
const PREFIX: &str = "dist/";
const TIME: &str = "2026-01-01 00:00:00";
/// Everything is older than this.
const OLD: &str = "--older-than=0";

fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// Both stores, with a published package, an orphan and a snapshot that has a package of its own.
fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, PREFIX);
        site.package(BUCKET, PREFIX, "old-1", TIME);
        site.put(BUCKET, &key("packages-snap.json"), site.index(BUCKET, PREFIX));
        site.delete(BUCKET, &key("old-1.composer.json"));
        site.package(BUCKET, PREFIX, "php-8", TIME);
        site.publish(BUCKET, PREFIX);
        site.put(BUCKET, &key("orphan.tar.gz"), "x");
        site.put(BUCKET, &key("sub/orphan.tar.gz"), "xyz");
        site.put(BUCKET, &key("index.html"), "x");
        site.put(BUCKET, "elsewhere/x.tar.gz", "x");
    }
    sites
}

fn run(site: &Site, arguments: &[&str], input: &str) -> Output {
    let process = site.process(env!("CARGO_BIN_EXE_repo-check"));
    process.args([&["--gc"], arguments].concat()).input(input).run()
}

const ORPHANS: [&str; 2] = ["orphan.tar.gz", "sub/orphan.tar.gz"];

#[track_caller]
fn expect_gone(site: &Site, before: &[String], gone: &[&str]) {
    let after = site.keys(BUCKET);
    let missing: Vec<&str> =
        before.iter().filter(|key| !after.contains(key)).map(|key| &key[PREFIX.len()..]).collect();
    assert_eq!(missing, gone);
}

#[test]
fn it_asks_first() {
    for site in sites() {
        let before = site.keys(BUCKET);
        let output = run(&site, &[OLD], "n\n").success();
        assert_eq!(
            site.masked(&output.stdout),
            "Nothing refers to these objects of s3://php-dev/dist/, of what is older than 0:\n\
             Archives (2, 4 bytes):\n  - orphan.tar.gz (1 bytes)\n  - sub/orphan.tar.gz (3 bytes)\n\
             2 objects, 4 bytes.\n"
        );
        assert!(output.stderr.contains("Nothing was removed."), "{}", output.stderr);
        run(&site, &[OLD], "").expect(1);
        run(&site, &[OLD, "--dry-run"], "").success();
        expect_gone(&site, &before, &[]);
        let output = run(&site, &[OLD], "yes\n").success();
        assert!(output.stderr.contains("Removed 2 objects, 4 bytes."), "{}", output.stderr);
        expect_gone(&site, &before, &ORPHANS);
        let output = run(&site, &[OLD], "").success();
        assert!(output.stdout.starts_with("Nothing to remove from "), "{}", output.stdout);
    }
}

#[test]
fn what_is_young_stays() {
    for site in sites() {
        let before = site.keys(BUCKET);
        run(&site, &["--yes"], "").success();
        run(&site, &["--yes", "--older-than", "36h", "--keep-snapshots", "0"], "").success();
        expect_gone(&site, &before, &[]);
    }
}

#[test]
fn ages_are_by_the_clock_of_the_service() {
    let [_, site] = sites();
    // Two weeks behind: by our own clock, what is new there would be old.
    let quirks = Quirks { days_behind: 14, ..Quirks::default() };
    site.server().unwrap().set_quirks(quirks);
    site.put(BUCKET, &key("young.tar.gz"), "x");
    let before = site.keys(BUCKET);
    let plan = run(&site, &["--plan"], "").success().stdout;
    assert!(plan.contains(r#""objects":[]"#), "{plan}");
    run(&site, &["--yes"], "").success();
    expect_gone(&site, &before, &[]);
    site.server().unwrap().set_quirks(Quirks::default());
    run(&site, &["--yes"], "").success();
    expect_gone(&site, &before, &["young.tar.gz"]);
}

/// A repository on S3 with `count` generations, each with a package of its own that the next one has
/// no more.
fn generations(count: usize) -> Site {
    let mut site = Site::s3();
    site.create_bucket(BUCKET);
    site.workspace.repository(BUCKET, PREFIX);
    for number in 1..=count {
        site.package(BUCKET, PREFIX, &format!("p{number}-1"), TIME);
        publish(&site);
        if number < count {
            site.delete(BUCKET, &key(&format!("p{number}-1.composer.json")));
        }
    }
    site
}

fn publish(site: &Site) {
    let service =
        Service::Endpoint { url: site.server().unwrap().endpoint(), region: Region::default() };
    let location = Location::new(service, BUCKET, Prefix::parse(PREFIX).unwrap()).unwrap();
    let env = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some(ACCESS_KEY.to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some(SECRET_KEY.to_owned()),
        _ => None,
    };
    let options = store::Options::default();
    let store = store::Store::open(&location.service, BUCKET, options, &env).unwrap();
    repository::publish(&store, &location, &repository::Options::default()).unwrap();
}

#[test]
fn an_index_from_a_backup_makes_no_history_garbage() {
    let site = generations(1);
    let server = site.server().unwrap();
    let backup = server.object(BUCKET, &key("packages.json")).unwrap();
    site.delete(BUCKET, &key("p1-1.composer.json"));
    site.package(BUCKET, PREFIX, "p2-1", TIME);
    publish(&site);
    server.put(BUCKET, &key("packages.json"), backup.bytes, backup.attributes);
    // Nothing but the second generation names the second archive then.
    site.delete(BUCKET, &key("p2-1.composer.json"));
    site.package(BUCKET, PREFIX, "p1-1", TIME);
    let before = site.keys(BUCKET);
    let gc = ["--yes", OLD, "--keep-generations=1"];
    run(&site, &gc, "").success();
    expect_gone(&site, &before, &[]);
    // Nor is it garbage once the history has gone on.
    site.package(BUCKET, PREFIX, "p3-1", TIME);
    publish(&site);
    let before = site.keys(BUCKET);
    run(&site, &["--yes", OLD, "--keep-generations=2"], "").success();
    expect_gone(&site, &before, &[]);
    run(&site, &gc, "").success();
    assert!(site.get(BUCKET, &key("p2-1.tar.gz")).is_none());
    site.process(env!("CARGO_BIN_EXE_repo-check")).run().success();
}

#[test]
fn beside_one_that_keeps_fewer_generations() {
    let mut number = 0;
    let mut seen = BTreeSet::new();
    loop {
        number += 1;
        let site = Arc::new(generations(3));
        let other = Arc::downgrade(&site);
        let server = site.server().unwrap();
        server.forget_requests();
        server.set_hook(move |request| {
            // As the other one removes them: the records first.
            let ending = match request.number.checked_sub(number) {
                Some(0) => ".json",
                Some(1) => ".manifests.gz",
                _ => return Action::Serve,
            };
            let site = other.upgrade().unwrap();
            let is_older = |key: &String| {
                key.contains("/generations/")
                    && !key.contains("/0000000003-")
                    && key.ends_with(ending)
            };
            for key in site.keys(BUCKET).iter().filter(|key| is_older(key)) {
                site.delete(BUCKET, key);
            }
            Action::Serve
        });
        let output = run(&site, &["--yes", OLD], "");
        server.clear_hook();
        assert!([0, 12].contains(&output.status), "{number}: {}", output.stderr);
        seen.insert(output.status);
        if server.requests().len() < number {
            break;
        }
    }
    assert!(number > 10 && seen.contains(&0), "{number}: {seen:?}");
}

#[test]
fn snapshots_go_with_what_only_they_list() {
    for site in sites() {
        let before = site.keys(BUCKET);
        run(&site, &["--yes", OLD, "--keep-snapshots=1"], "").success();
        expect_gone(&site, &before, &ORPHANS);
        run(&site, &["--yes", OLD, "--keep-snapshots=0"], "").success();
        expect_gone(
            &site,
            &before,
            &["old-1.tar.gz", ORPHANS[0], "packages-snap.json", ORPHANS[1]],
        );
        let check = site.process(env!("CARGO_BIN_EXE_repo-check")).run();
        assert!(check.success().stdout.contains("Nothing is wrong"));
    }
}

#[test]
fn lock_files_and_patterns_keep() {
    for site in sites() {
        let before = site.keys(BUCKET);
        let lock = format!(
            r#"{{"packages": [{{"name": "x", "dist": {{"url": "{}"}}}}], "packages-dev": []}}"#,
            "https://php-dev.s3-eu-west-1.amazonaws.com/dist/orphan.tar.gz?extension=x"
        );
        site.workspace.write("composer.lock", lock);
        let lock = "--lock=composer.lock";
        run(&site, &["--yes", OLD, lock, "--keep", "sub/*"], "").success();
        expect_gone(&site, &before, &[]);
        run(&site, &["--yes", OLD, lock], "").success();
        expect_gone(&site, &before, &ORPHANS[1..]);
        site.workspace.write("bad.lock", "[]");
        run(&site, &["--yes", OLD, "--lock", "bad.lock"], "").expect(6);
        run(&site, &["--yes", OLD, "--lock", "missing.lock"], "").expect(7);
        expect_gone(&site, &before, &ORPHANS[1..]);
    }
}

#[test]
fn nothing_goes_while_something_cannot_be_read() {
    for name in ["x-1.composer.json", "packages.json", "packages-x.json"] {
        for site in sites() {
            site.put(BUCKET, &key(name), "{");
            let before = site.keys(BUCKET);
            let output = run(&site, &["--yes", OLD], "").expect(6);
            assert!(output.stderr.contains(name), "{}", output.stderr);
            expect_gone(&site, &before, &[]);
        }
    }
}

#[test]
fn a_wrong_prefix_loses_nothing() {
    for site in sites() {
        let before = site.keys(BUCKET);
        run(&site, &["--yes", OLD, BUCKET, "elsewhere/"], "").expect(7);
        // The whole bucket: the repository in it is not this one's.
        run(&site, &["--yes", OLD, BUCKET, ""], "").expect(7);
        expect_gone(&site, &before, &[]);
    }
}

#[test]
fn bare_archives_stay_unless_they_may_go() {
    let [_, site] = sites();
    let before = site.keys(BUCKET);
    let metadata = [("sha256".to_owned(), "x".to_owned())].into();
    let attributes = Attributes { metadata, ..Attributes::default() };
    site.server().unwrap().put(BUCKET, &key("bare.tar.gz"), "x", attributes);
    run(&site, &["--yes", OLD], "").success();
    assert!(site.get(BUCKET, &key("bare.tar.gz")).is_some());
    run(&site, &["--yes", OLD, "--bare"], "").success();
    assert!(site.get(BUCKET, &key("bare.tar.gz")).is_none());
    expect_gone(&site, &before, &ORPHANS);
}

#[test]
fn a_plan_is_applied_as_far_as_it_still_holds() {
    for site in sites() {
        let before = site.keys(BUCKET);
        let plan = run(&site, &[OLD, "--plan"], "").success().stdout;
        assert_eq!(plan.lines().count(), 1);
        assert!(plan.contains(r#""kind":"gc-plan.v1""#), "{plan}");
        site.workspace.write("plan.json", &plan);
        expect_gone(&site, &before, &[]);
        // One is replaced, and another orphan comes.
        site.put(BUCKET, &key("orphan.tar.gz"), "newer");
        site.put(BUCKET, &key("third.tar.gz"), "third");
        let output = run(&site, &["--apply=plan.json"], "").success();
        assert!(output.stderr.contains("1 object of the plan will stay"), "{}", output.stderr);
        expect_gone(&site, &before, &ORPHANS[1..]);
        run(&site, &["--apply=plan.json", BUCKET, "other/"], "").expect(6);
        run(&site, &["--apply", "-"], &plan).success();
        assert!(site.get(BUCKET, &key("third.tar.gz")).is_some());
    }
}

#[test]
fn a_plan_is_no_longer_than_its_reader_takes() {
    for site in sites() {
        let limited = |arguments: &[&str]| {
            let process = site.process(env!("CARGO_BIN_EXE_repo-check"));
            process.env("SLIPWAY_MAX_INDEX", "1K").args([&["--gc"], arguments].concat()).run()
        };
        let plan = run(&site, &[OLD, "--plan"], "").success().stdout;
        limited(&[OLD, "--plan"]).success();
        for number in 0..20 {
            site.put(BUCKET, &key(&format!("orphan-{number}.tar.gz")), "x");
        }
        let output = limited(&[OLD, "--plan"]).expect(6);
        assert_eq!(output.stdout, "");
        assert!(output.stderr.contains("SLIPWAY_MAX_INDEX="), "{}", output.stderr);
        // Nor is another document read that is longer.
        site.workspace.write("plan.json", plan + &" ".repeat(1024));
        limited(&["--apply=plan.json"]).expect(6);
        site.workspace.write("long.lock", format!("{{\"packages\": []}}{}", " ".repeat(1024)));
        let output = limited(&[OLD, "--yes", "--lock=long.lock"]).expect(6);
        assert!(output.stderr.contains("SLIPWAY_MAX_INDEX="), "{}", output.stderr);
        run(&site, &["--apply=plan.json"], "").success();
    }
}

#[test]
fn records_say_what_went() {
    for site in sites() {
        for (arguments, removed) in [(&["--dry-run"][..], 0), (&["--yes"], 2)] {
            let output = run(&site, &[&["--json", OLD], arguments].concat(), "").success();
            let stream = Stream::read(output.stdout.as_bytes()).unwrap();
            let gone = |record: &&Record| matches!(record, Record::Gc(gc) if gc.removed);
            assert_eq!(stream.records.iter().filter(gone).count(), removed);
            match stream.records.last().unwrap() {
                Record::GcSummary(summary) => {
                    assert_eq!((summary.objects, summary.bytes), (2, 4));
                    assert_eq!(summary.removed, removed as u64);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn what_is_needed_again_meanwhile_stays() {
    let [_, site] = sites();
    let before = site.keys(BUCKET);
    let site = Arc::new(site);
    let other = Arc::downgrade(&site);
    let mut listings = 0;
    // After the plan was made, a deploy takes up the archive that it finds there.
    site.server().unwrap().set_hook(move |request| {
        if request.method == "GET" && request.query.contains("list-type") {
            listings += 1;
            if listings == 3 {
                let site = other.upgrade().unwrap();
                let url = site.url(BUCKET, &key("orphan.tar.gz"));
                site.manifest(BUCKET, PREFIX, "orphan-1", TIME, &url);
            }
        }
        Action::Serve
    });
    let output = run(&site, &["--yes", OLD], "").success();
    assert!(output.stderr.contains("1 object stayed"), "{}", output.stderr);
    expect_gone(&site, &before, &ORPHANS[1..]);
}

#[test]
fn a_manifest_that_comes_at_the_last_moment_gets_its_archive_back() {
    let [_, site] = sites();
    let site = Arc::new(site);
    let other = Arc::downgrade(&site);
    site.server().unwrap().set_hook(move |request| {
        if request.method == "DELETE" && request.path.ends_with("/dist/orphan.tar.gz") {
            let site = other.upgrade().unwrap();
            let url = site.url(BUCKET, &key("orphan.tar.gz"));
            site.manifest(BUCKET, PREFIX, "orphan-1", TIME, &url);
        }
        Action::Serve
    });
    let output = run(&site, &["--yes", OLD], "").success();
    assert!(output.stderr.contains("1 object stayed"), "{}", output.stderr);
    assert!(site.get(BUCKET, &key("orphan.tar.gz")).is_some());
}

#[test]
fn an_interrupted_removal_is_completed() {
    // Dies at every request in turn; whatever stands then, nothing is missing that is named.
    let count = {
        let [_, site] = sites();
        run(&site, &["--yes", OLD, "--keep-snapshots=0"], "").success();
        site.server().unwrap().requests().len()
    };
    assert!(count > 10, "{count}");
    for number in 1..=count {
        let [_, site] = sites();
        let before = site.keys(BUCKET);
        let server = site.server().unwrap();
        server.set_hook(move |request| match request.number >= number {
            true => Action::Answer(403, "AccessDenied"),
            false => Action::Serve,
        });
        let died = run(&site, &["--yes", OLD, "--keep-snapshots=0"], "");
        server.clear_hook();
        // At the end scratch objects are removed: that may fail.
        assert!(died.status != 0 || number + 3 > count, "{number}");
        let check = site.process(env!("CARGO_BIN_EXE_repo-check")).args(["--json"]).run();
        assert!(!check.stdout.contains("missing-archive"), "{number}: {}", check.stdout);
        run(&site, &["--yes", OLD, "--keep-snapshots=0"], "").success();
        expect_gone(
            &site,
            &before,
            &["old-1.tar.gz", ORPHANS[0], "packages-snap.json", ORPHANS[1]],
        );
    }
}
