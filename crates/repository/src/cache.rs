//! The local cache of manifests: one file a repository, with all of its manifests in it.
//!
//! It saves requests, never answers a question by itself: what it holds is used only for a key and
//! tag that the store has just listed. One file is read and written as a whole, so that a cache of
//! 10,000 manifests costs one open, has no old entries to clean up, and can be used by several
//! processes at once: each replaces it atomically, and the loser of a race loses a few hits. A
//! cache that cannot be read or written is no error; the manifests are fetched.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use location::{Env, Location};

use crate::Stored;

/// First line of a cache file; another one is another version, and ignored.
const HEADER: &[u8] = b"slipway manifests 1\n";

/// How many bytes of checksum end a cache file.
const CHECKSUM: usize = 64;

/// The cache of one repository.
#[derive(Debug, Clone)]
pub struct Cache {
    file: PathBuf,
}

/// What a cache file held.
#[derive(Debug, Default)]
pub struct Cached {
    bytes: Vec<u8>,
    /// (key, tag) → range in `bytes`.
    entries: HashMap<(String, String), std::ops::Range<usize>>,
}

/// The folder used when none is named: `$XDG_CACHE_HOME/slipway/manifests`, else the same below
/// `~/.cache`; `None` where neither variable is set.
#[must_use]
pub fn default_folder(env: Env<'_>) -> Option<PathBuf> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("slipway").join("manifests"))
}

impl Cache {
    /// The cache of the repository at `location` in `folder`; `None` for the folder store, whose
    /// manifests are as near as the cache would be.
    #[must_use]
    pub fn at(folder: &Path, location: &Location) -> Option<Self> {
        if matches!(location.service, location::Service::Folder { .. }) {
            return None;
        }
        // The service is part of the name: two services may have buckets of one name.
        let place = format!("{:?}\n{}\n{}", location.service, location.bucket, location.key(""));
        let digest = checksum::of_bytes(place);
        Some(Self { file: folder.join(format!("{}.pack", &digest[..32])) })
    }

    /// What the cache holds; nothing, if it is missing or damaged.
    #[must_use]
    pub fn load(&self) -> Cached {
        let Ok(bytes) = fs::read(&self.file) else {
            return Cached::default();
        };
        match index_entries(&bytes) {
            Some(entries) => Cached { bytes, entries },
            None => Cached::default(),
        }
    }

    /// Replaces the cache by these manifests, atomically.
    pub fn save(&self, manifests: &[Stored]) {
        // A full disk or a read-only home costs the next run its hits, nothing else.
        let _unsaved = self.try_save(manifests);
    }

    fn try_save(&self, manifests: &[Stored]) -> io::Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        scratch::make_private(folder)?;
        let mut bytes = HEADER.to_vec();
        for stored in manifests {
            let (key, etag, content) = (&stored.key, &stored.etag, stored.bytes());
            let sizes = format!("{} {} {}\n", key.len(), etag.len(), content.len());
            for part in [sizes.as_bytes(), key.as_bytes(), etag.as_bytes(), content, b"\n"] {
                bytes.extend_from_slice(part);
            }
        }
        let digest = checksum::of_bytes(&bytes);
        let mut file = scratch::File::new_in(folder, ".manifests-")?;
        file.file().write_all(&bytes)?;
        file.file().write_all(digest.as_bytes())?;
        file.persist(&self.file)?;
        Ok(())
    }
}

impl Cached {
    /// The manifest's bytes, if this very version of it is here.
    #[must_use]
    pub fn get(&self, key: &str, etag: &str) -> Option<&[u8]> {
        let range = self.entries.get(&(key.to_owned(), etag.to_owned()))?;
        self.bytes.get(range.clone())
    }
}

/// Finds the entries of a cache file; `None` when the file is not whole.
fn index_entries(bytes: &[u8]) -> Option<HashMap<(String, String), std::ops::Range<usize>>> {
    let body_end = bytes.len().checked_sub(CHECKSUM)?;
    let (body, digest) = bytes.split_at(body_end);
    if checksum::of_bytes(body).as_bytes() != digest || !body.starts_with(HEADER) {
        return None;
    }
    let mut entries = HashMap::new();
    let mut at = HEADER.len();
    while at < body.len() {
        let line_end = at + body[at..].iter().position(|&byte| byte == b'\n')?;
        let sizes = std::str::from_utf8(&body[at..line_end]).ok()?;
        let mut sizes = sizes.split(' ').map(|size| size.parse::<usize>().ok());
        let mut take = |from: usize| -> Option<std::ops::Range<usize>> {
            let end = from.checked_add(sizes.next()??)?;
            (end <= body.len()).then_some(from..end)
        };
        let key = take(line_end + 1)?;
        let etag = take(key.end)?;
        let content = take(etag.end)?;
        at = content.end + 1;
        let text = |range| Some(std::str::from_utf8(&body[range]).ok()?.to_owned());
        entries.insert((text(key)?, text(etag)?), content);
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use location::{Prefix, Region, Service};

    use super::*;

    fn location(url: &str) -> Location {
        let service = Service::Endpoint { url: url.to_owned(), region: Region::default() };
        Location::new(service, "bucket", Prefix::parse("p/").unwrap()).unwrap()
    }

    fn stored(key: &str, etag: &str) -> Stored {
        let text = r#"{"name": "a/b", "version": "1", "text": "line\nline"}"#;
        let (name, etag) = (key.to_owned(), etag.to_owned());
        Stored::new(name.clone(), name, etag, Timestamp::UNIX_EPOCH, text.as_bytes()).unwrap()
    }

    #[test]
    fn it_gives_back_what_it_was_given_and_nothing_else() {
        let folder = scratch::Folder::new("cache-test-").unwrap();
        let cache = Cache::at(folder.path(), &location("http://one")).unwrap();
        assert!(cache.load().get("p/a", "1").is_none());
        cache.save(&[stored("p/a", "1"), stored("p/b c\n", "")]);

        let cached = cache.load();
        let bytes = cached.get("p/a", "1").unwrap();
        assert_eq!(bytes, stored("p/a", "1").bytes());
        assert!(cached.get("p/b c\n", "").is_some());
        assert!(cached.get("p/a", "2").is_none());

        let other = Cache::at(folder.path(), &location("http://two")).unwrap();
        assert!(other.load().get("p/a", "1").is_none());
    }

    #[test]
    fn a_damaged_file_is_no_cache() {
        let folder = scratch::Folder::new("cache-test-").unwrap();
        let cache = Cache::at(folder.path(), &location("http://one")).unwrap();
        cache.save(&[stored("p/a", "1")]);
        let whole = fs::read(&cache.file).unwrap();
        for length in 0..whole.len() {
            fs::write(&cache.file, &whole[..length]).unwrap();
            assert!(cache.load().get("p/a", "1").is_none(), "{length} bytes");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            fs::write(&cache.file, &bytes).unwrap();
            assert!(cache.load().get("p/a", "1").is_none(), "byte {at}");
        }
        // A checksum that fits does not make numbers that do not.
        for sizes in ["1 1", "x 1 1", "9999999 1 1", "18446744073709551615 1 1"] {
            let mut bytes = HEADER.to_vec();
            bytes.extend_from_slice(format!("{sizes}\nkey").as_bytes());
            let checksum = checksum::of_bytes(&bytes);
            bytes.extend_from_slice(checksum.as_bytes());
            fs::write(&cache.file, &bytes).unwrap();
            assert!(cache.load().get("p/a", "1").is_none(), "{sizes}");
        }
    }

    #[test]
    fn where_it_is() {
        let check = |xdg: Option<&str>, home: Option<&str>, expected: Option<&str>| {
            let env = |name: &str| match name {
                "XDG_CACHE_HOME" => xdg.map(str::to_owned),
                "HOME" => home.map(str::to_owned),
                _ => None,
            };
            assert_eq!(default_folder(&env), expected.map(PathBuf::from));
        };
        check(Some("/x"), Some("/h"), Some("/x/slipway/manifests"));
        check(Some("x"), Some("/h"), Some("/h/.cache/slipway/manifests"));
        check(Some(""), Some("/h"), Some("/h/.cache/slipway/manifests"));
        check(None, None, None);
    }
}
