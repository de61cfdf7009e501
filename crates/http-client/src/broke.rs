//! How a request went wrong before there was an answer, or while that came.

use std::io;

use crate::router::ProxyFailed;

/// `ENOMEM`, `ENFILE`, `EMFILE` and `ENOBUFS`.
const SCARCE: [i32; 4] = [12, 23, 24, 105];

/// Why a request went wrong, as messages say it: without a word for what the client library could not
/// name.
#[must_use]
pub fn cause(error: ureq::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match error {
        ureq::Error::Other(cause) => cause,
        error => Box::new(error),
    }
}

/// How a request went wrong before there was an answer, or while that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broke {
    /// No connection, and trying again is pointless.
    Hopeless,
    /// No connection: nothing of the request has reached the service.
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
            Error::Other(cause) if cause.is::<ProxyFailed>() => Self::Connect,
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => Self::Connect,
            Error::Timeout(_) => Self::Stalled,
            Error::Io(cause) => match cause.kind() {
                io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::AddrNotAvailable => Self::Connect,
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Stalled,
                // Of files or memory there are too few at the moment.
                _ if cause.raw_os_error().is_some_and(|code| SCARCE.contains(&code)) => {
                    Self::Connect
                }
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
