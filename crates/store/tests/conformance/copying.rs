//! Copying within a service and between services.

use std::sync::Mutex;

use store::{Condition, Error, Options, Store, Upload};

use crate::place::{Kind, Place, keys, noise, options, put, text};

const METADATA: &[(&str, &str)] = &[("sha256", "00ff"), ("other", "two words")];

/// Copies an object of this size, and checks that all of it arrives.
fn copy(from: &Store, to: &Store, length: usize) {
    let bytes = noise(length, 5);
    let upload = Upload { metadata: METADATA, ..Upload::new("application/x-test") };
    from.put("from/a b+c.tar.gz", &bytes, &upload).unwrap();
    put(to, "to/ä%.tar.gz", "the former one");
    let etag = to.copy_from(from, "from/a b+c.tar.gz", "to/ä%.tar.gz", Condition::Always).unwrap();
    let content = to.get("to/ä%.tar.gz").unwrap().unwrap();
    assert!(content.bytes == bytes, "{} bytes", content.bytes.len());
    assert_eq!(content.head.etag, etag);
    assert_eq!(content.head.content_type.as_deref(), Some("application/x-test"));
    let metadata: Vec<(&str, &str)> =
        content.head.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(metadata, [METADATA[1], METADATA[0]]);
    let source = from.get("from/a b+c.tar.gz").unwrap().unwrap();
    assert!(source.bytes == bytes);
    assert_eq!(source.head.metadata, content.head.metadata);
}

pub fn copy_within_a_bucket(kind: Kind) {
    let place = Place::new(kind);
    let store = place.open();
    copy(&store, &store, 1_000);
    // A copy is independent of its source.
    store.delete_many(&["from/a b+c.tar.gz".to_owned()]).unwrap();
    assert_eq!(store.get("to/ä%.tar.gz").unwrap().unwrap().bytes.len(), 1_000);
    if kind == Kind::InProcess {
        let requests = place.server().requests();
        let puts = requests.iter().filter(|request| request.method == "PUT");
        // The object, the former one, and the copy: no bytes through this machine.
        assert_eq!(puts.count(), 3);
    }
}

pub fn copy_between_buckets(kind: Kind) {
    let place = Place::new(kind);
    copy(&place.open(), &place.sibling().open(), 1_000);
}

pub fn copy_a_large_object(kind: Kind) {
    let place = Place::new(kind);
    let in_parts = Options { copy_threshold: 6 << 20, ..options() };
    let to = place.sibling().open_with(in_parts);
    copy(&place.open(), &to, (11 << 20) + 7);
}

pub fn copy_heeds_the_condition(kind: Kind) {
    let place = Place::new(kind);
    let (from, to) = (place.open(), place.sibling().open());
    put(&from, "key", "from");
    let etag = to.copy_from(&from, "key", "key", Condition::IfAbsent).unwrap();
    let again = to.copy_from(&from, "key", "key", Condition::IfAbsent);
    assert!(matches!(again, Err(Error::Precondition { .. })), "{again:?}");

    put(&to, "key", "other");
    let stale = to.copy_from(&from, "key", "key", Condition::IfMatch(etag));
    assert!(matches!(stale, Err(Error::Precondition { .. })), "{stale:?}");
    assert_eq!(text(&to, "key").as_deref(), Some("other"));
    let etag = to.head("key").unwrap().unwrap().etag;
    to.copy_from(&from, "key", "key", Condition::IfMatch(etag)).unwrap();
    assert_eq!(text(&to, "key").as_deref(), Some("from"));
}

pub fn copy_of_nothing(kind: Kind) {
    let place = Place::new(kind);
    let (from, to) = (place.open(), place.sibling().open());
    let result = to.copy_from(&from, "missing", "key", Condition::Always);
    assert!(matches!(result, Err(Error::NotFound { .. })), "{result:?}");
    assert_eq!(keys(&to, ""), Vec::<String>::new());
}

pub fn copy_many(kind: Kind) {
    let place = Place::new(kind);
    let (from, to) = (place.open(), place.sibling().open());
    let mut pairs: Vec<(String, String)> =
        (0..60).map(|number| (format!("from/{number}"), format!("to/{number}"))).collect();
    for (key, _) in &pairs {
        put(&from, key, key);
    }
    let done = Mutex::new(Vec::new());
    to.copy_many(&from, &pairs, &|key| done.lock().unwrap().push(key.to_owned())).unwrap();
    let mut done = done.into_inner().unwrap();
    done.sort();
    assert_eq!(done, keys(&to, ""));
    assert_eq!(done.len(), 60);
    for (source, key) in &pairs {
        assert_eq!(text(&to, key).as_ref(), Some(source));
    }
    pairs.push(("from/missing".to_owned(), "to/missing".to_owned()));
    let result = to.copy_many(&from, &pairs, &|_| {});
    assert!(matches!(result, Err(Error::NotFound { .. })), "{result:?}");
}

pub fn copy_from_the_folder_store(kind: Kind) {
    copy(&Place::new(Kind::Folder).open(), &Place::new(kind).open(), 1_000);
}

pub fn copy_to_the_folder_store(kind: Kind) {
    copy(&Place::new(kind).open(), &Place::new(Kind::Folder).open(), 1_000);
}

pub fn copy_from_another_server(kind: Kind) {
    copy(&Place::new(Kind::InProcess).open(), &Place::new(kind).open(), 1_000);
}

pub fn copy_a_large_object_from_another_server(kind: Kind) {
    // Large enough to go through a file, and up in parts.
    copy(&Place::new(Kind::InProcess).open(), &Place::new(kind).open(), (11 << 20) + 7);
}

pub fn copy_of_what_has_no_checksum(kind: Kind) {
    let (from, to) = (Place::new(Kind::InProcess).open(), Place::new(kind).open());
    put(&from, "from", "some text");
    to.copy_from(&from, "from", "to", Condition::Always).unwrap();
    let head = to.head("to").unwrap().unwrap();
    assert_eq!(head.metadata.get("sha256"), Some(&checksum::of_bytes("some text")));
}

pub fn copy_over_what_is_expected(kind: Kind) {
    let place = Place::new(kind);
    let store = place.open();
    put(&store, "from", "one");
    let etag = store.copy_over(&store, "from", "to", None).unwrap();
    let refused = store.copy_over(&store, "from", "to", None);
    assert!(matches!(refused, Err(Error::Precondition { .. })), "{refused:?}");
    put(&store, "from", "two");
    assert_eq!(text(&store, "to").as_deref(), Some("one"));
    store.copy_over(&store, "from", "to", Some(&etag)).unwrap();
    assert_eq!(text(&store, "to").as_deref(), Some("two"));
    let refused = store.copy_over(&store, "from", "to", Some(&etag));
    assert!(matches!(refused, Err(Error::Precondition { .. })), "{refused:?}");
}
