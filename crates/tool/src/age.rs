//! Spans of time as arguments and variables say them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A span of time, as it is written: `36h`, `7d`, `2w`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Age {
    text: String,
    seconds: i64,
}

impl Default for Age {
    /// A week: longer than any deploy between its archive and its manifest.
    fn default() -> Self {
        Self { text: "7d".to_owned(), seconds: 7 * DAY }
    }
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unfit = || format!("{text:?} is no span of time: expected one like 36h, 7d or 2w");
        let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let number: i64 = match digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => digits.parse().map_err(|_| unfit())?,
            false => return Err(unfit()),
        };
        let unit = match &text[digits.len()..] {
            "s" => 1,
            "m" => 60,
            "h" => HOUR,
            "d" => DAY,
            "w" => 7 * DAY,
            "" if number == 0 => 1,
            _ => return Err(unfit()),
        };
        let seconds = number.checked_mul(unit).ok_or_else(unfit)?;
        Ok(Self { text: text.to_owned(), seconds })
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Age {
    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds.unsigned_abs())
    }

    /// The moment that is so long before `now`.
    #[must_use]
    pub fn before(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(SignedDuration::from_secs(self.seconds)).unwrap_or(Timestamp::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, seconds) in [
            ("0", 0),
            ("0d", 0),
            ("45s", 45),
            ("30m", 1800),
            ("36h", 129_600),
            ("7d", 604_800),
            ("2w", 1_209_600),
        ] {
            assert_eq!(text.parse::<Age>().unwrap().seconds, seconds, "{text}");
        }
        for text in ["", "7", "d", "-1d", "+1d", "1.5d", "7 d", "7D", "7y", "9999999999999999w"] {
            assert!(text.parse::<Age>().is_err(), "{text:?}");
        }
        assert_eq!(Age::default(), "7d".parse().unwrap());
    }

    #[test]
    fn before_all_time_is_the_beginning() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!("1d".parse::<Age>().unwrap().before(now).as_second(), -86_400);
        assert_eq!("99999999999w".parse::<Age>().unwrap().before(now), Timestamp::MIN);
    }
}
