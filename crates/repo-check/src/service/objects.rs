//! What is kept of an object, how its tag looks, and how it is read.

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use store::{Inquiry, Reply};

use super::ask::{Service, When};
use super::conditions::{complete, shown};
use super::table::{Row, Verdict};

/// The names that are written.
pub const KEYS: [&str; 5] = [KEY, COPY, PACKED, TAG, PARTS];
const KEY: &str = "object";
const COPY: &str = "object-copy";
const PACKED: &str = "object-packed";
const TAG: &str = "object-tag";
const PARTS: &str = "object-parts";

/// The text "packed", as gzip writes it.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x48\x4c\xce\x4e\x4d\x01\x00\x10\xb4\xf6\x21\x06\x00\x00\x00";
/// So far clocks may differ: signatures are good for 15 minutes.
const CLOCK: i64 = 5 * 60;

const DESCRIPTION: [(&str, &str); 3] = [
    ("content-type", "application/x-slipway"),
    ("content-encoding", "gzip"),
    ("x-amz-meta-probe", "a1"),
];

/// The rows of this topic.
pub fn rows(service: &Service<'_>) -> Vec<Row> {
    let row = Row::new;
    let anonymous = "Readers need credentials, or another way to the bucket (S3_PUBLIC_URL).";
    vec![
        row("put-keeps", "What a PUT keeps", put_keeps(service), KEPT),
        row("encoded-read", "GET of what has Content-Encoding: gzip", encoded(service), ""),
        row("copy", "CopyObject", copy(service), "Copies are streamed through this machine."),
        row("copy-keeps", "What a copy keeps", copy_keeps(service), KEPT),
        row("etag-form", "ETag", form(service), ""),
        row(
            "etag-agrees",
            "ETags of PUT, HEAD, GET and the listing",
            agrees(service),
            "Objects are compared by size, date and checksum too, with a request for each.",
        ),
        row(
            "etag-changes",
            "ETag of another content",
            changes(service),
            "Objects are compared by size, date and checksum too, with a request for each.",
        ),
        row("etag-multipart", "ETag of a multipart upload", parts(service), ""),
        row(
            "read-if-none-match",
            "GET with If-None-Match",
            reading(service, "if-none-match", 304),
            "Caches of HTTP clients fetch everything again.",
        ),
        row(
            "read-if-match",
            "GET with another If-Match",
            reading(service, "if-match", 412),
            "A download that breaks off is compared by its checksum.",
        ),
        row(
            "read-range",
            "GET with Range",
            range(service),
            "A download begins again when it breaks off.",
        ),
        row(
            "missing-key",
            "GET of a missing key",
            (shown(&service.get(COPY, &[])), Verdict::Good),
            "",
        ),
        row("anonymous-read", "GET without credentials", anonymously(service, true), anonymous),
        row("anonymous-list", "Listing without credentials", anonymously(service, false), ""),
        row(
            "clock",
            "Clock",
            clock(service),
            "Set the clocks: signatures and ages depend on them.",
        ),
    ]
}

const KEPT: &str = "Without metadata, copies are compared by ETag and size alone; without \
                    Content-Encoding, an index is not compressed.";

fn put_keeps(service: &Service<'_>) -> (String, Verdict) {
    let key = service.key(PACKED);
    let inquiry = Inquiry {
        method: "PUT",
        key: &key,
        headers: &DESCRIPTION,
        body: GZIP,
        ..Inquiry::default()
    };
    match service.send(&inquiry) {
        Some(reply) if !reply.is_success() => (shown(&reply), Verdict::Unsupported),
        Some(_) => kept(&service.head(PACKED), &DESCRIPTION),
        None => {
            let metadata = [("probe", "a1")];
            let kind = DESCRIPTION[0].1;
            let upload = store::Upload { metadata: &metadata, ..store::Upload::new(kind) };
            if let Err(error) = service.store.put(&key, GZIP, &upload) {
                return (error.to_string(), Verdict::Unsupported);
            }
            kept(&service.head(PACKED), &DESCRIPTION)
        }
    }
}

/// Which of these headers an object still has.
fn kept(reply: &Reply, headers: &[(&str, &str)]) -> (String, Verdict) {
    if !reply.is_success() {
        return (shown(reply), Verdict::Warning);
    }
    let lost: Vec<&str> = headers
        .iter()
        .filter(|(name, value)| reply.header(name) != Some(*value))
        .map(|(name, _)| match *name {
            "x-amz-meta-probe" => "metadata",
            "content-encoding" => "Content-Encoding",
            _ => "Content-Type",
        })
        .collect();
    match lost.as_slice() {
        [] => ("type, encoding, metadata".to_owned(), Verdict::Good),
        // A folder cannot keep it, and is served by web servers that know the names.
        ["Content-Encoding"] => ("not Content-Encoding".to_owned(), Verdict::Note),
        lost => (format!("not {}", lost.join(", ")), Verdict::Warning),
    }
}

fn encoded(service: &Service<'_>) -> (String, Verdict) {
    let reply = service.get(PACKED, &[]);
    let says = reply.header("content-encoding").is_some();
    match (reply.body == GZIP, says) {
        (true, true) => ("as stored, with Content-Encoding".to_owned(), Verdict::Good),
        (true, false) => ("as stored, without Content-Encoding".to_owned(), Verdict::Note),
        (false, _) if reply.body == b"packed" => ("unpacked".to_owned(), Verdict::Note),
        (false, _) if !reply.is_success() => (shown(&reply), Verdict::Warning),
        (false, _) => ("other bytes".to_owned(), Verdict::Unsupported),
    }
}

fn copy(service: &Service<'_>) -> (String, Verdict) {
    service.delete(COPY, When::Always);
    service.put(KEY, "content of a copy", When::Always);
    let reply = service.copy(KEY, COPY, &[], When::Always);
    let content = service.content(COPY);
    service.delete(COPY, When::Always);
    match (reply.is_success(), content.as_deref()) {
        (true, Some("content of a copy")) => ("copies".to_owned(), Verdict::Good),
        (true, None) => ("answers success, and copies nothing".to_owned(), Verdict::Warning),
        (_, Some(_)) => ("other content".to_owned(), Verdict::Warning),
        (false, None) => (shown(&reply), Verdict::Warning),
    }
}

fn copy_keeps(service: &Service<'_>) -> (String, Verdict) {
    let reply = service.copy(PACKED, COPY, &[], When::Always);
    let head = service.head(COPY);
    service.delete(COPY, When::Always);
    if !reply.is_success() {
        return (shown(&reply), Verdict::Warning);
    }
    // What the source does not have cannot be copied.
    let source = service.head(PACKED);
    let had = DESCRIPTION.into_iter().filter(|(name, value)| source.header(name) == Some(value));
    match kept(&head, &had.collect::<Vec<_>>()) {
        (_, Verdict::Good) => ("all of it".to_owned(), Verdict::Good),
        other => other,
    }
}

fn form(service: &Service<'_>) -> (String, Verdict) {
    // MD5 of "hello".
    const MD5: &str = "5d41402abc4b2a76b9719d911017c592";
    service.put(TAG, "hello", When::Always);
    let tag = service.tag(TAG);
    let quotes = match &tag {
        tag if tag.is_empty() => return ("absent".to_owned(), Verdict::Unsupported),
        tag if tag.starts_with("W/") => "weak",
        tag if tag.starts_with('"') && tag.ends_with('"') => "quoted",
        _ => "without quotes",
    };
    let kind = if tag.contains(MD5) { "the MD5" } else { "not the MD5" };
    (format!("{quotes}, {kind}"), Verdict::Good)
}

fn agrees(service: &Service<'_>) -> (String, Verdict) {
    let bare = |tag: &str| tag.trim_start_matches("W/").trim_matches('"').to_owned();
    let put = service.put(TAG, "hello", When::Always);
    let head = bare(&service.tag(TAG));
    let page = service.list(TAG, None, None);
    let listed = page.entries.first().map(|(_, tag)| bare(tag)).unwrap_or_default();
    let got = bare(service.get(TAG, &[]).header("etag").unwrap_or_default());
    // A folder says nothing when it is written to: there our own store asks.
    let put = put.header("etag").map_or_else(|| head.clone(), bare);
    let mut others = Vec::new();
    for (name, tag) in [("PUT", put), ("GET", got), ("listing", listed)] {
        if tag.is_empty() {
            others.push(format!("{name}: absent"));
        } else if tag != head {
            others.push(format!("{name}: another"));
        }
    }
    match others.is_empty() {
        true => ("the same".to_owned(), Verdict::Good),
        false => (others.join(", "), Verdict::Note),
    }
}

fn changes(service: &Service<'_>) -> (String, Verdict) {
    let tags: Vec<String> = ["hello", "hullo", "hallo"]
        .into_iter()
        .map(|content| {
            service.put(TAG, content, When::Always);
            service.tag(TAG)
        })
        .collect();
    match tags[0] != tags[1] && tags[1] != tags[2] {
        true => ("another".to_owned(), Verdict::Good),
        false => ("the same".to_owned(), Verdict::Note),
    }
}

fn parts(service: &Service<'_>) -> (String, Verdict) {
    match complete(service, PARTS, When::Always) {
        None => ("no such request".to_owned(), Verdict::Good),
        Some(reply) if !reply.is_success() => (shown(&reply), Verdict::Warning),
        Some(reply) => {
            let bare = |tag: &str| tag.trim_start_matches("W/").trim_matches('"').to_owned();
            let answered =
                bare(reply.text("CompleteMultipartUploadResult/ETag").unwrap_or_default());
            match answered == bare(&service.tag(PARTS)) {
                true => ("as HEAD says it".to_owned(), Verdict::Good),
                false => ("another than HEAD's".to_owned(), Verdict::Note),
            }
        }
    }
}

/// What a read does whose condition does not hold.
fn reading(service: &Service<'_>, header: &str, expected: u16) -> (String, Verdict) {
    service.put(KEY, "read me", When::Always);
    let tag = match header {
        "if-none-match" => service.tag(KEY),
        _ => "\"00000000000000000000000000000000\"".to_owned(),
    };
    let key = service.key(KEY);
    let headers = [(header, tag.as_str())];
    let inquiry = Inquiry { method: "GET", key: &key, headers: &headers, ..Inquiry::default() };
    match service.send(&inquiry) {
        None => ("no such request".to_owned(), Verdict::Good),
        Some(reply) if reply.status == expected => (expected.to_string(), Verdict::Good),
        Some(reply) => (shown(&reply), Verdict::Note),
    }
}

fn range(service: &Service<'_>) -> (String, Verdict) {
    service.put(KEY, "read me", When::Always);
    let key = service.key(KEY);
    let headers = [("range", "bytes=5-")];
    let inquiry = Inquiry { method: "GET", key: &key, headers: &headers, ..Inquiry::default() };
    match service.send(&inquiry) {
        None => ("no such request".to_owned(), Verdict::Good),
        Some(reply) if reply.status == 206 && reply.body == b"me" => {
            ("206".to_owned(), Verdict::Good)
        }
        Some(reply) if reply.body == b"me" => {
            (format!("{}, the range", reply.status), Verdict::Note)
        }
        Some(reply) if reply.body == b"read me" => {
            (format!("{}, all of it", reply.status), Verdict::Note)
        }
        Some(reply) => (shown(&reply), Verdict::Warning),
    }
}

fn anonymously(service: &Service<'_>, read: bool) -> (String, Verdict) {
    service.put(KEY, "read me", When::Always);
    let (key, prefix) = (service.key(KEY), service.key(""));
    let query = [("list-type", "2"), ("prefix", prefix.as_str())];
    let inquiry = match read {
        true => Inquiry { method: "GET", key: &key, ..Inquiry::default() },
        false => Inquiry { method: "GET", query: &query, ..Inquiry::default() },
    };
    match service.send_anonymously(&inquiry) {
        None => ("no such request".to_owned(), Verdict::Good),
        Some(reply) if reply.is_success() => ("allowed".to_owned(), Verdict::Good),
        Some(reply) => (shown(&reply), Verdict::Note),
    }
}

/// How far the time of an object that was just written is from our own.
fn clock(service: &Service<'_>) -> (String, Verdict) {
    let before = Timestamp::now();
    service.put(KEY, "what time is it?", When::Always);
    let reply = service.head(KEY);
    let parse = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
    let written = match reply.header("last-modified") {
        Some(text) => parse(text),
        // A folder has none of HTTP's headers.
        None => service.store.head(&service.key(KEY)).ok().flatten().map(|head| head.modified),
    };
    let Some(written) = written else {
        return ("no date".to_owned(), Verdict::Unsupported);
    };
    let off: SignedDuration = written.duration_since(before);
    match off.as_secs() {
        seconds if seconds.abs() <= CLOCK => ("as here".to_owned(), Verdict::Good),
        seconds if seconds < 0 => (format!("{} s behind", -seconds), Verdict::Warning),
        seconds => (format!("{seconds} s ahead"), Verdict::Warning),
    }
}
