//! Reads archives to their end: checksums, and whether they would be unpacked. Nothing is kept of
//! them, neither in memory nor on disk.

use std::io::{self, Read};

use archive::{Kind, Limits};
use location::Location;
use sha1::{Digest as _, Sha1};
use store::{Store, Stream, parallel};

use crate::Error;
use crate::check::{Deep, SHA256};

/// How often an archive is read that is being replaced.
const ATTEMPTS: u32 = 3;

/// Reads these archives; one that is gone by now is left out.
///
/// `done` is told each name as soon as it is read.
pub fn read(
    store: &Store,
    location: &Location,
    names: &[String],
    limits: &Limits,
    done: &(dyn Fn(&str) + Sync),
) -> Result<Vec<(String, Deep)>, Error> {
    // Decompressing keeps a processor busy; more threads than that only hide how slow a line is.
    let threads = store.parallel().min(parallel::processors() * 2);
    let read = parallel::map(threads, names, |name| {
        let deep = again(store, &location.key(name), limits);
        done(name);
        Ok::<_, Error>(deep?.map(|deep| (name.clone(), deep)))
    })?;
    Ok(read.into_iter().flatten().collect())
}

/// Reads an archive, from its beginning where it was replaced meanwhile.
fn again(store: &Store, key: &str, limits: &Limits) -> Result<Option<Deep>, Error> {
    let mut attempt = 1;
    loop {
        let Some(stream) = store.stream(key)? else {
            return Ok(None);
        };
        let etag = stream.head().etag.clone();
        let deep = one(key, stream, limits)?;
        let calm = deep.damage.is_none() || attempt == ATTEMPTS;
        if calm || store.head(key)?.is_some_and(|head| head.etag == etag) {
            return Ok(Some(deep));
        }
        attempt += 1;
    }
}

fn one(name: &str, stream: Stream, limits: &Limits) -> Result<Deep, Error> {
    let stored = stream.head().metadata.get(SHA256).cloned();
    let mut hashed = Hashed { stream, size: 0, sha256: Default::default(), sha1: Sha1::new() };
    let unpacked = [".tar.gz", ".tgz"].iter().any(|ending| name.ends_with(ending));
    let mut damage = None;
    if unpacked && let Err(error) = archive::verify(&mut hashed, limits) {
        match (error.kind(), error) {
            (Kind::BadArchive | Kind::BadTree, error) => {
                damage = Some(format!("cannot be unpacked: {error}"));
            }
            (Kind::LocalIo, archive::Error::ReadArchive { source }) => damage = failed(source)?,
            (Kind::LocalIo, error) => return Err(Error::Archive(error)),
        }
    }
    // What was not looked at counts for the checksum all the same.
    match io::copy(&mut hashed, &mut io::sink()) {
        Ok(_) => {}
        Err(error) => damage = failed(error)?.or(damage),
    }
    Ok(Deep {
        size: hashed.size,
        sha256: hashed.sha256.finish(),
        sha1: checksum::hex(&hashed.sha1.finalize()),
        stored,
        damage,
        unpacked,
    })
}

/// What a broken stream means: an object that the store cannot give whole is damaged, a store that
/// does not answer is an error.
fn failed(error: io::Error) -> Result<Option<String>, Error> {
    match error.downcast::<store::Error>() {
        Ok(store::Error::Corrupt { detail, .. }) => Ok(Some(detail)),
        Ok(error) => Err(Error::Store(error)),
        Err(error) => Ok(Some(format!("cannot be read: {error}"))),
    }
}

struct Hashed {
    stream: Stream,
    size: u64,
    sha256: checksum::Hasher,
    sha1: Sha1,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.sha256.update(&buffer[..count]);
        self.sha1.update(&buffer[..count]);
        self.size += count as u64;
        Ok(count)
    }
}
