//! The one way to HTTP: an agent with deadlines, kept connections, proxies and the system's
//! certificates.
//!
//! What a tool asks for, and what it makes of the answer, is not decided here; how a connection comes
//! about is: by which proxy ([`Proxies`]), with which deadlines, and what it means when it fails
//! ([`Broke`]).

mod broke;
mod exemptions;
mod forward;
mod proxies;
mod resolver;
mod router;
mod steady;

#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::Engine as _;
use ureq::config::Config;
use ureq::tls::{ClientCert, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Proxy};

pub use broke::{Broke, cause};
pub use proxies::{InvalidProxy, Proxies};
pub use steady::{SLOWEST, steady};

/// Who we are, to services.
const USER_AGENT: &str = concat!("slipway/", env!("CARGO_PKG_VERSION"));

/// How an agent connects.
#[derive(Clone)]
pub struct Settings {
    /// The time for a name to be looked up, and the time for a connection.
    pub connect: Duration,
    /// The time that a connection may stand still.
    pub idle: Duration,
    /// How many connections are kept.
    pub connections: usize,
    /// By which proxies.
    pub proxies: Proxies,
    /// What proves who we are, where a server wants to know.
    pub certificate: Option<ClientCert>,
    /// Whom we believe that a server is who it says.
    pub roots: RootCerts,
}

/// An agent for any address. Answers of any status are answers; redirects are not followed.
#[must_use]
pub fn agent(settings: &Settings) -> Agent {
    let direct = config(settings, None);
    let router = router::Router::new(&settings.proxies, |proxy| config(settings, proxy));
    let resolver = resolver::Resolver::new(settings.proxies.clone());
    Agent::with_parts(direct, router, resolver)
}

/// The header for a user and a password, given as `user:password`.
#[must_use]
pub fn basic(pair: &[u8]) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn config(settings: &Settings, proxy: Option<Proxy>) -> Config {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(settings.roots.clone())
        .client_cert(settings.certificate.clone())
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
        .user_agent(USER_AGENT)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(settings.connect))
        .timeout_connect(Some(settings.connect))
        .timeout_per_read(Some(settings.idle))
        .timeout_per_write(Some(settings.idle))
        // Headers that trickle in byte by byte never leave the connection idle.
        .timeout_recv_response(Some(settings.idle.saturating_mul(2)))
        .max_idle_connections(settings.connections)
        .max_idle_connections_per_host(settings.connections)
        .max_idle_age(Duration::from_secs(15))
        .build()
}
