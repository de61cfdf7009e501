//! The program, on both stores: messages, statuses, and what is in the bucket afterwards.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use test_kit::{Output, Site, without_undo};

const BUCKET: &str = "php-dev";
const PREFIX: &str = "dist-heroku-24-amd64-develop/";
const TIME: &str = "2026-01-01 00:00:00";
const PACKAGES: [&str; 4] = ["ext-demo-2.0.0", "libdemo-1.2.9", "php-8.4.10", "php-8.4.6"];

const SUMMARY: &str = "\
Fetching manifests, excluding given removals... 

Now performing a sync of the differences:

Checking destination bucket at
  s3://php-dev/dist-heroku-24-amd64-develop/...
Fetching manifests from source... 

The following packages will be REMOVED
 from s3://php-dev/dist-heroku-24-amd64-develop/:
  - php-8.4.6

WARNING: POTENTIALLY DESTRUCTIVE ACTION!

";

/// Both stores, with a published repository of four packages.
fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, PREFIX);
        for name in PACKAGES {
            site.package(BUCKET, PREFIX, name, TIME);
        }
        site.publish(BUCKET, PREFIX);
    }
    sites
}

fn run(site: &Site, arguments: &[&str], input: &str) -> Output {
    let process = site.process(env!("CARGO_BIN_EXE_pkg-remove"));
    let output = process.args(arguments).input(input).run();
    Output { stderr: site.masked(&output.stderr), ..output }
}

fn packages_json(site: &Site) -> Option<Vec<u8>> {
    site.get(BUCKET, &format!("{PREFIX}packages.json"))
}

#[test]
fn a_no_leaves_everything_as_it_is() {
    for site in sites() {
        let before = site.keys(BUCKET);
        let output = run(&site, &["php-8.4.6"], "n\n").success();
        assert_eq!(without_undo(&output.stderr), format!("{SUMMARY}Sync aborted.\n\n"));
        run(&site, &["php-8.4.6"], "").expect(1);
        run(&site, &["--dry-run", "php-8.4.6"], "").success();
        assert_eq!(site.keys(BUCKET), before);
        assert!(site.workspace.litter().is_empty());
    }
}

#[test]
fn a_yes_with_a_snapshot() {
    for site in sites() {
        let output = run(&site, &["-c", "rm1", "php-8.4.6.composer.json"], "y\n").success();
        let expected = format!(
            "{SUMMARY}
Copying 0 new or updated manifests to, and removing 1 manifests from, destination...

Generating and uploading packages.json...

Removing 1 dists from destination...

Sync complete.

"
        );
        assert_eq!(without_undo(&output.stderr), expected);
        assert!(!site.keys(BUCKET).iter().any(|key| key.contains("php-8.4.6")));
        assert_eq!(packages_json(&site).unwrap(), site.index(BUCKET, PREFIX));
        let snapshot = site.get(BUCKET, &format!("{PREFIX}packages-rm1.json"));
        assert_eq!(snapshot, packages_json(&site));
        let kinds: Vec<&str> =
            output.stdout.lines().map(|line| line.split('"').nth(3).unwrap()).collect();
        assert_eq!(kinds, ["start.v1", "remove.v1", "publish.v1", "end.v1"]);
    }
}

#[test]
fn patterns_and_names_that_match_nothing() {
    for site in sites() {
        let before = site.keys(BUCKET);
        let output = run(&site, &["php-*", "gone-1", "nothing*"], "y\n").expect(7);
        assert!(output.stderr.contains("gone-1, nothing*"), "{}", output.stderr);
        assert_eq!(site.keys(BUCKET), before);

        run(&site, &["--yes", "php-8.4.?"], "").success();
        let left: Vec<String> = site.keys(BUCKET);
        assert!(!left.contains(&format!("{PREFIX}php-8.4.6.tar.gz")));
        assert!(left.contains(&format!("{PREFIX}php-8.4.10.tar.gz")));
    }
}

#[test]
fn without_publishing() {
    for site in sites() {
        let before = packages_json(&site);
        let output = run(&site, &["--no-publish", "php-8.4.6"], "y\n").success();
        assert_eq!(output.stderr.matches("IS NOT PUBLISHED").count(), 2, "{}", output.stderr);
        assert_eq!(packages_json(&site), before);
        assert!(!site.keys(BUCKET).iter().any(|key| key.contains("php-8.4.6")));
    }
}

#[test]
fn removing_all_of_them() {
    for site in sites() {
        let output = run(&site, &["*"], "y\n").success();
        assert!(output.stderr.contains("IN ITS ENTIRETY"), "{}", output.stderr);
        assert!(site.packages(BUCKET).is_empty(), "{:?}", site.keys(BUCKET));
    }
}

#[test]
fn an_archive_that_another_package_needs_stays() {
    for site in sites() {
        let url = site.url(BUCKET, &format!("{PREFIX}php-8.4.6.tar.gz"));
        site.manifest(BUCKET, PREFIX, "alias-8.4.6", TIME, &url);
        site.publish(BUCKET, PREFIX);
        let output = run(&site, &["--yes", "php-8.4.6"], "").success();
        assert!(!output.stderr.contains("Removing 1 dists"), "{}", output.stderr);
        assert!(site.get(BUCKET, &format!("{PREFIX}php-8.4.6.tar.gz")).is_some());
    }
}

#[test]
fn what_stays_and_requires_it_is_named() {
    for site in sites() {
        let key = format!("{PREFIX}ext-demo-2.0.0.composer.json");
        let text = String::from_utf8(site.get(BUCKET, &key).unwrap()).unwrap();
        let text = text.replace(r#""require": {}"#, r#""require": {"heroku-sys/php": "8.4.*"}"#);
        site.put(BUCKET, &key, text);
        site.publish(BUCKET, PREFIX);
        let said = "Packages that stay require what will be REMOVED:\n  \
                    - php-8.4.6: required by ext-demo 2.0.0\n";
        for arguments in [&["php-8.4.6"][..], &["--dry-run", "php-8.4.6"]] {
            let output = run(&site, arguments, "n\n").success();
            assert!(output.stderr.contains(said), "{}", output.stderr);
        }
        let output = run(&site, &["libdemo-1.2.9"], "n\n").success();
        assert!(!output.stderr.contains("require"), "{}", output.stderr);
        // When all that requires it goes as well, nothing is named.
        let output = run(&site, &["php-8.4.6", "ext-demo-2.0.0"], "n\n").success();
        assert!(!output.stderr.contains("require"), "{}", output.stderr);
    }
}

#[test]
fn wrong_usage() {
    let site = Site::folder();
    let output = run(&site, &["x"], "").expect(2);
    assert!(output.stderr.contains("S3_BUCKET"), "{}", output.stderr);
    for arguments in [&[][..], &["--no-such", "x"], &["-c"]] {
        run(&site, arguments, "").expect(2);
    }
}
