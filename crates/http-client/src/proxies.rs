//! Which proxy the environment names for an address: one rule for all tools.

use std::sync::Arc;

use location::{Authority, Env, without_secrets};
use percent_encoding::percent_decode_str;
use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

use crate::exemptions::Exemptions;

/// The proxies of the environment, and what goes without. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<Rules>);

#[derive(Debug, Default)]
struct Rules {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exemptions: Exemptions,
}

/// A variable that does not name a proxy.
#[derive(Debug, thiserror::Error)]
#[error("{variable} is {value:?}: {problem}")]
pub struct InvalidProxy {
    /// The variable.
    pub variable: String,
    /// Its value, without user and password.
    pub value: String,
    /// What it must be.
    pub problem: String,
}

impl Proxies {
    /// No proxy for any address.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// What `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say, or the same in upper case.
    ///
    /// # Errors
    /// [`InvalidProxy`] when one of them is not the address of a proxy.
    pub fn from_env(env: Env<'_>) -> Result<Self, InvalidProxy> {
        let all = read("all_proxy", env)?;
        let http = read("http_proxy", env)?.or_else(|| all.clone());
        let https = read("https_proxy", env)?.or(all);
        let list = set("no_proxy", env).map(|(_, list)| list).unwrap_or_default();
        Ok(Self(Arc::new(Rules { http, https, exemptions: Exemptions::parse(&list) })))
    }

    /// The proxy by which an address is asked. This machine itself is always asked directly.
    pub(crate) fn route(&self, uri: &Uri) -> Option<&Proxy> {
        let (proxy, usual) = match uri.scheme_str()? {
            "http" => (self.0.http.as_ref()?, 80),
            "https" => (self.0.https.as_ref()?, 443),
            _ => return None,
        };
        let authority = Authority::parse(host_and_port(uri)?).ok()?;
        let host = &*authority.host;
        let port = authority.port.unwrap_or(usual);
        let direct = is_this_machine(host) || self.0.exemptions.hold(host, port);
        (!direct).then_some(proxy)
    }

    /// All that addresses can be asked by.
    pub(crate) fn each(&self) -> impl Iterator<Item = &Proxy> {
        self.0.http.iter().chain(&self.0.https)
    }
}

/// The host and port of an address, without a user.
pub(crate) fn host_and_port(uri: &Uri) -> Option<&str> {
    uri.authority()?.as_str().rsplit('@').next()
}

fn is_this_machine(host: &str) -> bool {
    let is_loopback_address = |text: &str| {
        text.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    };
    host == "localhost"
        || host.ends_with(".localhost")
        || is_loopback_address(host.trim_start_matches('[').trim_end_matches(']'))
}

/// A variable that is set to something, and its name: in lower case first.
fn set(name: &str, env: Env<'_>) -> Option<(String, String)> {
    [name.to_owned(), name.to_ascii_uppercase()].into_iter().find_map(|name| {
        let value = env(&name)?.trim().to_owned();
        (!value.is_empty()).then_some((name, value))
    })
}

fn read(name: &str, env: Env<'_>) -> Result<Option<Proxy>, InvalidProxy> {
    let Some((variable, value)) = set(name, env) else {
        return Ok(None);
    };
    parse(&value).map(Some).map_err(|problem| InvalidProxy {
        variable,
        value: without_secrets(&value),
        problem,
    })
}

const SCHEMES: &str = "expected http://, https://, socks4://, socks4a://, socks5:// or socks5h://";

fn parse(text: &str) -> Result<Proxy, String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let protocol = match &*scheme.to_ascii_lowercase() {
        "http" => ProxyProtocol::Http,
        "https" => ProxyProtocol::Https,
        // What `socks` alone means is as in curl.
        "socks" | "socks4" => ProxyProtocol::Socks4,
        "socks4a" => ProxyProtocol::Socks4A,
        "socks5" => ProxyProtocol::Socks5,
        "socks5h" => ProxyProtocol::Socks5h,
        _ => return Err(SCHEMES.to_owned()),
    };
    // A password may hold a slash that is not percent-encoded.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Authority { host, port } =
        Authority::parse(authority).map_err(|invalid| invalid.to_string())?;
    let mut proxy = Proxy::builder(protocol).host(&host);
    if let Some(port) = port {
        proxy = proxy.port(port);
    }
    if let Some(user) = user {
        let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        proxy = proxy.username(&decode(name)).password(&decode(password));
    }
    proxy.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned())
    }

    fn by(pairs: &[(&str, &str)], url: &str) -> Option<String> {
        let proxies = Proxies::from_env(&env(pairs)).unwrap();
        let proxy = proxies.route(&url.parse().unwrap())?.clone();
        let scheme = proxy.protocol().to_string().to_lowercase();
        Some(format!("{scheme}://{}:{}", proxy.host(), proxy.port()))
    }

    #[test]
    fn the_scheme_decides() {
        let pairs = [("http_proxy", "a:1"), ("HTTPS_PROXY", "b:2"), ("all_proxy", "c:3")];
        assert_eq!(by(&pairs, "http://host/").as_deref(), Some("http://a:1"));
        assert_eq!(by(&pairs, "https://host/").as_deref(), Some("http://b:2"));
        assert_eq!(by(&pairs[..1], "https://host/"), None);
        assert_eq!(by(&pairs[2..], "http://host/").as_deref(), Some("http://c:3"));
        assert_eq!(by(&pairs[2..], "https://host/").as_deref(), Some("http://c:3"));
        let both = [("http_proxy", ""), ("HTTP_PROXY", "upper:1")];
        assert_eq!(by(&both, "http://host/").as_deref(), Some("http://upper:1"));
        let both = [("HTTP_PROXY", "upper:1"), ("http_proxy", "lower:1")];
        assert_eq!(by(&both, "http://host/").as_deref(), Some("http://lower:1"));
    }

    #[test]
    fn every_kind() {
        for (text, shown) in [
            ("proxy", "http://proxy:80"),
            ("proxy:3128", "http://proxy:3128"),
            ("http://proxy:3128/", "http://proxy:3128"),
            ("HTTP://Proxy.Example", "http://proxy.example:80"),
            ("https://proxy", "https://proxy:443"),
            ("socks4://proxy", "socks4://proxy:1080"),
            ("socks4a://proxy:1", "socks4a://proxy:1"),
            ("socks5://[::1]:9", "socks5://[::1]:9"),
            ("socks5h://proxy", "socks5h://proxy:1080"),
            ("socks://proxy", "socks4://proxy:1080"),
        ] {
            let found = by(&[("all_proxy", text)], "http://host/");
            assert_eq!(found.as_deref(), Some(shown), "{text}");
        }
        let proxies =
            Proxies::from_env(&env(&[("ALL_PROXY", "socks5h://a%40b:p/w%3A@h")])).unwrap();
        let proxy = proxies.route(&"https://x".parse().unwrap()).unwrap().clone();
        assert_eq!((proxy.username(), proxy.password()), (Some("a@b"), Some("p/w:")));
    }

    #[test]
    fn what_is_wrong_is_named_without_secrets() {
        for (name, value, said) in [
            ("https_proxy", "ftp://u:geheim@proxy", "ftp://…@proxy"),
            ("ALL_PROXY", "http://u:geheim@proxy:65536", "from 1 to 65535"),
            ("http_proxy", "ht tp://x", "expected http://"),
            ("http_proxy", "http://", "host"),
        ] {
            let error = Proxies::from_env(&env(&[(name, value)])).unwrap_err().to_string();
            assert!(error.starts_with(name) && error.contains(said), "{error}");
            assert!(!error.contains("geheim"), "{error}");
        }
    }

    #[test]
    fn what_goes_directly() {
        let pairs = [("all_proxy", "proxy:1"), ("NO_PROXY", "internal.example,10.0.0.0/8,h:8080")];
        for url in [
            "https://internal.example",
            "https://s3.internal.example:9000",
            "http://S3.Internal.Example.",
            "http://10.1.2.3:9000/x",
            "http://h:8080",
            "http://localhost:1",
            "http://store.localhost:1",
            "https://127.0.0.1:9000",
            "https://127.8.9.1",
            "http://[::1]:9",
            "http://[::ffff:127.0.0.1]:9",
        ] {
            assert_eq!(by(&pairs, url), None, "{url}");
        }
        for url in
            ["https://notinternal.example", "http://h", "http://11.1.2.3", "http://[fd00::1]"]
        {
            assert!(by(&pairs, url).is_some(), "{url}");
        }
        assert_eq!(by(&[("no_proxy", "*")], "http://h"), None);
        assert!(Proxies::none().route(&"http://h".parse().unwrap()).is_none());
    }
}
