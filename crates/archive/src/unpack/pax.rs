//! Extended headers of the pax format: lines `LENGTH KEY=VALUE`.

use crate::Refusal;

/// What an extended header says about the member that follows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extended {
    pub name: Option<Vec<u8>>,
    pub target: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub mtime: Option<(i64, u32)>,
    /// A sparse file in one of GNU tar's three ways.
    pub refused: Option<Refusal>,
}

/// Reads the records into `extended`; `None` when they are damaged.
pub(super) fn parse(mut text: &[u8], extended: &mut Extended) -> Option<()> {
    while !text.is_empty() {
        let space = text.iter().position(|byte| *byte == b' ')?;
        let length = usize::try_from(number(&text[..space])?).ok()?;
        let record = text.get(space + 1..length)?.strip_suffix(b"\n")?;
        text = &text[length..];

        let equals = record.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        match key {
            b"path" => extended.name = Some(value.to_vec()),
            b"linkpath" => extended.target = Some(value.to_vec()),
            b"size" => extended.size = Some(number(value)?),
            b"mtime" => extended.mtime = Some(time(value)?),
            _ if key.starts_with(b"GNU.sparse.") => extended.refused = Some(Refusal::Sparse),
            // Owners, access times, attributes, comments.
            _ => {}
        }
    }
    Some(())
}

/// Digits and nothing else, unlike `parse`, which takes a plus sign.
fn number(text: &[u8]) -> Option<u64> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `-12.345`: whole seconds rounded down and nanoseconds on top.
fn time(text: &[u8]) -> Option<(i64, u32)> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut halves = text.splitn(2, |byte| *byte == b'.');
    let seconds = i64::try_from(number(halves.next()?)?).ok()?;
    let fraction = halves.next().unwrap_or(b"");
    let mut digits = [b'0'; 9];
    let kept = fraction.len().min(digits.len());
    digits[..kept].copy_from_slice(&fraction[..kept]);
    let nanos = u32::try_from(number(&digits)?).ok()?;
    Some(match (negative, nanos) {
        (false, _) => (seconds, nanos),
        (true, 0) => (-seconds, 0),
        (true, _) => (-seconds - 1, 1_000_000_000 - nanos),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &[u8]) -> Option<Extended> {
        let mut extended = Extended::default();
        parse(text, &mut extended).map(|()| extended)
    }

    #[test]
    fn reads_the_keys_that_matter() {
        let extended = parsed(b"12 path=a b\n13 linkpath=c\n20 mtime=1234567.25\n9 size=9\n");
        // Lengths count themselves, the space and the line's end.
        assert_eq!(extended, None);
        let extended = parsed(b"12 path=a b\n14 linkpath=c\n20 mtime=1234567.25\n9 uid=90\n");
        assert_eq!(
            extended,
            Some(Extended {
                name: Some(b"a b".to_vec()),
                target: Some(b"c".to_vec()),
                mtime: Some((1_234_567, 250_000_000)),
                ..Extended::default()
            })
        );
    }

    #[test]
    fn refuses_damaged_records() {
        for text in [
            &b"7 path=a"[..],
            b"999 path=a\n",
            b"0 path=a\n",
            b"3 path=a\n",
            b"x path=a\n",
            b"10 size=-1\n",
            b"10 size=+1\n",
            b"8 patha\n",
            b"99999999999999999999999 a=b\n",
        ] {
            assert_eq!(parsed(text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn times_before_1970_round_down() {
        assert_eq!(time(b"-1.25"), Some((-2, 750_000_000)));
        assert_eq!(time(b"-3"), Some((-3, 0)));
        assert_eq!(time(b"3.1234567899"), Some((3, 123_456_789)));
        assert_eq!(time(b"3.x"), None);
    }
}
