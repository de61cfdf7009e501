//! A service that stumbles: what is tried again, and what is not.

use std::sync::Arc;
use std::time::Duration;

use store::{Condition, Options, Patience, Upload};
use test_kit::s3::{Action, Attributes, Quirks};

use crate::place::{Kind, Place, keys, noise, options, put, text};

/// Little patience, so that tests are quick.
fn quick() -> Options {
    let mut options = options();
    options.patience = Some(Patience {
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(5),
        ..Patience::default()
    });
    options
}

#[test]
fn a_download_that_breaks_off_is_resumed() {
    let place = Place::new(Kind::InProcess);
    let bytes = noise(1_000_000, 9);
    place.server().put(&place.bucket, "archive", bytes.clone(), Attributes::default());
    // Three times it breaks off, each time a little later.
    let mut left = 3;
    place.server().set_hook(move |request| {
        if request.method == "GET" && left > 0 {
            left -= 1;
            Action::Truncate(150_000)
        } else {
            Action::Serve
        }
    });
    let folder = scratch::Folder::new("store-test-").unwrap();
    let path = folder.path().join("file");
    let mut file = std::fs::File::create_new(&path).unwrap();
    let store = place.open_with(quick());
    let download = store.download("archive", &mut file).unwrap().unwrap();
    assert!(std::fs::read(&path).unwrap() == bytes);
    assert_eq!(download.head.size, 1_000_000);
    let gets = place.server().requests();
    let gets = gets.iter().filter(|request| request.method == "GET");
    assert_eq!(gets.count(), 4);
}

#[test]
fn a_download_starts_anew_when_the_object_changes_in_between() {
    let place = Arc::new(Place::new(Kind::InProcess));
    let (old, new) = (noise(500_000, 1), noise(400_000, 2));
    let put = |place: &Place, bytes: Vec<u8>| {
        place.server().put(&place.bucket, "archive", bytes, Attributes::default());
    };
    put(&place, old);
    let store = place.open_with(quick());
    let (watched, replacing) = (Arc::downgrade(&place), new.clone());
    let mut first = true;
    place.server().set_hook(move |_| {
        if std::mem::take(&mut first) {
            return Action::Truncate(100_000);
        }
        // It is replaced once the rest is asked for.
        if let Some(place) = watched.upgrade() {
            put(&place, replacing.clone());
        }
        Action::Serve
    });
    let content = store.get("archive").unwrap().unwrap();
    assert!(content.bytes == new, "{} bytes", content.bytes.len());
}

#[test]
fn what_fails_for_a_moment_is_tried_again() {
    let actions = [
        Action::Answer(503, "SlowDown"),
        Action::Answer(500, "InternalError"),
        Action::Answer(429, "TooManyRequests"),
        Action::ResetBefore,
        Action::ResetAfter,
    ];
    for action in actions {
        let place = Place::new(Kind::InProcess);
        put(&place.open(), "dist/there", "text");
        // Every request fails at its first try.
        let mut tried = std::collections::BTreeSet::new();
        place.server().set_hook(move |request| {
            if tried.insert(format!("{} {}?{}", request.method, request.path, request.query)) {
                action
            } else {
                Action::Serve
            }
        });
        let store = place.open_with(quick());
        store.check_bucket().unwrap();
        assert_eq!(text(&store, "dist/there").as_deref(), Some("text"), "{action:?}");
        put(&store, "dist/key", "text");
        assert_eq!(keys(&store, "dist/"), ["dist/key", "dist/there"], "{action:?}");
        store.copy_from(&store, "dist/key", "dist/copy", Condition::Always).unwrap();
        store.delete_many(&["dist/key".to_owned()]).unwrap();
        assert_eq!(keys(&store, "dist/"), ["dist/copy", "dist/there"], "{action:?}");
        assert_eq!(store.head("dist/copy").unwrap().unwrap().size, 4);
    }
}

#[test]
fn a_large_upload_survives_a_part_that_fails() {
    let place = Place::new(Kind::InProcess);
    let folder = scratch::Folder::new("store-test-").unwrap();
    let path = folder.path().join("file");
    let bytes = noise(12 << 20, 4);
    std::fs::write(&path, &bytes).unwrap();
    let mut tried = std::collections::BTreeSet::new();
    place.server().set_hook(move |request| {
        let part = request.query.contains("partNumber=");
        if part && tried.insert(request.query.clone()) {
            Action::ResetBefore
        } else {
            Action::Serve
        }
    });
    let store = place.open_with(quick());
    store.put_file("large", &path, &Upload::new("application/gzip")).unwrap();
    assert!(store.get("large").unwrap().unwrap().bytes == bytes);
}

#[test]
fn a_listing_may_have_short_pages_in_any_order() {
    let place = Place::new(Kind::InProcess);
    let store = place.open();
    let mut wanted: Vec<String> = (0..50).map(|number| format!("q/{number}")).collect();
    wanted.extend(["q.txt", "q-1", "q0"].map(str::to_owned));
    for key in &wanted {
        put(&store, key, "");
    }
    wanted.sort();
    place.server().set_quirks(Quirks { page_size: 7, slash_first: true, ..Quirks::default() });
    assert_eq!(keys(&store, ""), wanted);
    assert_eq!(
        keys(&store, "q/"),
        wanted.iter().filter(|key| key.starts_with("q/")).cloned().collect::<Vec<_>>()
    );
    let direct = store.list_direct("q").unwrap();
    let direct: Vec<&str> = direct.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(direct, ["q-1", "q.txt", "q0"]);
}
