//! HTTP: one agent with deadlines, kept connections and the system's certificates.

use std::io;
use std::time::Duration;

use location::Env;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Proxy};

use crate::Patience;

/// Who we are, to services.
const USER_AGENT: &str = concat!("slipway/", env!("CARGO_PKG_VERSION"));

/// An agent for the host of `url`, through the proxy that the environment names for it, if any.
/// Answers of any status are answers, redirects are not followed.
pub(crate) fn agent(patience: &Patience, connections: usize, proxy: Option<Proxy>) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
        .user_agent(USER_AGENT)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_per_read(Some(patience.idle))
        .timeout_per_write(Some(patience.idle))
        // Headers that trickle in byte by byte never leave the connection idle.
        .timeout_recv_response(Some(patience.idle.saturating_mul(20)))
        .max_idle_connections(connections)
        .max_idle_connections_per_host(connections)
        .max_idle_age(Duration::from_secs(15))
        .build()
        .new_agent()
}

/// The proxy for a URL, by the usual variables; none for this machine itself.
pub(crate) fn proxy(url: &str, env: Env<'_>) -> Option<Proxy> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let either = |name: &str| set(name).or_else(|| set(&name.to_ascii_uppercase()));
    let uri: ureq::http::Uri = url.parse().ok()?;
    let host = uri.host()?;
    if host == "localhost" || host == "[::1]" || host.starts_with("127.") {
        return None;
    }
    let scheme = if uri.scheme_str() == Some("http") {
        "http_proxy"
    } else {
        "https_proxy"
    };
    let proxy = Proxy::new(&either(scheme).or_else(|| either("all_proxy"))?).ok()?;
    let mut builder = Proxy::builder(proxy.protocol())
        .host(proxy.host())
        .port(proxy.port());
    if let Some(name) = proxy.username() {
        builder = builder.username(name);
    }
    if let Some(password) = proxy.password() {
        builder = builder.password(password);
    }
    if let Some(hosts) = either("no_proxy") {
        builder = builder.no_proxy(&hosts);
    }
    builder
        .build()
        .ok()
        .filter(|proxy| !proxy.is_no_proxy(&uri))
}

/// How a request went wrong before there was an answer.
#[derive(Debug)]
pub(crate) enum Broken {
    /// No connection: nothing of the request has reached anybody. The flag says that trying again
    /// is pointless.
    Connect(ureq::Error, bool),
    /// The other side is silent.
    Stalled(ureq::Error),
    /// The connection broke on the way.
    Cut(ureq::Error),
}

impl Broken {
    pub(crate) fn into_source(self) -> ureq::Error {
        match self {
            Self::Connect(error, _) | Self::Stalled(error) | Self::Cut(error) => error,
        }
    }
}

impl From<ureq::Error> for Broken {
    fn from(error: ureq::Error) -> Self {
        use ureq::{Error, Timeout};
        match &error {
            // A certificate that does not fit does not fit the next time, either.
            Error::BadUri(_) | Error::Tls(_) | Error::InvalidProxyUrl | Error::TlsRequired => {
                Self::Connect(error, true)
            }
            Error::NativeTls(_) => Self::Connect(error, true),
            Error::HostNotFound | Error::ConnectionFailed | Error::ConnectProxyFailed(_) => {
                Self::Connect(error, false)
            }
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => Self::Connect(error, false),
            Error::Timeout(_) => Self::Stalled(error),
            Error::Io(cause) => match cause.kind() {
                io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::AddrNotAvailable => Self::Connect(error, false),
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Stalled(error),
                _ => Self::Cut(error),
            },
            _ => Self::Cut(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies() {
        let env = |name: &str| match name {
            "https_proxy" => Some("http://user:pass@proxy:3128".to_owned()),
            "NO_PROXY" => Some("internal.example,.local".to_owned()),
            _ => None,
        };
        let host = |url: &str| proxy(url, &env).map(|proxy| proxy.host().to_owned());
        assert_eq!(host("https://b.s3.amazonaws.com").as_deref(), Some("proxy"));
        assert_eq!(host("http://b.s3.amazonaws.com"), None);
        assert_eq!(host("https://internal.example"), None);
        assert_eq!(host("https://s3.local"), None);
        assert_eq!(host("https://127.0.0.1:9000"), None);
        assert_eq!(
            proxy("https://b.s3.amazonaws.com", &|_| None).is_none(),
            true
        );
    }
}
