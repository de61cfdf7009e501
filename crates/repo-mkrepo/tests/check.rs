//! `--upload --check`: nothing is published that cannot be installed.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use test_kit::{Output, Site};

const BUCKET: &str = "php";

fn put(site: &Site, name: &str, version: &str, series: &str) {
    let php = match series {
        "" => String::new(),
        series => format!(r#", "heroku-sys/php": "{series}.*""#),
    };
    let text = format!(
        r#"{{"name": "heroku-sys/{name}", "version": "{version}", "type": "heroku-sys-php-extension", "require": {{"heroku-sys/heroku": "^24.0.0"{php}}}, "dist": {{"type": "heroku-sys-tar", "url": "https://elsewhere.example/{name}.tar.gz"}}, "time": "2026-01-01 00:00:00"}}"#
    );
    site.put(BUCKET, &format!("p/{name}-{version}.composer.json"), text);
}

fn publish(site: &Site, arguments: &[&str]) -> Output {
    site.process(env!("CARGO_BIN_EXE_repo-mkrepo")).arg("--upload").args(arguments).run()
}

#[test]
fn nothing_is_published_that_cannot_be_installed() {
    for mut site in Site::both() {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, "p/");
        put(&site, "php", "8.4.1", "");
        put(&site, "ext-x", "1.0.0", "8.4");
        publish(&site, &["--check"]).success();
        let good = site.get(BUCKET, "p/packages.json").unwrap();

        put(&site, "ext-y", "1.0.0", "8.5");
        let output = publish(&site, &["--check"]).expect(1);
        assert!(
            output.stderr.contains("p/packages.json is not published: it would offer what cannot")
                && output.stderr.contains("heroku-sys/ext-y 1.0.0: "),
            "{}",
            output.stderr
        );
        assert_eq!(site.get(BUCKET, "p/packages.json").unwrap(), good);

        // Whoever does not ask for the check publishes; and then it is no news.
        publish(&site, &[]).success();
        put(&site, "ext-x", "1.1.0", "8.4");
        publish(&site, &["--check"]).success();
        put(&site, "ext-z", "1.0.0", "8.5");
        let output = publish(&site, &["--check"]).expect(1);
        assert!(!output.stderr.contains("ext-y"), "{}", output.stderr);
        // What it required comes.
        put(&site, "php", "8.5.0", "");
        publish(&site, &["--check"]).success();
    }
}

#[test]
fn the_check_is_for_publishing() {
    let site = Site::folder();
    let output = site.process(env!("CARGO_BIN_EXE_repo-mkrepo")).args(["--check", "b", "p"]).run();
    assert!(output.expect(2).stderr.contains("--check has a meaning with --upload only"));
}
