//! Every tool that makes requests, by proxies of every kind: one rule for all.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use end_to_end::readers::{READERS, each_tool};
use test_kit::proxy::Proxy;
use test_kit::{Process, Site};

/// A proxy to the site's server, and a process that asks for the server by a name that only the
/// proxy knows.
fn by_proxy(site: &Site, scheme: &str, process: Process) -> (Proxy, Process) {
    let server = site.server().unwrap().endpoint();
    let proxy = Proxy::start(server.trim_start_matches("http://"), None);
    let url = proxy.url(scheme, None);
    let process = process.env("ALL_PROXY", url).env("AWS_ENDPOINT_URL_S3", "http://store.test");
    (proxy, process)
}

#[test]
fn every_tool_asks_the_proxy() {
    let offline = ["bob-build without dependencies", "manifest-gen", "platform-gen"];
    each_tool(|name, site, process| {
        for (scheme, seen) in [
            ("http", " http://store.test/"),
            ("socks4a", "SOCKS4 store.test:80"),
            ("socks5h", "SOCKS5 store.test:80"),
        ] {
            let (proxy, process) = by_proxy(site, scheme, process());
            let output = process.run();
            let case = format!("{name} by {scheme}: {}: {}", output.status, output.stderr);
            assert!((0..=13).contains(&output.status), "{case}");
            let asked = proxy.seen().iter().any(|line| line.contains(seen));
            assert!(asked || offline.contains(&name), "{case}: {:?}", proxy.seen());
            assert!(!output.stderr.contains("cannot reach"), "{case}");
        }
    });
}

#[test]
fn a_proxy_that_refuses_is_named() {
    for reader in READERS {
        let site = Site::s3();
        site.create_bucket("own");
        (reader.prepare)(&site);
        let process = (reader.process)(&site)
            .env("AWS_ENDPOINT_URL_S3", "http://store.test")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("all_proxy", "socks5h://me:secret@127.0.0.1:9");
        let output = process.run();
        let case = format!("{}: {}: {}", reader.name, output.status, output.stderr);
        assert!([1, 10].contains(&output.status), "{case}");
        assert!(
            output.stderr.contains("the proxy socks5h://127.0.0.1:9 does not connect"),
            "{case}"
        );
        assert!(!output.stderr.contains("secret"), "{case}");
    }
}
