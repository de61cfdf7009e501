//! Archives that were read before, by their content.
//!
//! `sha256/<hex>` holds an archive; `sha1/<hex>` and `url/<SHA-256 of the address>` hold the SHA-256
//! of the archive that the checksum or the address stood for, the latter with the server's name of
//! that content on a second line. Every file is written whole under its final name, so any number
//! of processes may share a cache, and nothing in it is believed: an archive's checksum is taken
//! each time. Any file may be removed at any time; an archive's time is that of its last use.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::client::Watch;
use crate::verify::{Expected, Sums, sums};
use crate::{Client, Error, Place};

/// A folder of archives.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache in `folder`, which is made when something is kept.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Reads an archive into `file` as [`Client::archive`] does, from here where it is here.
    ///
    /// # Errors
    /// As [`Client::archive`].
    pub fn archive(
        &self,
        client: &Client,
        place: &Place,
        expected: &Expected,
        file: &mut File,
        watch: Watch<'_>,
    ) -> Result<Sums, Error> {
        if matches!(place, Place::File(_)) {
            return client.archive(place, expected, file, watch);
        }
        let address = self.folder.join("url").join(checksum::of_bytes(place.shown_whole()));
        if let Some(sha256) = self.known(expected)
            && let Some(found) = self.take(&sha256, expected, file)?
        {
            watch(found.size, Some(found.size));
            return Ok(found);
        }
        // Without a checksum the server says whether it still has what we have.
        let remembered = Remembered::read(&address)
            .filter(|known| known.name.is_some() && self.blob(&known.sha256).is_file());
        let mut got = None;
        if let Some(known) = remembered {
            got = client.read(place, expected, known.name.as_deref(), file, watch)?;
            if got.is_none()
                && let Some(found) = self.take(&known.sha256, expected, file)?
            {
                return Ok(found);
            }
        }
        // Nothing is here, or what was here has gone bad.
        let name = match got {
            Some(name) => name,
            None => client.read(place, expected, None, file, watch)?.unwrap_or_default(),
        };
        let found = sums(file).map_err(|source| self.local(source))?;
        if expected.check(&found, &place.shown()).is_err() {
            let found = client.archive(place, expected, file, watch)?;
            // What cannot be kept, on a disk that is full, is fetched again the next time.
            let _unkept = self.keep(file, &found, &address, None);
            return Ok(found);
        }
        let _unkept = self.keep(file, &found, &address, name.0);
        Ok(found)
    }

    /// The SHA-256 of what is expected, if checksums tell.
    fn known(&self, expected: &Expected) -> Option<String> {
        let by_sha1 = || {
            let sha1 = expected.sha1.as_ref()?.to_ascii_lowercase();
            is_hex(&sha1, 40).then(|| self.folder.join("sha1").join(sha1))
        };
        match &expected.sha256 {
            Some(sha256) => Some(sha256.to_ascii_lowercase()).filter(|text| is_hex(text, 64)),
            None => Remembered::read(&by_sha1()?).map(|known| known.sha256),
        }
    }

    /// Copies what is here into `file`, if it is what its name says and what is expected.
    fn take(
        &self,
        sha256: &str,
        expected: &Expected,
        file: &mut File,
    ) -> Result<Option<Sums>, Error> {
        use std::io::Seek as _;
        let blob = self.blob(sha256);
        let Ok(mut from) = File::open(&blob) else {
            return Ok(None);
        };
        let local = |source| self.local(source);
        file.set_len(0).and_then(|()| file.rewind()).map_err(local)?;
        io::copy(&mut from, file).map_err(local)?;
        let found = sums(file).map_err(local)?;
        if found.sha256 != sha256 || expected.check(&found, "").is_err() {
            // Not worth keeping; whoever else finds it bad may have removed it.
            let _ = fs::remove_file(&blob);
            return Ok(None);
        }
        // So that whoever clears the cache sees what is in use; it need not be ours to touch.
        let _ = from.set_modified(SystemTime::now());
        Ok(Some(found))
    }

    fn keep(
        &self,
        file: &mut File,
        sums: &Sums,
        address: &Path,
        name: Option<String>,
    ) -> io::Result<()> {
        use std::io::Seek as _;
        let blob = self.blob(&sums.sha256);
        if !blob.is_file() {
            let mut copy = self.begin(&blob)?;
            file.rewind()?;
            io::copy(file, copy.file())?;
            copy.persist(&blob)?;
        }
        let text = format!("{}\n{}\n", sums.sha256, name.unwrap_or_default());
        for path in [self.folder.join("sha1").join(&sums.sha1), address.to_owned()] {
            let mut note = self.begin(&path)?;
            note.file().write_all(text.as_bytes())?;
            note.persist(&path)?;
        }
        Ok(())
    }

    fn begin(&self, path: &Path) -> io::Result<scratch::File> {
        let folder = path.parent().unwrap_or(&self.folder);
        scratch::make_private(folder)?;
        scratch::File::new_in(folder, ".new-")
    }

    fn blob(&self, sha256: &str) -> PathBuf {
        self.folder.join("sha256").join(sha256)
    }

    fn local(&self, source: io::Error) -> Error {
        Error::Local { path: self.folder.clone(), source }
    }
}

/// What an address or a checksum stood for.
struct Remembered {
    sha256: String,
    name: Option<String>,
}

impl Remembered {
    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut lines = text.lines();
        let sha256 = lines.next().filter(|line| is_hex(line, 64))?.to_owned();
        let name = lines.next().filter(|line| !line.is_empty()).map(str::to_owned);
        Some(Self { sha256, name })
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
