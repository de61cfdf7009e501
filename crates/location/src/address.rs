//! Hosts and ports as they are compared, shown and signed: one spelling for each.

use std::fmt;

use url::Host;

/// A host, and a port where the text names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// In lower case and ASCII, without a trailing dot; an IPv6 address in brackets.
    pub host: String,
    /// From 1 on.
    pub port: Option<u16>,
}

/// Why a text is no host with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The host is missing, or holds what no host can hold.
    #[error("the host is not valid")]
    Host,
    /// The port is not a number, is 0, or is larger than any port.
    #[error("the port must be a number from 1 to 65535")]
    Port,
}

impl Authority {
    /// Reads `host`, `host:port`, `[::1]` or `[::1]:port`, without a user.
    ///
    /// # Errors
    /// [`Invalid`] when the host or the port cannot be one.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        // The colons of an IPv6 address are inside its brackets.
        let after_host = text.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match text[after_host..].find(':') {
            Some(at) => (&text[..after_host + at], &text[after_host + at + 1..]),
            None => (text, ""),
        };
        let host = match Host::parse(host).map_err(|_| Invalid::Host)? {
            Host::Domain(name) => name.strip_suffix('.').unwrap_or(&name).to_owned(),
            address => address.to_string(),
        };
        if host.is_empty() {
            return Err(Invalid::Host);
        }
        let port = match port {
            "" => None,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                let number = digits.parse::<u16>().ok().filter(|number| *number > 0);
                Some(number.ok_or(Invalid::Port)?)
            }
            _ => return Err(Invalid::Port),
        };
        Ok(Self { host, port })
    }

    /// The same without the port that `scheme` has anyway.
    #[must_use]
    pub fn without_usual_port(mut self, scheme: &str) -> Self {
        self.port = self.port.filter(|port| Some(*port) != usual_port(scheme));
        self
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

/// The port that an address of a scheme has where it names none.
#[must_use]
pub fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, Invalid> {
        Authority::parse(text).map(|found| found.to_string())
    }

    #[test]
    fn one_spelling_for_each() {
        for (text, expected) in [
            ("host", "host"),
            ("Host.Example", "host.example"),
            ("host.:8333", "host:8333"),
            ("host:", "host"),
            ("host:08080", "host:8080"),
            ("host:65535", "host:65535"),
            ("my_store:9000", "my_store:9000"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("[::1]", "[::1]"),
            ("[0:0:0:0:0:0:0:1]:8333", "[::1]:8333"),
            ("[2001:DB8::A]", "[2001:db8::a]"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_one() {
        for text in ["host:65536", "host:99999", "host:0", "host:x", "host:-1", "[::1]:70000"] {
            assert_eq!(shown(text), Err(Invalid::Port), "{text}");
        }
        for text in ["", ".", ":80", "a b", "a/b", "u@h", "[::1", "[::g]", "::1", "[::1]x"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_usual_port_says_nothing() {
        let of = |scheme, text: &str| {
            Authority::parse(text).unwrap().without_usual_port(scheme).to_string()
        };
        assert_eq!(of("http", "h:80"), "h");
        assert_eq!(of("https", "h:443"), "h");
        assert_eq!(of("https", "h:80"), "h:80");
        assert_eq!(of("http", "[::1]:80"), "[::1]");
    }
}
