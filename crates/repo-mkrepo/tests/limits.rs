//! How large `packages.json` and the history may be: reader and writer go by one limit.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use test_kit::{Output, Site};

const BUCKET: &str = "php-dev";
const PREFIX: &str = "dist/";
const TIME: &str = "2026-01-01 00:00:00";

fn run(site: &Site, limit: &str, arguments: &[&str]) -> Output {
    let process = site.process(env!("CARGO_BIN_EXE_repo-mkrepo"));
    process.env("SLIPWAY_MAX_INDEX", limit).args(arguments).run()
}

/// Both stores, with one package, which is published, and some more, which are not.
fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, PREFIX);
        site.package(BUCKET, PREFIX, "a-1", TIME);
        run(site, "", &["--upload"]).success();
        for number in 0..20 {
            site.package(BUCKET, PREFIX, &format!("b{number}-1"), TIME);
        }
    }
    sites
}

fn contents(site: &Site) -> Vec<(String, Vec<u8>)> {
    let keys = site.keys(BUCKET).into_iter();
    keys.map(|key| (key.clone(), site.get(BUCKET, &key).unwrap())).collect()
}

#[test]
fn what_readers_would_refuse_is_not_written() {
    for site in sites() {
        let before = contents(&site);
        let all = site.index(BUCKET, PREFIX).len();
        for arguments in [&["--upload"][..], &["--upload", "-c", "rel"], &["--upload", "--gzip"]] {
            if arguments.contains(&"--gzip") && site.server().is_none() {
                continue;
            }
            let output = run(&site, &(all - 1).to_string(), arguments).expect(6);
            let says = format!("packages.json is larger than {} bytes", all - 1);
            assert!(output.stderr.contains(&says), "{}", output.stderr);
            assert!(output.stderr.contains("SLIPWAY_MAX_INDEX="), "{}", output.stderr);
            assert_eq!(contents(&site), before, "{arguments:?}");
        }
        // A generation holds each manifest as a text in a text, which takes more.
        let output = run(&site, &all.to_string(), &["--upload"]).expect(6);
        assert!(output.stderr.contains(".manifests.gz is larger than"), "{}", output.stderr);
        assert_eq!(contents(&site), before);

        let enough = (2 * all).to_string();
        run(&site, &enough, &["--upload", "-c", "rel"]).success();
        run(&site, &enough, &["log"]).success();
        run(&site, &enough, &["diff", "1", "2"]).success();
        run(&site, &enough, &["rollback", "--yes", "1"]).success();
        // The same limit says what is read.
        run(&site, &enough, &["rollback", "--yes", "2"]).success();
        let before = contents(&site);
        let less = (all - 1).to_string();
        for arguments in [&["--upload"][..], &["diff", "1", "2"]] {
            let output = run(&site, &less, arguments).expect(6);
            assert!(output.stderr.contains("SLIPWAY_MAX_INDEX="), "{}", output.stderr);
        }
        assert_eq!(contents(&site), before);
    }
}

#[test]
fn the_limit_is_a_size() {
    let site = &sites()[0];
    for odd in ["x", "1X", "-1", "1.5G", "99999999999999T"] {
        let output = run(site, odd, &["log"]).expect(2);
        assert!(output.stderr.contains("SLIPWAY_MAX_INDEX"), "{}", output.stderr);
    }
    run(site, "1m", &["log"]).success();
}
