//! Pauses between tries: random between zero and a bound that doubles (full jitter), so that many
//! machines that failed together do not come back together.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// The pauses of one request.
pub(super) struct Backoff {
    bound: Duration,
    longest: Duration,
}

impl Backoff {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self { bound: first.min(longest), longest }
    }

    /// The next pause.
    pub(super) fn next(&mut self) -> Duration {
        let bound = self.bound;
        self.bound = bound.saturating_mul(2).min(self.longest);
        bound.mul_f64(random())
    }

    /// Waits for the next pause.
    pub(super) fn pause(&mut self) {
        std::thread::sleep(self.next());
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
