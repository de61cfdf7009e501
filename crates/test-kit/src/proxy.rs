//! A proxy: for plain requests, `CONNECT`, and SOCKS 4, 4a and 5 on one port.
//!
//! Whatever host it is asked for, it connects to one address. So tests can use names that nothing
//! resolves, and addresses that belong to nothing.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A proxy on a port of its own. It runs until the process ends.
pub struct Proxy {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

/// What a proxy knows.
struct Desk {
    upstream: SocketAddr,
    /// `user:password`, without which it refuses.
    pair: Option<&'static str>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A proxy that connects to `upstream` (`host:port`), and wants `user:password` if there is one.
    ///
    /// # Panics
    /// When there is no free port, or `upstream` is not an address.
    #[must_use]
    pub fn start(upstream: &str, pair: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("the port just bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let upstream = upstream.parse().expect("an address and a port");
        let desk = Arc::new(Desk { upstream, pair, seen: Arc::clone(&seen) });
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let desk = Arc::clone(&desk);
                // A client that goes away is what some tests are about.
                thread::spawn(move || _ = desk.serve(client));
            }
        });
        Self { port, seen }
    }

    /// Its address with a scheme, and a user where there is one: `socks5h://u:p@127.0.0.1:1080`.
    #[must_use]
    pub fn url(&self, scheme: &str, pair: Option<&str>) -> String {
        let user = pair.map(|pair| format!("{pair}@")).unwrap_or_default();
        format!("{scheme}://{user}127.0.0.1:{}", self.port)
    }

    /// What it was asked for, in order: `CONNECT host:port`, `GET http://host/path`,
    /// `SOCKS4 address:port`, `SOCKS5 host:port`.
    #[must_use]
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Desk {
    fn note(&self, what: String) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    fn serve(&self, client: TcpStream) -> io::Result<()> {
        let mut first = [0];
        if client.peek(&mut first)? == 0 {
            return Ok(());
        }
        match first[0] {
            4 => self.socks4(client),
            5 => self.socks5(client),
            _ => self.web(client),
        }
    }

    fn web(&self, mut client: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(client.try_clone()?);
        let mut upstream: Option<(TcpStream, BufReader<TcpStream>)> = None;
        loop {
            let head = head(&mut reader)?;
            let Some((line, headers)) = head.split_once("\r\n") else {
                return Ok(());
            };
            let (target, _) = line.rsplit_once(' ').unwrap_or((line, ""));
            self.note(target.to_owned());
            let proof = self
                .pair
                .map(|pair| format!("proxy-authorization: basic {}\r\n", STANDARD.encode(pair)));
            let allowed =
                proof.is_none_or(|proof| headers.to_lowercase().contains(&proof.to_lowercase()));
            if !allowed {
                return client.write_all(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
                );
            }
            if target.starts_with("CONNECT ") {
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
                return join(client, TcpStream::connect(self.upstream)?);
            }
            if upstream.is_none() {
                let stream = TcpStream::connect(self.upstream)?;
                upstream = Some((stream.try_clone()?, BufReader::new(stream)));
            }
            let Some((to, from)) = &mut upstream else { return Ok(()) };
            // As a proxy does it: the path alone goes on, and nothing that was for the proxy.
            let url = line.split(' ').nth(1).unwrap_or_default();
            let path = url.splitn(4, '/').nth(3).unwrap_or_default();
            let method = line.split(' ').next().unwrap_or_default();
            let rest: String = headers
                .lines()
                .filter(|header| !header.to_lowercase().starts_with("proxy-"))
                .map(|header| format!("{header}\r\n"))
                .collect();
            to.write_all(format!("{method} /{path} HTTP/1.1\r\n{rest}").as_bytes())?;
            copy(&mut reader, to, length(headers))?;
            let answer = self::head(from)?;
            client.write_all(answer.as_bytes())?;
            let none = method == "HEAD" || answer.contains(" 304 ") || answer.contains(" 204 ");
            copy(from, &mut client, if none { 0 } else { length(&answer) })?;
            if answer.to_lowercase().contains("connection: close") {
                return client.shutdown(Shutdown::Both);
            }
        }
    }

    fn socks4(&self, mut client: TcpStream) -> io::Result<()> {
        let mut head = [0; 8];
        client.read_exact(&mut head)?;
        let port = u16::from_be_bytes([head[2], head[3]]);
        let address = Ipv4Addr::new(head[4], head[5], head[6], head[7]);
        text_to_zero(&mut client)?;
        let is_name = head[4..7] == [0, 0, 0] && head[7] != 0;
        let host = if is_name { text_to_zero(&mut client)? } else { address.to_string() };
        self.note(format!("SOCKS4 {host}:{port}"));
        client.write_all(&[0, 90, 0, 0, 0, 0, 0, 0])?;
        join(client, TcpStream::connect(self.upstream)?)
    }

    fn socks5(&self, mut client: TcpStream) -> io::Result<()> {
        let mut greeting = [0; 2];
        client.read_exact(&mut greeting)?;
        let mut methods = vec![0; usize::from(greeting[1])];
        client.read_exact(&mut methods)?;
        match self.pair {
            None => client.write_all(&[5, 0])?,
            Some(_) if !methods.contains(&2) => return client.write_all(&[5, 0xff]),
            Some(pair) => {
                client.write_all(&[5, 2])?;
                client.read_exact(&mut [0])?;
                let (name, password) = (counted(&mut client)?, counted(&mut client)?);
                let refused = format!("{name}:{password}") != pair;
                client.write_all(&[1, u8::from(refused)])?;
                if refused {
                    return Ok(());
                }
            }
        }
        let mut request = [0; 4];
        client.read_exact(&mut request)?;
        let host = match request[3] {
            1 => {
                let mut bytes = [0; 4];
                client.read_exact(&mut bytes)?;
                Ipv4Addr::from(bytes).to_string()
            }
            4 => {
                let mut bytes = [0; 16];
                client.read_exact(&mut bytes)?;
                format!("[{}]", Ipv6Addr::from(bytes))
            }
            _ => counted(&mut client)?,
        };
        let mut port = [0; 2];
        client.read_exact(&mut port)?;
        self.note(format!("SOCKS5 {host}:{}", u16::from_be_bytes(port)));
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
        join(client, TcpStream::connect(self.upstream)?)
    }
}

/// All of a head, with the empty line at its end.
fn head(reader: &mut impl io::BufRead) -> io::Result<String> {
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    Ok(head)
}

fn length(head: &str) -> u64 {
    let lower = head.to_lowercase();
    let value = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    value.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn copy(from: &mut impl Read, to: &mut impl Write, length: u64) -> io::Result<()> {
    io::copy(&mut from.take(length), to).map(drop)
}

fn counted(client: &mut TcpStream) -> io::Result<String> {
    let mut count = [0];
    client.read_exact(&mut count)?;
    let mut bytes = vec![0; usize::from(count[0])];
    client.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn text_to_zero(client: &mut TcpStream) -> io::Result<String> {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    loop {
        client.read_exact(&mut byte)?;
        match byte[0] {
            0 => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
            other => bytes.push(other),
        }
    }
}

/// Passes on what comes from either side, until one of them ends.
fn join(client: TcpStream, upstream: TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (client.try_clone()?, upstream.try_clone()?);
    let back = thread::spawn(move || {
        let (mut upstream, mut client) = (upstream, client);
        let _ = io::copy(&mut upstream, &mut client);
        let _ = client.shutdown(Shutdown::Both);
    });
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
    let _ = back.join();
    Ok(())
}
