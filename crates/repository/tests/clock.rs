//! What time it is, as the service says.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use location::{Location, Prefix, Region, Service};
use repository::clock;
use store::Store;
use test_kit::Site;
use test_kit::s3::{ACCESS_KEY, Quirks, SECRET_KEY};

const BUCKET: &str = "packages";

fn open(site: &Site) -> (Store, Location) {
    let service = match site.server() {
        Some(server) => Service::Endpoint { url: server.endpoint(), region: Region::default() },
        None => Service::Folder { root: site.workspace.path("stores") },
    };
    let location = Location::new(service, BUCKET, Prefix::parse("dist/").unwrap()).unwrap();
    let env = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some(ACCESS_KEY.to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some(SECRET_KEY.to_owned()),
        _ => None,
    };
    let store = Store::open(&location.service, BUCKET, store::Options::default(), &env).unwrap();
    (store, location)
}

/// Less than a day: no machine that runs tests is so slow, and no clock here is so near.
fn is_near(time: Timestamp, expected: Timestamp) -> bool {
    time.duration_since(expected).abs() < SignedDuration::from_hours(24)
}

#[test]
fn it_is_the_clock_of_the_service_and_nothing_is_left_of_the_question() {
    let site = Site::s3();
    site.create_bucket(BUCKET);
    site.put(BUCKET, "dist/of-another-clock", "x");
    site.server().unwrap().set_quirks(Quirks { days_behind: 30, ..Quirks::default() });
    let (store, location) = open(&site);
    let expected = Timestamp::now() - SignedDuration::from_hours(30 * 24);
    for time in [clock::now(&store, &location), clock::without_writing(&store, &location)] {
        let time = time.unwrap();
        assert!(is_near(time, expected), "{time} and not {expected}");
    }
    assert_eq!(site.keys(BUCKET), ["dist/of-another-clock"]);
}

#[test]
fn a_folder_has_the_clock_of_its_file_system() {
    let site = Site::folder();
    site.create_bucket(BUCKET);
    let folder = site.workspace.path("stores").join(BUCKET).join("dist");
    fs::create_dir_all(&folder).unwrap();
    // Copied here from a machine whose clock was wrong.
    let file = File::create(folder.join("of-another-clock")).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(365 * 24 * 3600)).unwrap();
    let (store, location) = open(&site);
    for time in [clock::now(&store, &location), clock::without_writing(&store, &location)] {
        let time = time.unwrap();
        assert!(is_near(time, Timestamp::now()), "{time}");
    }
    assert_eq!(site.keys(BUCKET), ["dist/of-another-clock"]);
}

#[test]
fn who_may_not_write_is_not_asked_to() {
    for site in Site::both() {
        site.create_bucket(BUCKET);
        site.put(BUCKET, "dist/x", "x");
        if let Some(server) = site.server() {
            server.set_public(BUCKET, true);
        }
        let (store, location) = open(&site);
        let store = store.anonymous();
        let denied = clock::now(&store, &location).unwrap_err();
        assert!(matches!(denied.store(), Some(store::Error::AccessDenied { .. })), "{denied:?}");
        let time = clock::without_writing(&store, &location).unwrap();
        assert!(is_near(time, Timestamp::now()), "{time}");
    }
}
