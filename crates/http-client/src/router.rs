//! Where a connection leads: to the host itself, or to a proxy that goes on from there.

use std::fmt;
use std::sync::Arc;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver as _};
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, NativeTlsConnector, SocksConnector,
    TcpConnector, Transport,
};
use ureq::{Error, Proxy, ProxyProtocol};

use crate::forward::{Forward, Head};
use crate::proxies::Proxies;
use crate::resolver::Resolver;

/// The steps of a connection, of which each does its part or passes it on.
type Steps = dyn Connector<(), Out = Box<dyn Transport>>;

/// A proxy that did not make the connection that it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the proxy {proxy} does not connect")]
pub(crate) struct ProxyFailed {
    proxy: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Chooses the proxy for each connection.
pub(crate) struct Router {
    proxies: Proxies,
    steps: Arc<Steps>,
    direct: Config,
    /// The settings of a connection by each proxy.
    by_proxy: Vec<Config>,
    /// Looks up proxies, which are never behind a proxy.
    resolver: Resolver,
}

impl Router {
    /// `config` makes the settings of connections by a proxy, and of those without.
    pub(crate) fn new(proxies: &Proxies, config: impl Fn(Option<Proxy>) -> Config) -> Self {
        let steps =
            ().chain(SocksConnector::default())
                .chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(NativeTlsConnector::default())
                .chain(Boxed);
        Self {
            steps: Arc::new(steps),
            direct: config(None),
            by_proxy: proxies.each().map(|proxy| config(Some(proxy.clone()))).collect(),
            resolver: Resolver::new(Proxies::none()),
            proxies: proxies.clone(),
        }
    }

    /// A connection as `config` has it, to a host or proxy at `addresses`.
    fn open(
        &self,
        details: &ConnectionDetails<'_>,
        uri: &Uri,
        addresses: ResolvedSocketAddrs,
        config: &Config,
    ) -> Result<Option<Box<dyn Transport>>, Error> {
        let steps = Arc::clone(&self.steps);
        let details = ConnectionDetails {
            uri,
            addrs: addresses,
            config,
            request_level: details.request_level,
            resolver: &self.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: Arc::clone(&details.current_time),
            run_connector: Arc::new(move |details| {
                steps.connect(details, None)?.ok_or(Error::ConnectionFailed)
            }),
            register_shutdown: Arc::clone(&details.register_shutdown),
        };
        self.steps.connect(&details, None)
    }

    /// A connection to a proxy that passes plain requests on.
    fn forward(
        &self,
        details: &ConnectionDetails<'_>,
        proxy: &Proxy,
    ) -> Result<Option<Box<dyn Transport>>, Error> {
        let addresses = self.resolver.resolve(proxy.uri(), &self.direct, details.timeout)?;
        let opened = self.open(details, proxy.uri(), addresses, &self.direct)?;
        let head = Head::new(details.uri, proxy);
        Ok(opened.map(|transport| Box::new(Forward::new(transport, head)) as Box<dyn Transport>))
    }

    fn through(
        &self,
        details: &ConnectionDetails<'_>,
        uri: &Uri,
        proxy: &Proxy,
    ) -> Result<Option<Box<dyn Transport>>, Error> {
        let is_web = matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
        if is_web && !details.needs_tls() {
            return self.forward(details, proxy);
        }
        let config = self.by_proxy.iter().find(|config| config.proxy() == Some(proxy));
        self.open(details, uri, details.addrs.clone(), config.unwrap_or(&self.direct))
    }
}

impl Connector<()> for Router {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let undotted = without_trailing_dot(details.uri);
        let uri = undotted.as_ref().unwrap_or(details.uri);
        let Some(proxy) = self.proxies.route(details.uri) else {
            return self.open(details, uri, details.addrs.clone(), &self.direct);
        };
        self.through(details, uri, proxy).map_err(|error| match error {
            // What the host behind the proxy does, or nothing does in time.
            Error::Timeout(_) | Error::NativeTls(_) | Error::Tls(_) => error,
            Error::ConnectProxyFailed(detail) => failed(proxy, detail.into()),
            Error::Io(cause) => failed(proxy, cause.into()),
            error => failed(proxy, error.into()),
        })
    }
}

fn failed(proxy: &Proxy, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    let scheme = proxy.protocol().to_string().to_ascii_lowercase();
    let proxy = format!("{scheme}://{}:{}", proxy.host(), proxy.port());
    Error::Other(Box::new(ProxyFailed { proxy, source }))
}

/// The address whose host certificates name; `None` where it is that already.
fn without_trailing_dot(uri: &Uri) -> Option<Uri> {
    let host = uri.host()?.strip_suffix('.')?;
    let authority = match uri.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(authority.parse().ok()?);
    Uri::from_parts(parts).ok()
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("proxies", &self.proxies).finish_non_exhaustive()
    }
}

/// The last step: whatever came about, as one type.
#[derive(Debug)]
struct Boxed;

impl<In: Transport> Connector<In> for Boxed {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|transport| Box::new(transport) as Self::Out))
    }
}
