//! Objects as listings and the service itself know them.

use std::collections::BTreeMap;
use std::io::Read as _;

use jiff::SignedDuration;
use store::{Object, Store, parallel};

use crate::Error;

/// The objects at these keys, by key, as the service itself knows them: a listing may be behind, or
/// wrong.
pub(crate) fn look(store: &Store, keys: &[String]) -> Result<BTreeMap<String, Object>, Error> {
    let heads = parallel::map(store.parallel(), keys, |key| {
        let object = store.head(key)?.map(|head| Object {
            key: key.clone(),
            size: head.size,
            etag: head.etag,
            modified: head.modified,
            storage_class: None,
        });
        Ok::<_, Error>(object)
    })?;
    Ok(by_key(heads.into_iter().flatten()))
}

/// Objects by their keys.
pub(crate) fn by_key(objects: impl IntoIterator<Item = Object>) -> BTreeMap<String, Object> {
    objects.into_iter().map(|object| (object.key.clone(), object)).collect()
}

/// Whether two are one state of an object. Some services have fractions of seconds in listings only, and
/// round them in their own ways.
pub(crate) fn is_same(left: &Object, right: &Object) -> bool {
    let apart = left.modified.duration_since(right.modified).abs();
    (&left.key, left.size, &left.etag) == (&right.key, right.size, &right.etag)
        && apart <= SignedDuration::from_secs(1)
}

/// The SHA-256 of what is in an object, in hex: all of it is read. `None` without an object.
pub(crate) fn sha256(store: &Store, key: &str) -> Result<Option<String>, Error> {
    let Some(mut stream) = store.stream(key)? else { return Ok(None) };
    let mut hasher = checksum::Hasher::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(Some(hasher.finish())),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) => {
                let local = |source| Error::Local { path: key.into(), source };
                return Err(error.downcast::<store::Error>().map_or_else(local, Error::Store));
            }
        }
    }
}
