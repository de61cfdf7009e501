//! What was taken away, and for how long it can come back.
//!
//! An archive that a removal, a sync, an overwriting deploy or a garbage collection takes away moves
//! below `.slipway/removed/`, and its key is free at once:
//!
//! ```text
//! .slipway/removed/<sha256>                                           the content
//! .slipway/removed/<sha256>-<path>-<generation>-<how>-<random>.json   a tombstone: which key, when, by whom
//! ```
//!
//! A tombstone's name says what a rollback has to know, so that one listing answers it: the checksum
//! of the content, the beginning of the checksum of the path that it had, the number of the last
//! generation in which that path had this content, and whether the path became `free` or got other
//! contents (`over`). When it was written the service says.
//!
//! After a time ([`Keep`]) the next removal, sync or garbage collection removes it for good. What stays
//! is a mark, so that a rollback to a state with that archive refuses, and does not take for it what
//! came to its path later:
//!
//! ```text
//! .slipway/gone/<sha256>-<path>-<generation>-<how>-<random>.json      empty; the name is the tombstone's
//! ```
//!
//! Marks go with the generations that they are about. Of manifests there are none: generations hold
//! them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use location::Location;
use store::{Object, Store};

use crate::Error;

mod remover;

pub use remover::{Aside, Needed, Remover, Taken};

/// The folder below a prefix that holds what was taken away.
pub const FOLDER: &str = ".slipway/removed/";

/// The folder below a prefix with the marks of what is gone for good.
pub const GONE: &str = ".slipway/gone/";

/// How many hex digits of a path's checksum are in a tombstone's name.
const PATH_DIGITS: usize = 24;
/// How many hex digits a SHA-256 has.
const SHA256_DIGITS: usize = 64;

/// How long what was taken away can come back; zero: it is deleted at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep(pub Duration);

impl Default for Keep {
    /// Seven days.
    fn default() -> Self {
        Self(Duration::from_secs(7 * 24 * 3600))
    }
}

impl Keep {
    /// Until when what is taken away at `now` can come back; `None` when it cannot.
    #[must_use]
    pub fn until(self, now: Timestamp) -> Option<Timestamp> {
        let span = SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX);
        (!self.0.is_zero()).then(|| now.checked_add(span).unwrap_or(Timestamp::MAX))
    }

    /// What was taken away before this moment is removed for good at `now`.
    fn before(self, now: Timestamp) -> Timestamp {
        let span = SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX);
        now.checked_sub(span).unwrap_or(Timestamp::MIN)
    }
}

/// One object that was taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The key of the tombstone.
    key: String,
    /// Checksum of the content, in hex.
    pub sha256: String,
    /// The beginning of the checksum of its path below the prefix.
    path: String,
    /// The number of the last generation in which the path had this content.
    generation: u64,
    /// Whether the path became free, or got other contents.
    how: How,
    /// When it was taken away, by the service's clock.
    pub modified: Timestamp,
    /// Whether only a mark is left.
    is_gone: bool,
    /// The end of its name: it begins with the time of the machine that wrote it, which tells the later
    /// of two that a service with a coarse clock has of one time.
    nonce: String,
}

/// What became of the path of an object that was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Nothing is there any more.
    Freed,
    /// Something else was written over it.
    Overwritten,
    /// It is a manifest: generations hold those.
    OldManifest,
}

impl How {
    fn word(self) -> &'static str {
        match self {
            Self::Freed => "free",
            Self::Overwritten => "over",
            Self::OldManifest => "manifest",
        }
    }
}

/// Everything that was taken away and can still come back.
#[derive(Debug, Clone, Default)]
pub struct Removed {
    tombstones: Vec<Tombstone>,
    /// The contents by checksum.
    contents: BTreeMap<String, Object>,
}

/// Lists what was taken away from the repository at `location`.
///
/// # Errors
/// As of the store.
pub fn list(store: &Store, location: &Location) -> Result<Removed, Error> {
    let mut removed = Removed::default();
    for (folder, is_gone) in [(FOLDER, false), (GONE, true)] {
        let folder = location.key(folder);
        removed.add(&folder, store.list_direct(&folder)?, is_gone);
    }
    Ok(removed)
}

impl Removed {
    /// Adds what these objects directly below `folder` say.
    fn add(&mut self, folder: &str, objects: Vec<Object>, is_gone: bool) {
        for object in objects {
            let name = &object.key[folder.len()..];
            if is_sha256(name) && !is_gone {
                self.contents.insert(name.to_owned(), object);
            } else if let Some(tombstone) = Tombstone::parse(name, &object, is_gone) {
                self.tombstones.push(tombstone);
            }
        }
        // What is gone is older than what is not, and its mark was written later.
        let time = |stone: &Tombstone| (!stone.is_gone).then_some(stone.modified);
        self.tombstones.sort_by(|a, b| {
            (a.generation, time(a), &a.nonce).cmp(&(b.generation, time(b), &b.nonce))
        });
    }

    /// Whether something was taken away from `path`.
    #[must_use]
    pub fn knows(&self, path: &str) -> bool {
        self.of(path).next().is_some()
    }

    /// Whether nothing was taken away.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tombstones.is_empty() && self.contents.is_empty()
    }

    /// What `path` held in the generation of this number, if something else has been there since, or
    /// nothing; `None` when what is there now has been there since then.
    #[must_use]
    pub fn at(&self, path: &str, generation: u64) -> Option<&Tombstone> {
        self.of(path).find(|tombstone| tombstone.generation >= generation)
    }

    /// What `path` held when it became free; `None` when it did not since the last change of it.
    #[must_use]
    pub fn freed(&self, path: &str) -> Option<&Tombstone> {
        self.of(path).last().filter(|tombstone| tombstone.how == How::Freed)
    }

    /// Whether the content of a tombstone is still there.
    #[must_use]
    pub fn has(&self, tombstone: &Tombstone) -> bool {
        self.contents.contains_key(&tombstone.sha256)
    }

    fn of(&self, path: &str) -> impl DoubleEndedIterator<Item = &Tombstone> {
        let digest = digest(path);
        self.tombstones.iter().filter(move |tombstone| tombstone.path == digest)
    }

    /// What goes for good: tombstones from before `before`, and the contents that are as old and that no
    /// younger tombstone names.
    fn expired(&self, before: Timestamp) -> (Vec<&Tombstone>, Vec<Object>) {
        let is_old = |modified: Timestamp| modified < before;
        let kept = || self.tombstones.iter().filter(|tombstone| !tombstone.is_gone);
        let old = kept().filter(|tombstone| is_old(tombstone.modified));
        let named = |sha256: &str| {
            let mut young = kept().filter(|stone| !is_old(stone.modified));
            young.any(|tombstone| tombstone.sha256 == sha256)
        };
        let contents = self.contents.iter();
        let contents =
            contents.filter(|(sha256, object)| is_old(object.modified) && !named(sha256));
        (old.collect(), contents.map(|(_, object)| object.clone()).collect())
    }
}

impl Tombstone {
    fn parse(name: &str, object: &Object, is_gone: bool) -> Option<Self> {
        let mut parts = name.strip_suffix(".json")?.split('-');
        let [sha256, path, generation, how, nonce] =
            [parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let known = [How::Freed, How::Overwritten, How::OldManifest];
        let how = known.into_iter().find(|known| known.word() == how)?;
        (is_sha256(sha256) && parts.next().is_none()).then(|| {
            Some(Self {
                how,
                is_gone,
                nonce: nonce.to_owned(),
                key: object.key.clone(),
                sha256: sha256.to_owned(),
                path: path.to_owned(),
                generation: generation.parse().ok()?,
                modified: object.modified,
            })
        })?
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == SHA256_DIGITS
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn digest(path: &str) -> String {
    let mut digest = checksum::of_bytes(path);
    digest.truncate(PATH_DIGITS);
    digest
}

/// The key of the content of a tombstone.
pub(crate) fn content_key(location: &Location, tombstone: &Tombstone) -> String {
    location.key(&format!("{FOLDER}{}", tombstone.sha256))
}

/// Copies what was taken away to `key`, over the object there with the ETag `expected`, or where
/// there is none; returns whether there is an object then, ours or another one.
///
/// # Errors
/// As of the store.
pub(crate) fn restore(
    store: &Store,
    location: &Location,
    key: &str,
    sha256: &str,
    expected: Option<&str>,
) -> Result<bool, Error> {
    let content = location.key(&format!("{FOLDER}{sha256}"));
    match store.copy_over(store, &content, key, expected) {
        Ok(_) => Ok(true),
        Err(store::Error::Precondition { .. } | store::Error::NotFound { .. }) => {
            Ok(store.head(key)?.is_some())
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str, second: i64) -> Object {
        let modified = Timestamp::from_second(second).unwrap();
        let (key, etag) = (key.to_owned(), String::new());
        Object { key, size: 1, etag, modified, storage_class: None }
    }

    fn tombstone(content: char, path: &str, generation: u64, second: i64) -> Tombstone {
        let sha256 = content.to_string().repeat(64);
        let name = format!("{sha256}-{}-{generation:010}-free-abc.json", digest(path));
        Tombstone::parse(&name, &object(&name, second), false).unwrap()
    }

    fn removed(tombstones: Vec<Tombstone>) -> Removed {
        let content = |stone: &Tombstone| (stone.sha256.clone(), object(&stone.sha256, 50));
        Removed { contents: tombstones.iter().map(content).collect(), tombstones }
    }

    #[test]
    fn what_a_path_held_in_a_generation() {
        let mut removed = removed(vec![
            tombstone('a', "x", 2, 10),
            tombstone('b', "y", 3, 10),
            tombstone('c', "x", 5, 20),
        ]);
        let at = |removed: &Removed, path: &str, generation| {
            removed.at(path, generation).map(|stone| stone.sha256[..1].to_owned())
        };
        for (generation, expected) in [(1, "a"), (2, "a"), (3, "c"), (5, "c")] {
            assert_eq!(at(&removed, "x", generation).as_deref(), Some(expected), "{generation}");
        }
        // What is there now has been there since then.
        assert_eq!(at(&removed, "x", 6), None);
        assert_eq!(at(&removed, "z", 1), None);
        assert_eq!(removed.freed("x").map(|stone| stone.generation), Some(5));
        removed.tombstones[2].how = How::Overwritten;
        assert_eq!(removed.freed("x"), None);
    }

    #[test]
    fn of_two_that_have_one_time_the_name_tells_the_later() {
        // By content `a` comes first, by time `b`: a clock of whole seconds has one time for both.
        let named = |content: char, nonce: &str| {
            let sha256 = content.to_string().repeat(64);
            format!("{FOLDER}{sha256}-{}-0000000004-over-{nonce}.json", digest("x"))
        };
        let names = [named('a', "18764b00000000aazz"), named('b', "18764b000000000bcd")];
        let mut removed = Removed::default();
        removed.add(FOLDER, names.map(|name| object(&name, 10)).to_vec(), false);
        assert_eq!(removed.at("x", 4).map(|stone| &stone.sha256[..1]), Some("b"));
        assert_eq!(removed.of("x").last().map(|stone| &stone.sha256[..1]), Some("a"));
    }

    #[test]
    fn what_is_gone_was_there_before_what_is_kept() {
        let name = |content: char, nonce: &str| {
            let sha256 = content.to_string().repeat(64);
            format!("{sha256}-{}-0000000004-over-{nonce}.json", digest("x"))
        };
        let mut removed = Removed::default();
        removed.add("", vec![object(&name('a', "2"), 10)], false);
        removed.add("", vec![object(&name('b', "1"), 99), object(&"c".repeat(64), 99)], true);
        assert_eq!(removed.at("x", 4).map(|stone| &stone.sha256[..1]), Some("b"));
        assert!(!removed.has(removed.at("x", 4).unwrap()));
        assert!(removed.knows("x") && !removed.knows("y"));
        // A mark does not expire with age.
        assert_eq!(removed.expired(Timestamp::MAX).0.len(), 1);
    }

    #[test]
    fn what_is_old_expires_with_its_content_unless_that_is_needed() {
        let mut removed = removed(vec![
            tombstone('a', "x", 2, 10),
            tombstone('b', "y", 3, 10),
            tombstone('b', "z", 4, 99),
        ]);
        let young = "d".repeat(64);
        removed.contents.insert(young.clone(), object(&young, 99));
        let (tombstones, contents) = removed.expired(Timestamp::from_second(60).unwrap());
        assert_eq!(tombstones.len(), 2);
        let contents: Vec<String> = contents.into_iter().map(|object| object.key).collect();
        assert_eq!(contents, ["a".repeat(64)]);
    }

    #[test]
    fn names_that_are_not_ours_are_passed_over() {
        let sha256 = "a".repeat(64);
        for name in [
            "x.json",
            "a-b-1-free-c.json",
            &format!("{sha256}-p-x-free-n.json"),
            &format!("{sha256}-p-1-n.json"),
            &sha256,
        ] {
            assert_eq!(Tombstone::parse(name, &object(name, 0), false), None, "{name}");
        }
    }

    #[test]
    fn until_when() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        assert_eq!(Keep(Duration::ZERO).until(now), None);
        let week = Keep::default().until(now).unwrap();
        assert_eq!(week.as_second() - now.as_second(), 7 * 24 * 3600);
        assert!(Keep(Duration::MAX).until(now).is_some());
    }
}
