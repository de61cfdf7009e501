//! Taking a constraint apart, at `||` and at the commas and spaces that mean *and*.

use crate::version::is_space;

/// The sides of `|` and `||`.
pub(crate) fn alternatives(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('|') {
        found.push(rest[..at].trim_end_matches(is_space));
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('|').unwrap_or(rest).trim_start_matches(is_space);
    }
    found.push(rest);
    found
}

/// The parts of a conjunction. A space is none where it belongs to an operator, to `as` or to a
/// hyphen range.
pub(crate) fn parts(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while at < bytes.len() {
        // A separator begins with a comma or a space; most bytes are neither.
        let candidate = matches!(bytes[at], b' ' | b',') && !opens(&bytes[..at]);
        match candidate.then(|| separator(bytes, at)).flatten() {
            Some(end) => {
                found.push(&text[begin..at]);
                begin = end;
                at = end;
            }
            None => at += 1,
        }
    }
    found.push(&text[begin..]);
    found
}

/// Whether what is before cannot be the end of a part.
fn opens(before: &[u8]) -> bool {
    before.ends_with(b"as")
        || before.last().is_none_or(|byte| matches!(byte, b'=' | b'>' | b'<' | b' ' | b','))
}

/// Where the separator that begins here ends, if there is one.
///
/// It is a run of spaces with one comma in it or none. The last space before the comma, or the
/// last but one, can be the separator itself; what comes before those need not be tried, since
/// two spaces always serve.
fn separator(bytes: &[u8], start: usize) -> Option<usize> {
    let spaces = run(bytes, start);
    for before in (spaces.saturating_sub(2)..=spaces).rev() {
        let at = start + before;
        let sign = bytes.get(at).is_some_and(|byte| matches!(byte, b' ' | b','));
        if !sign || (at > 0 && bytes[at - 1] == b'-') || bytes.get(at + 1) == Some(&b'-') {
            continue;
        }
        let behind = run(bytes, at + 1);
        if goes_on(&bytes[at + 1 + behind..]) {
            return Some(at + 1 + behind);
        }
        if behind > 0 {
            return Some(at + behind);
        }
    }
    None
}

fn run(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().take_while(|byte| **byte == b' ').count()
}

/// Whether a part may begin here.
fn goes_on(rest: &[u8]) -> bool {
    !(rest.is_empty() || rest == b"\n" || rest.starts_with(b",") || rest.starts_with(b"as"))
}
