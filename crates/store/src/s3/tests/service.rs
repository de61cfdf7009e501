//! Requests as they should be, seen from the other side.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use location::{Region, Service};
use test_kit::s3::{Action, Attributes, Server};

use super::{open, options};
use crate::stub::Stub;
use crate::{Access, Condition, Error, Options, Store, Upload};

fn server() -> Server {
    let server = Server::start();
    server.create_bucket("own");
    server
}

fn lines(server: &Server) -> Vec<String> {
    server.requests().iter().map(test_kit::s3::Request::line).collect()
}

#[test]
fn large_files_go_up_in_parts_with_all_that_belongs_to_them() {
    let server = server();
    let small = Options {
        part_size: 10,
        multipart_threshold: 20,
        acl: Some("public-read".to_owned()),
        ..options()
    };
    let store = open(&server.endpoint(), small);
    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes: Vec<u8> = (0..105).collect();
    std::fs::write(file.path(), &bytes).unwrap();
    let upload = Upload {
        metadata: &[("sha256", "00ff")],
        condition: Condition::IfAbsent,
        ..Upload::new("application/gzip")
    };
    let etag = store.put_file("a/ä+ .tar.gz", file.path(), &upload).unwrap();
    assert!(etag.ends_with("-11"), "{etag}");
    let object = server.object("own", "a/ä+ .tar.gz").unwrap();
    assert_eq!(object.bytes, bytes);
    assert_eq!(object.attributes.acl.as_deref(), Some("public-read"));
    let head = store.head("a/ä+ .tar.gz").unwrap().unwrap();
    assert_eq!(head.etag, etag);
    assert_eq!(head.content_type.as_deref(), Some("application/gzip"));
    assert_eq!(head.metadata.get("sha256").map(String::as_str), Some("00ff"));
    assert_eq!(store.get("a/ä+ .tar.gz").unwrap().unwrap().bytes, bytes);
}

#[test]
fn copies_stay_within_the_service() {
    let server = server();
    server.create_bucket("other");
    let attributes = Attributes {
        content_type: Some("application/gzip".to_owned()),
        // Some clients say so of archives. The bytes are what they are.
        content_encoding: Some("gzip".to_owned()),
        metadata: [("sha256".to_owned(), "00ff".to_owned())].into(),
        ..Attributes::default()
    };
    server.put("own", "from +%.gz", vec![5; 100], attributes);
    let env = |name: &str| server.env().get(name).cloned();
    let service = Service::Endpoint { url: server.endpoint(), region: Region::default() };
    let from = Store::open(&service, "own", options(), &env).unwrap();
    let whole = Store::open(&service, "other", options(), &env).unwrap();
    let parts = Options { copy_threshold: 40, ..options() };
    let parts = Store::open(&service, "other", parts, &env).unwrap();
    server.forget_requests();
    let etag = whole.copy_from(&from, "from +%.gz", "whole", Condition::Always).unwrap();
    assert_eq!(lines(&server), ["HEAD /own/from +%.gz", "PUT /other/whole", "HEAD /other/whole"]);
    assert_eq!(server.object("other", "whole").unwrap().etag, etag);
    let etag = parts.copy_from(&from, "from +%.gz", "parts", Condition::Always).unwrap();
    assert!(etag.ends_with("-3"), "{etag}");
    let conditional = parts.copy_from(&from, "from +%.gz", "parts", Condition::IfAbsent);
    assert!(matches!(conditional, Err(Error::Precondition { .. })), "{conditional:?}");
    parts.copy_from(&from, "from +%.gz", "parts", Condition::IfMatch(etag)).unwrap();
    assert!(!lines(&server).iter().any(|line| line.starts_with("GET ")));
    // A small one with a condition is streamed.
    whole.copy_from(&from, "from +%.gz", "streamed", Condition::IfAbsent).unwrap();
    for key in ["whole", "parts", "streamed"] {
        let head = whole.head(key).unwrap().unwrap();
        assert_eq!(head.size, 100, "{key}");
        assert_eq!(head.content_type.as_deref(), Some("application/gzip"), "{key}");
        assert!(head.is_gzip(), "{key}");
        assert_eq!(server.object("other", key).unwrap().bytes, vec![5; 100], "{key}");
        assert_eq!(head.metadata.get("sha256").map(String::as_str), Some("00ff"), "{key}");
    }
    assert!(matches!(
        whole.copy_from(&from, "missing", "x", Condition::Always),
        Err(Error::NotFound { key }) if key == "s3://own/missing"
    ));
    assert_eq!(server.open_uploads("other"), [""; 0]);
}

#[test]
fn what_is_stored_compressed_is_read_plain() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"text").unwrap();
    let packed = encoder.finish().unwrap();
    let server = server();
    let small = Options { multipart_threshold: 10, part_size: 10, ..options() };
    let store = open(&server.endpoint(), small);
    let upload = Upload { content_encoding: Some("gzip"), ..Upload::new("text/plain") };
    store.put("k", &packed, &upload).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &packed).unwrap();
    store.put_file("parts", file.path(), &upload).unwrap();
    for key in ["k", "parts"] {
        let object = server.object("own", key).unwrap();
        assert_eq!(object.attributes.content_encoding.as_deref(), Some("gzip"));
        assert_eq!(object.bytes, packed);
        let content = store.get(key).unwrap().unwrap();
        assert_eq!(content.bytes, b"text");
        assert!(content.head.is_gzip());
        let mut raw = Vec::new();
        store.stream(key).unwrap().unwrap().read_to_end(&mut raw).unwrap();
        assert_eq!(raw, packed);
    }
    // A folder takes it as it is, but is never asked to say what it cannot.
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("b")).unwrap();
    let service = Service::Folder { root: root.path().to_owned() };
    let folder = Store::open(&service, "b", options(), &|_| None).unwrap();
    folder.copy_from(&store, "k", "k", Condition::Always).unwrap();
    assert_eq!(folder.get("k").unwrap().unwrap().bytes, packed);
    let refused = folder.put("x", &packed, &upload);
    assert!(matches!(refused, Err(Error::InvalidKey { .. })), "{refused:?}");
}

#[test]
fn a_copy_that_the_credentials_may_not_make_is_streamed() {
    let server = server();
    server.put("own", "k", vec![5; 100], Attributes::default());
    let store = open(&server.endpoint(), options());
    let refused = AtomicUsize::new(0);
    server.set_hook(move |request| {
        let copy = request.method == "PUT" && refused.fetch_add(1, Ordering::Relaxed) == 0;
        if copy { Action::Answer(403, "AccessDenied") } else { Action::Serve }
    });
    store.copy_from(&store, "k", "l", Condition::Always).unwrap();
    assert_eq!(server.object("own", "l").unwrap().bytes, vec![5; 100]);
}

#[test]
fn many_are_deleted_with_few_requests() {
    let server = server();
    let store = open(&server.endpoint(), options());
    let keys: Vec<String> = (0..2500).map(|number| format!("k/{number} +&<ä")).collect();
    for key in &keys {
        server.put("own", key, "x", Attributes::default());
    }
    server.put("own", "kept", "x", Attributes::default());
    assert_eq!(store.list("k/").unwrap().len(), 2500);
    server.forget_requests();
    store.delete_many(&[keys.clone(), keys].concat()).unwrap();
    assert_eq!(server.requests().len(), 3);
    assert_eq!(server.keys("own"), ["kept"]);
    store.delete_many(&["k/never".to_owned()]).unwrap();
}

#[test]
fn nobody_signs_nothing() {
    let server = server();
    server.put("own", "k", "x", Attributes::default());
    let store = open(&server.endpoint(), options());
    let nobody = store.anonymous();
    assert!(matches!(nobody.get("k"), Err(Error::AccessDenied { .. })));
    server.set_public("own", true);
    assert_eq!(nobody.get("k").unwrap().unwrap().bytes, b"x");
    assert_eq!(nobody.list("").unwrap().len(), 1);
    assert!(server.requests().iter().all(|request| !request.signed));
    store.head("k").unwrap();
    assert!(server.requests().last().unwrap().signed);
}

#[test]
fn wrong_and_missing_credentials_are_told_without_secrets() {
    let server = server();
    let service = Service::Endpoint { url: server.endpoint(), region: Region::default() };
    for (key, code) in [(test_kit::s3::ACCESS_KEY, "SignatureDoesNotMatch"), ("AKIDOTHER", "")] {
        let env = |name: &str| match name {
            "AWS_ACCESS_KEY_ID" => Some(key.to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("geheim-1".to_owned()),
            "AWS_SESSION_TOKEN" => Some("geheim-2".to_owned()),
            _ => None,
        };
        let store = Store::open(&service, "own", options(), &env).unwrap();
        let error = store.put("k", b"x", &Upload::new("text/plain")).unwrap_err();
        assert!(matches!(error, Error::AccessDenied { .. }), "{error:?}");
        let text = format!("{error} {error:?} {store:?}");
        assert!(text.contains("PUT s3://own/k") && text.contains(code), "{text}");
        assert!(!text.contains("geheim"), "{text}");
    }
    let none = |name: &str| (name == "AWS_EC2_METADATA_DISABLED").then(|| "true".to_owned());
    let error = Store::open(&service, "own", options(), &none).unwrap_err();
    assert!(matches!(&error, Error::NoCredentials { bucket } if bucket == "own"), "{error}");
    let nobody = Options { access: Access::Anonymous, ..options() };
    Store::open(&service, "own", nobody, &none).unwrap();
}

#[test]
fn credentials_that_expire_are_renewed() {
    let server = server();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config");
    let log = home.path().join("log");
    let command = format!(
        "echo x >> {}; echo '{{\"Version\":1,\"AccessKeyId\":\"{}\",\"SecretAccessKey\":\"{}\"}}'",
        log.display(),
        test_kit::s3::ACCESS_KEY,
        test_kit::s3::SECRET_KEY
    );
    std::fs::write(&file, format!("[default]\ncredential_process = {command}\n")).unwrap();
    let env = |name: &str| (name == "AWS_CONFIG_FILE").then(|| file.to_str().unwrap().to_owned());
    let service = Service::Endpoint { url: server.endpoint(), region: Region::default() };
    let store = Store::open(&service, "own", options(), &env).unwrap();
    store.check_bucket().unwrap();
    let asked = || std::fs::read_to_string(&log).unwrap().lines().count();
    assert_eq!(asked(), 1);
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    server.set_hook(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Action::Answer(400, "ExpiredToken"),
        _ => Action::Serve,
    });
    // An answer to HEAD has no body that could say why.
    store.check_bucket().unwrap();
    assert_eq!(asked(), 2);
    refused.store(0, Ordering::Relaxed);
    store.put("k", b"x", &Upload::new("text/plain")).unwrap();
    assert_eq!(asked(), 3);
}

#[test]
fn a_missing_bucket_is_not_a_missing_key() {
    let server = Server::start();
    let store = open(&server.endpoint(), options());
    let no_bucket = |error: Error| matches!(error, Error::NoBucket { bucket } if bucket == "own");
    assert!(no_bucket(store.check_bucket().unwrap_err()));
    assert!(no_bucket(store.head("k").unwrap_err()));
    assert!(no_bucket(store.get("k").unwrap_err()));
    assert!(no_bucket(store.list("").unwrap_err()));
    assert!(no_bucket(store.put("k", b"x", &Upload::new("text/plain")).unwrap_err()));
    assert!(no_bucket(store.delete_many(&["k".to_owned()]).unwrap_err()));
    server.create_bucket("own");
    assert!(store.head("k").unwrap().is_none());
    server.forget_requests();
    assert!(store.head("l").unwrap().is_none());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn who_agrees_to_pay_says_so_in_each_request_that_is_signed() {
    let stub = Stub::start(|_| Stub::answer(200, &[], b""));
    let open = |payer: &'static str| {
        let service = Service::Endpoint { url: stub.url().to_owned(), region: Region::default() };
        let env = |name: &str| match name {
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("x".to_owned()),
            "AWS_REQUEST_PAYER" => Some(payer.to_owned()),
            _ => None,
        };
        Store::open(&service, "own", options(), &env)
    };
    open("requester").unwrap().check_bucket().unwrap();
    open("requester").unwrap().anonymous().check_bucket().unwrap();
    open("").unwrap().check_bucket().unwrap();
    let seen: Vec<String> = stub.seen().iter().map(|text| text.to_lowercase()).collect();
    let says = |text: &String| text.contains("\r\nx-amz-request-payer: requester\r\n");
    assert_eq!(seen.iter().map(says).collect::<Vec<_>>(), [true, false, false], "{seen:?}");
    assert!(seen[0].contains(";x-amz-request-payer"), "{seen:?}");
    assert!(matches!(open("owner"), Err(Error::Setting { .. })));
}
