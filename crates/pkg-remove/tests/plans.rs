//! Plans of removals, and removals that were interrupted.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::Value;
use test_kit::s3::Action;
use test_kit::{Output, Process, Site};

const BUCKET: &str = "php-dev";
const PREFIX: &str = "dist/";
const TIME: &str = "2026-01-01 00:00:00";

fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, PREFIX);
        for name in ["a-1", "b-1", "c-1"] {
            site.package(BUCKET, PREFIX, name, TIME);
        }
        site.publish(BUCKET, PREFIX);
    }
    sites
}

fn process(site: &Site) -> Process {
    site.process(env!("CARGO_BIN_EXE_pkg-remove"))
}

fn run(site: &Site, arguments: &[&str]) -> Output {
    process(site).args(arguments).input("").run()
}

fn plan(site: &Site, arguments: &[&str]) -> Value {
    let output = run(site, &[arguments, &["--plan"]].concat()).success();
    site.workspace.write("plan.json", &output.stdout);
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn a_plan_is_applied_once() {
    for site in sites() {
        let before = site.keys(BUCKET);
        let document = plan(&site, &["a-*", "b-1"]);
        assert_eq!(site.keys(BUCKET), before);
        assert_eq!(document["kind"], "plan.v1");
        assert_eq!(document["tool"], "pkg-remove");
        assert_eq!(document["source"], Value::Null);
        assert_eq!(document["operations"].as_array().unwrap().len(), 4);
        assert_eq!(document["removed-bytes"], 2 * "archive of a-1".len());
        assert_eq!(document["copied-bytes"], 0);

        // The plan says where; the environment need not.
        let apply = || process(&site).args(["--apply", "plan.json"]).without("S3_BUCKET").run();
        let output = apply().success();
        assert!(output.stderr.contains("REMOVED"), "{}", output.stderr);
        let left = ["dist/c-1.composer.json", "dist/c-1.tar.gz", "dist/packages.json"];
        assert_eq!(site.packages(BUCKET), left);
        let again = apply().expect(13);
        assert!(again.stderr.contains("a-1.composer.json was removed"), "{}", again.stderr);
        assert_eq!(site.packages(BUCKET), left);
    }
}

#[test]
fn one_that_does_not_fit_any_more_is_refused() {
    for site in sites() {
        plan(&site, &["a-1", "--no-publish"]);
        site.package(BUCKET, PREFIX, "d-1", TIME);
        let output = run(&site, &["--apply", "plan.json"]).expect(13);
        assert!(output.stderr.contains("d-1.composer.json was added"), "{}", output.stderr);
        assert!(site.get(BUCKET, "dist/a-1.composer.json").is_some());

        let document = plan(&site, &["a-1", "--no-publish"]);
        assert_eq!(document["options"]["no-publish"], true);
        site.put(BUCKET, "dist/a-1.tar.gz", "another archive");
        let output = run(&site, &["--apply", "plan.json"]).expect(13);
        assert!(output.stderr.contains("dist/a-1.tar.gz was changed"), "{}", output.stderr);

        let text = std::fs::read_to_string(site.workspace.path("plan.json")).unwrap();
        let foreign = text.replace("\"tool\": \"pkg-remove\"", "\"tool\": \"repo-sync\"");
        site.workspace.write("plan.json", foreign);
        let output = run(&site, &["--apply", "plan.json"]).expect(6);
        assert!(output.stderr.contains("repo-sync --apply"), "{}", output.stderr);
    }
}

#[test]
fn wherever_a_removal_ends_the_next_one_completes_it() {
    let mut ended = 0;
    for number in 1..100 {
        let [_, site] = sites();
        let server = site.server().unwrap();
        server.forget_requests();
        server.set_hook(move |request| match request.number < number {
            true => Action::Serve,
            false => Action::Answer(403, "AccessDenied"),
        });
        let output = run(&site, &["--yes", "--no-cache", "a-1", "b-*"]);
        server.clear_hook();
        let index = site.get(BUCKET, "dist/packages.json").unwrap();
        for name in ["a-1", "b-1"] {
            let named = String::from_utf8_lossy(&index).contains(name);
            let there = site.get(BUCKET, &format!("dist/{name}.tar.gz")).is_some();
            assert!(there || !named, "ended at {number}: {name} cannot be installed");
        }
        if output.status != 0 {
            ended += 1;
            // Where only a file that says what was to be done is left, or nothing, all is done.
            let again = run(&site, &["--yes", "a-1", "b-*"]);
            assert!([0, 7].contains(&again.status), "ended at {number}: {}", again.stderr);
        }
        let left = ["dist/c-1.composer.json", "dist/c-1.tar.gz", "dist/packages.json"];
        assert_eq!(site.packages(BUCKET), left, "ended at {number}");
        assert_eq!(site.get(BUCKET, "dist/packages.json").unwrap(), site.index(BUCKET, PREFIX));
        assert!(!site.keys(BUCKET).iter().any(|key| key.contains("pending")), "{number}");
    }
    assert!((10..98).contains(&ended), "{ended} of these runs ended early");
}

#[test]
fn an_apply_that_was_interrupted_is_completed_by_a_new_plan() {
    for again_by_plan in [true, false] {
        let [_, site] = sites();
        plan(&site, &["a-1", "b-1"]);
        let server = site.server().unwrap();
        // After the manifests are gone: at packages.json.
        server.set_hook(|request| match request.line().as_str() {
            "PUT /php-dev/dist/packages.json" => Action::Answer(403, "AccessDenied"),
            _ => Action::Serve,
        });
        run(&site, &["--apply", "plan.json"]).expect(8);
        server.clear_hook();
        run(&site, &["--apply", "plan.json"]).expect(13);
        if again_by_plan {
            plan(&site, &["a-1", "b-1"]);
            run(&site, &["--apply", "plan.json"]).success();
        } else {
            run(&site, &["--yes", "a-1", "b-1"]).success();
        }
        let left = ["dist/c-1.composer.json", "dist/c-1.tar.gz", "dist/packages.json"];
        assert_eq!(site.packages(BUCKET), left);
        assert_eq!(site.get(BUCKET, "dist/packages.json").unwrap(), site.index(BUCKET, PREFIX));
    }
}

#[test]
fn all_of_a_repository() {
    for number in (1..100).step_by(3) {
        let [_, site] = sites();
        let server = site.server().unwrap();
        server.forget_requests();
        server.set_hook(move |request| match request.number < number {
            true => Action::Serve,
            false => Action::Answer(403, "AccessDenied"),
        });
        let output = run(&site, &["--yes", "--no-cache", "*"]);
        server.clear_hook();
        if output.status != 0 {
            let again = run(&site, &["--yes", "*"]);
            assert!([0, 7].contains(&again.status), "ended at {number}: {}", again.stderr);
        }
        assert!(site.packages(BUCKET).is_empty(), "{number}: {:?}", site.packages(BUCKET));
    }
}
