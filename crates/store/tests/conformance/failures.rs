//! What is refused, and how.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use location::{Region, Service};
use store::{Condition, Error, Options, Patience, Store, Upload};

use crate::place::{Kind, Place, keys, options, put, text};

fn assert_no_bucket<T: std::fmt::Debug>(call: &str, result: &Result<T, Error>, bucket: &str) {
    assert!(
        matches!(result, Err(Error::NoBucket { bucket: named }) if named == bucket),
        "{call}: {result:?}"
    );
}

pub fn missing_bucket(kind: Kind) {
    let mut place = Place::new(kind);
    let there = place.open();
    put(&there, "key", "text");
    place.bucket = "no-such-bucket".to_owned();
    let store = place.open();
    let upload = Upload::new("text/plain");
    let folder = scratch::Folder::new("store-test-").unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "text").unwrap();
    let mut file = std::fs::File::open(&path).unwrap();

    let bucket = "no-such-bucket";
    assert_no_bucket("check_bucket", &store.check_bucket(), bucket);
    assert_no_bucket("list", &store.list("dist/"), bucket);
    assert_no_bucket("list_direct", &store.list_direct(""), bucket);
    assert_no_bucket("get", &store.get("key"), bucket);
    assert_no_bucket("get_many", &store.get_many(&["key".to_owned()]), bucket);
    assert_no_bucket("head", &store.head("key"), bucket);
    assert_no_bucket("download", &store.download("key", &mut file), bucket);
    let writes = [
        ("put", store.put("key", b"", &upload)),
        ("put_file", store.put_file("key", &path, &upload)),
        ("copy_from", store.copy_from(&there, "key", "key", Condition::Always)),
        ("delete_many", store.delete_many(&["key".to_owned()]).map(|()| String::new())),
    ];
    for (call, result) in writes {
        if kind == Kind::SeaweedFs {
            // It would make the bucket, and refuses in many ways because this user may not.
            assert!(result.is_err(), "{call}: {result:?}");
        } else {
            assert_no_bucket(call, &result, bucket);
        }
    }
    there.check_bucket().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"text");
}

fn assert_denied<T: std::fmt::Debug>(call: &str, result: &Result<T, Error>) {
    assert!(matches!(result, Err(Error::AccessDenied { .. })), "{call}: {result:?}");
}

pub fn anonymous_reads_of_a_public_bucket(kind: Kind) {
    let place = Place::new(kind).public_sibling();
    let owner = place.open();
    put(&owner, "dist/key", "text");
    for nobody in [&*place.open_anonymously(), &owner.anonymous()] {
        nobody.check_bucket().unwrap();
        assert_eq!(text(nobody, "dist/key").as_deref(), Some("text"));
        assert_eq!(keys(nobody, "dist/"), ["dist/key"]);
        assert_eq!(nobody.head("dist/key").unwrap().unwrap().size, 4);
        assert_eq!(nobody.get("dist/missing").unwrap(), None);
        let upload = Upload::new("text/plain");
        assert_denied("put", &nobody.put("dist/key", b"", &upload));
        assert_denied("delete_many", &nobody.delete_many(&["dist/key".to_owned()]));
    }
    assert_eq!(text(&owner, "dist/key").as_deref(), Some("text"));
    // From there, a copy into a bucket of one's own.
    let own = Place::new(kind).open();
    own.copy_from(&owner.anonymous(), "dist/key", "copy", Condition::Always).unwrap();
    assert_eq!(text(&own, "copy").as_deref(), Some("text"));
}

pub fn a_private_bucket_is_closed_to_nobody(kind: Kind) {
    if kind == Kind::Folder {
        // Who may read a folder is the file system's affair.
        return;
    }
    let place = Place::new(kind);
    put(&place.open(), "dist/key", "text");
    let nobody = place.open_anonymously();
    assert_denied("check_bucket", &nobody.check_bucket());
    assert_denied("get", &nobody.get("dist/key"));
    assert_denied("head", &nobody.head("dist/key"));
    assert_denied("list", &nobody.list("dist/"));
    assert_denied("put", &nobody.put("dist/key", b"", &Upload::new("text/plain")));
}

pub fn wrong_credentials(kind: Kind) {
    if kind == Kind::Folder {
        // It has none.
        return;
    }
    for (variable, value) in
        [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "AKIDUNKNOWN")]
    {
        let mut place = Place::new(kind);
        put(&place.open(), "key", "text");
        place.env.insert(variable.to_owned(), value.to_owned());
        let store = place.open();
        assert_denied("check_bucket", &store.check_bucket());
        assert_denied("get", &store.get("key"));
        assert_denied("head", &store.head("key"));
        assert_denied("list", &store.list(""));
        let put = store.put("key", b"", &Upload::new("text/plain"));
        assert_denied("put", &put);
        assert_denied("delete_many", &store.delete_many(&["key".to_owned()]));
        let message = put.unwrap_err().to_string();
        assert!(!message.contains("wrong"), "a secret in {message:?}");
    }
}

pub fn no_credentials(kind: Kind) {
    let mut place = Place::new(kind);
    place.env = BTreeMap::from([
        ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE".to_owned(), "/dev/null".to_owned()),
        ("AWS_CONFIG_FILE".to_owned(), "/dev/null".to_owned()),
    ]);
    let env = |name: &str| place.env.get(name).cloned();
    let result = Store::open(&place.service, &place.bucket, Options::default(), &env);
    if kind == Kind::Folder {
        result.unwrap().check_bucket().unwrap();
    } else {
        assert!(
            matches!(&result, Err(Error::NoCredentials { bucket }) if *bucket == place.bucket),
            "{result:?}"
        );
    }
}

/// A store of a server that is not there.
fn store_at(address: std::net::SocketAddr, options: Options) -> Store {
    let service = Service::Endpoint {
        url: format!("http://{address}"),
        region: Region::parse(None).unwrap(),
    };
    let env = test_kit::s3_env("", "key", "secret");
    Store::open(&service, "bucket", options, &|name| env.get(name).cloned()).unwrap()
}

#[test]
fn no_server_is_reported_within_seconds() {
    // A port of the system's, which it gives to nobody who asks for a free one.
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let store = store_at(address, options());
    let start = Instant::now();
    for result in [store.check_bucket(), store.list("").map(drop), store.get("key").map(drop)] {
        assert!(
            matches!(&result, Err(Error::Unreachable { endpoint, .. }) if endpoint.contains(&address.to_string())),
            "{result:?}"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    // Connections are made by the system, and nobody reads them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = options();
    options.patience = Some(Patience { idle: Duration::from_millis(300), ..Patience::default() });
    let store = store_at(listener.local_addr().unwrap(), options);
    let start = Instant::now();
    let result = store.check_bucket();
    assert!(matches!(result, Err(Error::Unreachable { .. })), "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
