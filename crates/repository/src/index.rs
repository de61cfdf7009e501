//! The published index, `packages.json`, as it stands in the store.

use jiff::Timestamp;
use location::Location;
use manifest::Index;
use store::Store;

use crate::Error;
use crate::history::{self, Id};

/// File name of the index below the prefix.
pub const FILE_NAME: &str = "packages.json";

/// The metadata of the index that remembers its public URL: under which its archives are known also
/// where `S3_PUBLIC_URL` is not set.
pub const PUBLIC_URL: &str = "public-url";

/// An index that was read from a store.
#[derive(Debug, Clone)]
pub struct Current {
    /// Its bytes, uncompressed.
    pub bytes: Vec<u8>,
    /// The store's opaque tag of these bytes.
    pub etag: String,
    /// When it was written, by the service's clock.
    pub modified: Timestamp,
    /// Whether it is stored compressed, with `Content-Encoding: gzip`.
    pub gzip: bool,
    /// The generation that it says it is; see [`crate::history`].
    pub generation: Option<Id>,
    /// The public URL that it was published with last.
    pub public_url: Option<String>,
}

impl Current {
    /// The index that these bytes describe; `key` is named in the error.
    pub fn parse(&self, key: &str) -> Result<Index, Error> {
        parse(key, &self.bytes)
    }
}

/// Reads `packages.json` below the location's prefix; `None` when there is none.
pub fn read(store: &Store, location: &Location) -> Result<Option<Current>, Error> {
    read_key(store, &location.key(FILE_NAME))
}

/// The same location, which also recognises the public URL that the repository remembers. An index
/// that may not be read remembers none.
///
/// # Errors
/// As of the store.
pub fn recognise(store: &Store, location: &Location) -> Result<Location, Error> {
    let head = match store.head(&location.key(FILE_NAME)) {
        Err(store::Error::AccessDenied { .. }) => None,
        head => head?,
    };
    let url = head.and_then(|head| head.metadata.get(PUBLIC_URL).cloned());
    Ok(known_as(location, url.as_deref()))
}

/// The same location, known by a public URL too.
pub(crate) fn known_as(location: &Location, url: Option<&str>) -> Location {
    let mut location = location.clone();
    let url = url.and_then(|url| location::parse_public_url(url).ok());
    location.known_as.extend(url.filter(|url| location.public_url.as_ref() != Some(url)));
    location
}

/// Reads the index at `key` (`packages.json` or a snapshot); `None` when there is none.
pub fn read_key(store: &Store, key: &str) -> Result<Option<Current>, Error> {
    Ok(store.get(key)?.map(|content| Current {
        generation: content.head.metadata.get(history::METADATA).and_then(|text| Id::parse(text)),
        public_url: content.head.metadata.get(PUBLIC_URL).cloned(),
        modified: content.head.modified,
        gzip: content.head.is_gzip(),
        bytes: content.bytes,
        etag: content.head.etag,
    }))
}

/// Parses the bytes of an index; `name` (key or path) is named in the error.
pub fn parse(name: &str, bytes: &[u8]) -> Result<Index, Error> {
    Index::parse(bytes).map_err(|source| Error::Index { name: name.to_owned(), source })
}
