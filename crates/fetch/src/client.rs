//! Reading from any place.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use location::Location;
use store::{Access, Options, Patience, Store};
use ureq::Agent;

use crate::auth::Auth;
use crate::http::{self, Got, Web};
use crate::verify::{Expected, Sums, sums};
use crate::{Error, Place};

/// How an archive's reader is told of its progress: bytes so far, and all where that is known.
pub type Watch<'a> = &'a dyn Fn(u64, Option<u64>);

/// The largest archive where nothing is known of its size.
const LARGEST_ARCHIVE: u64 = 64 << 30;

type Env = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Reads documents and archives. May be used by several threads at once.
pub struct Client {
    env: Env,
    patience: Patience,
    connections: usize,
    /// Made with the first request over HTTP.
    agent: OnceLock<Agent>,
    stores: Mutex<HashMap<String, Store>>,
    auth: Auth,
}

impl Client {
    /// A client with the patience, the proxies and the credentials of the environment.
    ///
    /// # Errors
    /// When the environment's patience is not valid.
    pub fn new(env: Env, connections: usize) -> Result<Self, Error> {
        let patience = Patience::from_env(&*env).map_err(Error::Store)?;
        Ok(Self::with_patience(env, patience, connections))
    }

    /// The same with other patience.
    pub fn with_patience(env: Env, patience: Patience, connections: usize) -> Self {
        let (agent, stores) = Default::default();
        Self { env, patience, connections, agent, stores, auth: Auth::default() }
    }

    /// The same with credentials for web servers.
    #[must_use]
    pub fn with_auth(self, auth: Auth) -> Self {
        Self { auth, ..self }
    }

    /// How many transfers may be under way at once.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// A whole document of up to `limit` bytes. One that is gzipped, whoever did that, is unpacked;
    /// the limit is for what comes out, too.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn document(&self, place: &Place, limit: u64) -> Result<Vec<u8>, Error> {
        let too_large = || Error::TooLarge { url: place.shown(), limit };
        let bytes = match place {
            Place::Http(url) => http::get(&self.web()?, url, limit)?,
            Place::File(path) => {
                let file = open(path, place)?;
                // Room for all of it, so that it is not copied from one room to the next.
                let size = file.metadata().map_or(0, |about| about.len()).min(limit);
                let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
                file.take(limit + 1)
                    .read_to_end(&mut bytes)
                    .map_err(|source| Error::Local { path: path.clone(), source })?;
                bytes
            }
            Place::Object(bucket, key) => {
                let object =
                    self.store(bucket)?.get_within(key, limit).map_err(store_error(place))?;
                object.ok_or_else(|| Error::NotFound { url: place.shown() })?.bytes
            }
        };
        if bytes.len() as u64 > limit {
            return Err(too_large());
        }
        if !bytes.starts_with(b"\x1f\x8b") {
            return Ok(bytes);
        }
        let mut unpacked = Vec::new();
        flate2::read::MultiGzDecoder::new(&*bytes)
            .take(limit + 1)
            .read_to_end(&mut unpacked)
            .map_err(|source| Error::Gzip { url: place.shown(), source })?;
        if unpacked.len() as u64 > limit { Err(too_large()) } else { Ok(unpacked) }
    }

    /// Reads an archive into a file, whose former content is replaced, and checks it. What differs
    /// from `expected` is read a second time: a proxy may have kept half of it.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::Differs`] when it is not what is expected.
    pub fn archive(
        &self,
        place: &Place,
        expected: &Expected,
        file: &mut File,
        watch: Watch<'_>,
    ) -> Result<Sums, Error> {
        for last in [false, true] {
            self.read(place, expected, None, file, watch)?;
            let found = sums(file).map_err(local(place))?;
            match expected.check(&found, &place.shown()) {
                Err(Error::Differs { .. }) if !last => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(found),
            }
        }
        Err(Error::NotFound { url: place.shown() })
    }

    /// Reads an archive, unless it still is the content that `known` names. Returns the name of what
    /// was read; `None`: nothing was.
    pub(crate) fn read(
        &self,
        place: &Place,
        expected: &Expected,
        known: Option<&str>,
        file: &mut File,
        watch: Watch<'_>,
    ) -> Result<Option<Name>, Error> {
        let limit = expected.size.unwrap_or(LARGEST_ARCHIVE);
        match place {
            Place::Http(url) => {
                let web = self.web()?;
                let got = http::download(&web, url, limit, known, file, watch)?;
                Ok(match got {
                    Got::Whole { etag } => Some(Name(etag)),
                    Got::Unchanged => None,
                })
            }
            Place::File(path) => {
                let mut from = open(path, place)?;
                file.set_len(0).and_then(|()| file.rewind()).map_err(local(place))?;
                let size = io::copy(&mut (&mut from).take(limit + 1), file)
                    .map_err(|source| Error::Local { path: path.clone(), source })?;
                if size > limit {
                    return Err(Error::TooLarge { url: place.shown(), limit });
                }
                watch(size, Some(size));
                Ok(Some(Name(None)))
            }
            Place::Object(bucket, key) => {
                let store = self.store(bucket)?;
                if let Some(known) = known {
                    let head = store.head(key).map_err(store_error(place))?;
                    if head.is_some_and(|head| head.etag == known) {
                        return Ok(None);
                    }
                }
                let found = store.download(key, file).map_err(store_error(place))?;
                let head = found.ok_or_else(|| Error::NotFound { url: place.shown() })?.head;
                watch(head.size, Some(head.size));
                Ok(Some(Name(Some(head.etag))))
            }
        }
    }

    fn web(&self) -> Result<Web<'_>, Error> {
        Ok(Web { agent: self.agent()?, auth: &self.auth, patience: &self.patience })
    }

    fn agent(&self) -> Result<&Agent, Error> {
        if let Some(agent) = self.agent.get() {
            return Ok(agent);
        }
        let agent = store::http::reader(&self.patience, self.connections, &*self.env, None)
            .map_err(Error::Store)?;
        Ok(self.agent.get_or_init(|| agent))
    }

    /// The bucket, opened once: as ourselves, or as nobody where there are no credentials.
    fn store(&self, bucket: &Location) -> Result<Store, Error> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(&bucket.bucket) {
            return Ok(store.clone());
        }
        let options = |access| Options {
            access,
            parallel: self.connections,
            patience: Some(self.patience.clone()),
            ..Options::default()
        };
        let open =
            |access| Store::open(&bucket.service, &bucket.bucket, options(access), &*self.env);
        let store = match open(Access::Credentials) {
            Err(store::Error::NoCredentials { .. }) => open(Access::Anonymous),
            opened => opened,
        };
        let store = store.map_err(Error::Store)?;
        stores.insert(bucket.bucket.clone(), store.clone());
        Ok(store)
    }
}

/// What a server calls a content, if it does.
#[derive(Default)]
pub(crate) struct Name(pub Option<String>);

fn open(path: &Path, place: &Place) -> Result<File, Error> {
    // What is no file may never end.
    let found = std::fs::metadata(path).and_then(|about| {
        if about.is_file() { File::open(path) } else { Err(io::ErrorKind::InvalidInput.into()) }
    });
    found.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::NotFound { url: place.shown() },
        _ => Error::Local { path: path.to_owned(), source },
    })
}

fn local(place: &Place) -> impl Fn(io::Error) -> Error + use<> {
    let path = format!("the file for {}", place.shown());
    move |source| Error::Local { path: path.clone().into(), source }
}

fn store_error(place: &Place) -> impl Fn(store::Error) -> Error + use<> {
    let url = place.shown();
    move |error| match error {
        store::Error::NotFound { .. } => Error::NotFound { url: url.clone() },
        error => Error::Store(error),
    }
}
