//! Random numbers for names and pauses.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::thread;
use std::time::Duration;

/// First and longest pause after a lost race; the actual one is random below it.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A number that nobody can foresee: the keys of the standard hasher are random.
fn throw() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A name that nobody else has: 24 hex digits.
pub(crate) fn name() -> String {
    format!("{:016x}{:08x}", throw(), throw() >> 32)
}

/// Waits a random time below a limit that doubles with each attempt ("full jitter").
pub(crate) fn pause(attempt: u32) {
    let limit = PAUSE.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE);
    let share = (throw() % 1024) as u32;
    thread::sleep(limit * share / 1024);
}
