//! Checksums and sizes.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};

use sha1::Digest as _;

use crate::Error;

/// What is known of an archive beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Its SHA-1 in hex, as Composer has it.
    pub sha1: Option<String>,
    /// Its SHA-256 in hex.
    pub sha256: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// SHA-1 in hex.
    pub sha1: String,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// Reads a file from its beginning.
///
/// # Errors
/// When it cannot be read.
pub fn sums(file: &mut File) -> io::Result<Sums> {
    file.rewind()?;
    let (mut sha1, mut sha256) = (sha1::Sha1::new(), checksum::Hasher::default());
    let mut size = 0;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                sha1.update(&buffer[..count]);
                sha256.update(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Sums { sha1: checksum::hex(&sha1.finalize()), sha256: sha256.finish(), size })
}

impl Expected {
    /// Checks a file against what is known of it.
    ///
    /// # Errors
    /// [`Error::Differs`].
    pub fn check(&self, sums: &Sums, url: &str) -> Result<(), Error> {
        let differs = |what, got: &str, expected: &str| Error::Differs {
            url: url.to_owned(),
            what,
            got: got.to_owned(),
            expected: expected.to_owned(),
        };
        // The size first: it tells more of what went wrong.
        if let Some(size) = self.size.filter(|size| *size != sums.size) {
            return Err(differs("size", &sums.size.to_string(), &size.to_string()));
        }
        for (what, expected, got) in
            [("SHA-1", &self.sha1, &sums.sha1), ("SHA-256", &self.sha256, &sums.sha256)]
        {
            if let Some(expected) = expected
                && !expected.eq_ignore_ascii_case(got)
            {
                return Err(differs(what, got, expected));
            }
        }
        Ok(())
    }
}
