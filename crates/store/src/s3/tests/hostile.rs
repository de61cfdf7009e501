//! Services that send us elsewhere, lie, or never end.

use std::fmt::Write as _;

use super::{anonymous, open, options};
use crate::stub::Stub;
use crate::{Condition, Error, Options, Upload};

const DATE: &str = "Tue, 21 Nov 2023 09:00:00 GMT";

fn object(size: usize) -> Vec<u8> {
    Stub::answer(200, &[("ETag", "\"e\""), ("Last-Modified", DATE)], &vec![b'x'; size])
}

fn page(keys: &[&str], next: Option<&str>) -> Vec<u8> {
    let mut text = "<?xml version=\"1.0\"?><ListBucketResult>".to_owned();
    for key in keys {
        let _ = write!(
            text,
            "<Contents><Key>{key}</Key><Size>1</Size><ETag>&quot;e&quot;</ETag>\
             <LastModified>2023-11-21T09:00:00.000Z</LastModified></Contents>"
        );
    }
    let _ = write!(text, "<IsTruncated>{}</IsTruncated>", next.is_some());
    if let Some(next) = next {
        let _ = write!(text, "<NextContinuationToken>{next}</NextContinuationToken>");
    }
    Stub::answer(200, &[], (text + "</ListBucketResult>").as_bytes())
}

fn error_of<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn redirects_to_elsewhere_are_refused() {
    let elsewhere = Stub::start(|_| object(1));
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{}/own/k", elsewhere.url());
        let stub = Stub::start(move |_| Stub::answer(status, &[("Location", &to)], b""));
        let error = error_of(open(stub.url(), options()).get("k"));
        assert!(error.contains("Redirect") && error.contains("not followed"), "{error}");
    }
    assert_eq!(elsewhere.seen().len(), 0);
}

#[test]
fn a_named_region_is_signed_for_at_the_same_host() {
    for status in [301, 307, 400] {
        let stub = Stub::start(move |index| match index {
            0 => Stub::answer(status, &[("x-amz-bucket-region", "eu-west-3")], b""),
            _ => object(3),
        });
        let store = open(stub.url(), options());
        assert_eq!(store.get("k").unwrap().unwrap().bytes, b"xxx");
        let seen = stub.seen();
        assert!(seen[0].contains("/us-east-1/s3/aws4_request"), "{seen:?}");
        assert!(seen[1].contains("/eu-west-3/s3/aws4_request"), "{seen:?}");
        // It is remembered.
        store.get("k").unwrap();
        assert_eq!(stub.seen().len(), 3);
    }
    let stub = Stub::start(|index| {
        let region = ["eu-west-3", "eu-west-1"][index % 2];
        Stub::answer(301, &[("x-amz-bucket-region", region)], b"")
    });
    let error = error_of(open(stub.url(), options()).get("k"));
    assert!(error.contains("again and again"), "{error}");
    let stub = Stub::start(|_| Stub::answer(301, &[("x-amz-bucket-region", "evil.example/")], b""));
    error_of(open(stub.url(), options()).get("k"));
    assert_eq!(stub.seen().len(), 1);
}

#[test]
fn headers_that_are_no_text_do_no_harm() {
    let stub = Stub::start(|_| {
        let mut bytes =
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\nETag: \"e\"\r\n"
                .to_vec();
        bytes.extend_from_slice(
            b"Last-Modified: Tue, 21 Nov 2023 09:00:00 GMT\r\nx-amz-meta-name: \xe4\xff\r\n\r\nx",
        );
        bytes
    });
    let content = anonymous(stub.url()).get("k").unwrap().unwrap();
    assert_eq!(content.head.metadata["name"], "\u{fffd}\u{fffd}");
}

#[test]
fn lengths_are_checked() {
    // More is announced than comes, again and again.
    let stub = Stub::start(|_| {
        let headers = [("ETag", "\"e\""), ("Last-Modified", DATE), ("Content-Length", "100")];
        Stub::answer(200, &headers, b"short")
    });
    let error = error_of(anonymous(stub.url()).get("k"));
    assert!(error.contains("Corrupt") && error.contains("of 100 bytes"), "{error}");
    // More than we take into memory.
    let stub = Stub::start(|_| {
        let headers =
            [("ETag", "\"e\""), ("Last-Modified", DATE), ("Content-Length", "5000000000")];
        Stub::answer(200, &headers, b"short")
    });
    let error = anonymous(stub.url()).get("k").unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: crate::LARGEST, .. }), "{error}");
    // The middle of another object.
    let stub = Stub::start(|index| match index {
        0 => {
            let headers = [("ETag", "\"e\""), ("Last-Modified", DATE), ("Content-Length", "10")];
            Stub::answer(200, &headers, b"12345")
        }
        _ => {
            let headers =
                [("ETag", "\"e\""), ("Last-Modified", DATE), ("Content-Range", "bytes 2-9/10")];
            Stub::answer(206, &headers, b"34567890")
        }
    });
    let error = error_of(anonymous(stub.url()).get("k"));
    assert!(error.contains("bytes 2-9/10"), "{error}");
}

#[test]
fn a_service_without_ranges_still_serves() {
    let stub = Stub::start(|index| match index {
        0 => {
            let headers = [("ETag", "\"e\""), ("Last-Modified", DATE), ("Content-Length", "10")];
            Stub::answer(200, &headers, b"1234")
        }
        _ => Stub::answer(200, &[("ETag", "\"e\""), ("Last-Modified", DATE)], b"1234567890"),
    });
    assert_eq!(anonymous(stub.url()).get("k").unwrap().unwrap().bytes, b"1234567890");
}

#[test]
fn listings_that_never_end_do() {
    let stub = Stub::start(|_| page(&["a"], Some("again")));
    let error = error_of(anonymous(stub.url()).list(""));
    assert!(error.contains("round in circles"), "{error}");
    assert_eq!(stub.seen().len(), 2);
    let stub = Stub::start(|index| page(&["a"], Some(&format!("token-{index}"))));
    let error = error_of(anonymous(stub.url()).list(""));
    assert!(error.contains("nothing new"), "{error}");
    let stub = Stub::start(|_| page(&["a"], Some("")));
    let error = error_of(anonymous(stub.url()).list(""));
    assert!(error.contains("but not where"), "{error}");
}

#[test]
fn listings_of_what_was_not_asked_for_are_refused() {
    let stub = Stub::start(|_| page(&["dist/a", "other/b"], None));
    let error = error_of(anonymous(stub.url()).list("dist/"));
    assert!(error.contains("other/b"), "{error}");
    // What cannot be a key of ours is left out, and order is ours.
    let stub = Stub::start(|_| page(&["d/b", "d/", "d/../x", "d//y", "d/a"], None));
    let keys: Vec<String> =
        anonymous(stub.url()).list("d/").unwrap().into_iter().map(|object| object.key).collect();
    assert_eq!(keys, ["d/a", "d/b"]);
}

#[test]
fn answers_that_are_no_listing_are_no_empty_listing() {
    for body in [
        "",
        "<html><body>Please log in.</body></html>",
        "<ListBucketResult><Contents><Key>a</Key>",
        "<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents></ListBucketResult>",
        "<!DOCTYPE a [<!ENTITY b \"b\">]><ListBucketResult/>",
    ] {
        let stub = Stub::start(move |_| Stub::answer(200, &[], body.as_bytes()));
        let error = error_of(anonymous(stub.url()).list(""));
        assert!(error.contains("Corrupt"), "{body}: {error}");
        assert!(stub.seen().len() <= 6, "{}", stub.seen().len());
    }
}

#[test]
fn an_endless_answer_is_cut() {
    let stub = Stub::start(|_| {
        let mut body = b"<ListBucketResult>".to_vec();
        body.resize(20 * 1024 * 1024, b' ');
        Stub::answer(200, &[], &body)
    });
    let error = error_of(anonymous(stub.url()).list(""));
    assert!(error.contains("larger than"), "{error}");
}

#[test]
fn keys_that_xml_cannot_hold_are_asked_for_in_another_way() {
    let stub = Stub::start(|_| page(&["a\u{1}b", "c+d"], None));
    error_of(anonymous(stub.url()).list(""));
    let stub = Stub::start(|index| match index {
        0..3 => page(&["a\u{1}b", "c+d"], None),
        _ => {
            let body = "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\
                <Contents><Key>a%01b</Key><Size>1</Size><ETag>a</ETag><LastModified>2023-11-21T09:00:00Z</LastModified></Contents>\
                <Contents><Key>c%2Bd+e</Key><Size>1</Size><ETag>c</ETag><LastModified>2023-11-21T09:00:00Z</LastModified></Contents>\
                </ListBucketResult>";
            Stub::answer(200, &[], body.as_bytes())
        }
    });
    let found = anonymous(stub.url()).list("").unwrap();
    assert_eq!(found.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["c+d e"]);
    assert!(stub.seen()[3].contains("encoding-type=url"));
}

const BEGUN: &str =
    "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";

/// The answers to a multipart upload of one part whose completion is answered with `last`.
fn multipart(last: &'static str) -> Stub {
    Stub::start(move |index| match index {
        0 => Stub::answer(200, &[], BEGUN.as_bytes()),
        1 => Stub::answer(200, &[("ETag", "\"p\"")], b""),
        2 => Stub::answer(200, &[], last.as_bytes()),
        _ => Stub::answer(204, &[], b""),
    })
}

#[test]
fn a_success_that_is_none_is_found_out() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "bytes").unwrap();
    let small = Options { multipart_threshold: 1, ..options() };
    for (last, text) in [
        ("<Error><Code>Gone</Code><Message>m</Message></Error>", "Gone"),
        (
            "   \n\n <Error><Code>EntityTooSmall</Code><Message>m</Message></Error>",
            "EntityTooSmall",
        ),
        (
            "<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>",
            "without an ETag",
        ),
    ] {
        let stub = multipart(last);
        let store = open(stub.url(), small.clone());
        let error = error_of(store.put_file("k", file.path(), &Upload::new("text/plain")));
        assert!(error.contains(text), "{error}");
        let seen = stub.seen();
        assert!(seen[3].starts_with("DELETE /own/k?uploadId=u "), "{seen:?}");
    }
    let stub = Stub::start(|index| match index {
        0 => object(1),
        _ => Stub::answer(
            200,
            &[],
            b"<Error><Code>InvalidRequest</Code><Message>m</Message></Error>",
        ),
    });
    let store = open(stub.url(), options());
    let refused = error_of(store.copy_from(&store, "k", "l", Condition::Always));
    assert!(refused.contains("InvalidRequest"), "{refused}");
    let stub = Stub::start(|_| Stub::answer(200, &[], b""));
    let error = error_of(open(stub.url(), options()).put("k", b"x", &Upload::new("text/plain")));
    assert!(error.contains("without an ETag"), "{error}");
}

#[test]
fn keys_that_could_not_be_deleted_are_named() {
    let stub = Stub::start(|index| {
        let code = if index == 0 { "InternalError" } else { "AccessDenied" };
        let body = format!(
            "<DeleteResult><Error><Key>a</Key><Code>{code}</Code><Message>no</Message></Error></DeleteResult>"
        );
        Stub::answer(200, &[], body.as_bytes())
    });
    let keys = ["a".to_owned(), "b".to_owned()];
    let error = open(stub.url(), options()).delete_many(&keys).unwrap_err();
    assert!(
        matches!(&error, Error::AccessDenied { operation, .. } if operation == "DELETE s3://own/a"),
        "{error}"
    );
    // The second time only the one that is left.
    let seen = stub.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].contains("<Key>b</Key>") && !seen[1].contains("<Key>b</Key>"), "{seen:?}");
    assert!(seen[0].to_lowercase().contains("content-md5: "), "{seen:?}");
}

#[test]
fn services_without_batches_delete_one_by_one() {
    let stub = Stub::start(|index| match index {
        0 => Stub::answer(501, &[], b"<Error><Code>NotImplemented</Code></Error>"),
        1 => Stub::answer(204, &[], b""),
        _ => Stub::answer(404, &[], b""),
    });
    let keys = ["a".to_owned(), "b".to_owned()];
    let one = Options { parallel: 1, ..options() };
    open(stub.url(), one).delete_many(&keys).unwrap();
    let seen = stub.seen();
    assert!(seen[1].starts_with("DELETE /own/a "), "{seen:?}");
    assert!(seen[2].starts_with("DELETE /own/b "), "{seen:?}");
}
