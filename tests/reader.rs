//! A reader of a repository, while others change it.
//!
//! The promise that it checks: an index that was read, and that is still the current one, names no
//! missing archive. So a reader that misses an archive reads the index again; only when it is the
//! same publish, by its bytes and by the generation that its metadata names, was the promise broken.
//! The same holds for every snapshot.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use manifest::Index;
use store::{Content, Store};

use crate::Place;
use crate::crowd::keys;

/// What readers have found.
#[derive(Default)]
pub struct Readers {
    stopped: AtomicBool,
    passes: AtomicUsize,
    problems: Mutex<BTreeSet<String>>,
}

impl Readers {
    /// Reads the repository again and again, until [`Readers::stop`].
    ///
    /// # Panics
    /// When the repository cannot be read at all.
    pub fn read(&self, place: &Place, prefix: &str) {
        let store = place.store();
        while !self.stopped.load(Ordering::Relaxed) {
            let problems = pass(place, &store, prefix);
            self.problems.lock().unwrap().extend(problems);
            self.passes.fetch_add(1, Ordering::Relaxed);
            // The machine is for those who write.
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends all readers after the pass that they are in.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// How many passes there were, and what they have found.
    ///
    /// # Panics
    /// When a reader has panicked.
    #[must_use]
    pub fn found(&self) -> (usize, Vec<String>) {
        let problems = self.problems.lock().unwrap().iter().cloned().collect();
        (self.passes.load(Ordering::Relaxed), problems)
    }
}

/// One pass: what is missing under names that the index and the snapshots publish.
///
/// # Panics
/// When the repository cannot be read at all.
#[must_use]
pub fn pass(place: &Place, store: &Store, prefix: &str) -> Vec<String> {
    let names = keys(place, prefix).into_iter();
    let indexes = names.filter(|name| {
        name.starts_with("packages") && name.ends_with(".json") && !name.contains(".composer.")
    });
    indexes.filter_map(|name| missing(place, store, &format!("{prefix}{name}"))).collect()
}

/// Says what an index names and is not there, if the index is the same before and after.
fn missing(place: &Place, store: &Store, key: &str) -> Option<String> {
    // A snapshot may go while it is looked for, and the index with the last package.
    let mut index = store.get(key).unwrap()?;
    loop {
        let absent = absent(place, store, &index);
        if absent.is_empty() {
            return None;
        }
        let again = store.get(key).unwrap()?;
        if !same_publish(&index, &again) {
            index = again;
            continue;
        }
        let later = self::absent(place, store, &again);
        let lasting = if later.is_empty() { "for a moment" } else { "still" };
        return Some(format!("{key} names {absent:?}, missing {lasting}"));
    }
}

/// Whether it is one publish that was read twice, not another one of the same packages.
fn same_publish(one: &Content, other: &Content) -> bool {
    one.bytes == other.bytes
        && one.head.metadata == other.head.metadata
        && one.head.modified == other.head.modified
}

fn absent(place: &Place, store: &Store, index: &Content) -> Vec<String> {
    let location = place.location();
    let index = Index::parse(&index.bytes).unwrap();
    let urls = index.manifests().filter_map(manifest::Manifest::dist_url);
    let archives = urls.map(|url| location.relative(url).unwrap());
    archives.filter(|archive| store.head(archive).unwrap().is_none()).collect()
}
