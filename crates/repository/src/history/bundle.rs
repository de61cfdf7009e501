//! All manifests of a generation in one file: gzip of one JSON object a line, `name` and `text`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use location::Location;
use serde::{Deserialize, Serialize};

use super::record::json_bytes;
use super::{Bundle, Generation};
use crate::{Error, Manifests, Stored};

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    name: std::borrow::Cow<'a, str>,
    text: std::borrow::Cow<'a, str>,
}

/// The file, and what the record has to know of it.
pub(super) fn pack(manifests: &Manifests) -> (Vec<u8>, Bundle) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut hasher = checksum::Hasher::default();
    let mut size = 0;
    for entry in &manifests.entries {
        // What was read as a manifest is UTF-8.
        let text = String::from_utf8_lossy(entry.bytes());
        let mut line = json_bytes(&Line { name: entry.file_name.as_str().into(), text });
        line.push(b'\n');
        hasher.update(&line);
        size += line.len() as u64;
        let written = encoder.write_all(&line);
        debug_assert!(written.is_ok(), "{written:?}");
    }
    let packed = encoder.finish();
    debug_assert!(packed.is_ok(), "{packed:?}");
    let count = manifests.entries.len() as u64;
    (packed.unwrap_or_default(), Bundle { count, size, sha256: hasher.finish() })
}

/// What a manifest takes before it is compressed.
pub(crate) fn size_in_bundle(file_name: &str, manifest: &[u8]) -> u64 {
    let is_escaped = |byte: &&u8| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t');
    let escaped = manifest.iter().filter(is_escaped).count();
    let around = "{'name':'','text':''}\n".len();
    (around + file_name.len() + manifest.len() + escaped) as u64
}

/// The manifests in a file, which must be the one that the generation's record knows. More than
/// `limit` bytes are not read.
pub(super) fn unpack(
    key: &str,
    bytes: &[u8],
    generation: &Generation,
    location: &Location,
    limit: u64,
) -> Result<Manifests, Error> {
    let mut entries = Vec::new();
    walk(key, bytes, generation, location, limit, &mut |entry| entries.push(entry))?;
    entries.sort_by(|a, b| a.file_name.cmp(&b.file_name));
    Ok(Manifests { entries })
}

/// The same, one after the other, in the order of the file. What `each` was given counts only when
/// there is no error in the end.
pub(super) fn walk(
    key: &str,
    bytes: &[u8],
    generation: &Generation,
    location: &Location,
    limit: u64,
    each: &mut dyn FnMut(Stored),
) -> Result<(), Error> {
    let bad = |reason: String| Error::Generation { key: key.to_owned(), reason };
    let about = &generation.manifests;
    if about.size > limit {
        return Err(store::Error::TooLarge { key: key.to_owned(), limit }.into());
    }
    let mut hasher = checksum::Hasher::default();
    let (mut size, mut count) = (0, 0);
    // Only a file that is whole is believed; until then, a line that makes no sense says that it is not.
    let mut broken = None;
    let mut lines = BufReader::new(GzDecoder::new(bytes).take(about.size + 1));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(|error| bad(error.to_string()))? > 0 {
        size += line.len() as u64;
        hasher.update(&line);
        if broken.is_none() {
            match manifest(&line, generation, location, &bad) {
                Ok(entry) => {
                    count += 1;
                    each(entry);
                }
                Err(error) => broken = Some(error),
            }
        }
        line.clear();
    }
    if size != about.size || hasher.finish() != about.sha256 {
        return Err(bad("its checksum is not the one in its record".to_owned()));
    }
    if let Some(error) = broken {
        return Err(error);
    }
    if count != about.count {
        return Err(bad(format!("it has {count} manifests, not {}", about.count)));
    }
    Ok(())
}

/// The manifest in a line.
fn manifest(
    line: &[u8],
    generation: &Generation,
    location: &Location,
    bad: &dyn Fn(String) -> Error,
) -> Result<Stored, Error> {
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| bad(error.to_string()))?;
    let name = line.name.into_owned();
    if name.contains('/') || !name.ends_with(manifest::FILE_SUFFIX) {
        return Err(bad(format!("{name:?} is not the name of a manifest")));
    }
    let key = location.key(&name);
    Stored::new(name, key, String::new(), generation.time, line.text.as_bytes())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_manifest_takes_what_it_is_said_to_take() {
        for text in [
            r#"{"name": "a/b", "version": "1"}"#,
            "{\n\t\"name\": \"a/b\",\r\n\"version\": \"1\", \"x\": \"\\u00e4 ä \\\\ \\\"\"}\n",
        ] {
            let name = "b-1.composer.json".to_owned();
            let size = size_in_bundle(&name, text.as_bytes());
            let key = format!("p/{name}");
            let stored =
                Stored::new(name, key, String::new(), Timestamp::UNIX_EPOCH, text.as_bytes());
            let manifests = Manifests { entries: vec![stored.unwrap()] };
            assert_eq!(pack(&manifests).1.size, size, "{text}");
        }
    }
}
