//! How long something took.

use std::time::Duration;

/// `0.1s`, `2m 5s`, `1h 0m`: what is smaller is cut off.
#[must_use]
pub fn duration(took: Duration) -> String {
    let seconds = took.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    if hours > 0 {
        format!("{hours}h {minutes}m")
    } else if minutes > 0 {
        format!("{minutes}m {}s", seconds % 60)
    } else {
        format!("{seconds}.{}s", took.subsec_millis() / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_off_never_rounded() {
        for (millis, text) in [
            (0, "0.0s"),
            (99, "0.0s"),
            (100, "0.1s"),
            (1_999, "1.9s"),
            (59_999, "59.9s"),
            (60_000, "1m 0s"),
            (125_900, "2m 5s"),
            (3_599_999, "59m 59s"),
            (3_600_000, "1h 0m"),
            (90_061_000, "25h 1m"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }
}
