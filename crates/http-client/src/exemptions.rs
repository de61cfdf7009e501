//! What `no_proxy` says: which addresses are asked without a proxy.

use std::net::IpAddr;

use location::Authority;

/// The entries of `no_proxy`, separated by commas or spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exemptions(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// `*`: every address.
    All,
    /// A name and all names below it, on one port or on all.
    Domain(String, Option<u16>),
    /// Addresses whose first bits are those of this one, on one port or on all.
    Network { address: IpAddr, bits: u8, port: Option<u16> },
}

impl Exemptions {
    /// Reads a list. An entry that cannot be one matches nothing, as in other clients.
    pub(crate) fn parse(list: &str) -> Self {
        let entries = list.split([',', ' ', '\t', '\n', '\r']).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(Entry::parse).collect())
    }

    /// Whether a host in its one spelling (an IPv6 address in brackets) is asked directly at `port`.
    pub(crate) fn hold(&self, host: &str, port: u16) -> bool {
        self.0.iter().any(|entry| entry.matches(host, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = text.split_once('/') {
            let address = bare_address(address)?;
            let bits = bits.parse().ok().filter(|bits| *bits <= width(&address))?;
            return Some(Self::Network { address, bits, port: None });
        }
        if let Some(address) = bare_address(text) {
            return Some(Self::Network { bits: width(&address), address, port: None });
        }
        let text = text.strip_prefix('*').unwrap_or(text);
        let Authority { host, port } = Authority::parse(text.trim_start_matches('.')).ok()?;
        Some(match bare_address(&host) {
            Some(address) => Self::Network { bits: width(&address), address, port },
            None => Self::Domain(host, port),
        })
    }

    fn matches(&self, host: &str, port: u16) -> bool {
        let at = |only: &Option<u16>| only.is_none_or(|only| only == port);
        match self {
            Self::All => true,
            Self::Domain(domain, only) => {
                let above = host.strip_suffix(domain.as_str());
                at(only) && above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
            Self::Network { address, bits, port: only } => {
                at(only) && bare_address(host).is_some_and(|host| is_within(host, *address, *bits))
            }
        }
    }
}

/// An address, with the brackets of IPv6 or without. IPv4 within IPv6 is IPv4.
fn bare_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn width(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn is_within(host: IpAddr, network: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    match (host, network) {
        (IpAddr::V4(host), IpAddr::V4(network)) => {
            let differs = u32::from(host) ^ u32::from(network);
            differs.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(host), IpAddr::V6(network)) => {
            let differs = u128::from(host) ^ u128::from(network);
            differs.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let check = |list: &str, host: &str, port: u16, expected: bool| {
            let found = Exemptions::parse(list).hold(host, port);
            assert_eq!(found, expected, "{list:?} for {host}:{port}");
        };
        for list in ["*", "a,*", " * ", "example.com", ".example.com", "*.example.com"] {
            check(list, "s3.example.com", 443, true);
        }
        for list in
            ["example.com", ".example.com", "Example.COM.", "x example.com", "x,\texample.com"]
        {
            check(list, "example.com", 443, true);
            check(list, "notexample.com", 443, false);
        }
        check("example.com:8080", "s3.example.com", 8080, true);
        check("example.com:8080", "s3.example.com", 80, false);
        check("10.0.0.0/8", "10.20.30.40", 80, true);
        check("10.0.0.0/8", "11.0.0.1", 80, false);
        check("10.0.0.0/0", "11.0.0.1", 80, true);
        check("10.0.0.1/32", "10.0.0.1", 80, true);
        check("10.0.0.0/33", "10.0.0.0", 80, false);
        check("10.0.0.0/8", "ten.example.com", 80, false);
        check("10.0.0.1", "10.0.0.1", 80, true);
        check("10.0.0.1:80", "10.0.0.1", 80, true);
        check("10.0.0.1:81", "10.0.0.1", 80, false);
        check(".0.0.1", "10.0.0.1", 80, false);
        check("fd00::/8", "[fd12::1]", 80, true);
        check("fd00::/8", "[fe80::1]", 80, false);
        check("fd00::1", "[fd00::1]", 80, true);
        check("[fd00::1]:9000", "[fd00::1]", 9000, true);
        check("[fd00::1]:9000", "[fd00::1]", 80, false);
        check("::/0", "[fd00::1]", 80, true);
        for list in ["", ",", " ", "exa mple", "com:x", "/8", "http://example.com", "example.co"] {
            check(list, "example.com", 80, false);
        }
    }
}
