//! A real SeaweedFS, started for the tests.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The access key of one who may read and write every bucket. Not make them: a write to a missing
/// bucket by an administrator makes the bucket.
pub const ACCESS_KEY: &str = "AKIDSEAWEED";
/// Its secret.
pub const SECRET_KEY: &str = "seaweed-secret";

/// Buckets whose names begin so can be read and listed by anybody.
const PUBLIC: &str = "public-";

/// How long SeaweedFS may take to start; about 3 s are usual.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the server until its standard input closes, which also happens when the test process is
/// killed; then ends it by its process id and removes its data.
const KEEPER: &str = r#"
folder=$1; ports=$2; shift 2
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
cat >/dev/null
kill -9 "$server"
wait "$server" 2>/dev/null
rm -rf -- "$folder"
for port in $ports; do rm -f /tmp/seaweedfs-*-grpc-"$port".sock; done
"#;

/// A running SeaweedFS on free ports and a fresh folder. It ends when this value is dropped, or when
/// the process ends in any way.
#[derive(Debug)]
pub struct Server {
    keeper: Child,
    s3: u16,
    filer: u16,
    next_bucket: AtomicU32,
}

impl Server {
    /// The one that all tests of this process share: take a bucket of your own there.
    ///
    /// # Panics
    /// As [`Server::start`], for each caller, but it is tried once only.
    #[must_use]
    pub fn shared() -> &'static Server {
        static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();
        SHARED
            .get_or_init(Server::try_start_with_other_ports)
            .as_ref()
            .unwrap_or_else(|report| panic!("{report}"))
    }

    /// Starts one and waits until it serves.
    ///
    /// # Panics
    /// When there is no `weed` (the message says how to get it), or it does not start.
    #[must_use]
    pub fn start() -> Server {
        Server::try_start_with_other_ports().unwrap_or_else(|report| panic!("{report}"))
    }

    fn try_start_with_other_ports() -> Result<Server, String> {
        let weed = weed();
        let mut report = String::new();
        // A port can be taken between our look and the server's: then once more, with others.
        for _ in 0..2 {
            match Server::try_start(&weed) {
                Ok(server) => return Ok(server),
                Err(problem) => report = problem,
            }
        }
        Err(format!("SeaweedFS ({}) does not start: {report}", weed.display()))
    }

    fn try_start(weed: &Path) -> Result<Server, String> {
        let folder = tempfile::Builder::new()
            .prefix("slipway-seaweedfs-")
            .tempdir()
            .expect("a temporary folder")
            .keep();
        let config = folder.join("s3.json");
        fs::write(&config, config_text()).expect("the configuration of the S3 server");
        let sockets: Vec<TcpListener> =
            (0..9).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
        let ports: Vec<u16> = sockets
            .iter()
            .map(|socket| socket.local_addr().expect("the port just bound").port())
            .collect();
        drop(sockets);

        let options = [
            format!("-dir={}", folder.display()),
            "-ip=127.0.0.1".to_owned(),
            "-ip.bind=127.0.0.1".to_owned(),
            format!("-master.port={}", ports[0]),
            format!("-master.port.grpc={}", ports[1]),
            "-master.volumeSizeLimitMB=64".to_owned(),
            "-master.telemetry=false".to_owned(),
            format!("-volume.port={}", ports[2]),
            format!("-volume.port.grpc={}", ports[3]),
            // The defaults count the free disk: on one that is nearly full, which is none of the
            // tests' business, SeaweedFS would take no write at all.
            "-volume.max=1000".to_owned(),
            "-volume.minFreeSpace=1MiB".to_owned(),
            "-filer".to_owned(),
            format!("-filer.port={}", ports[4]),
            format!("-filer.port.grpc={}", ports[5]),
            format!("-filer.localSocket={}/filer.sock", folder.display()),
            "-s3".to_owned(),
            format!("-s3.port={}", ports[6]),
            format!("-s3.port.grpc={}", ports[7]),
            "-s3.port.iceberg=0".to_owned(),
            "-s3.port.lance=0".to_owned(),
            "-s3.iam=false".to_owned(),
            format!("-s3.localSocket={}/s3.sock", folder.display()),
            format!("-s3.config={}", config.display()),
        ];
        let keeper = Command::new("/bin/sh")
            .args(["-c", KEEPER, "sh"])
            .arg(&folder)
            .arg([ports[1], ports[3], ports[5], ports[7]].map(|port| port.to_string()).join(" "))
            .arg(weed)
            .arg("server")
            .args(options)
            // Each bucket has its own volumes: one at a time is enough, seven is the default.
            .env("WEED_MASTER_VOLUME_GROWTH_COPY_1", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the tests; the keeper then sees its input close, and cleans up.
            .process_group(0)
            .spawn()
            .expect("a shell");
        let server =
            Server { keeper, s3: ports[6], filer: ports[4], next_bucket: AtomicU32::new(1) };
        server.wait().map_err(|problem| {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(20)..];
            format!("{problem}\n{}", last.join("\n"))
        })?;
        Ok(server)
    }

    /// Waits until an object that went in by one door comes out at the other, through all parts.
    fn wait(&self) -> Result<(), String> {
        let start = Instant::now();
        let object = format!("/{PUBLIC}ready/ready");
        let mut problem = "not tried yet".to_owned();
        while start.elapsed() < PATIENCE {
            let written = http(self.filer, "PUT", &format!("/buckets{object}"), b"ready");
            let read = written.and_then(|_| http(self.s3, "GET", &object, b""));
            match read {
                Ok(body) if body == b"ready" => return Ok(()),
                Ok(body) => problem = format!("it serves {:?}", String::from_utf8_lossy(&body)),
                Err(error) => problem = error,
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("after {PATIENCE:?}: {problem}"))
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.s3)
    }

    /// The variables that point a process at this server, with the right credentials.
    #[must_use]
    pub fn env(&self) -> BTreeMap<String, String> {
        crate::s3_env(&self.endpoint(), ACCESS_KEY, SECRET_KEY)
    }

    /// Makes a bucket for this call alone.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn create_bucket(&self) -> String {
        self.make("bucket-")
    }

    /// Makes a bucket for this call alone that anybody can read and list.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn create_public_bucket(&self) -> String {
        self.make(PUBLIC)
    }

    fn make(&self, prefix: &str) -> String {
        let number = self.next_bucket.fetch_add(1, Ordering::Relaxed);
        let name = format!("{prefix}{number}");
        self.create_bucket_named(&name);
        name
    }

    /// Makes a bucket of this name: readable by anybody if it begins with `public-`.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn create_bucket_named(&self, name: &str) {
        // A bucket is a folder of the filer; this spares the test kit a signing client.
        http(self.filer, "POST", &format!("/buckets/{name}/"), b"")
            .unwrap_or_else(|error| panic!("cannot make bucket {name}: {error}"));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn config_text() -> String {
    format!(
        r#"{{"identities": [
            {{"name": "writer",
              "credentials": [{{"accessKey": "{ACCESS_KEY}", "secretKey": "{SECRET_KEY}"}}],
              "actions": ["Read", "Write", "List", "Tagging"]}},
            {{"name": "anonymous", "actions": ["Read:{PUBLIC}*", "List:{PUBLIC}*"]}}
        ]}}"#
    )
}

/// Finds the program.
fn weed() -> PathBuf {
    if let Some(path) = std::env::var_os("SLIPWAY_WEED").filter(|path| !path.is_empty()) {
        return path.into();
    }
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/venv/bin/weed");
    assert!(
        installed.is_file(),
        "these tests need SeaweedFS: run `tests/install-seaweedfs.sh` once (`make test` does), \
         or set SLIPWAY_WEED to the path of its program `weed`"
    );
    installed
}

/// A plain HTTP/1.0 request to this machine; the body of a 2xx answer.
fn http(port: u16, method: &str, path: &str, body: &[u8]) -> Result<Vec<u8>, String> {
    let attempt = || -> std::io::Result<(String, Vec<u8>)> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = BufReader::new(stream);
        let mut status = String::new();
        answer.read_line(&mut status)?;
        let mut line = String::new();
        while answer.read_line(&mut line)? > 2 {
            line.clear();
        }
        let mut body = Vec::new();
        answer.read_to_end(&mut body)?;
        Ok((status, body))
    };
    let (status, body) = attempt().map_err(|error| format!("{method} {path}: {error}"))?;
    if status.split(' ').nth(1).is_some_and(|code| code.starts_with('2')) {
        Ok(body)
    } else {
        Err(format!("{method} {path}: {}", status.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_serves_until_it_is_dropped_and_leaves_nothing() {
        let server = Server::start();
        let (public, private) = (server.create_public_bucket(), server.create_bucket());
        for bucket in [&public, &private] {
            http(server.filer, "PUT", &format!("/buckets/{bucket}/key"), b"text").unwrap();
        }
        assert_eq!(http(server.s3, "GET", &format!("/{public}/key"), b"").unwrap(), b"text");
        let refused = http(server.s3, "GET", &format!("/{private}/key"), b"").unwrap_err();
        assert!(refused.contains("403"), "{refused}");

        let port = server.s3;
        drop(server);
        assert!(http(port, "GET", "/", b"").is_err());
    }
}
