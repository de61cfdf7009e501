//! Changing text that is as it would be written, so that it stays so.

use std::ops::Range;

use super::{Member, members, unescaped};
use crate::json;

/// An object's text with members set, each a key and the text of its value, in any order. Of a
/// key that is given twice the last one counts; what is no object counts as an empty one.
pub(crate) fn with_members(object: &str, mut set: Vec<(String, &str)>) -> String {
    let object = if object.starts_with('{') { object } else { "{}" };
    set.sort_by(|left, right| left.0.cmp(&right.0));
    let added: usize = set.iter().map(|(key, value)| key.len() + value.len() + 6).sum();
    let mut out = Vec::with_capacity(object.len() + added);
    // What of the object is in `out` already.
    let mut copied = 0;
    let mut copy = |out: &mut Vec<u8>, to: usize, go_on: usize| {
        out.extend_from_slice(&object.as_bytes()[copied..to]);
        copied = go_on;
    };

    let mut members = members(object).peekable();
    let mut set = set.into_iter().peekable();
    while let Some((key, value)) = set.next() {
        if set.peek().is_some_and(|(next, _)| *next == key) {
            continue;
        }
        let before = |member: &Member| *unescaped(member.key(object)) < *key;
        while members.next_if(before).is_some() {}
        match members.peek() {
            Some(member) if unescaped(member.key(object)) == key => {
                let range = member.value_range();
                copy(&mut out, range.start, range.end);
                out.extend_from_slice(value.as_bytes());
            }
            Some(member) => {
                copy(&mut out, member.start(), member.start());
                write_member(&mut out, &key, value);
                out.extend_from_slice(b", ");
            }
            None => {
                copy(&mut out, object.len() - 1, object.len() - 1);
                if out.len() > 1 {
                    out.extend_from_slice(b", ");
                }
                write_member(&mut out, &key, value);
            }
        }
    }
    copy(&mut out, object.len(), object.len());
    // What is written is ASCII.
    String::from_utf8(out).unwrap_or_default()
}

fn write_member(out: &mut Vec<u8>, key: &str, value: &str) {
    json::write_string(out, key);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
}

/// A text with another one in place of a part of it.
pub(crate) fn splice(text: &str, part: Range<usize>, other: &[&str]) -> String {
    let length: usize = other.iter().map(|piece| piece.len()).sum();
    let mut spliced = String::with_capacity(text.len() - part.len() + length);
    spliced.push_str(&text[..part.start]);
    spliced.extend(other.iter().copied());
    spliced.push_str(&text[part.end..]);
    spliced
}
