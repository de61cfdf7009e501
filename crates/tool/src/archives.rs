//! Archives, for the tools that unpack them: how much one may hold, and how a tool fails with one.

use std::str::FromStr;

use archive::{Kind, LimitKind, Limits};

use crate::{Args, Exit, Fail, Failure};

/// The options that [`Args::archive_limits`] takes, for the tests that each stands in the help.
pub const LIMIT_OPTIONS: [&str; 3] = [BYTES, MEMBERS, RATIO];

const BYTES: &str = "--max-unpacked";
const MEMBERS: &str = "--max-members";
const RATIO: &str = "--max-ratio";

/// A ratio that was asked for counts from here on; below, the padding of an archive would count.
const RATIO_FROM: u64 = 1 << 20;

impl Args {
    /// Takes the options that say how much an archive may hold.
    ///
    /// # Errors
    /// When one is not valid.
    pub fn archive_limits(&mut self) -> Result<Limits, Failure> {
        let mut limits = Limits::default();
        if let Some(Size(bytes)) = self.value(BYTES)? {
            limits.bytes = bytes;
        }
        if let Some(entries) = self.value(MEMBERS)? {
            limits.entries = entries;
        }
        if let Some(ratio) = self.value(RATIO)? {
            limits.ratio = ratio;
            limits.ratio_from = RATIO_FROM;
        }
        Ok(limits)
    }
}

impl Fail for archive::Error {
    fn exit(&self) -> Exit {
        match self.kind() {
            Kind::BadArchive | Kind::BadTree => Exit::BadInput,
            Kind::LocalIo => Exit::LocalIo,
        }
    }

    fn hint(&self) -> Option<String> {
        let Self::Limit { what, .. } = self else { return None };
        let option = limit_option(*what)?;
        Some(format!("If the archive is to be trusted, {option} allows it more."))
    }
}

/// The option that allows an archive more, where there is one.
#[must_use]
pub fn limit_option(what: LimitKind) -> Option<&'static str> {
    match what {
        LimitKind::Bytes => Some(BYTES),
        LimitKind::Entries => Some(MEMBERS),
        LimitKind::Ratio => Some(RATIO),
        _ => None,
    }
}

/// A number of bytes: `500M`, `64G`, or digits alone. The letters stand for powers of 1024.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no size such as 500M or 64G");
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let shift = match text.get(end..) {
            Some("") => 0,
            Some("K" | "k") => 10,
            Some("M" | "m") => 20,
            Some("G" | "g") => 30,
            Some("T" | "t") => 40,
            _ => return Err(wrong()),
        };
        let number: u64 = text[..end].parse().map_err(|_| wrong())?;
        number.checked_mul(1 << shift).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(texts: &[&str]) -> Result<Limits, Failure> {
        let mut args = Args::new(texts.iter().map(Into::into).collect());
        let limits = args.archive_limits()?;
        args.none_left()?;
        Ok(limits)
    }

    #[test]
    fn options() {
        let plain = limits(&[]).unwrap();
        assert_eq!(plain.bytes, Limits::default().bytes);
        let set = limits(&["--max-unpacked", "3G", "--max-members=7", "--max-ratio", "50"]);
        let set = set.unwrap();
        assert_eq!((set.bytes, set.entries, set.ratio), (3 << 30, 7, 50));
        assert!(set.ratio_from < plain.ratio_from);
        for wrong in [["--max-unpacked", "3X"], ["--max-members", "-1"], ["--max-ratio", "x"]] {
            assert_eq!(limits(&wrong).unwrap_err().exit, Exit::Usage, "{wrong:?}");
        }
    }

    #[test]
    fn the_limits_are_those_of_the_documentation() {
        let limits = Limits::default();
        assert_eq!((limits.bytes, limits.entries), (64 << 30, 1_000_000));
        assert_eq!((limits.ratio, limits.ratio_from), (200, 512 << 20));
        let given = self::limits(&["--max-ratio", "50"]).unwrap();
        assert_eq!(given.ratio_from, 1 << 20);
        assert_eq!(crate::max_index_of(&|_| None), 4 << 30);
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("0", 0), ("12", 12), ("1k", 1 << 10), ("2M", 2 << 20)] {
            assert_eq!(text.parse(), Ok(Size(bytes)));
        }
        for text in ["", "G", "1.5G", "1GB", "-1", "+1", "99999999T", "1é"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_way_out_names_the_option() {
        let over = |what| archive::Error::Limit { member: "x".into(), what, limit: 1 };
        for (what, option) in
            [LimitKind::Bytes, LimitKind::Entries, LimitKind::Ratio].into_iter().zip(LIMIT_OPTIONS)
        {
            let error = over(what);
            assert_eq!(error.exit(), Exit::BadInput);
            assert!(error.hint().unwrap().contains(option), "{what}");
        }
        assert_eq!(over(LimitKind::Names).hint(), None);
    }
}
