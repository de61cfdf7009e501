//! Bodies that must not trickle.

use std::io::{self, Read};
use std::time::{Duration, Instant};

/// A body that must not trickle: where what comes while it is waited for stays below
/// [`SLOWEST`] for as long as a connection may stand still, that is an error, too.
pub fn steady(body: impl Read, idle: Duration) -> impl Read {
    Steady { body, idle, waited: Duration::ZERO, came: 0 }
}

/// Bytes a second that are as good as none.
pub const SLOWEST: u64 = 1000;

struct Steady<R> {
    body: R,
    idle: Duration,
    /// The time in calls of `read`, and what they have brought, since the last look.
    waited: Duration,
    came: usize,
}

impl<R: Read> Read for Steady<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let begin = Instant::now();
        let count = self.body.read(buffer)?;
        self.waited += begin.elapsed();
        self.came += count;
        if self.waited < self.idle || count == 0 {
            return Ok(count);
        }
        if (self.came as f64) < self.waited.as_secs_f64() * SLOWEST as f64 {
            let text = format!("only {} bytes came in {:.0?}", self.came, self.waited);
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        (self.waited, self.came) = (Duration::ZERO, 0);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends so many bytes at a time, for ever, and takes its time.
    struct Slow(usize);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(2));
            Ok(self.0.min(buffer.len()))
        }
    }

    #[test]
    fn what_trickles_is_as_good_as_silent() {
        let idle = Duration::from_millis(20);
        // A byte for each 2 ms, at most.
        let error = io::copy(&mut steady(Slow(1), idle), &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().starts_with("only "), "{error}");
        // However little it is, it may come to its end before that.
        let mut text = String::new();
        steady(&b"text"[..], Duration::from_secs(3600)).read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
        let mut read = vec![0; 8 * 65_536];
        steady(Slow(65_536), idle).read_exact(&mut read).unwrap();
    }
}
