//! The program, on both stores: messages, statuses, and what is in the buckets afterwards.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod changes;
mod forms;
mod healing;
mod interrupted;
mod owners;
mod plans;
mod questions;
mod snapshots;

use test_kit::{Output, Process, Site};

const DEV: (&str, &str) = ("php-dev", "dist-heroku-24-amd64-develop/");
const STABLE: (&str, &str) = ("php-stable", "dist-heroku-24-amd64-stable/");
const TIME: &str = "2026-01-01 00:00:00";
const LATER: &str = "2026-01-02 00:00:00";

const ARRIVAL: &str = "\
Fetching source repository from
  s3://php-dev/dist-heroku-24-amd64-develop/...
Checking destination bucket at
  s3://php-stable/dist-heroku-24-amd64-stable/...
";
const ADDED: &str = "\
Fetching manifests from source... 

The following packages will be ADDED
 from s3://php-dev/dist-heroku-24-amd64-develop/
   to s3://php-stable/dist-heroku-24-amd64-stable/:
  - ext-demo-2.0.0
  - libdemo-1.2.3
  - libdemo-1.2.10+build2
  - php-8.4.6
  - php-8.4.10

WARNING: POTENTIALLY DESTRUCTIVE ACTION!

";
const PACKAGES: [&str; 5] =
    ["ext-demo-2.0.0", "libdemo-1.2.10+build2", "libdemo-1.2.3", "php-8.4.10", "php-8.4.6"];

/// Both stores, with a published source of five packages and an empty destination.
fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(DEV.0);
        site.create_bucket(STABLE.0);
        site.workspace.repository(DEV.0, DEV.1);
        for name in PACKAGES {
            site.package(DEV.0, DEV.1, name, TIME);
        }
        site.publish(DEV.0, DEV.1);
    }
    sites
}

fn sync(site: &Site) -> Process {
    site.process(env!("CARGO_BIN_EXE_repo-sync"))
}

fn run(site: &Site, options: &[&str], input: &str) -> Output {
    let output = sync(site).args(options).args([STABLE.0, STABLE.1]).input(input).run();
    Output { stderr: site.masked(&output.stderr), ..output }
}

/// A reader's view: every URL in the published index leads to an archive.
fn installable(site: &Site, (bucket, prefix): (&str, &str)) {
    let index = site.get(bucket, &format!("{prefix}packages.json")).unwrap();
    let index = String::from_utf8(index).unwrap();
    let root = site.url(bucket, "");
    for url in index.split('"').filter_map(|text| text.strip_prefix(&root)) {
        let key = url.replace("%2B", "+");
        assert!(site.get(bucket, &key).is_some(), "{key} is missing");
    }
}

fn synced(site: &Site) {
    run(site, &[], "y\n").success();
}

fn delete(site: &Site, (bucket, prefix): (&str, &str), file: &str) {
    site.delete(bucket, &format!("{prefix}{file}"));
}
