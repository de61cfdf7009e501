//! The checksum that an object's metadata promises, and what the file really has.

use std::io;

use crate::Upload;
use crate::store::SHA256;

impl Upload<'_> {
    /// The SHA-256 of the content in hex, where the metadata say it.
    pub(crate) fn promise(&self) -> Option<&str> {
        let found = self.metadata.iter().find(|(name, _)| *name == SHA256);
        found.map(|(_, value)| *value).filter(|value| value.len() == 64)
    }
}

/// Requires that a file has the checksum that its object is going to carry.
pub(crate) fn check(promised: Option<&str>, found: Option<String>) -> io::Result<()> {
    match (promised, found) {
        (Some(promised), Some(found)) if promised != found => {
            Err(io::Error::other(format!("its checksum is {found}, and should be {promised}")))
        }
        _ => Ok(()),
    }
}
