//! Requests by real proxies of every kind.

use std::path::Path;
use std::time::Duration;

use test_kit::proxy::Proxy;
use test_kit::web;
use ureq::{Agent, Body, http};

use super::{Broke, Proxies, Settings, agent};

fn agent_by(pairs: &[(&str, &str)]) -> Agent {
    let env = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
    agent(&Settings {
        connect: Duration::from_secs(5),
        idle: Duration::from_secs(5),
        connections: 2,
        proxies: Proxies::from_env(&env).unwrap(),
        certificate: None,
        roots: ureq::tls::RootCerts::PlatformVerifier,
    })
}

fn site(folder: &Path) -> web::Server {
    std::fs::write(folder.join("x"), "content").unwrap();
    web::Server::start(folder)
}

fn text(answer: http::Response<Body>) -> (u16, String) {
    (answer.status().as_u16(), answer.into_body().read_to_string().unwrap())
}

fn upstream(server: &web::Server) -> String {
    server.url().trim_start_matches("http://").to_owned()
}

#[test]
fn plain_requests_name_the_whole_address() {
    let folder = tempfile::tempdir().unwrap();
    let server = site(folder.path());
    for pair in [None, Some("me:p@ss w")] {
        let proxy = Proxy::start(&upstream(&server), pair);
        let address = proxy.url("http", pair.map(|_| "me:p%40ss%20w"));
        let agent = agent_by(&[("http_proxy", &address)]);
        // Twice on one connection.
        for _ in 0..2 {
            let answer = agent.get("http://store.test:8080/x?y=/z").call().unwrap();
            assert_eq!(text(answer), (200, "content".to_owned()));
        }
        assert_eq!(agent.head("http://store.test/x").call().unwrap().status(), 200);
        assert_eq!(
            proxy.seen(),
            [
                "GET http://store.test:8080/x?y=/z",
                "GET http://store.test:8080/x?y=/z",
                "HEAD http://store.test/x"
            ]
        );
    }
    let requests = server.requests();
    assert_eq!(requests[0].headers["host"], "store.test:8080");
    assert_eq!(requests[0].headers.get("proxy-authorization"), None);
}

#[test]
fn socks_proxies_of_every_version() {
    let folder = tempfile::tempdir().unwrap();
    let server = site(folder.path());
    let pair = Some("me:secret");
    for (scheme, pair, host, seen) in [
        ("socks4", None, "192.0.2.7:81", "SOCKS4 192.0.2.7:81"),
        ("socks4a", None, "store.test", "SOCKS4 store.test:80"),
        ("socks5", None, "192.0.2.7", "SOCKS5 192.0.2.7:80"),
        ("socks5", None, "[2001:db8::7]:81", "SOCKS5 [2001:db8::7]:81"),
        ("socks5h", None, "store.test:81", "SOCKS5 store.test:81"),
        ("SOCKS5H", pair, "store.test", "SOCKS5 store.test:80"),
    ] {
        let proxy = Proxy::start(&upstream(&server), pair);
        for variable in ["all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY"] {
            let agent = agent_by(&[(variable, &proxy.url(scheme, pair))]);
            let answer = agent.get(format!("http://{host}/x")).call().unwrap();
            assert_eq!(text(answer), (200, "content".to_owned()), "{scheme}");
            assert_eq!(proxy.seen().last().unwrap(), seen, "{scheme} {variable}");
        }
    }
}

#[test]
fn a_tunnel_for_what_is_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let server = site(folder.path());
    let proxy = Proxy::start(&upstream(&server), None);
    for (scheme, seen) in [("http", "CONNECT store.test:443"), ("socks5h", "SOCKS5 store.test:443")]
    {
        let agent = agent_by(&[("HTTPS_PROXY", &proxy.url(scheme, None))]);
        // The server knows no TLS: what counts is how it was reached.
        agent.get("https://store.test./x").call().unwrap_err();
        assert_eq!(proxy.seen().last().unwrap().trim_end_matches('.').replace(".:", ":"), seen);
    }
}

#[test]
fn what_a_proxy_does_not_connect_is_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let server = site(folder.path());
    let proxy = Proxy::start(&upstream(&server), Some("me:secret"));
    for (scheme, url) in [("socks5h", "http://store.test/x"), ("http", "https://store.test/x")] {
        for pair in [None, Some("me:wrong")] {
            let agent = agent_by(&[("all_proxy", &proxy.url(scheme, pair))]);
            let error = agent.get(url).call().unwrap_err();
            assert_eq!(Broke::of(&error), Broke::Connect, "{error:?}");
            let text = super::cause(error).to_string();
            assert!(text.starts_with(&format!("the proxy {scheme}://127.0.0.1:")), "{text}");
            assert!(!text.contains("wrong"), "{text}");
        }
    }
    let agent = agent_by(&[("http_proxy", &proxy.url("http", None))]);
    assert_eq!(agent.get("http://store.test/x").call().unwrap().status(), 407);
    assert_eq!(server.requests(), []);
}

#[test]
fn exemptions_are_asked_directly() {
    let folder = tempfile::tempdir().unwrap();
    let server = site(folder.path());
    // Nothing listens on this port.
    let agent = agent_by(&[("all_proxy", "http://127.0.0.1:9")]);
    let answer = agent.get(format!("{}/x", server.url())).call().unwrap();
    assert_eq!(text(answer).0, 200);
    assert!(agent.get("http://192.0.2.7/x").call().is_err());
}

#[test]
fn a_port_that_cannot_be_one_is_an_error() {
    for url in ["http://127.0.0.1:65536/", "http://[::1]:99999/", "http://store.test:0/"] {
        let error = agent_by(&[]).get(url).call().unwrap_err();
        assert_eq!(Broke::of(&error), Broke::Hopeless, "{error}");
        assert!(error.to_string().contains("from 1 to 65535"), "{error}");
    }
}
