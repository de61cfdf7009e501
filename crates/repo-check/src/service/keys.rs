//! Keys with letters that URLs write in two ways, in requests and as the source of a copy.

use super::ask::{Service, When};
use super::conditions::shown;
use super::table::{Row, Verdict};

/// The names that are written.
pub const KEYS: [&str; 8] =
    ["key a+b", "key a b", "key a%2Bb", "key ä", "key-copy", "key-below", "key-below/1", "key a=b"];

const PUBLISH: &str = "Versions with '+' cannot be kept apart here.";

/// The rows of this topic.
pub fn rows(service: &Service<'_>) -> Vec<Row> {
    for name in &KEYS[..4] {
        service.put(name, name, When::Always);
    }
    let row = Row::new;
    let rows = vec![
        row("key-plus", "Key with +", own(service, KEYS[0]), PUBLISH),
        row("key-space", "Key with a space", own(service, KEYS[1]), ""),
        row("key-percent", "Key with the text %2B", own(service, KEYS[2]), ""),
        row("key-unicode", "Key with ä", own(service, KEYS[3]), ""),
        row("key-below", "Keys q and q/1 side by side", below(service), ""),
        row(
            "copy-plus",
            "Copy source with + as %2B",
            copy(service, "key%20a%2Bb", KEYS[0]),
            PUBLISH,
        ),
        row("copy-plus-plain", "  as +", plain(service), ""),
        row("copy-space", "  with a space as %20", copy(service, "key%20a%20b", KEYS[1]), ""),
        row("copy-percent", "  with %2B as %252B", copy(service, "key%20a%252Bb", KEYS[2]), ""),
    ];
    rows
}

/// Whether a key keeps its own content, and its name in the listing.
fn own(service: &Service<'_>, name: &str) -> (String, Verdict) {
    let content = service.content(name);
    let page = service.list("key", None, None);
    let listed = page.entries.iter().any(|(found, _)| format!("key{found}") == name);
    let severe = if name.contains('+') { Verdict::Unsupported } else { Verdict::Warning };
    match content {
        Some(found) if found == name && listed => ("its own".to_owned(), Verdict::Good),
        Some(found) if found == name => ("its own, listed by another name".to_owned(), severe),
        Some(found) => (format!("the object of {:?}", found.trim_start_matches("key ")), severe),
        None => (shown(&service.get(name, &[])), severe),
    }
}

fn below(service: &Service<'_>) -> (String, Verdict) {
    service.put("key-below", "above", When::Always);
    let reply = service.put("key-below/1", "below", When::Always);
    let both = service.content("key-below").as_deref() == Some("above")
        && service.content("key-below/1").as_deref() == Some("below");
    match (both, reply.is_success()) {
        (true, _) => ("both".to_owned(), Verdict::Good),
        (false, false) => ("refused".to_owned(), Verdict::Note),
        (false, true) => ("one of them is lost".to_owned(), Verdict::Warning),
    }
}

fn copied(service: &Service<'_>, source: &str) -> Result<String, String> {
    service.delete("key-copy", When::Always);
    let reply = service.copy(source, "key-copy", &[], When::Always);
    match service.content("key-copy") {
        Some(content) => Ok(content),
        None if reply.is_success() => Err("answers success, and copies nothing".to_owned()),
        None => Err(shown(&reply)),
    }
}

/// Whether a source is found that is written as our tools write it.
fn copy(service: &Service<'_>, source: &str, name: &str) -> (String, Verdict) {
    // In a folder there are no headers, and names are as they are.
    let source = if is_folder(service) { name } else { source };
    match copied(service, source) {
        Ok(found) if found == name => ("copies".to_owned(), Verdict::Good),
        Ok(found) => {
            (format!("copies {:?}", found.trim_start_matches("key ")), Verdict::Unsupported)
        }
        Err(why) => (why, Verdict::Warning),
    }
}

/// What other programs get that do not encode the letter.
fn plain(service: &Service<'_>) -> (String, Verdict) {
    if is_folder(service) {
        return ("no such request".to_owned(), Verdict::Good);
    }
    match copied(service, "key%20a+b") {
        Ok(found) => (format!("copies {:?}", found.trim_start_matches("key ")), Verdict::Good),
        Err(why) => (why, Verdict::Good),
    }
}

fn is_folder(service: &Service<'_>) -> bool {
    let key = service.key(KEYS[4]);
    let inquiry = store::Inquiry { method: "HEAD", key: &key, ..store::Inquiry::default() };
    service.send(&inquiry).is_none()
}
