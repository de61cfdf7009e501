//! HTTP: one agent with deadlines, kept connections and the system's certificates.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use location::Env;
use ureq::http::Uri;
use ureq::tls::{ClientCert, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Proxy};

use crate::{Error, Patience};

/// Who we are, to services.
const USER_AGENT: &str = concat!("slipway/", env!("CARGO_PKG_VERSION"));

/// An agent for the host of `url`, through the proxy that the environment names for it, if any.
/// Answers of any status are answers, redirects are not followed.
pub(crate) fn agent(
    patience: &Patience,
    connections: usize,
    proxy: Option<Proxy>,
    certificate: Option<ClientCert>,
    roots: RootCerts,
) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(roots)
        .client_cert(certificate)
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
        .timeout_recv_response(Some(patience.idle.saturating_mul(2)))
        .max_idle_connections(connections)
        .max_idle_connections_per_host(connections)
        .max_idle_age(Duration::from_secs(15))
        .build()
        .new_agent()
}

/// A body that must not trickle: where what comes while it is waited for stays below
/// [`SLOWEST`] for as long as a connection may stand still, that is an error, too.
pub fn steady(body: impl Read, idle: Duration) -> impl Read {
    Steady { body, idle, waited: Duration::ZERO, came: 0 }
}

/// Bytes a second that are as good as none.
pub(crate) const SLOWEST: u64 = 1000;

struct Steady<R> {
    body: R,
    idle: Duration,
    /// The time in calls of `read`, and what they have brought, since the last look.
    waited: Duration,
    came: usize,
}

impl<R: Read> Read for Steady<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let begin = Instant::now();
        let count = self.body.read(buffer)?;
        self.waited += begin.elapsed();
        self.came += count;
        if self.waited < self.idle || count == 0 {
            return Ok(count);
        }
        if (self.came as f64) < self.waited.as_secs_f64() * SLOWEST as f64 {
            let text = format!("only {} bytes came in {:.0?}", self.came, self.waited);
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        (self.waited, self.came) = (Duration::ZERO, 0);
        Ok(count)
    }
}

/// An agent for reading a URL that no bucket is behind, through the proxy that the environment
/// names, with a certificate of ours where the server wants one.
///
/// # Errors
/// When the proxy's address is none.
pub fn reader(
    url: &str,
    patience: &Patience,
    connections: usize,
    env: Env<'_>,
    certificate: Option<ClientCert>,
) -> Result<Agent, Error> {
    let proxy = proxy(url, env)?;
    Ok(agent(patience, connections, proxy, certificate, RootCerts::PlatformVerifier))
}

/// The proxy for a URL, by the usual variables; none for this machine itself.
pub(crate) fn proxy(url: &str, env: Env<'_>) -> Result<Option<Proxy>, Error> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let either = |name: &str| set(name).or_else(|| set(&name.to_ascii_uppercase()));
    let uri: Option<Uri> = url.parse().ok();
    let Some(host) = uri.as_ref().and_then(Uri::host) else {
        return Ok(None);
    };
    let spared = either("no_proxy").unwrap_or_default();
    let local = host == "localhost" || host == "[::1]" || host.starts_with("127.");
    if local || spared.split(',').any(|pattern| is_below(host, pattern.trim())) {
        return Ok(None);
    }
    let scheme = if url.starts_with("http:") { "http_proxy" } else { "https_proxy" };
    match either(scheme).or_else(|| either("all_proxy")) {
        None => Ok(None),
        Some(proxy) => Proxy::new(&proxy).map(Some).map_err(|source| Error::Unreachable {
            endpoint: format!("the proxy that {scheme} names"),
            source: Box::new(source),
        }),
    }
}

/// As curl reads `NO_PROXY`: a name stands for itself and all below it, `*` for everything.
fn is_below(host: &str, pattern: &str) -> bool {
    let domain = pattern.trim_start_matches("*.").trim_start_matches('.');
    let above = host.strip_suffix(domain).filter(|_| !domain.is_empty());
    pattern == "*" || above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// How a request went wrong before there was an answer, or while that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broke {
    /// No connection, and trying again is pointless.
    Hopeless,
    /// No connection: nothing of the request has reached anybody.
    Connect,
    /// The other side is silent.
    Stalled,
    /// The connection broke on the way.
    Cut,
}

impl Broke {
    /// What an error says.
    #[must_use]
    pub fn of(error: &ureq::Error) -> Self {
        use ureq::{Error, Timeout};
        match error {
            Error::BadUri(_) | Error::Tls(_) | Error::InvalidProxyUrl | Error::TlsRequired => {
                Self::Hopeless
            }
            // A certificate that does not fit, but also a handshake that was cut short.
            Error::NativeTls(_) => Self::Connect,
            Error::HostNotFound | Error::ConnectionFailed | Error::ConnectProxyFailed(_) => {
                Self::Connect
            }
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => Self::Connect,
            Error::Timeout(_) => Self::Stalled,
            Error::Io(cause) => match cause.kind() {
                io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::AddrNotAvailable => Self::Connect,
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Stalled,
                // The standard library has no kind for a name that does not resolve.
                _ if cause.to_string().starts_with("failed to lookup address") => Self::Connect,
                _ => Self::Cut,
            },
            _ => Self::Cut,
        }
    }

    /// Whether nothing of the request has reached the other side.
    #[must_use]
    pub fn is_before_request(self) -> bool {
        matches!(self, Self::Hopeless | Self::Connect)
    }

    /// Whether no connection came about, or nothing came back in time.
    #[must_use]
    pub fn is_unanswered(self) -> bool {
        self != Self::Cut
    }
}

/// A request without an answer.
#[derive(Debug)]
pub(crate) struct Broken {
    pub kind: Broke,
    pub source: ureq::Error,
}

impl From<ureq::Error> for Broken {
    fn from(source: ureq::Error) -> Self {
        Self { kind: Broke::of(&source), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends so many bytes at a time, for ever, and takes its time.
    struct Slow(usize);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(2));
            Ok(self.0.min(buffer.len()))
        }
    }

    #[test]
    fn what_trickles_is_as_good_as_silent() {
        let idle = Duration::from_millis(20);
        // A byte for each 2 ms, at most.
        let error = io::copy(&mut steady(Slow(1), idle), &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().starts_with("only "), "{error}");
        // However little it is, it may come to its end before that.
        let mut text = String::new();
        steady(&b"text"[..], Duration::from_secs(3600)).read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
        let mut read = vec![0; 8 * 65_536];
        steady(Slow(65_536), idle).read_exact(&mut read).unwrap();
    }

    #[test]
    fn proxies() {
        let env = |name: &str| match name {
            "https_proxy" => Some("http://user:pass@proxy:3128".to_owned()),
            "NO_PROXY" => Some("internal.example,.local".to_owned()),
            _ => None,
        };
        let host = |url: &str| {
            let found = proxy(url, &env).unwrap();
            found.map(|proxy| proxy.host().to_owned())
        };
        let through = Some("proxy".to_owned());
        assert_eq!(host("https://b.s3.amazonaws.com"), through);
        assert_eq!(host("https://notinternal.example"), through);
        for direct in [
            "http://b.s3.amazonaws.com",
            "https://internal.example",
            "https://s3.internal.example",
            "https://s3.local",
            "https://127.0.0.1:9000",
            "http://localhost:1",
        ] {
            assert_eq!(host(direct), None, "{direct}");
        }
        let none = proxy("https://b.s3.amazonaws.com", &|_| None).unwrap();
        assert!(none.is_none());
        let all = |name: &str| (name == "NO_PROXY").then(|| "*".to_owned()).or_else(|| env(name));
        assert!(proxy("https://b.s3.amazonaws.com", &all).unwrap().is_none());
        let bad = |_: &str| Some("ht tp://x".to_owned());
        assert!(proxy("https://b.s3.amazonaws.com", &bad).is_err());
    }
}
