//! What is said about an object: content type and user metadata, as lines of text.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::Upload;

const CONTENT_TYPE: &str = "content-type";
const METADATA: &str = "x-amz-meta-";

/// Encoded in a line: what would end it, and the sign of encoding itself.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// The content types that go by a name's ending; the longest ending that fits counts.
const ENDINGS: &[(&str, &str)] = &[
    (".gz", "application/gzip"),
    (".tgz", "application/gzip"),
    (".tar", "application/x-tar"),
    (".bz2", "application/x-bzip2"),
    (".xz", "application/x-xz"),
    (".zst", "application/zstd"),
    (".zip", "application/zip"),
    (".json", "application/json"),
    (".html", "text/html; charset=utf-8"),
    (".md", "text/markdown; charset=utf-8"),
    (".txt", "text/plain; charset=utf-8"),
    (".log", "text/plain; charset=utf-8"),
];

/// Content type and user metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) content_type: String,
    pub(super) metadata: BTreeMap<String, String>,
}

impl Attributes {
    /// As an upload says.
    pub(super) fn of(upload: &Upload<'_>) -> Attributes {
        let metadata = upload.metadata.iter();
        Attributes {
            content_type: upload.content_type.to_owned(),
            metadata: metadata
                .map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()))
                .collect(),
        }
    }

    /// Of a file that came by hand.
    pub(super) fn by_name(key: &str) -> Attributes {
        let content_type = ENDINGS
            .iter()
            .find(|(ending, _)| key.ends_with(ending))
            .map_or("application/octet-stream", |(_, content_type)| content_type);
        Attributes { content_type: content_type.to_owned(), metadata: BTreeMap::new() }
    }

    /// One line `name: value` each, as in a response of S3.
    pub(super) fn to_text(&self) -> String {
        let encode = |value| utf8_percent_encode(value, ENCODED).to_string();
        let mut text = format!("{CONTENT_TYPE}: {}\n", encode(&self.content_type));
        for (name, value) in &self.metadata {
            text.push_str(&format!("{METADATA}{}: {}\n", encode(name), encode(value)));
        }
        text
    }

    /// `None` for what this did not write, such as the empty file of a crash.
    pub(super) fn parse(text: &str) -> Option<Attributes> {
        let decode = |text| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (name, content_type) = lines.next()?.split_once(": ")?;
        if name != CONTENT_TYPE {
            return None;
        }
        let mut metadata = BTreeMap::new();
        for line in lines {
            let (name, value) = line.strip_prefix(METADATA)?.split_once(": ")?;
            metadata.insert(decode(name)?, decode(value)?);
        }
        Some(Attributes { content_type: decode(content_type)?, metadata })
    }
}
