//! A fresh bucket on one of the services.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use location::{Region, Service};
use store::{Access, Options, Store, Upload};
use test_kit::{s3, seaweed};

/// The services that the suite runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The folder store.
    Folder,
    /// The S3 server of the test kit.
    InProcess,
    /// A real SeaweedFS.
    SeaweedFs,
}

/// A bucket of its own.
pub struct Place {
    pub kind: Kind,
    pub service: Service,
    pub bucket: String,
    pub env: BTreeMap<String, String>,
    server: Server,
}

/// An open bucket, whose server lives as long.
pub struct Open {
    store: Store,
    _server: Server,
}

impl std::ops::Deref for Open {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// What must live as long as the bucket.
#[derive(Clone)]
enum Server {
    Folder(Arc<scratch::Folder>),
    InProcess(Arc<s3::Server>),
    SeaweedFs(&'static seaweed::Server),
}

impl Place {
    /// An empty bucket, on a fresh server where that is cheap.
    pub fn new(kind: Kind) -> Place {
        let server = match kind {
            Kind::Folder => Server::Folder(Arc::new(scratch::Folder::new("store-test-").unwrap())),
            Kind::InProcess => Server::InProcess(Arc::new(s3::Server::start())),
            Kind::SeaweedFs => Server::SeaweedFs(seaweed::Server::shared()),
        };
        Place::on(kind, server, false)
    }

    /// Another empty bucket of the same server.
    pub fn sibling(&self) -> Place {
        Place::on(self.kind, self.server.clone(), false)
    }

    /// Another empty bucket of the same server, which anybody can read.
    pub fn public_sibling(&self) -> Place {
        Place::on(self.kind, self.server.clone(), true)
    }

    fn on(kind: Kind, server: Server, public: bool) -> Place {
        let endpoint =
            |url: String| Service::Endpoint { url, region: Region::parse(None).unwrap() };
        let (service, bucket, env) = match &server {
            Server::Folder(root) => {
                let number = std::fs::read_dir(root.path()).unwrap().count();
                let bucket = format!("bucket-{number}");
                std::fs::create_dir(root.path().join(&bucket)).unwrap();
                let root = root.path().to_owned();
                (Service::Folder { root }, bucket, BTreeMap::new())
            }
            Server::InProcess(server) => {
                let bucket = (1..)
                    .map(|number| format!("bucket-{number}"))
                    .find(|name| server.create_bucket(name))
                    .unwrap();
                server.set_public(&bucket, public);
                (endpoint(server.endpoint()), bucket, server.env())
            }
            Server::SeaweedFs(server) => {
                let bucket =
                    if public { server.create_public_bucket() } else { server.create_bucket() };
                (endpoint(server.endpoint()), bucket, server.env())
            }
        };
        Place { kind, service, bucket, env, server }
    }

    /// The in-process server.
    pub fn server(&self) -> &s3::Server {
        match &self.server {
            Server::InProcess(server) => server,
            _ => panic!("{:?} is not in this process", self.kind),
        }
    }

    /// The bucket, with the right credentials and small parts.
    pub fn open(&self) -> Open {
        self.open_with(options())
    }

    /// The bucket, as nobody.
    pub fn open_anonymously(&self) -> Open {
        self.open_with(Options { access: Access::Anonymous, ..options() })
    }

    /// The bucket, with other options.
    pub fn open_with(&self, options: Options) -> Open {
        let env = |name: &str| self.env.get(name).cloned();
        Open {
            store: Store::open(&self.service, &self.bucket, options, &env).unwrap(),
            _server: self.server.clone(),
        }
    }
}

/// The smallest parts that real services take.
pub fn options() -> Options {
    Options { part_size: 5 << 20, multipart_threshold: 6 << 20, ..Options::default() }
}

/// Writes an object of plain text.
pub fn put(store: &Store, key: &str, text: &str) -> String {
    store.put(key, text.as_bytes(), &Upload::new("text/plain")).unwrap()
}

/// What an object holds, as text.
pub fn text(store: &Store, key: &str) -> Option<String> {
    let content = store.get(key).unwrap()?;
    Some(String::from_utf8(content.bytes).unwrap())
}

/// All keys below a prefix.
pub fn keys(store: &Store, prefix: &str) -> Vec<String> {
    let objects = store.list(prefix).unwrap();
    objects.into_iter().map(|object| object.key).collect()
}

/// Bytes that no two keys share and no compression shrinks, always the same ones.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Runs `work` on so many threads at once, and returns what they return.
pub fn together<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let work = &work;
    thread::scope(|scope| {
        let running: Vec<_> =
            (0..threads).map(|number| scope.spawn(move || work(number))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
