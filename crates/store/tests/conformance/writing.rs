//! Writing and deleting.

use std::path::PathBuf;

use store::{Condition, Error, Store, Upload};

use crate::place::{Kind, Place, keys, noise, put, text};

fn conditional(
    store: &Store,
    key: &str,
    content: &str,
    condition: Condition,
) -> Result<String, Error> {
    let upload = Upload { condition, ..Upload::new("text/plain") };
    store.put(key, content.as_bytes(), &upload)
}

fn assert_precondition(result: &Result<String, Error>) {
    assert!(matches!(result, Err(Error::Precondition { .. })), "{result:?}");
}

/// A file of noise, in a folder that must be kept.
fn file(length: usize) -> (scratch::Folder, PathBuf, Vec<u8>) {
    let folder = scratch::Folder::new("store-test-").unwrap();
    let path = folder.path().join("file");
    let bytes = noise(length, 3);
    std::fs::write(&path, &bytes).unwrap();
    (folder, path, bytes)
}

pub fn put_if_absent(kind: Kind) {
    let store = Place::new(kind).open();
    conditional(&store, "dist/key", "first", Condition::IfAbsent).unwrap();
    assert_precondition(&conditional(&store, "dist/key", "second", Condition::IfAbsent));
    assert_eq!(text(&store, "dist/key").as_deref(), Some("first"));
    store.delete_many(&["dist/key".to_owned()]).unwrap();
    conditional(&store, "dist/key", "third", Condition::IfAbsent).unwrap();
    assert_eq!(text(&store, "dist/key").as_deref(), Some("third"));
}

pub fn put_if_match(kind: Kind) {
    let store = Place::new(kind).open();
    let if_match = |etag: &str| Condition::IfMatch(etag.to_owned());
    assert_precondition(&conditional(&store, "key", "text", if_match("0-0-0")));
    assert_eq!(text(&store, "key"), None);

    let first = put(&store, "key", "first");
    let second = conditional(&store, "key", "other", if_match(&first)).unwrap();
    assert_ne!(first, second);
    assert_precondition(&conditional(&store, "key", "lost", if_match(&first)));
    assert_eq!(text(&store, "key").as_deref(), Some("other"));
    conditional(&store, "key", "third", if_match(&second)).unwrap();
    let listed = store.list("key").unwrap().remove(0).etag;
    conditional(&store, "key", "fourth", if_match(&listed)).unwrap();
    store.delete_many(&["key".to_owned()]).unwrap();
    assert_precondition(&conditional(&store, "key", "text", if_match(&listed)));
}

/// Writes a file of this length, and checks that all of it arrives.
fn check_put_file(store: &Store, length: usize) {
    let key = "dist/a file+ä.tar.gz";
    let (_folder, path, bytes) = file(length);
    let upload = Upload { metadata: &[("sha256", "abc")], ..Upload::new("application/gzip") };
    let etag = store.put_file(key, &path, &upload).unwrap();
    let content = store.get(key).unwrap().unwrap();
    assert!(content.bytes == bytes, "{length}");
    assert_eq!(content.head.etag, etag);
    assert_eq!(content.head.content_type.as_deref(), Some("application/gzip"));
    assert_eq!(content.head.metadata["sha256"], "abc");
    let listed = store.list("").unwrap().remove(0);
    assert_eq!((listed.etag, listed.size), (etag, length as u64));
}

pub fn put_file(kind: Kind) {
    let store = Place::new(kind).open();
    for length in [0, 1, 100_000] {
        check_put_file(&store, length);
    }
}

pub fn put_file_in_parts(kind: Kind) {
    let store = Place::new(kind).open();
    // Two whole parts and a short one; exactly two parts.
    for length in [(10 << 20) + 12_345, 10 << 20] {
        check_put_file(&store, length);
    }
}

/// A file that is not what its metadata say.
pub fn put_file_keeps_its_promise(kind: Kind) {
    let store = Place::new(kind).open();
    for length in [1000, (6 << 20) + 1] {
        let (_folder, path, bytes) = file(length);
        let right = checksum::of_bytes(&bytes);
        let wrong = checksum::of_bytes("another file");
        let put = |sha256: &str| {
            let metadata = [("sha256", sha256)];
            store.put_file("key", &path, &Upload { metadata: &metadata, ..Upload::new("x/y") })
        };
        let error = put(&wrong).unwrap_err();
        assert!(
            matches!(&error, Error::Local { source, .. } if source.to_string().contains(&wrong))
        );
        assert!(store.head("key").unwrap().is_none());
        put(&right).unwrap();
        assert_eq!(store.head("key").unwrap().unwrap().metadata["sha256"], right);
        store.delete_many(&["key".to_owned()]).unwrap();
    }
}

pub fn put_file_in_parts_heeds_the_condition(kind: Kind) {
    let place = Place::new(kind);
    let store = place.open();
    let (_folder, path, bytes) = file(11 << 20);
    let upload = |condition| Upload { condition, ..Upload::new("application/gzip") };
    let etag = store.put_file("large", &path, &upload(Condition::IfAbsent)).unwrap();
    assert_precondition(&store.put_file("large", &path, &upload(Condition::IfAbsent)));
    let other = Condition::IfMatch("0-0-0".to_owned());
    assert_precondition(&store.put_file("large", &path, &upload(other)));
    assert_eq!(store.head("large").unwrap().unwrap().etag, etag);
    store.put_file("large", &path, &upload(Condition::IfMatch(etag))).unwrap();
    assert!(store.get("large").unwrap().unwrap().bytes == bytes);
    assert_eq!(keys(&store, ""), ["large"]);
    if kind == Kind::InProcess {
        // What was begun in vain costs money on a real service.
        assert_eq!(place.server().open_uploads(&place.bucket), Vec::<String>::new());
    }
}

pub fn put_file_without_a_file(kind: Kind) {
    let store = Place::new(kind).open();
    let folder = scratch::Folder::new("store-test-").unwrap();
    for path in [folder.path().join("missing"), folder.path().to_owned()] {
        let result = store.put_file("key", &path, &Upload::new("text/plain"));
        assert!(
            matches!(&result, Err(Error::Local { path: named, .. }) if *named == path),
            "{result:?}"
        );
    }
    assert_eq!(keys(&store, ""), Vec::<String>::new());
}

pub fn delete_many(kind: Kind) {
    let store = Place::new(kind).open();
    let all: Vec<String> =
        (0..1_200).map(|number| format!("dist/{}/{number}", number % 3)).collect();
    crate::place::together(24, |thread| {
        for key in all.iter().skip(thread).step_by(24) {
            put(&store, key, "");
        }
    });
    put(&store, "dist/kept", "");
    let mut gone: Vec<String> = all.clone();
    gone.extend((0..900).map(|number| format!("dist/missing/{number}")));
    gone.push(all[0].clone());
    store.delete_many(&gone).unwrap();
    assert_eq!(keys(&store, ""), ["dist/kept"]);
    store.delete_many(&gone).unwrap();
    store.delete_many(&[]).unwrap();
    assert_eq!(keys(&store, ""), ["dist/kept"]);
}

pub fn overwriting_leaves_nothing_of_the_old(kind: Kind) {
    let store = Place::new(kind).open();
    put(&store, "key", &"long".repeat(1_000));
    put(&store, "key", "short");
    assert_eq!(text(&store, "key").as_deref(), Some("short"));
    let objects = store.list("").unwrap();
    assert_eq!((objects.len(), objects[0].size), (1, 5));
}

pub fn delete_if_match(kind: Kind) {
    let place = Place::new(kind);
    let store = place.open();
    put(&store, "a/key", "first");
    let first = store.head("a/key").unwrap().unwrap().etag;
    put(&store, "a/key", "second");
    assert!(!store.delete_if_match("a/key", &first).unwrap());
    assert_eq!(text(&store, "a/key").as_deref(), Some("second"));
    let second = store.head("a/key").unwrap().unwrap().etag;
    assert!(store.delete_if_match("a/key", &second).unwrap());
    assert_eq!(store.head("a/key").unwrap(), None);
    assert!(!store.delete_if_match("a/key", &second).unwrap());
}
