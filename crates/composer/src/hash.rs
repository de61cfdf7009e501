//! A quick hash for the small numbers that we give ourselves, and one for texts from outside, whose
//! seed is drawn by each process, so that nobody can prepare collisions for it. The standard
//! library's withstands more, and takes four times as long: a repository has 100,000 names and
//! constraints.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// A map with keys that are our own.
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;
/// A set of such keys.
pub(crate) type Set<K> = HashSet<K, BuildHasherDefault<Quick>>;

/// A map with texts from outside as its keys.
pub(crate) type Texts<V> = HashMap<Arc<str>, V, foldhash::fast::RandomState>;
/// A set of such texts.
pub(crate) type TextSet = HashSet<Arc<str>, foldhash::fast::RandomState>;

/// Multiplies and turns.
#[derive(Default)]
pub(crate) struct Quick(u64);

impl Quick {
    fn add(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut number = [0; 8];
            number.copy_from_slice(chunk);
            self.add(u64::from_ne_bytes(number));
        }
        for byte in chunks.remainder() {
            self.add(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.add(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }
}
