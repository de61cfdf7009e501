//! How often something is tried again, and how long the pauses are.
//!
//! Pauses are random between zero and a bound that doubles (full jitter), so that many machines that
//! failed together do not come back together.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use crate::Patience;

/// The pauses of one request.
pub(crate) struct Backoff {
    bound: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { bound: first.min(longest), longest }
    }

    /// The next pause.
    fn next(&mut self) -> Duration {
        let bound = self.bound;
        self.bound = bound.saturating_mul(2).min(self.longest);
        bound.mul_f64(random())
    }

    /// Waits for the next pause.
    pub(crate) fn pause(&mut self) {
        std::thread::sleep(self.next());
    }
}

/// A try that brings less than this beyond where others have come makes no headway.
const HEADWAY: u64 = 64 * 1024;

/// The tries of one transfer, which may go on where it broke.
///
/// Their number is bounded: they are counted from the start again only after a try that has come
/// further than all before it. Bytes that came before, or that come again because everything starts
/// from the beginning, do not count.
pub struct Tries {
    patience: Patience,
    backoff: Backoff,
    failed: u32,
    /// How many of these had no answer, or one that stopped coming.
    unanswered: u32,
    /// How far any try has come.
    furthest: u64,
    /// The same, before this try.
    before: u64,
}

impl Tries {
    /// As many tries as `patience` allows.
    #[must_use]
    pub fn new(patience: &Patience) -> Self {
        Self {
            backoff: Backoff::new(patience.first_pause, patience.longest_pause),
            patience: patience.clone(),
            failed: 0,
            unanswered: 0,
            furthest: 0,
            before: 0,
        }
    }

    /// The transfer has come to this offset.
    pub fn reached(&mut self, offset: u64) {
        self.furthest = self.furthest.max(offset);
    }

    /// A try has failed. Waits, if there may be another one; says whether there may.
    /// `unanswered`: no connection came about, or nothing came back in time.
    pub fn again(&mut self, unanswered: bool) -> bool {
        let gained = self.furthest - self.before;
        self.before = self.furthest;
        // What trickles until it is given up brings something, too.
        let trickle = match unanswered {
            true => self.patience.idle.as_secs().saturating_mul(2 * crate::http::SLOWEST),
            false => 0,
        };
        if gained >= HEADWAY.max(trickle) {
            let patience = &self.patience;
            self.backoff = Backoff::new(patience.first_pause, patience.longest_pause);
            (self.failed, self.unanswered) = (0, 0);
        }
        self.failed += 1;
        self.unanswered += u32::from(unanswered);
        let more = self.failed < self.patience.attempts
            && self.unanswered < self.patience.connect_attempts;
        if more {
            self.backoff.pause();
        }
        more
    }
}

/// Between 0 and 1. Each hasher state of the standard library has other random keys.
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(bits).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(idle: u64) -> Tries {
        Tries::new(&Patience {
            idle: Duration::from_secs(idle),
            attempts: 4,
            connect_attempts: 2,
            first_pause: Duration::ZERO,
            ..Patience::default()
        })
    }

    /// How many tries there are where each one comes to the next of these offsets.
    fn count(offsets: impl IntoIterator<Item = u64>, unanswered: bool) -> usize {
        count_with(1, offsets, unanswered)
    }

    /// The same with another time that a connection may stand still, in seconds.
    fn count_with(idle: u64, offsets: impl IntoIterator<Item = u64>, unanswered: bool) -> usize {
        let mut tries = tries(idle);
        let offsets = offsets.into_iter().take(1000);
        let mut again = offsets.map(|offset| {
            tries.reached(offset);
            tries.again(unanswered)
        });
        again.by_ref().take_while(|more| *more).count() + 1
    }

    #[test]
    fn only_what_comes_further_than_before_is_headway() {
        // Nothing, and a little more each time.
        assert_eq!(count(std::iter::repeat(0), false), 4);
        assert_eq!(count((1..).map(|at| at * 1000), false), 4);
        assert_eq!(count(std::iter::repeat(0), true), 2);
        // As much each time, from the beginning.
        assert_eq!(count(std::iter::repeat(200_000), false), 1 + 4 - 1);
        assert_eq!(count([300_000, 200_000, 300_000, 100_000, 300_000], false), 4);
        // Each goes on where the last one broke.
        assert_eq!(count((1..).map(|at| at * 200_000), false), 1001);
        assert_eq!(count((1..=10).map(|at| at * 200_000), true), 11);
    }

    #[test]
    fn a_long_time_to_stand_still_asks_for_more_only_of_what_trickles() {
        let offsets = || (1..).map(|at| at * 200_000);
        assert_eq!(count_with(120, offsets(), false), 1001);
        assert_eq!(count_with(120, offsets(), true), 2);
    }

    #[test]
    fn pauses_stay_below_bounds_that_double() {
        let mut spread = 0;
        for _ in 0..200 {
            let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(300));
            let pauses: Vec<u128> = (0..6).map(|_| backoff.next().as_millis()).collect();
            for (pause, bound) in pauses.iter().zip([50, 100, 200, 300, 300, 300]) {
                assert!(*pause <= bound, "{pauses:?}");
            }
            spread += usize::from(pauses[5] > 150);
        }
        assert!((20..180).contains(&spread), "not random: {spread} of 200 in the upper half");
    }
}
