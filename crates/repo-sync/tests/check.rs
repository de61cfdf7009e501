//! `--check`: nothing is synced that could not be installed from the destination.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use test_kit::{Output, Site};

fn put(site: &Site, bucket: &str, name: &str, require: &str) {
    let url = site.url(bucket, &format!("p/{name}.tar.gz"));
    let text = format!(
        r#"{{"name": "heroku-sys/{name}", "version": "8.4.1", "type": "heroku-sys-php", "require": {{{require}}}, "dist": {{"type": "heroku-sys-tar", "url": "{url}"}}, "time": "2026-01-01 00:00:00"}}"#
    );
    site.put(bucket, &format!("p/{name}.tar.gz"), name);
    site.put(bucket, &format!("p/{name}.composer.json"), text);
}

fn sync(site: &Site, arguments: &[&str]) -> Output {
    site.process(env!("CARGO_BIN_EXE_repo-sync"))
        .args(["--yes", "--check"])
        .args(arguments)
        .args(["stable", "p/", "develop", "p/"])
        .run()
}

#[test]
fn nothing_is_synced_that_cannot_be_installed() {
    for mut site in Site::both() {
        for bucket in ["develop", "stable"] {
            site.create_bucket(bucket);
        }
        site.workspace.repository("develop", "p/");
        put(&site, "develop", "php", "");
        put(&site, "develop", "ext-x", r#""heroku-sys/php": "8.4.*""#);
        site.publish("develop", "p/");
        sync(&site, &[]).success();
        let before = site.keys("stable");

        put(&site, "develop", "ext-y", r#""heroku-sys/php": "8.5.*""#);
        site.publish("develop", "p/");
        for arguments in [&[][..], &["--dry-run"], &["--plan"]] {
            let output = sync(&site, arguments).expect(1);
            assert!(output.stderr.contains("is not synced: it would offer"), "{}", output.stderr);
            assert!(output.stderr.contains("heroku-sys/ext-y 8.4.1: "), "{}", output.stderr);
        }
        assert_eq!(site.keys("stable"), before);
    }
}

#[test]
fn nothing_is_synced_that_readers_would_refuse() {
    for mut site in Site::both() {
        for bucket in ["develop", "stable"] {
            site.create_bucket(bucket);
        }
        site.workspace.repository("develop", "p/");
        put(&site, "develop", "php", "");
        put(&site, "develop", "ext-x", r#""heroku-sys/php": "8.4.*""#);
        site.publish("develop", "p/");
        let limited = |limit: usize, arguments: &[&str]| {
            site.process(env!("CARGO_BIN_EXE_repo-sync"))
                .env("SLIPWAY_MAX_INDEX", limit.to_string())
                .args(arguments)
                .args(["stable", "p/", "develop", "p/"])
                .run()
        };
        // The source can be read, but a generation of the destination could not.
        let size = site.index("develop", "p/").len();
        let output = limited(size, &["--yes"]).expect(6);
        assert!(output.stderr.contains("SLIPWAY_MAX_INDEX="), "{}", output.stderr);
        assert_eq!(site.keys("stable"), [""; 0]);
        let output = limited(size, &["--plan"]).expect(6);
        assert_eq!(output.stdout, "");
        limited(4 * size, &["--yes"]).success();
    }
}
