//! Archives that manifests name by a host that is not known as this place, or not any more.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use end_to_end::crowd::{DAY, deploy};
use end_to_end::{DEVELOP, Place};
use store::Upload;
use test_kit::Process;

const CDN: &str = "https://cdn.example/x";

fn places() -> [Place; 3] {
    [Place::folder(), Place::in_process(), Place::seaweed()]
}

/// A package whose manifest names its archive below `base`.
fn put(place: &Place, name: &str, content: &str, base: &str) {
    let store = place.store();
    let archive = format!("{DEVELOP}{name}.tar.gz");
    store.put(&archive, content.as_bytes(), &Upload::new("application/gzip")).unwrap();
    let (package, version) = name.rsplit_once('-').unwrap();
    let manifest = format!(
        r#"{{"dist": {{"type": "heroku-sys-tar", "url": "{base}/{archive}"}}, "name": "heroku-sys/{package}", "require": {{}}, "time": "{DAY}", "type": "heroku-sys-library", "version": "{version}"}}"#
    );
    let key = format!("{DEVELOP}{name}.composer.json");
    store.put(&key, manifest.as_bytes(), &Upload::new("application/json")).unwrap();
}

fn publish(place: &Place, public_url: &str) {
    let publish = place.tool("repo-mkrepo").args(["--upload", &place.bucket, DEVELOP]);
    let _ = publish.env("S3_PUBLIC_URL", public_url).run().success();
}

fn rollback(place: &Place, number: &str) -> Process {
    let back = place.tool("repo-mkrepo").args(["rollback", "--yes", number]);
    back.args([&place.bucket, DEVELOP])
}

fn archive(place: &Place) -> Option<Vec<u8>> {
    let content = place.store().get(&format!("{DEVELOP}a-1.tar.gz")).unwrap();
    content.map(|content| content.bytes)
}

/// The index goes with the last package, and the public URL that it remembered.
#[test]
fn the_last_package_comes_back_with_its_archive() {
    for place in places() {
        put(&place, "a-1", "one", CDN);
        publish(&place, CDN);
        let _ = place.tool("pkg-remove").args(["--yes", "a-1"]).run().success();
        assert_eq!(archive(&place), None, "{}", place.kind);
        let _ = rollback(&place, "1").run().success();
        assert_eq!(archive(&place).as_deref(), Some(b"one".as_slice()), "{}", place.kind);
    }
}

/// Only the latest public URL is remembered.
#[test]
fn archives_of_an_earlier_public_url_come_back() {
    let change: [fn(&Place) -> Process; 2] = [
        |place| place.tool("pkg-remove").args(["--yes", "a-1"]),
        |place| deploy(place, "a-1", "two").arg("--overwrite"),
    ];
    for change in change {
        for place in places() {
            put(&place, "a-1", "one", CDN);
            publish(&place, CDN);
            let _ = change(&place).env("S3_PUBLIC_URL", CDN).run().success();
            put(&place, "b-1", "b", "https://other.example");
            publish(&place, "https://other.example");
            let _ = rollback(&place, "1").run().success();
            assert_eq!(archive(&place).as_deref(), Some(b"one".as_slice()), "{}", place.kind);
        }
    }
}
