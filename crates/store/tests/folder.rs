//! What only the folder store has to answer for: the folder itself, and who else uses it.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use location::Service;
use proptest::prelude::*;
use store::{Condition, Error, Options, Store, Upload};
use test_kit::Process;

/// A root with the bucket `bucket` and, beside it, things that are nobody's business.
struct Root(scratch::Folder);

impl Root {
    fn new() -> Root {
        let root = Root(scratch::Folder::new("store-test-").unwrap());
        fs::create_dir(root.bucket()).unwrap();
        fs::create_dir(root.outside()).unwrap();
        fs::write(root.outside().join("secret"), "secret").unwrap();
        root
    }

    fn bucket(&self) -> PathBuf {
        self.0.path().join("bucket")
    }

    fn outside(&self) -> PathBuf {
        self.0.path().join("outside")
    }

    fn open(&self) -> Store {
        open(self.0.path())
    }

    /// A process that works on the bucket.
    fn process(&self) -> Process {
        Process::binary("examples/bucket")
            .env("AWS_ENDPOINT_URL_S3", format!("file://{}", self.0.path().display()))
            .env("S3_BUCKET", "bucket")
    }

    /// All that lies in the bucket, folders with a slash.
    fn tree(&self) -> BTreeSet<String> {
        tree(&self.bucket())
    }
}

fn open(root: &Path) -> Store {
    let root = root.to_owned();
    Store::open(&Service::Folder { root }, "bucket", Options::default(), &|_| None).unwrap()
}

fn tree(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(tree(&entry.path()).into_iter().map(|below| format!("{name}/{below}")));
            found.insert(format!("{name}/"));
        } else {
            found.insert(name);
        }
    }
    found
}

fn put(store: &Store, key: &str, text: &str) -> Result<String, Error> {
    store.put(key, text.as_bytes(), &Upload::new("text/plain"))
}

fn keys(store: &Store) -> Vec<String> {
    let objects = store.list("").unwrap();
    objects.into_iter().map(|object| object.key).collect()
}

#[test]
fn an_object_is_a_file_at_its_key_and_nothing_else_is_in_the_bucket() {
    let root = Root::new();
    let store = root.open();
    let upload = Upload { metadata: &[("sha256", "abc")], ..Upload::new("application/gzip") };
    store.put("dist/ext/a+b %.tar.gz", b"archive", &upload).unwrap();
    store.put("dist/ext/a+b %.tar.gz", b"archive 2", &upload).unwrap();
    let path = root.bucket().join("dist/ext/a+b %.tar.gz");
    assert_eq!(fs::read(&path).unwrap(), b"archive 2");
    let wanted = ["dist/", "dist/ext/", "dist/ext/a+b %.tar.gz"].map(str::to_owned);
    assert_eq!(root.tree(), BTreeSet::from(wanted));

    // Others may read it: a web server, say.
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o444, 0o444);
    assert_eq!(metadata.nlink(), 1);

    // Folders go with their last object.
    store.delete_many(&["dist/ext/a+b %.tar.gz".to_owned()]).unwrap();
    assert_eq!(root.tree(), BTreeSet::new());
    // And so does what was said about it.
    let ours = tree(&root.0.path().join(".slipway/bucket"));
    let left: Vec<&String> = ours.iter().filter(|name| !name.ends_with('/')).collect();
    assert_eq!(left, ["lock"]);
}

#[test]
fn files_that_come_by_hand_are_objects() {
    let root = Root::new();
    let store = root.open();
    fs::create_dir_all(root.bucket().join("dist/empty/folder")).unwrap();
    let cases = [
        ("dist/php-8.3.4.tar.gz", "application/gzip"),
        ("dist/php-8.3.4.composer.json", "application/json"),
        ("dist/README", "application/octet-stream"),
        ("dist/build.log", "text/plain; charset=utf-8"),
    ];
    for (key, content_type) in cases {
        fs::write(root.bucket().join(key), "by hand").unwrap();
        let head = store.head(key).unwrap().unwrap();
        assert_eq!(head.content_type.as_deref(), Some(content_type), "{key}");
        assert_eq!((head.size, head.metadata.len()), (7, 0));
    }
    assert_eq!(keys(&store).len(), cases.len());

    // What was written by us and is replaced by hand loses what we said about it.
    let upload = Upload { metadata: &[("sha256", "abc")], ..Upload::new("text/plain") };
    let etag = store.put("dist/README", b"ours", &upload).unwrap();
    fs::write(root.bucket().join("dist/README"), "theirs, by hand").unwrap();
    let head = store.head("dist/README").unwrap().unwrap();
    assert_ne!(head.etag, etag);
    assert_eq!(head.content_type.as_deref(), Some("application/octet-stream"));
    assert!(head.metadata.is_empty());
    let stale = Upload { condition: Condition::IfMatch(etag), ..Upload::new("text/plain") };
    let result = store.put("dist/README", b"", &stale);
    assert!(matches!(result, Err(Error::Precondition { .. })), "{result:?}");
}

#[test]
fn a_moved_root_keeps_content_types_and_metadata() {
    let root = Root::new();
    let upload = Upload {
        metadata: &[("name", "50% ü\tand a line\nbreak")],
        ..Upload::new("application/x-own")
    };
    root.open().put("dist/key", b"text", &upload).unwrap();
    let copy = scratch::Folder::new("store-test-").unwrap();
    let source = format!("{}/.", root.0.path().display());
    let output = Process::new("cp").args(["-a", &source]).arg(copy.path()).run();
    assert_eq!(output.status, 0, "{output:?}");
    let head = open(copy.path()).head("dist/key").unwrap().unwrap();
    assert_eq!(head.content_type.as_deref(), Some("application/x-own"));
    assert_eq!(head.metadata["name"], "50% ü\tand a line\nbreak");
}

#[test]
fn symbolic_links_are_not_followed() {
    let root = Root::new();
    let store = root.open();
    let bucket = root.bucket();
    fs::write(bucket.join("inside"), "inside").unwrap();
    symlink(root.outside(), bucket.join("folder")).unwrap();
    symlink(root.outside().join("secret"), bucket.join("file")).unwrap();
    symlink("inside", bucket.join("within")).unwrap();
    symlink("nowhere", bucket.join("dangling")).unwrap();
    assert_eq!(keys(&store), ["inside"]);
    let keys = ["folder/secret", "folder/new", "folder/deep/new", "file", "within", "dangling"];
    for key in keys {
        let results = [
            store.get(key).map(drop),
            store.head(key).map(drop),
            store.copy_from(&store, key, "copy", Condition::Always).map(drop),
            put(&store, key, "planted").map(drop),
            store.copy_from(&store, "inside", key, Condition::Always).map(drop),
            store.delete_many(&[key.to_owned()]),
        ];
        for result in results {
            assert!(matches!(result, Err(Error::InvalidKey { .. })), "{key}: {result:?}");
        }
    }
    let below = store.list("folder/");
    assert!(matches!(below, Err(Error::InvalidKey { .. })), "{below:?}");
    assert_eq!(tree(&root.outside()), BTreeSet::from(["secret".to_owned()]));
    assert_eq!(fs::read(root.outside().join("secret")).unwrap(), b"secret");
    assert_eq!(fs::read_link(bucket.join("file")).unwrap(), root.outside().join("secret"));
}

#[test]
fn what_cannot_be_a_file_is_refused_and_leaves_nothing() {
    let root = Root::new();
    let store = root.open();
    put(&store, "object", "text").unwrap();
    put(&store, "folder/object", "text").unwrap();
    let long = "n".repeat(300);
    let refused = [
        "object/below".to_owned(),
        "object/far/below".to_owned(),
        "folder".to_owned(),
        format!("new/{long}"),
        format!("new/{long}/below"),
    ];
    for key in &refused {
        let result = put(&store, key, "text");
        assert!(matches!(result, Err(Error::InvalidKey { .. })), "{key}: {result:?}");
        assert_eq!(store.get(key).unwrap(), None, "{key}");
    }
    store.delete_many(&refused).unwrap();
    assert_eq!(keys(&store), ["folder/object", "object"]);
    assert_eq!(root.tree().len(), 3, "{:?}", root.tree());
    let pipe = Process::new("mkfifo").arg(root.bucket().join("pipe")).run();
    assert_eq!(pipe.status, 0);
    assert!(matches!(store.get("pipe"), Err(Error::InvalidKey { .. })));
    assert_eq!(keys(&store).len(), 2);
    // An empty folder is nobody's.
    fs::create_dir(root.bucket().join("empty")).unwrap();
    put(&store, "empty", "text").unwrap();
}

#[test]
fn only_folders_of_the_root_are_buckets() {
    let root = Root::new();
    put(&root.open(), "key", "text").unwrap();
    fs::write(root.0.path().join("file"), "").unwrap();
    for bucket in ["missing", "file", ".slipway", "..", ".", "", "bucket/dist", "../outside"] {
        let service = Service::Folder { root: root.0.path().to_owned() };
        let result = Store::open(&service, bucket, Options::default(), &|_| None)
            .and_then(|store| store.check_bucket());
        assert!(matches!(result, Err(Error::NoBucket { .. })), "{bucket:?}: {result:?}");
    }
}

#[test]
fn etags_differ_even_when_the_clock_does_not() {
    let root = Root::new();
    let store = root.open();
    let mut seen = BTreeSet::new();
    let mut last = None;
    // Same size each time, and inodes are soon used again.
    for round in 0..300 {
        if round % 3 == 0 {
            store.delete_many(&["key".to_owned()]).unwrap();
        }
        assert!(seen.insert(put(&store, "key", "text").unwrap()), "round {round}");
        let modified = store.head("key").unwrap().unwrap().modified;
        assert!(last < Some(modified), "round {round}");
        last = Some(modified);
    }
    // The clock was wrong once: for a while, times go on from there; then they are right again.
    let ahead = |seconds: u64| {
        let time = SystemTime::now() + Duration::from_secs(seconds);
        let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
        fs::write(root.0.path().join(".slipway/bucket/lock"), format!("{time:039}\n")).unwrap();
    };
    let now = jiff::Timestamp::now();
    for (seconds, kept) in [(600, true), (1_000_000, false)] {
        ahead(seconds);
        assert!(seen.insert(put(&store, "key", "text").unwrap()));
        let modified = store.head("key").unwrap().unwrap().modified;
        assert_eq!(modified > now + Duration::from_secs(500), kept, "{modified}");
    }
    fs::write(root.0.path().join(".slipway/bucket/lock"), "torn").unwrap();
    assert!(seen.insert(put(&store, "key", "text").unwrap()));
}

#[test]
fn a_bucket_that_may_only_be_read_can_be_read() {
    let root = Root::new();
    fs::create_dir(root.bucket().join("dist")).unwrap();
    fs::write(root.bucket().join("dist/key"), "text").unwrap();
    let nobody = root.open().anonymous();
    assert_eq!(nobody.get("dist/key").unwrap().unwrap().bytes, b"text");
    assert_eq!(keys(&nobody), ["dist/key"]);
    // Reading makes nothing.
    assert!(!root.0.path().join(".slipway").exists());
    let put = put(&nobody, "dist/key", "");
    assert!(matches!(put, Err(Error::AccessDenied { .. })), "{put:?}");
    assert!(!root.0.path().join(".slipway").exists());
}

#[test]
fn processes_share_a_bucket() {
    let root = Root::new();
    put(&root.open(), "packages.json", "0").unwrap();
    let running: Vec<_> =
        (0..8).map(|_| root.process().args(["increment", "packages.json", "40"]).spawn()).collect();
    for process in running {
        let output = process.wait();
        assert_eq!(output.status, 0, "{output:?}");
    }
    assert_eq!(root.open().get("packages.json").unwrap().unwrap().bytes, b"320");
}

#[test]
fn a_killed_writer_leaves_the_old_or_the_new_and_no_lock() {
    let root = Root::new();
    let store = root.open();
    put(&store, "dist/key", &"z".repeat(100_000)).unwrap();
    for round in 0..40 {
        let process = root.process().args(["rewrite", "dist/key"]).spawn();
        std::thread::sleep(Duration::from_micros(2_000 + round * 700));
        process.kill();
        let status = process.wait().status;
        assert_eq!(status, 137);
        let content = store.get("dist/key").unwrap().unwrap();
        assert!(content.bytes.len() >= 100_000);
        assert!(content.bytes.iter().all(|byte| *byte == content.bytes[0]), "a mixture");
        assert_eq!(keys(&store), ["dist/key"]);
        let wanted = ["dist/", "dist/key"].map(str::to_owned);
        assert_eq!(root.tree(), BTreeSet::from(wanted), "round {round}");
    }
    // Nobody holds the lock, and nothing in the way of a writer is left.
    put(&store, "dist/key", "text").unwrap();
    assert_eq!(store.get("dist/key").unwrap().unwrap().bytes, b"text");
}

/// Keys of a few segments of characters that are odd somewhere.
fn any_keys() -> impl Strategy<Value = Vec<String>> {
    let segment = r"[a-zA-Z0-9+%&=?#'\\~. äß€😀-]{1,12}";
    let key = proptest::collection::vec(segment, 1..4).prop_map(|segments| segments.join("/"));
    proptest::collection::vec(key, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Whatever the keys: what is written is what is listed and read; what is refused leaves no
    /// trace; nothing outside the bucket is touched; and all is gone after deleting all.
    #[test]
    fn keys_and_files_are_the_same(keys in any_keys()) {
        let root = Root::new();
        let store = root.open();
        let mut written = BTreeSet::new();
        for key in &keys {
            match put(&store, key, key) {
                Ok(_) => {
                    written.insert(key.clone());
                }
                Err(Error::InvalidKey { key: named, .. }) => {
                    prop_assert_eq!(&named, key);
                    let segment = key.split('/').any(|segment| segment == "." || segment == "..");
                    let clash = written.iter().any(|other| {
                        other.starts_with(&format!("{key}/")) || key.starts_with(&format!("{other}/"))
                    });
                    prop_assert!(segment || clash, "{} is refused", key);
                }
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
        }
        let listed: Vec<String> = store.list("").unwrap().into_iter().map(|object| object.key).collect();
        prop_assert_eq!(&listed, &written.iter().cloned().collect::<Vec<_>>());
        for key in &written {
            prop_assert_eq!(store.get(key).unwrap().unwrap().bytes, key.as_bytes());
            prop_assert_eq!(fs::read(root.bucket().join(key)).unwrap(), key.as_bytes());
        }
        prop_assert_eq!(tree(&root.outside()), BTreeSet::from(["secret".to_owned()]));
        store.delete_many(&listed).unwrap();
        prop_assert_eq!(root.tree(), BTreeSet::new());
    }

    /// No text, however bad, reaches a file outside.
    #[test]
    fn no_key_leads_outside(key in r"([./\\a]|\.\./|\PC|\x00){0,20}") {
        let root = Root::new();
        let store = root.open();
        let before = tree(root.0.path());
        let result = put(&store, &key, "planted");
        let mut now: Vec<String> = tree(root.0.path()).difference(&before).cloned().collect();
        now.retain(|path| !path.starts_with(".slipway/") && !path.starts_with("bucket/"));
        prop_assert_eq!(now, Vec::<String>::new());
        match result {
            Ok(_) => prop_assert_eq!(store.get(&key).unwrap().unwrap().bytes, b"planted"),
            Err(Error::InvalidKey { .. }) => prop_assert_eq!(root.tree(), BTreeSet::new()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }
}
