//! One header of a tar archive, read as GNU tar reads it: all formats since Unix V7.

/// Headers and contents come in blocks of so many bytes.
pub(super) const BLOCK: usize = 512;

/// The block of a header.
pub(super) struct Header(pub [u8; BLOCK]);

impl Header {
    /// An empty block ends the archive.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }

    /// The sum of the header's bytes, its own field read as spaces. Old writers took them as signed.
    pub fn checksum_fits(&self) -> bool {
        let field = &self.0[148..156];
        if field.iter().all(|byte| matches!(byte, 0 | b' ')) {
            return false;
        }
        let bytes = self.0.iter().enumerate();
        let bytes =
            bytes.map(|(place, byte)| if (148..156).contains(&place) { b' ' } else { *byte });
        let (mut plain, mut signed) = (0, 0);
        for byte in bytes {
            plain += i64::from(byte);
            signed += i64::from(byte.cast_signed());
        }
        number(field).is_some_and(|expected| expected == plain || expected == signed)
    }

    /// What the member is: one byte.
    pub fn kind(&self) -> u8 {
        self.0[156]
    }

    /// The name; POSIX has room for the front part of a long one.
    pub fn name(&self) -> Vec<u8> {
        let name = until_nul(&self.0[..100]);
        let prefix = until_nul(&self.0[345..500]);
        if !self.is_posix() || prefix.is_empty() {
            return name;
        }
        [&prefix, &b"/"[..], &name].concat()
    }

    /// What a link leads to.
    pub fn target(&self) -> Vec<u8> {
        until_nul(&self.0[157..257])
    }

    /// The permission bits.
    pub fn mode(&self) -> Option<u32> {
        u32::try_from(number(&self.0[100..108])? & 0o7777).ok()
    }

    /// The content's size.
    pub fn size(&self) -> Option<u64> {
        number(&self.0[124..136])?.try_into().ok()
    }

    /// Seconds since 1970.
    pub fn mtime(&self) -> Option<i64> {
        number(&self.0[136..148])
    }

    /// The numbers of a device. Formats before POSIX have no room for them.
    pub fn device(&self) -> Option<(u32, u32)> {
        if &self.0[257..262] != b"ustar" {
            return Some((0, 0));
        }
        let part = |field| number(field)?.try_into().ok();
        Some((part(&self.0[329..337])?, part(&self.0[337..345])?))
    }

    /// POSIX, and not GNU tar's own format, which has other fields behind the names.
    pub fn is_posix(&self) -> bool {
        &self.0[257..263] == b"ustar\0"
    }
}

/// The bytes before the first NUL.
pub(super) fn until_nul(field: &[u8]) -> Vec<u8> {
    field.split(|byte| *byte == 0).next().unwrap_or(field).to_vec()
}

/// A number: octal digits, or two's complement in base 256 behind a byte that says so. An empty
/// field is zero.
pub(super) fn number(field: &[u8]) -> Option<i64> {
    if let [first @ (0x80 | 0xff), rest @ ..] = field {
        let start = if *first == 0xff { -1 } else { 0 };
        return rest.iter().try_fold(start, |value: i64, byte| {
            value.checked_mul(256)?.checked_add(i64::from(*byte))
        });
    }
    // Some old writer puts a NUL first, where the field before it is too small.
    let field = field.strip_prefix(b"\0").unwrap_or(field);
    let text = field.trim_ascii_start();
    let end = text.iter().position(|byte| !(b'0'..=b'7').contains(byte)).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    match rest.first() {
        None | Some(0 | b' ' | b'\t'..=b'\r') => {}
        Some(_) => return None,
    }
    digits
        .iter()
        .try_fold(0, |value: i64, digit| value.checked_mul(8)?.checked_add(i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (field, expected) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"00000644", Some(0o644)),
            (b"\0   644 ", Some(0o644)),
            (b"644\0junk", Some(0o644)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"\x80\0\0\0\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xfe", Some(-2)),
            (b"\x80\x80\0\0\0\0\0\0\0\0\0\0", None),
            (b"0000689\0", None),
            (b"0x44\0\0\0\0", None),
            (b"-1\0\0\0\0\0\0", None),
            (b"\x81\0\0\0\0\0\0\0", None),
        ] {
            assert_eq!(number(field), expected, "{}", field.escape_ascii());
        }
    }
}
