//! The doctor as a program: what it finds out, and that nothing stays of it.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeMap;

use test_kit::s3::{Action, Quirks};
use test_kit::{Output, Site};

const BUCKET: &str = "php-dev";
const PREFIX: &str = "dist/";

fn site(mut site: Site) -> Site {
    site.create_bucket(BUCKET);
    site.workspace.repository(BUCKET, PREFIX);
    site
}

fn run(site: &Site, arguments: &[&str]) -> Output {
    let all = [&["--service"], arguments].concat();
    site.process(env!("CARGO_BIN_EXE_repo-check")).args(&all).run()
}

/// The answers by name, and whether the service is supported.
fn asked(site: &Site, arguments: &[&str], status: i32) -> (BTreeMap<String, String>, bool) {
    let output = run(site, &[&["--json"], arguments].concat()).expect(status);
    let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(document["kind"], "service.v1");
    assert_eq!(document["prefix"], PREFIX);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let answers = document["answers"].as_array().unwrap().iter();
    let answers = answers.map(|answer| (text(&answer["name"]), text(&answer["answer"])));
    (answers.collect(), document["supported"].as_bool().unwrap())
}

#[track_caller]
fn expect(answers: &BTreeMap<String, String>, expected: &[(&str, &str)]) {
    for (name, answer) in expected {
        assert_eq!(answers[*name], *answer, "{name}");
    }
}

#[test]
fn a_folder_and_a_service_that_does_all() {
    for site in [Site::folder(), Site::s3()].map(site) {
        let (answers, supported) = asked(&site, &["--thorough"], 0);
        assert!(supported);
        expect(
            &answers,
            &[
                ("put-if-match", "kept: 412 PreconditionFailed"),
                ("put-if-none-match", "kept: 412 PreconditionFailed"),
                ("copy", "copies"),
                ("etag-agrees", "the same"),
                ("etag-changes", "another"),
                ("key-plus", "its own"),
                ("copy-plus", "copies"),
                ("list-many", "complete"),
                ("clock", "as here"),
            ],
        );
        if site.server().is_some() {
            let condition = "kept: 412 PreconditionFailed";
            expect(&answers, &[("complete-if-match", condition), ("read-range", "206")]);
            expect(&answers, &[("put-keeps", "type, encoding, metadata")]);
        }
        assert_eq!(site.keys(BUCKET), [""; 0]);
        let output = run(&site, &[]).success();
        assert!(output.stdout.contains("\n  PUT with If-Match  "), "{}", output.stdout);
        assert_eq!(site.keys(BUCKET), [""; 0]);
    }
}

#[test]
fn a_service_that_ignores_conditions() {
    let site = site(Site::s3());
    let server = site.server().unwrap();
    server.set_quirks(Quirks { ignore_conditions: true, copy_nothing: true, ..Quirks::default() });
    let (answers, supported) = asked(&site, &[], 0);
    assert!(supported);
    let nothing = "answers success, and copies nothing";
    expect(
        &answers,
        &[("put-if-match", "ignored"), ("complete-if-match", "ignored"), ("copy", nothing)],
    );
    let text = run(&site, &[]).success().stdout;
    assert!(text.contains("put-if-match, put-if-none-match:\n  -> Publishing checks"), "{text}");

    server.set_quirks(Quirks { refuse_conditions: true, ..Quirks::default() });
    let (answers, _) = asked(&site, &[], 0);
    expect(&answers, &[("put-if-match", "refused: 501 NotImplemented")]);
}

#[test]
fn what_a_dead_run_left_is_removed_by_the_next() {
    for site in [Site::folder(), Site::s3()].map(site) {
        let mine = tool::worker();
        let host = mine.split('-').next().unwrap();
        let key = |run: &str| format!("{PREFIX}.slipway/probe-service-{run}/object");
        let (dead, alive) = (key(&format!("{host}-4194303-1")), key(&mine));
        let foreign = key("0123456789abcdef-1-1");
        for key in [&dead, &alive, &foreign] {
            site.put(BUCKET, key, "x");
        }
        run(&site, &[]).success();
        let mut stay = vec![alive, foreign];
        stay.sort();
        assert_eq!(site.keys(BUCKET), stay);
    }
}

#[test]
fn an_interruption_leaves_nothing() {
    let site = site(Site::s3());
    let server = site.server().unwrap();
    server.set_hook(|request| match request.path.contains("/key-below/1") {
        true => Action::Hold,
        false => Action::Serve,
    });
    let process = site.process(env!("CARGO_BIN_EXE_repo-check")).args(["--service"]).spawn();
    server.wait_until_held(1);
    assert!(!server.keys(BUCKET).is_empty());
    process.interrupt();
    assert_eq!(process.wait().status, 130);
    assert_eq!(server.keys(BUCKET), [""; 0]);
}
