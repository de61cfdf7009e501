//! Plain requests by a web proxy: with the whole address in their first line, as proxies expect it.

use ureq::http::Uri;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};
use ureq::{Error, Proxy};

use crate::basic;
use crate::proxies::host_and_port;

/// What a request's head gets for the proxy.
#[derive(Debug)]
pub(crate) struct Head {
    /// Before the path in the first line: `http://host:port`.
    origin: String,
    /// After the first line: headers, each with its line break.
    headers: String,
}

impl Head {
    pub(crate) fn new(uri: &Uri, proxy: &Proxy) -> Self {
        let origin = format!("http://{}", host_and_port(uri).unwrap_or_default());
        let headers = match (proxy.username(), proxy.password()) {
            (None, None) => String::new(),
            (name, password) => {
                let (name, password) = (name.unwrap_or_default(), password.unwrap_or_default());
                let pair = format!("{name}:{password}");
                format!("Proxy-Authorization: {}\r\n", basic(pair.as_bytes()))
            }
        };
        Self { origin, headers }
    }

    /// The beginning of a request as the proxy takes it; `None` where it does not begin with a whole
    /// first line that names a path.
    fn rewrite(&self, request: &[u8]) -> Option<Vec<u8>> {
        let path = request.iter().position(|byte| *byte == b' ')? + 1;
        let headers = request.windows(2).position(|pair| pair == b"\r\n")? + 2;
        if request.get(path) != Some(&b'/') || headers < path {
            return None;
        }
        let (line, rest) = request.split_at(headers);
        let (method, line) = line.split_at(path);
        Some([method, self.origin.as_bytes(), line, self.headers.as_bytes(), rest].concat())
    }
}

/// A connection to a proxy on which each request's head is rewritten.
#[derive(Debug)]
pub(crate) struct Forward {
    inner: Box<dyn Transport>,
    head: Head,
    /// Whether what is sent next is the beginning of a request.
    at_start: bool,
}

impl Forward {
    pub(crate) fn new(inner: Box<dyn Transport>, head: Head) -> Self {
        Self { inner, head, at_start: true }
    }
}

impl Transport for Forward {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if !std::mem::take(&mut self.at_start) {
            return self.inner.transmit_output(amount, timeout);
        }
        let output = self.inner.buffers().output();
        let sent = output.get(..amount).unwrap_or_default();
        let bytes = self.head.rewrite(sent).ok_or_else(|| {
            let text = "the head of a request is too long for a proxy";
            Error::Io(std::io::Error::new(std::io::ErrorKind::InvalidInput, text))
        })?;
        let room = output.len().max(1);
        for part in bytes.chunks(room) {
            let output = self.inner.buffers().output();
            let Some(to) = output.get_mut(..part.len()) else {
                return Err(Error::ConnectionFailed);
            };
            to.copy_from_slice(part);
            self.inner.transmit_output(part.len(), timeout)?;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        // Nothing of ours waits for an answer in the middle of a request.
        self.at_start = true;
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        // Not to the host that was asked for.
        false
    }
}
