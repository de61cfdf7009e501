//! Numbers that look random, the same for the same seed.

/// The next of a fixed series of numbers.
#[derive(Clone, Debug)]
pub struct Series(u64);

impl Series {
    /// The series of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Series {
        Series(seed)
    }

    /// A number below 1.
    pub fn fraction(&mut self) -> f64 {
        // The generator of Knuth's MMIX.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }

    /// A number below this one.
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "small numbers")]
    pub fn below(&mut self, limit: usize) -> usize {
        (self.fraction() * limit as f64) as usize
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }
}
