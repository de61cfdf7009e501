//! What becomes of writes that have a condition. Each is tried beside a control: without the
//! condition, with one that holds, and with one that does not. What counts is what is stored then.

use store::{Inquiry, Reply};

use super::ask::{Service, When};
use super::table::{Row, Verdict};

/// The names that are written.
pub const KEYS: [&str; 3] = [KEY, FREE, SOURCE];
const KEY: &str = "condition";
const FREE: &str = "condition-free";
const SOURCE: &str = "condition-source";

const WRONG: &str = "\"00000000000000000000000000000000\"";
const OLD: &str = "old content";
const NEW: &str = "new content, and longer";

const TURNS: &str = "Publishing checks after each write and repeats it where needed, and the tools \
                     take turns; other programs that write at the same moment are not noticed in \
                     time.";
const LOOKED_AT: &str = "The tools look before and after; a moment in between is not protected.";

/// A request that can have a condition; `None`: there is no such request here.
type Try<'t> = &'t dyn Fn(&str, When<'_>) -> Option<Reply>;

/// What became of one.
struct Outcome {
    reply: Reply,
    took_effect: bool,
}

/// The rows of this topic.
pub fn rows(service: &Service<'_>) -> Vec<Row> {
    let put = |name: &str, when: When<'_>| Some(service.put(name, NEW, when));
    let complete = |name: &str, when: When<'_>| complete(service, name, when);
    let delete = |name: &str, when: When<'_>| Some(service.delete(name, when));
    let delete_many = |name: &str, when: When<'_>| delete_objects(service, name, when);
    let copy = |name: &str, when: When<'_>| {
        service.put(SOURCE, NEW, When::Always);
        Some(service.copy(SOURCE, name, &[], when))
    };
    let row = Row::new;
    vec![
        row("put-if-match", "PUT with If-Match", if_match(service, &put), TURNS),
        row("put-if-match-missing", "  of a missing key", missing(service, &put), ""),
        row("put-if-match-weak", "  with the tag as W/\"…\"", weak(service), ""),
        row("put-if-none-match", "PUT with If-None-Match: *", if_absent(service, &put), TURNS),
        row(
            "complete-if-match",
            "CompleteMultipartUpload with If-Match",
            if_match(service, &complete),
            LOOKED_AT,
        ),
        row(
            "complete-if-none-match",
            "  with If-None-Match: *",
            if_absent(service, &complete),
            LOOKED_AT,
        ),
        row("delete-if-match", "DELETE with If-Match", if_match(service, &delete), LOOKED_AT),
        row(
            "delete-objects-if-match",
            "DeleteObjects with an ETag",
            if_match(service, &delete_many),
            "",
        )
        .at_most(Verdict::Note),
        row("copy-if-match", "CopyObject with If-Match", if_match(service, &copy), LOOKED_AT),
        row("copy-if-none-match", "  with If-None-Match: *", if_absent(service, &copy), LOOKED_AT),
        row(
            "copy-source-if-match",
            "  with x-amz-copy-source-if-match",
            of_source(service),
            "What was copied is compared with the source afterwards.",
        ),
    ]
}

/// Whether a condition of an existing object is kept.
fn if_match(service: &Service<'_>, attempt: Try<'_>) -> (String, Verdict) {
    let try_one = |when: &dyn Fn(&str) -> Option<String>| {
        service.put(KEY, OLD, When::Always);
        let tag = when(&service.tag(KEY));
        let reply = attempt(KEY, tag.as_deref().map_or(When::Always, When::IfMatch))?;
        Some(Outcome { reply, took_effect: service.content(KEY).as_deref() != Some(OLD) })
    };
    compared(
        try_one(&|_| None),
        try_one(&|tag| Some(tag.to_owned())),
        try_one(&|_| Some(WRONG.to_owned())),
    )
}

/// Whether the condition that a key is free is kept.
fn if_absent(service: &Service<'_>, attempt: Try<'_>) -> (String, Verdict) {
    let free = |when: When<'_>| {
        service.delete(FREE, When::Always);
        let reply = attempt(FREE, when)?;
        Some(Outcome { reply, took_effect: service.content(FREE).is_some() })
    };
    let taken = || {
        service.put(KEY, OLD, When::Always);
        let reply = attempt(KEY, When::IfAbsent)?;
        Some(Outcome { reply, took_effect: service.content(KEY).as_deref() != Some(OLD) })
    };
    compared(free(When::Always), free(When::IfAbsent), taken())
}

/// What follows from the three tries.
fn compared(
    control: Option<Outcome>,
    holds: Option<Outcome>,
    fails: Option<Outcome>,
) -> (String, Verdict) {
    let (Some(control), Some(holds), Some(fails)) = (control, holds, fails) else {
        return ("no such request".to_owned(), Verdict::Good);
    };
    if !control.took_effect {
        let without = shown(&control.reply);
        return (format!("fails without one: {without}"), Verdict::Note);
    }
    match (holds.took_effect, fails.took_effect) {
        (true, false) if !fails.reply.is_success() => {
            (format!("kept: {}", shown(&fails.reply)), Verdict::Good)
        }
        (true, false) => ("kept, but answers success".to_owned(), Verdict::Warning),
        (true, true) => ("ignored".to_owned(), Verdict::Warning),
        (false, false) if holds.reply.is_success() => {
            ("answers success, and does nothing".to_owned(), Verdict::Warning)
        }
        (false, false) => (format!("refused: {}", shown(&holds.reply)), Verdict::Warning),
        (false, true) => ("reversed".to_owned(), Verdict::Warning),
    }
}

fn missing(service: &Service<'_>, attempt: Try<'_>) -> (String, Verdict) {
    service.delete(FREE, When::Always);
    let reply = attempt(FREE, When::IfMatch(WRONG));
    if service.content(FREE).is_some() {
        return ("writes it".to_owned(), Verdict::Note);
    }
    (reply.map_or_else(String::new, |reply| shown(&reply)), Verdict::Good)
}

fn weak(service: &Service<'_>) -> (String, Verdict) {
    service.put(KEY, OLD, When::Always);
    let tag = service.tag(KEY);
    let strong = tag.trim_start_matches("W/");
    let reply = service.put(KEY, NEW, When::IfMatch(&format!("W/{strong}")));
    match service.content(KEY).as_deref() == Some(NEW) {
        true => ("writes".to_owned(), Verdict::Good),
        false => (shown(&reply), Verdict::Good),
    }
}

fn of_source(service: &Service<'_>) -> (String, Verdict) {
    let copy = |tag: &str| {
        service.delete(FREE, When::Always);
        service.put(SOURCE, NEW, When::Always);
        let tag = if tag.is_empty() { service.tag(SOURCE) } else { tag.to_owned() };
        let condition = [("x-amz-copy-source-if-match", tag.as_str())];
        let key = service.key(FREE);
        let source = format!("/{}/{}", service.store.bucket(), service.key(SOURCE));
        let headers = [("x-amz-copy-source", source.as_str()), condition[0]];
        let inquiry = Inquiry { method: "PUT", key: &key, headers: &headers, ..Inquiry::default() };
        let reply = service.send(&inquiry)?;
        Some(Outcome { reply, took_effect: service.content(FREE).is_some() })
    };
    let control = || {
        service.delete(FREE, When::Always);
        let reply = service.copy(SOURCE, FREE, &[], When::Always);
        Some(Outcome { reply, took_effect: service.content(FREE).is_some() })
    };
    compared(control(), copy(""), copy(WRONG))
}

/// Writes an object as a multipart upload of one part.
pub fn complete(service: &Service<'_>, name: &str, when: When<'_>) -> Option<Reply> {
    let key = service.key(name);
    let begun = service.send(&Inquiry {
        method: "POST",
        key: &key,
        query: &[("uploads", "")],
        headers: &[("content-type", "text/plain")],
        ..Inquiry::default()
    })?;
    let Some(id) = begun.text("UploadId").map(str::to_owned) else { return Some(begun) };
    let part = service.send(&Inquiry {
        method: "PUT",
        key: &key,
        query: &[("partNumber", "1"), ("uploadId", &id)],
        body: NEW.as_bytes(),
        ..Inquiry::default()
    })?;
    let tag = part.header("etag").unwrap_or_default();
    let body = format!(
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part>\
         <PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        tag.replace('"', "&quot;")
    );
    let headers: Vec<(&str, &str)> = when.header().into_iter().collect();
    let done = service.send(&Inquiry {
        method: "POST",
        key: &key,
        query: &[("uploadId", &id)],
        headers: &headers,
        body: body.as_bytes(),
    })?;
    if !done.is_success() {
        // Otherwise the service would keep the part.
        service.send(&Inquiry {
            method: "DELETE",
            key: &key,
            query: &[("uploadId", &id)],
            ..Inquiry::default()
        });
    }
    Some(done)
}

/// Removes one object by the request that removes many.
fn delete_objects(service: &Service<'_>, name: &str, when: When<'_>) -> Option<Reply> {
    let tag = match when {
        When::IfMatch(tag) => format!("<ETag>{}</ETag>", tag.replace('"', "&quot;")),
        When::Always | When::IfAbsent => String::new(),
    };
    let body = format!(
        "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>{}</Key>{tag}\
         </Object></Delete>",
        service.key(name)
    );
    let mut reply = service.send(&Inquiry {
        method: "POST",
        query: &[("delete", "")],
        headers: &[("content-type", "application/xml")],
        body: body.as_bytes(),
        ..Inquiry::default()
    })?;
    if let Some(code) = reply.text("Error/Code").map(str::to_owned) {
        reply.code = code;
    }
    Some(reply)
}

/// A refusal in short.
pub fn shown(reply: &Reply) -> String {
    match (reply.status, reply.code.as_str()) {
        (0, why) => why.to_owned(),
        (status, "") => status.to_string(),
        (status, code) => format!("{status} {code}"),
    }
}
