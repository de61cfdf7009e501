//! Objects that are stored encoded: `Content-Encoding: gzip`.
//!
//! A browser undoes it before anybody sees the bytes, and so does this crate for objects that are
//! read into memory. Streams, downloads and copies are of the bytes as they are stored: an archive
//! that somebody uploaded with this header stays the archive that it is.

use std::io::{self, Read as _};

use flate2::bufread::MultiGzDecoder;

use crate::{Content, Error};

/// Undoes the encoding of an object, where it has one that is known here. More than `limit` bytes
/// are refused, however few they were before.
pub(crate) fn undo(
    content: Content,
    limit: u64,
    show: &dyn Fn() -> String,
) -> Result<Content, Error> {
    let Content { head, bytes } = content;
    if !head.is_gzip() {
        return Ok(Content { head, bytes });
    }
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(bytes.as_slice()).take(limit + 1).read_to_end(&mut plain);
    match read {
        Ok(_) if plain.len() as u64 > limit => Err(Error::TooLarge { key: show(), limit }),
        Ok(_) => Ok(Content { head, bytes: plain }),
        Err(error) => Err(Error::Corrupt { key: show(), detail: explain(&error) }),
    }
}

fn explain(error: &io::Error) -> String {
    format!("it says that it is encoded with gzip, which cannot be undone: {error}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::Head;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn check(encoding: Option<&str>, bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, Error> {
        let head = Head {
            size: bytes.len() as u64,
            etag: "e".to_owned(),
            modified: jiff::Timestamp::UNIX_EPOCH,
            content_type: None,
            content_encoding: encoding.map(str::to_owned),
            metadata: BTreeMap::new(),
        };
        undo(Content { head, bytes }, limit, &|| "k".to_owned()).map(|content| content.bytes)
    }

    #[test]
    fn only_what_says_so_is_undone() {
        let packed = gzip(b"text");
        for encoding in [
            "gzip",
            "x-gzip",
            " GZIP ",
            "gzip, aws-chunked",
            "aws-chunked,gzip",
            "GZIP,AWS-Chunked,",
            "identity, gzip",
        ] {
            assert_eq!(check(Some(encoding), packed.clone(), 4).unwrap(), b"text", "{encoding}");
        }
        for encoding in [None, Some(""), Some("identity"), Some("aws-chunked"), Some("br, gzip")] {
            assert_eq!(check(encoding, packed.clone(), 4).unwrap(), packed);
        }
    }

    #[test]
    fn bombs_and_damage_are_refused() {
        let bomb = gzip(&vec![0; 1 << 20]);
        assert!(bomb.len() < 5000);
        assert!(matches!(
            check(Some("gzip"), bomb, 9999),
            Err(Error::TooLarge { limit: 9999, .. })
        ));
        let packed = gzip(b"text");
        let cut = packed[..packed.len() - 3].to_vec();
        for bytes in [Vec::new(), b"text".to_vec(), cut] {
            assert!(matches!(check(Some("gzip"), bytes, 99), Err(Error::Corrupt { .. })));
        }
    }
}
