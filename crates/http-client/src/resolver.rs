//! Looks names up, in time.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;

use location::Authority;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver as Resolve};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, ProxyProtocol};

use crate::proxies::{Proxies, host_and_port};

/// What `ureq` keeps at most.
const MOST: usize = 16;

/// Looks up what is asked directly, and leaves the rest to its proxy.
#[derive(Debug)]
pub(crate) struct Resolver {
    proxies: Proxies,
}

impl Resolver {
    pub(crate) fn new(proxies: Proxies) -> Self {
        Self { proxies }
    }
}

impl Resolve for Resolver {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let text = host_and_port(uri).unwrap_or_default();
        let bad = |problem: &dyn std::fmt::Display| Error::BadUri(format!("{text}: {problem}"));
        let found = Authority::parse(text).map_err(|invalid| bad(&invalid))?;
        let scheme = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
        let usual = match &*scheme {
            "http" => 80,
            "https" => 443,
            // The proxies that are not web servers.
            "socks4" | "socks4a" | "socks5" | "socks5h" => 1080,
            _ => return Err(bad(&"the scheme is neither http nor https")),
        };
        let proxy = self.proxies.route(uri);
        if proxy.is_some_and(|proxy| !proxy.resolve_target()) {
            return Ok(self.empty());
        }
        // The name as it is written: with a trailing dot it is looked up as it stands.
        let host = uri.host().unwrap_or(&found.host).to_owned();
        let addresses = look_up(host, found.port.unwrap_or(usual), timeout)?;
        let only_fourth = proxy.is_some_and(|proxy| proxy.protocol() == ProxyProtocol::Socks4);
        let mut result = self.empty();
        let wanted = addresses.into_iter().filter(|address| address.is_ipv4() || !only_fourth);
        for address in wanted.take(MOST) {
            result.push(address);
        }
        if result.is_empty() { Err(Error::HostNotFound) } else { Ok(result) }
    }
}

fn look_up(host: String, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Error> {
    let find = move |host: &str| -> io::Result<Vec<SocketAddr>> {
        Ok((host.trim_start_matches('[').trim_end_matches(']'), port).to_socket_addrs()?.collect())
    };
    let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    if is_address || timeout.after.is_not_happening() {
        return Ok(find(&host)?);
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    let name = host.clone();
    let started = thread::Builder::new().name("look-up".to_owned()).spawn(move || {
        // When it takes too long, its receiver has left.
        let _ = sender.send(find(&name));
    });
    if started.is_err() {
        // Without another thread the system's own deadline has to do.
        return Ok(find(&host)?);
    }
    match receiver.recv_timeout(*timeout.after) {
        Ok(found) => Ok(found?),
        Err(_) => Err(Error::Timeout(timeout.reason)),
    }
}
