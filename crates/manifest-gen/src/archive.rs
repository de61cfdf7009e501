//! The checksums of an archive.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use manifest::generate::ArchiveFacts;
use sha1::{Digest as _, Sha1};

use crate::Error;

/// Reads an archive once, piece by piece, for all that a manifest says of it.
pub(crate) fn facts(path: &Path) -> Result<ArchiveFacts, Error> {
    let failed = |source| Error::Archive { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let (mut sha1, mut sha256, mut size) = (Sha1::new(), checksum::Hasher::default(), 0);
    let mut piece = vec![0; 256 * 1024];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => {
                sha1.update(&piece[..length]);
                sha256.update(&piece[..length]);
                size += length as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(ArchiveFacts { sha1: checksum::hex(&sha1.finalize()), sha256: sha256.finish(), size })
}
