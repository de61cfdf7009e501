//! Reading single objects.

use std::io::{Read as _, Seek as _, Write as _};

use jiff::{SignedDuration, Timestamp};
use store::Upload;

use crate::place::{Kind, Place, noise, put, text};

pub fn missing_objects(kind: Kind) {
    let store = Place::new(kind).open();
    put(&store, "folder/object", "text");
    for key in ["missing", "folder", "folder/missing", "folder/object/below", "obj"] {
        assert_eq!(store.get(key).unwrap(), None, "{key}");
        assert_eq!(store.head(key).unwrap(), None, "{key}");
    }
    let folder = scratch::Folder::new("store-test-").unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "untouched").unwrap();
    let mut file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
    assert_eq!(store.download("missing", &mut file).unwrap(), None);
    assert_eq!(std::fs::read(&path).unwrap(), b"untouched");
    assert_eq!(store.list("missing").unwrap(), []);
    store.delete_many(&["missing".to_owned(), "folder/missing".to_owned()]).unwrap();
    assert_eq!(text(&store, "folder/object").as_deref(), Some("text"));
}

pub fn empty_object(kind: Kind) {
    let store = Place::new(kind).open();
    put(&store, "empty", "");
    let content = store.get("empty").unwrap().unwrap();
    assert_eq!((content.head.size, content.bytes.len()), (0, 0));
    assert_eq!(store.list("").unwrap()[0].size, 0);

    let folder = scratch::Folder::new("store-test-").unwrap();
    let mut file = std::fs::File::create_new(folder.path().join("file")).unwrap();
    let download = store.download("empty", &mut file).unwrap().unwrap();
    assert_eq!(download.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

pub fn get_many_keeps_the_order_asked(kind: Kind) {
    let store = Place::new(kind).open();
    for number in 0..40 {
        put(&store, &format!("dist/{number}"), &format!("text {number}"));
    }
    let mut asked: Vec<String> = (0..45).rev().map(|number| format!("dist/{number}")).collect();
    asked.push("dist/7".to_owned());
    let found = store.get_many(&asked).unwrap();
    let found: Vec<Option<String>> = found
        .into_iter()
        .map(|content| content.map(|content| String::from_utf8(content.bytes).unwrap()))
        .collect();
    let wanted: Vec<Option<String>> = (0..45)
        .rev()
        .map(|number| (number < 40).then(|| format!("text {number}")))
        .chain([Some("text 7".to_owned())])
        .collect();
    assert_eq!(found, wanted);
}

pub fn download_replaces_the_file(kind: Kind) {
    let store = Place::new(kind).open();
    let bytes = noise(3_000_001, 7);
    let etag = store.put("archive.tar.gz", &bytes, &Upload::new("application/gzip")).unwrap();

    let folder = scratch::Folder::new("store-test-").unwrap();
    let path = folder.path().join("file");
    let mut file =
        std::fs::File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    file.write_all(&vec![b'x'; 4_000_000]).unwrap();
    let download = store.download("archive.tar.gz", &mut file).unwrap().unwrap();
    assert_eq!(download.head.etag, etag);
    assert_eq!(download.head.size, 3_000_001);
    assert_eq!(download.sha256, "0a6b7f4ccb257c429257980c3a87eb9648779a4a32104e37a6c7885fc936f28e");
    file.rewind().unwrap();
    let mut arrived = Vec::new();
    file.read_to_end(&mut arrived).unwrap();
    assert!(arrived == bytes, "{} bytes arrived", arrived.len());
}

pub fn content_type_and_metadata_are_kept(kind: Kind) {
    let store = Place::new(kind).open();
    let metadata = [("sha256", "00ff"), ("Mixed-Case", "two words, 100%=ok")];
    let upload = Upload { metadata: &metadata, ..Upload::new("application/json") };
    store.put("a.unknown", b"{}", &upload).unwrap();
    let head = store.head("a.unknown").unwrap().unwrap();
    assert_eq!(head.content_type.as_deref(), Some("application/json"));
    let found: Vec<(&str, &str)> =
        head.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(found, [("mixed-case", "two words, 100%=ok"), ("sha256", "00ff")]);
    assert_eq!(store.get("a.unknown").unwrap().unwrap().head, head);

    // What was said before is forgotten with the next write.
    store.put("a.unknown", b"{}", &Upload::new("text/plain")).unwrap();
    let head = store.head("a.unknown").unwrap().unwrap();
    assert_eq!(head.content_type.as_deref(), Some("text/plain"));
    assert!(head.metadata.is_empty(), "{:?}", head.metadata);
}

pub fn every_view_of_an_object_agrees(kind: Kind) {
    let store = Place::new(kind).open();
    let etag = put(&store, "dist/key", "text");
    let listed = store.list("dist/").unwrap().remove(0);
    let head = store.head("dist/key").unwrap().unwrap();
    let content = store.get("dist/key").unwrap().unwrap();
    assert_eq!([&listed.etag, &head.etag, &content.head.etag], [&etag, &etag, &etag]);
    assert!(!etag.contains('"'), "{etag}");
    assert_eq!([listed.size, head.size], [4, 4]);
    assert_eq!(content.head.metadata, head.metadata);
    let now = Timestamp::now();
    for modified in [listed.modified, head.modified, content.head.modified] {
        let age = now.duration_since(modified).abs();
        assert!(age < SignedDuration::from_secs(60), "{modified} is not now");
    }
    assert_ne!(put(&store, "dist/key", "next"), etag);
    assert_ne!(store.list("dist/").unwrap()[0].etag, etag);
}
