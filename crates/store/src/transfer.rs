//! Whole objects over connections that may break: counted, hashed, resumed.
//!
//! An object is read in one stream. Where the stream breaks off, the rest is asked for from that
//! byte on, on condition that the object is still the same (its ETag). If it is another one by now,
//! all starts anew, so that what arrives is always one state of the object.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::backend::Backend;
use crate::retry::Tries;
use crate::store::SHA256;
use crate::{Condition, Content, Download, Error, Head, LARGEST, Upload, encoding};

/// Up to here, a streamed copy goes through memory; above, through a temporary file.
const SMALL: u64 = 8 * 1024 * 1024;
/// Times that the object may change while it is read.
const CHANGES: u32 = 5;

/// A whole object of at most `limit` bytes in memory, as it was before it was encoded.
pub(crate) fn get(backend: &dyn Backend, key: &str, limit: u64) -> Result<Option<Content>, Error> {
    let Some(content) = raw(backend, key, limit)? else {
        return Ok(None);
    };
    encoding::undo(content, limit, &|| backend.show(key)).map(Some)
}

/// A whole object in memory, byte for byte.
fn raw(backend: &dyn Backend, key: &str, limit: u64) -> Result<Option<Content>, Error> {
    let mut bytes = Vec::new();
    let head = receive(backend, key, Some(limit), &mut Memory(&mut bytes))?;
    Ok(head.map(|head| Content { head, bytes }))
}

/// A whole object in a file, with its SHA-256.
pub(crate) fn download(
    backend: &dyn Backend,
    key: &str,
    file: &mut File,
) -> Result<Option<Download>, Error> {
    let mut hashed = Hashed {
        file,
        path: PathBuf::from(format!("the file for {}", backend.show(key))),
        hash: checksum::Hasher::default(),
    };
    let head = receive(backend, key, None, &mut hashed)?;
    Ok(head.map(|head| Download { head, sha256: hashed.hash.finish() }))
}

/// Copies through this machine: small ones in memory, others through a temporary file.
pub(crate) fn stream(
    from: &dyn Backend,
    from_key: &str,
    to: &dyn Backend,
    key: &str,
    condition: Condition,
) -> Result<String, Error> {
    let missing = || Error::NotFound { key: from.show(from_key) };
    let head = from.head(from_key)?.ok_or_else(missing)?;
    if head.size <= SMALL {
        let content = raw(from, from_key, LARGEST)?.ok_or_else(missing)?;
        let head = hashed(content.head, checksum::of_bytes(&content.bytes), from, from_key)?;
        let metadata = pairs(&head);
        return to.put(key, &content.bytes, &same(&head, &metadata, condition, to));
    }
    let folder = std::env::temp_dir();
    let mut file = scratch::File::new_in(&folder, "slipway-copy-")
        .map_err(|source| Error::Local { path: folder, source })?;
    let download = download(from, from_key, file.file())?.ok_or_else(missing)?;
    let head = hashed(download.head, download.sha256, from, from_key)?;
    let metadata = pairs(&head);
    to.put_file(key, file.path(), &same(&head, &metadata, condition, to))
}

/// What is said about an object that has arrived with this checksum, the checksum included. One
/// that came with another is damaged.
fn hashed(mut head: Head, sha256: String, from: &dyn Backend, key: &str) -> Result<Head, Error> {
    match head.metadata.get(SHA256) {
        Some(known) if known.len() == sha256.len() && !known.eq_ignore_ascii_case(&sha256) => {
            Err(Error::Corrupt {
                key: from.show(key),
                detail: format!("its checksum is {sha256}, and should be {known}"),
            })
        }
        // What is no checksum in hex, somebody else has written, and means something by it.
        Some(_) => Ok(head),
        None => {
            head.metadata.insert(SHA256.to_owned(), sha256);
            Ok(head)
        }
    }
}

fn pairs(head: &Head) -> Vec<(&str, &str)> {
    head.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn same<'a>(
    head: &'a Head,
    metadata: &'a [(&'a str, &'a str)],
    condition: Condition,
    to: &dyn Backend,
) -> Upload<'a> {
    let content_type = head.content_type.as_deref().unwrap_or("application/octet-stream");
    let content_encoding = head.content_encoding.as_deref().filter(|_| to.keeps_encoding());
    Upload { content_type, content_encoding, condition, metadata, acl: None }
}

/// Where the bytes of an object go.
trait Sink {
    /// Forgets what came so far: the object starts anew, and will have `size` bytes.
    fn restart(&mut self, size: u64) -> Result<(), Error>;
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

struct Memory<'a>(&'a mut Vec<u8>);

impl Sink for Memory<'_> {
    fn restart(&mut self, size: u64) -> Result<(), Error> {
        self.0.clear();
        // Not all at once on the service's word: it may lie about the size.
        self.0.reserve(usize::try_from(size.min(1024 * 1024)).unwrap_or_default());
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

struct Hashed<'a> {
    file: &'a mut File,
    path: PathBuf,
    hash: checksum::Hasher,
}

impl Hashed<'_> {
    fn local(path: &Path) -> impl Fn(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Local { path: path.clone(), source }
    }
}

impl Sink for Hashed<'_> {
    fn restart(&mut self, _size: u64) -> Result<(), Error> {
        self.hash = checksum::Hasher::default();
        self.file.set_len(0).map_err(Self::local(&self.path))?;
        self.file.rewind().map_err(Self::local(&self.path))
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.file.write_all(bytes).map_err(Self::local(&self.path))
    }
}

/// Reads one state of an object into `sink`, in as many connections as it takes.
fn receive(
    backend: &dyn Backend,
    key: &str,
    limit: Option<u64>,
    sink: &mut dyn Sink,
) -> Result<Option<Head>, Error> {
    let mut changes = 0;
    let mut tries = Tries::new(backend.patience());
    loop {
        let Some(first) = backend.read(key, 0, None)? else {
            return Ok(None);
        };
        let head = first.head;
        if let Some(limit) = limit.filter(|limit| head.size > *limit) {
            return Err(Error::TooLarge { key: backend.show(key), limit });
        }
        sink.restart(head.size)?;
        if rest(backend, key, &head, first.body, sink, &mut tries)? {
            return Ok(Some(head));
        }
        changes += 1;
        if changes == CHANGES {
            return Err(Error::Corrupt {
                key: backend.show(key),
                detail: format!("it changed {CHANGES} times while it was read"),
            });
        }
    }
}

/// Reads a started object to its end. False: it is another object by now.
fn rest(
    backend: &dyn Backend,
    key: &str,
    head: &Head,
    mut body: Box<dyn Read + Send>,
    sink: &mut dyn Sink,
    tries: &mut Tries,
) -> Result<bool, Error> {
    let mut arrived = 0;
    loop {
        let failure = pump(&mut *body, &mut arrived, head.size, sink)
            .map_err(|broken| match broken {
                Broken::Sink(error) => Err(error),
                Broken::Stream(error) => Ok(error),
            })
            .map_or_else(|error| error.map(Some), |()| Ok(None))?;
        if arrived > head.size {
            return Err(Error::Corrupt {
                key: backend.show(key),
                detail: format!("more than the announced {} bytes came", head.size),
            });
        }
        if arrived == head.size {
            return Ok(true);
        }
        tries.reached(arrived);
        if !tries.again(timed_out(failure.as_ref())) {
            let why = failure.map_or_else(String::new, |error| format!(": {error}"));
            return Err(Error::Corrupt {
                key: backend.show(key),
                detail: format!("it breaks off after {arrived} of {} bytes{why}", head.size),
            });
        }
        body = match backend.read(key, arrived, Some(&head.etag)) {
            Ok(Some(again)) if again.head.is_of(head) => again.body,
            Ok(_) | Err(Error::Precondition { .. }) => return Ok(false),
            // There is no more: what announced the size was wrong, or is out of date.
            Err(Error::Service { status: 416, .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
    }
}

/// Was it given up, and not broken?
pub(crate) fn timed_out(failure: Option<&io::Error>) -> bool {
    failure.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

enum Broken {
    Sink(Error),
    Stream(io::Error),
}

/// Moves what the stream yields, up to one byte more than expected.
fn pump(
    body: &mut dyn Read,
    arrived: &mut u64,
    size: u64,
    sink: &mut dyn Sink,
) -> Result<(), Broken> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Broken::Stream(error)),
        };
        *arrived += count as u64;
        if *arrived > size {
            return Ok(());
        }
        sink.take(&buffer[..count]).map_err(Broken::Sink)?;
    }
}
