//! `log`, `diff` and `rollback`, on both stores.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::Value;
use test_kit::s3::{Action, Quirks, Stored};
use test_kit::{Output, Site};

const BUCKET: &str = "php-dev";
const PREFIX: &str = "dist/";
const TIME: &str = "2026-01-01 00:00:00";

fn run(site: &Site, arguments: &[&str], input: &str) -> Output {
    let process = site.process(env!("CARGO_BIN_EXE_repo-mkrepo"));
    process.env("GITHUB_ACTOR", "mona").args(arguments).input(input).run()
}

fn publish(site: &Site) {
    run(site, &["--upload"], "").success();
}

/// Both stores, with three generations: a; a and b; a newer b, and c.
fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, PREFIX);
        site.package(BUCKET, PREFIX, "a-1", TIME);
        publish(site);
        site.package(BUCKET, PREFIX, "b-1", TIME);
        publish(site);
        site.delete(BUCKET, "dist/a-1.composer.json");
        site.package(BUCKET, PREFIX, "b-1", "2026-02-02 00:00:00");
        site.package(BUCKET, PREFIX, "c-1", TIME);
        publish(site);
    }
    sites
}

fn manifests(site: &Site) -> Vec<(String, Vec<u8>)> {
    let keys = site.packages(BUCKET).into_iter().filter(|key| key.ends_with(".composer.json"));
    keys.map(|key| (key.clone(), site.get(BUCKET, &key).unwrap())).collect()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap()
}

fn numbers(site: &Site) -> Vec<u64> {
    let log = json(&run(site, &["log", "--json"], "").success());
    log.as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect()
}

#[test]
fn the_log() {
    for site in sites() {
        assert_eq!(numbers(&site), [3, 2, 1]);
        let output = run(&site, &["log", "-n", "1", BUCKET, PREFIX], "").success();
        let text = &output.stdout;
        assert!(text.starts_with("generation 3 (0000000003-"), "{text}");
        for part in [
            "\nBy:      mona on ",
            "\nCommand: publish (repo-mkrepo ",
            "\nIndex:   2 packages, 2 versions\n",
            "\n    + heroku-sys/c 1\n    ~ heroku-sys/b 1\n    - heroku-sys/a 1\n",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("generation 2") && !text.contains('\u{1b}'), "{text}");

        let log = json(&run(&site, &["log", "--json", "-n1"], "").success());
        assert_eq!(log[0]["kind"], "generation.v1");
        assert_eq!(log[0]["changed"][0]["name"], "heroku-sys/b");
        assert_eq!(log[0]["changed-outside"], false);
    }
    let mut site = Site::folder();
    site.create_bucket(BUCKET);
    site.workspace.repository(BUCKET, PREFIX);
    site.package(BUCKET, PREFIX, "a-1", TIME);
    let empty = run(&site, &["log"], "").success();
    assert_eq!(empty.stdout, "");
    assert!(empty.stderr.contains("no generation"), "{}", empty.stderr);
    assert_eq!(json(&run(&site, &["log", "--json"], "").success()), Value::Array(Vec::new()));
}

#[test]
fn a_damaged_record_hides_nothing() {
    for site in sites() {
        let files = site.keys(BUCKET);
        let record = files.iter().find(|key| key.contains("/0000000002-")).unwrap();
        assert!(record.ends_with(".json"), "{record}");
        let mut bytes = site.get(BUCKET, record).unwrap();
        bytes[20] ^= 1;
        site.put(BUCKET, record, bytes);

        let output = run(&site, &["log"], "").expect(6);
        let heads = output.stdout.lines().filter(|line| line.starts_with("generation "));
        let heads: Vec<&str> = heads.collect();
        assert_eq!(heads.len(), 3, "{heads:?}");
        assert!(heads[1].starts_with("generation 2 (0000000002-"), "{heads:?}");
        assert!(heads[1].contains(") is damaged: "), "{heads:?}");
        assert!(heads[2].starts_with("generation 1 (0000000001-"), "{heads:?}");
        assert!(output.stderr.contains(record) && output.stderr.contains("is damaged"));
        run(&site, &["log", "-n1"], "").success();

        let output = run(&site, &["log", "--json"], "").expect(6);
        let log = json(&output);
        assert_eq!(log[1]["kind"], "damaged-generation.v1");
        assert_eq!((&log[1]["number"], &log[2]["number"]), (&2.into(), &1.into()));

        // One can still go to those before it, and not to itself.
        run(&site, &["diff", "HEAD~1", "HEAD"], "").expect(6);
        run(&site, &["rollback", "--yes", "2"], "").expect(6);
        run(&site, &["diff", "HEAD~2", "HEAD"], "").success();
        run(&site, &["rollback", "--yes", "1"], "").success();
        assert_eq!(manifests(&site).len(), 1);
    }
}

#[test]
fn a_record_that_is_lost_hides_nothing() {
    for site in sites() {
        let files = site.keys(BUCKET);
        let record = files.iter().find(|key| key.contains("/0000000002-")).unwrap();
        site.delete(BUCKET, record);
        let output = run(&site, &["log"], "").expect(6);
        assert!(output.stdout.contains("\ngeneration 1 (0000000001-"), "{}", output.stdout);
        assert!(output.stderr.contains(record), "{}", output.stderr);
        run(&site, &["rollback", "--yes", "1"], "").success();
    }
}

#[test]
fn where_there_is_nothing_there_is_no_repository() {
    for site in sites() {
        for arguments in [&["log"][..], &["log", "--json"]] {
            let output = run(&site, &[arguments, &[BUCKET, "mistyped/"]].concat(), "").expect(7);
            assert_eq!(output.stdout, "");
            let said = "there is no repository at s3://php-dev/mistyped/";
            assert!(site.masked(&output.stderr).contains(said), "{}", output.stderr);
        }
        // All packages are gone, but their history is not.
        for key in site.packages(BUCKET) {
            site.delete(BUCKET, &key);
        }
        assert_eq!(numbers(&site), [3, 2, 1]);
    }
}

#[test]
fn a_copy_of_the_prefix_has_the_history_too() {
    for site in sites() {
        for key in site.keys(BUCKET) {
            let copy = format!("copy/{}", key.strip_prefix(PREFIX).unwrap());
            // Without the metadata, as a copy through a disk.
            site.put(BUCKET, &copy, site.get(BUCKET, &key).unwrap());
        }
        for arguments in [&["log", "--json"][..], &["diff", "--json", "1", "HEAD"]] {
            let of = |prefix: &str| run(&site, &[arguments, &[BUCKET, prefix]].concat(), "");
            assert_eq!(of("copy/").success().stdout, of(PREFIX).success().stdout);
        }
    }
}

/// Writes `packages.json` as it was at a generation, so many days ago.
fn put_back(site: &Site, index: Stored, days_behind: u32) {
    let server = site.server().unwrap();
    server.set_quirks(Quirks { days_behind, ..Quirks::default() });
    server.put(BUCKET, "dist/packages.json", index.bytes, index.attributes);
}

#[test]
fn an_index_from_a_backup_makes_no_history_garbage() {
    let mut site = Site::s3();
    site.create_bucket(BUCKET);
    site.workspace.repository(BUCKET, PREFIX);
    site.server().unwrap().set_quirks(Quirks { days_behind: 2, ..Quirks::default() });
    site.package(BUCKET, PREFIX, "a-1", TIME);
    publish(&site);
    let backup = site.server().unwrap().object(BUCKET, "dist/packages.json").unwrap();
    for name in ["b-1", "c-1"] {
        site.package(BUCKET, PREFIX, name, TIME);
        publish(&site);
    }
    put_back(&site, backup.clone(), 1);
    let output = run(&site, &["log"], "").success();
    assert!(output.stderr.contains("generations 2 to 3 are still there"), "{}", output.stderr);
    assert_eq!(numbers(&site), [1]);
    run(&site, &["diff", "1", "3"], "").success();

    // The next one goes on from the newest, under a number of its own.
    site.package(BUCKET, PREFIX, "d-1", TIME);
    publish(&site);
    assert_eq!(numbers(&site), [4, 3, 2, 1]);
    let log = json(&run(&site, &["log", "--json"], "").success());
    assert_eq!(log[0]["changed-outside"], true);

    // What is younger than packages.json may be of others that are at work: it is not gone on from,
    // but has its number.
    put_back(&site, backup, 3);
    let output = run(&site, &["log"], "").success();
    assert!(!output.stderr.contains("still there"), "{}", output.stderr);
    site.package(BUCKET, PREFIX, "e-1", TIME);
    publish(&site);
    let numbers = numbers(&site);
    assert_eq!(numbers[0], 5, "{numbers:?}");
    run(&site, &["diff", "4", "5"], "").success();
}

#[test]
fn the_difference() {
    for site in sites() {
        let output = run(&site, &["diff", "1", "HEAD"], "").success();
        let lines: Vec<&str> = output.stdout.lines().collect();
        assert!(lines[0].starts_with("--- generation 1 ("), "{lines:?}");
        assert!(lines[1].starts_with("+++ generation 3 ("), "{lines:?}");
        assert_eq!(lines[2..], ["- heroku-sys/a 1", "+ heroku-sys/b 1", "+ heroku-sys/c 1"]);
        assert_eq!(run(&site, &["diff", "2", "2"], "").success().stdout.lines().count(), 2);

        let document = json(&run(&site, &["diff", "HEAD~", "3", "--json"], "").success());
        assert_eq!(document["changed"][0]["name"], "heroku-sys/b");
        assert_eq!(document["manifests"]["removed"][0], "a-1.composer.json");
        assert_eq!(document["manifests"]["added"][0], "c-1.composer.json");
        for odd in ["9", "0", "head", "HEAD^", "%s", " 1", "1\n"] {
            let output = run(&site, &["diff", "1", odd], "").expect(7);
            let said = format!("there is no generation {} of", odd.replace('\n', "\\n"));
            assert!(output.stderr.contains(&said), "{}", output.stderr);
            let _ = run(&site, &["rollback", "--yes", odd], "").expect(7);
        }
    }
}

#[test]
fn back_and_forth_again() {
    for site in sites() {
        let newest = (manifests(&site), site.get(BUCKET, "dist/packages.json").unwrap());
        let before = site.keys(BUCKET);
        for (arguments, input, status) in [
            (&["rollback", "2", "--dry-run"][..], "", 0),
            (&["rollback", "2"], "n\n", 0),
            (&["rollback", "2"], "", 1),
        ] {
            let output = run(&site, arguments, input).expect(status);
            for part in ["ADDED:\n  - a-1\n", "UPDATED:\n  - b-1\n", "stay):\n  - c-1\n"] {
                assert!(output.stderr.contains(part), "{part} is not in {}", output.stderr);
            }
            assert_eq!(site.keys(BUCKET), before, "{arguments:?}");
        }

        let output = run(&site, &["rollback", "2"], "y\n").success();
        assert!(output.stderr.contains("Done: generation 4 ("), "{}", output.stderr);
        assert!(output.stdout.contains(r#""kind":"publish.v1""#), "{}", output.stdout);
        let names: Vec<String> = manifests(&site).into_iter().map(|(key, _)| key).collect();
        assert_eq!(names, ["dist/a-1.composer.json", "dist/b-1.composer.json"]);
        assert_eq!(site.get(BUCKET, "dist/packages.json").unwrap(), site.index(BUCKET, PREFIX));
        assert!(site.get(BUCKET, "dist/c-1.tar.gz").is_some(), "archives stay");
        let log = json(&run(&site, &["log", "--json"], "").success());
        assert_eq!(log[0]["command"], "rollback");
        assert_eq!(log[0]["restores"], log[2]["id"]);

        // Once more is no change, and a generation that was gone back from is one as any other.
        let again = run(&site, &["rollback", "--yes", "2"], "").success();
        assert!(again.stderr.contains("right already"), "{}", again.stderr);
        run(&site, &["rollback", "--yes", "3", BUCKET, PREFIX], "").success();
        let now = (manifests(&site), site.get(BUCKET, "dist/packages.json").unwrap());
        assert_eq!(now, newest);
        assert_eq!(numbers(&site), [5, 4, 3, 2, 1]);
        assert!(site.workspace.litter().is_empty());
    }
}

#[test]
fn archives_that_are_gone_are_all_named() {
    for site in sites() {
        site.package(BUCKET, PREFIX, "d-1", TIME);
        publish(&site);
        site.delete(BUCKET, "dist/a-1.tar.gz");
        site.delete(BUCKET, "dist/b-1.tar.gz");
        let before = manifests(&site);
        for arguments in [&["rollback", "2", "--yes"][..], &["rollback", "2", "--dry-run"]] {
            let output = run(&site, arguments, "").expect(7);
            let named = "2 of its archives are gone: dist/a-1.tar.gz, dist/b-1.tar.gz";
            assert!(output.stderr.contains(named), "{}", output.stderr);
        }
        assert_eq!(manifests(&site), before);
        assert_eq!(numbers(&site), [4, 3, 2, 1]);
    }
}

#[test]
fn what_others_change_meanwhile_is_not_overwritten() {
    let site =
        std::sync::Arc::new(sites().into_iter().find(|site| site.server().is_some()).unwrap());
    let server = site.server().unwrap();
    let other = std::sync::Arc::downgrade(&site);
    let mut done = false;
    server.set_hook(move |request| {
        if !done && request.method == "PUT" && request.path.ends_with(".composer.json") {
            done = true;
            let site = other.upgrade().unwrap();
            site.package(BUCKET, PREFIX, "b-1", "2026-03-03 00:00:00");
        }
        Action::Serve
    });
    let output = run(&site, &["rollback", "2", "--yes"], "").expect(12);
    assert!(output.stderr.contains("dist/b-1.composer.json"), "{}", output.stderr);
    server.clear_hook();
    let b = String::from_utf8(site.get(BUCKET, "dist/b-1.composer.json").unwrap()).unwrap();
    assert!(b.contains("2026-03-03"), "{b}");
    // What was done before is published; run again, it is completed.
    assert_eq!(site.get(BUCKET, "dist/packages.json").unwrap(), site.index(BUCKET, PREFIX));
    run(&site, &["rollback", "2", "--yes"], "").success();
    assert_eq!(manifests(&site).len(), 2);
    assert_eq!(site.get(BUCKET, "dist/packages.json").unwrap(), site.index(BUCKET, PREFIX));
}
