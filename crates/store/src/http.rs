//! Agents for what this crate and its users ask: with our deadlines, by the environment's proxies.

use location::Env;
use ureq::Agent;
use ureq::tls::{ClientCert, RootCerts};

pub(crate) use http_client::{Broke, Proxies, SLOWEST, steady};

use crate::{Error, Patience};

/// An agent that asks by `proxies`. Answers of any status are answers, redirects are not followed.
pub(crate) fn agent(
    patience: &Patience,
    connections: usize,
    proxies: Proxies,
    certificate: Option<ClientCert>,
    roots: RootCerts,
) -> Agent {
    http_client::agent(&http_client::Settings {
        connect: patience.connect,
        idle: patience.idle,
        connections,
        proxies,
        certificate,
        roots,
    })
}

/// An agent for reading URLs that no bucket is behind, by the proxies that the environment names,
/// with a certificate of ours where a server wants one.
///
/// # Errors
/// When a proxy's address is not valid.
pub fn reader(
    patience: &Patience,
    connections: usize,
    env: Env<'_>,
    certificate: Option<ClientCert>,
) -> Result<Agent, Error> {
    Ok(agent(patience, connections, proxies(env)?, certificate, RootCerts::PlatformVerifier))
}

/// The proxies that the environment names.
pub(crate) fn proxies(env: Env<'_>) -> Result<Proxies, Error> {
    Proxies::from_env(env).map_err(|error| Error::Setting { detail: error.to_string() })
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
