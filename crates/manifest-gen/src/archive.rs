//! The checksums of an archive.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use manifest::generate::ArchiveFacts;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::Error;

/// Reads an archive once, piece by piece, for all that a manifest says of it.
pub(crate) fn facts(path: &Path) -> Result<ArchiveFacts, Error> {
    let failed = |source| Error::Archive {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(failed)?;
    let (mut sha1, mut sha256, mut size) = (Sha1::new(), Sha256::new(), 0);
    let mut piece = vec![0; 256 * 1024];
    loop {
        let length = file.read(&mut piece).map_err(failed)?;
        if length == 0 {
            break;
        }
        sha1.update(&piece[..length]);
        sha256.update(&piece[..length]);
        size += length as u64;
    }
    Ok(ArchiveFacts {
        sha1: hex(&sha1.finalize()),
        sha256: hex(&sha256.finalize()),
        size,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
