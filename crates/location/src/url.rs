//! Percent-encoding, and paths of URLs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but unreserved characters and the slash, as Python's `quote` does it.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Percent-encodes a path; slashes stay.
pub(crate) fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// Undoes percent-encoding; `None` where it is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

/// A URL, or what was meant to be one, as messages may show it: without user, password and query,
/// and without what follows a `#`. Passwords hold any character, so all up to the last `@` goes.
pub(crate) fn without_secrets(url: &str) -> String {
    let (scheme, rest) = match url.find("://") {
        Some(at) => url.split_at(at + 3),
        None => ("", url),
    };
    let (user, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) => ("…@", rest),
        None => ("", rest),
    };
    match rest.find(['?', '#']) {
        Some(at) if at + 1 < rest.len() => format!("{scheme}{user}{}…", &rest[..=at]),
        _ => format!("{scheme}{user}{rest}"),
    }
}

/// What follows `base` and a slash in `url`. Scheme and host are compared in any case, since they
/// mean the same in any; the path is not.
pub(crate) fn below<'u>(url: &'u str, base: &str) -> Option<&'u str> {
    let host_end = base.find("://").map_or(0, |at| {
        let start = at + 3;
        base[start..].find('/').map_or(base.len(), |slash| start + slash)
    });
    let (head, tail) = (url.get(..host_end)?, url.get(host_end..)?);
    if !head.eq_ignore_ascii_case(base.get(..host_end)?) {
        return None;
    }
    tail.strip_prefix(base.get(host_end..)?)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn encoding_comes_back(text in ".*") {
            let encoded = encode_path(&text);
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(decode(&encoded), Some(text));
        }
    }

    #[test]
    fn below_a_base() {
        assert_eq!(below("HTTP://Host/a/b", "http://host/a"), Some("b"));
        assert_eq!(below("http://host/A/b", "http://host/a"), None);
        assert_eq!(below("http://host/ab", "http://host/a"), None);
        assert_eq!(below("http://hostile/b", "http://host"), None);
    }
}
