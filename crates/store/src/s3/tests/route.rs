//! Ways to a service: every spelling of its address, and proxies of every kind.

use location::{Region, Service};
use test_kit::proxy::Proxy;
use test_kit::s3::Server;

use super::options;
use crate::{Error, Store, Upload};

/// The bucket `own` of the service at `endpoint`, with credentials that the test server knows.
fn open(endpoint: &str, proxies: &[(&str, &str)]) -> Result<Store, Error> {
    let service = Service::from_endpoint("--endpoint", endpoint, Region::default()).unwrap();
    let env = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some(test_kit::s3::ACCESS_KEY.to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some(test_kit::s3::SECRET_KEY.to_owned()),
        _ => proxies.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()),
    };
    Store::open(&service, "own", options(), &env)
}

/// Writes, lists and reads, so that each kind of request is signed and answered.
fn use_it(store: &Store) {
    // Longer than any buffer, and like the beginning of a request.
    let text = "PUT /own/b HTTP/1.1\r\nHost: store.test\r\n\r\n".repeat(10_000);
    store.put("p/a+b c", text.as_bytes(), &Upload::new("text/plain")).unwrap();
    assert_eq!(store.get("p/a+b c").unwrap().unwrap().bytes, text.as_bytes());
    assert_eq!(store.list("p/").unwrap().len(), 1);
    store.delete_many(&["p/a+b c".to_owned()]).unwrap();
    assert!(store.head("p/a+b c").unwrap().is_none());
}

#[test]
fn every_spelling_of_an_address_is_signed_as_it_is_sent() {
    let server = Server::start();
    server.create_bucket("own");
    let address = server.endpoint();
    let upstream = address.trim_start_matches("http://");
    let proxy = Proxy::start(upstream, None);
    let by = proxy.url("http", None);
    for (endpoint, host) in [
        ("http://store.test:80", "http://store.test/"),
        ("http://store.test:080/", "http://store.test/"),
        ("HTTP://Store.Test:8333", "http://store.test:8333/"),
        ("http://store.test.:8333", "http://store.test:8333/"),
        ("http://[2001:DB8:0::1]:80", "http://[2001:db8::1]/"),
        ("http://[2001:db8::1]:8333", "http://[2001:db8::1]:8333/"),
    ] {
        use_it(&open(endpoint, &[("http_proxy", &by)]).unwrap());
        let seen = proxy.seen();
        let (_, target) = seen.last().unwrap().split_once(' ').unwrap();
        assert!(target.starts_with(host), "{endpoint}: {target}");
    }
    let port = upstream.rsplit(':').next().unwrap();
    use_it(
        &open(&format!("http://LOCALHOST:{port}/"), &[("all_proxy", "http://127.0.0.1:9")])
            .unwrap(),
    );
}

#[test]
fn requests_go_by_proxies_of_every_kind() {
    let server = Server::start();
    server.create_bucket("own");
    let address = server.endpoint();
    let upstream = address.trim_start_matches("http://");
    for (scheme, pair) in [
        ("http", None),
        ("http", Some("me:secret")),
        ("socks4a", None),
        ("socks5h", None),
        ("socks5h", Some("me:secret")),
    ] {
        let proxy = Proxy::start(upstream, pair);
        use_it(
            &open("http://store.test:8333", &[("ALL_PROXY", &proxy.url(scheme, pair))]).unwrap(),
        );
        assert!(!proxy.seen().is_empty());
    }
}

#[test]
fn a_proxy_that_cannot_be_one_is_an_error_before_any_request() {
    let Err(error) = open("http://store.test", &[("https_proxy", "http://u:secret@h:65536")])
    else {
        panic!("no error");
    };
    let text = error.to_string();
    assert!(text.starts_with("https_proxy is ") && !text.contains("secret"), "{text}");
}
