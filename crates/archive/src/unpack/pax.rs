//! Extended headers of the pax format: lines `LENGTH KEY=VALUE`.

use super::sparse::{self, decimal};

/// What an extended header says about the member that follows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extended {
    pub name: Option<Vec<u8>>,
    pub target: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub mtime: Option<(i64, u32)>,
    /// A sparse file in one of GNU tar's three ways.
    pub sparse: Option<sparse::Records>,
    /// The name of a sparse file, which counts more than any other.
    pub sparse_name: Option<Vec<u8>>,
    /// The member goes on in another volume, or has begun in one.
    pub is_part: bool,
}

/// Reads the records into `extended`; `None` when they are damaged.
pub(super) fn parse(mut text: &[u8], extended: &mut Extended) -> Option<()> {
    // Some writers count the padding.
    while text.first().is_some_and(|byte| *byte != 0) {
        let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let digits = text[blanks..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let length = usize::try_from(decimal(&text[blanks..blanks + digits])?).ok()?;
        let (record, rest) = text.split_at_checked(length)?;
        text = rest;

        let record = record.get(blanks + digits..)?.strip_suffix(b"\n")?;
        let record = record.strip_prefix(b" ").or_else(|| record.strip_prefix(b"\t"))?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        take(&record[..equals], &record[equals + 1..], extended)?;
    }
    Some(())
}

fn take(key: &[u8], value: &[u8], extended: &mut Extended) -> Option<()> {
    // Without a value, what was said before is taken back.
    let given = !value.is_empty();
    match key {
        b"path" => extended.name = given.then(|| value.to_vec()),
        b"linkpath" => extended.target = given.then(|| value.to_vec()),
        b"size" if given => extended.size = Some(decimal(value)?),
        b"size" => extended.size = None,
        b"mtime" if given => extended.mtime = Some(time(value)?),
        b"mtime" => extended.mtime = None,
        b"GNU.sparse.name" => extended.sparse_name = given.then(|| value.to_vec()),
        b"GNU.volume.filename" | b"GNU.volume.offset" | b"GNU.volume.size" => {
            extended.is_part = true;
        }
        // Owners, access times, attributes, comments, what is said about character sets.
        _ => {
            if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                extended.sparse.get_or_insert_default().take(key, value)?;
            }
        }
    }
    Some(())
}

/// `-12.345`: whole seconds rounded down and nanoseconds on top.
fn time(text: &[u8]) -> Option<(i64, u32)> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut halves = text.splitn(2, |byte| *byte == b'.');
    let seconds = i64::try_from(decimal(halves.next()?)?).ok()?;
    let fraction = halves.next().unwrap_or(b"");
    let mut digits = [b'0'; 9];
    let kept = fraction.len().min(digits.len());
    digits[..kept].copy_from_slice(&fraction[..kept]);
    let nanos = u32::try_from(decimal(&digits)?).ok()?;
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
    fn what_else_is_in_such_headers() {
        for text in [
            &b""[..],
            b"\0\0\0",
            b"25 SCHILY.realsize=12345\n",
            b"18 hdrcharset=BIN\n\0\0",
            b" 15 comment=ab\n\t15 comment=ab\n",
            b"11 path=ab\n8 path=\n",
            b"9 size=1\n8 size=\n12 mtime=12\n9 mtime=\n",
        ] {
            assert_eq!(parsed(text), Some(Extended::default()), "{}", text.escape_ascii());
        }
        assert!(parsed(b"28 GNU.volume.filename=abcd\n").is_some_and(|extended| extended.is_part));
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
            b"11path=abc\n",
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
