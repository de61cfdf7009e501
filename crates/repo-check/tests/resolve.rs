//! `--resolve` as a program, on both stores.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use record::{Record, Stream};
use test_kit::{Output, Site};

const BUCKET: &str = "php";

/// Puts a package that its own tools would have deployed; `series` is the PHP that it is for.
fn package(site: &Site, prefix: &str, name: &str, version: &str, series: Option<&str>) {
    let php = series.map(|s| format!(r#", "heroku-sys/php": "{s}.*""#)).unwrap_or_default();
    let kind = if name == "php" { "php" } else { "php-extension" };
    let series = series.unwrap_or_default();
    let file = format!("{name}-{version}_{series}");
    let url = site.url(BUCKET, &format!("{prefix}{file}.tar.gz"));
    let text = format!(
        r#"{{"dist": {{"type": "heroku-sys-tar", "url": "{url}"}}, "name": "heroku-sys/{name}", "require": {{"heroku-sys/heroku": "^24.0.0"{php}}}, "time": "2026-01-01 00:00:00", "type": "heroku-sys-{kind}", "version": "{version}"}}"#
    );
    site.put(BUCKET, &format!("{prefix}{file}.tar.gz"), "not looked into");
    site.put(BUCKET, &format!("{prefix}{file}.composer.json"), text);
}

fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, "stable/");
        for (name, version, series) in
            [("php", "8.3.9", None), ("php", "8.4.1", None), ("ext-x", "1.0.0", Some("8.3"))]
        {
            package(site, "stable/", name, version, series);
        }
        site.publish(BUCKET, "stable/");
    }
    sites
}

fn run(site: &Site, arguments: &[&str]) -> Output {
    site.process(env!("CARGO_BIN_EXE_repo-check")).args(arguments).run()
}

fn findings(output: &Output) -> Vec<(String, String)> {
    let stream = Stream::read(output.stdout.as_bytes()).unwrap();
    let checks = stream.records.into_iter().filter_map(|record| match record {
        Record::Check(check) => Some((check.finding, check.message)),
        _ => None,
    });
    checks.collect()
}

const LOCK: &str = r#"{"content-hash": "00", "plugin-api-version": "2.6.0", "packages": [],
    "packages-dev": [], "platform": {"php": "^8.3", "ext-x": "*"}, "platform-dev": []}"#;

#[test]
fn a_repository_that_serves_its_applications() {
    for site in sites() {
        site.workspace.write("composer.lock", LOCK);
        let output = run(&site, &["--resolve", "--lock", "composer.lock"]).expect(0);
        assert!(output.stdout.contains("Nothing is wrong"), "{}", output.stdout);
    }
}

#[test]
fn what_can_be_installed_nowhere() {
    for site in sites() {
        package(&site, "stable/", "ext-y", "2.0.0", Some("8.5"));
        site.publish(BUCKET, "stable/");
        run(&site, &[]).expect(0);
        let output = run(&site, &["--resolve", "--json"]).expect(1);
        let found = findings(&output);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "unresolvable");
        assert!(found[0].1.contains("heroku-sys/ext-y 2.0.0"), "{found:?}");
        // A stack that none of them is for.
        let output = run(&site, &["--resolve", "--json", "--stack", "heroku-26"]).expect(1);
        assert_eq!(findings(&output).len(), 4);
    }
}

#[test]
fn what_changes_against_another_repository() {
    for site in sites() {
        for (name, version, series) in
            [("php", "8.3.10", None), ("php", "8.4.1", None), ("ext-x", "2.0.0", Some("8.4"))]
        {
            package(&site, "develop/", name, version, series);
        }
        site.publish(BUCKET, "develop/");
        site.workspace.write("composer.lock", LOCK);
        site.workspace.write("old.lock", LOCK.replace(r#""ext-x": "*""#, r#""ext-x": "^1""#));
        let arguments = ["--resolve", "--json", "--against", "php/stable/", "--lock"];
        let place = ["composer.lock", "--lock", "old.lock", BUCKET, "develop/"];
        let output = run(&site, &[&arguments[..], &place].concat()).expect(1);
        let found = findings(&output);
        let of = |kind: &str| -> Vec<&str> {
            let found = found.iter().filter(|(found, _)| found == kind);
            found.map(|(_, message)| message.as_str()).collect()
        };
        assert_eq!(of("broken-lock").len(), 1, "{found:#?}");
        assert!(of("broken-lock")[0].contains("old.lock on heroku-24"), "{found:#?}");
        assert_eq!(
            of("changed-lock"),
            ["packages.json gives composer.lock on heroku-24 something else: \
              ext-x 1.0.0 becomes 2.0.0, php 8.3.9 becomes 8.4.1"]
        );
        assert!(
            of("lost-requirement")[0].starts_with("packages.json answers ext-x * with PHP 8.3.*"),
            "{found:#?}"
        );
        assert!(
            of("changed-requirement").contains(
                &"packages.json answers PHP 8.3.* on heroku-24: php 8.3.9 becomes 8.3.10"
            ),
            "{found:#?}"
        );
        // Text tells changes without being asked for all.
        let text = run(&site, &["--resolve", "--against", "php/stable/", BUCKET, "develop/"]);
        assert!(text.expect(0).stdout.contains("php 8.3.9 becomes 8.3.10"));
        // The same repository: nothing changes.
        let same = ["--resolve", "--json", "--against", "php/stable/", BUCKET, "stable/"];
        assert_eq!(findings(&run(&site, &same).expect(0)), []);
    }
}

#[test]
fn what_cannot_be_asked() {
    for site in sites() {
        site.workspace.write("bad.lock", "[]");
        let cases: [(&[&str], i32, &str); 4] = [
            (&["--resolve", "--lock", "bad.lock"], 6, "bad.lock: expected an object, found a list"),
            (&["--resolve", "--lock", "none.lock"], 7, "cannot read"),
            (&["--resolve", "--against", "nothing"], 2, "there is no file nothing"),
            (&["--resolve", "--against", "php/none/"], 7, "there is no repository in"),
        ];
        for (arguments, status, message) in cases {
            let output = run(&site, arguments).expect(status);
            assert!(output.stderr.contains(message), "{arguments:?}: {}", output.stderr);
        }
    }
}
