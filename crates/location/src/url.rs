//! Percent-encoding, and paths of URLs.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::address::Authority;

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
#[must_use]
pub fn without_secrets(url: &str) -> String {
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

/// Who serves a URL, as far as it takes to tell whether two mean the same: the port that a scheme
/// has anyway says nothing, nor does `localhost` of files.
pub(crate) struct Host<'u> {
    /// `web` for `http` and `https`, else the scheme; empty where there is none.
    pub(crate) kind: &'u str,
    /// The host, and a port that is not the usual one.
    pub(crate) name: Cow<'u, str>,
}

impl Host<'_> {
    fn is(&self, other: &Host<'_>) -> bool {
        self.kind.eq_ignore_ascii_case(other.kind) && self.name.eq_ignore_ascii_case(&other.name)
    }
}

/// The host of a URL, and what follows it.
pub(crate) fn host(url: &str) -> (Host<'_>, &str) {
    let Some((scheme, rest)) = url.split_once("://") else {
        return (Host { kind: "", name: "".into() }, url);
    };
    let (name, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (kind, name) = match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => ("web", web("https", name)),
        _ if scheme.eq_ignore_ascii_case("http") => ("web", web("http", name)),
        _ if scheme.eq_ignore_ascii_case("file") && name == "localhost" => ("file", "".into()),
        other => (other, name.into()),
    };
    (Host { kind, name }, path)
}

/// The host and port of a web address in their one spelling; as they are, where they cannot be one.
fn web<'u>(scheme: &str, name: &'u str) -> Cow<'u, str> {
    match Authority::parse(name) {
        Ok(found) => found.without_usual_port(scheme).to_string().into(),
        Err(_) => name.into(),
    }
}

/// What stands between the scheme of a URL and its path: user, host and port.
pub(crate) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// What follows `base` and a slash in `url`. Letters of scheme and host mean the same in either
/// case; those of the path do not.
pub(crate) fn below<'u>(url: &'u str, base: &str) -> Option<&'u str> {
    let ((host, path), (base, above)) = (self::host(url), self::host(base));
    host.is(&base).then_some(path)?.strip_prefix(above)?.strip_prefix('/')
}

/// The segments of a URL's path, percent-decoded, without empty and `.` ones and without query and
/// fragment: the last ones name an object, on any server. A text without a scheme is a path.
/// Where the decoded path is not UTF-8, it stays as it is written.
#[must_use]
pub fn path_segments(url: &str) -> Vec<String> {
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    let (_, path) = host(bare);
    let path = decode(path).unwrap_or_else(|| path.to_owned());
    let segments = path.split('/').filter(|segment| !matches!(*segment, "" | "."));
    segments.map(str::to_owned).collect()
}

/// What of a URL comes before the path `name` at its end, without the slash between them: the base
/// that a public URL would have to be. `None` when the URL's path does not end in `name`.
#[must_use]
pub fn site<'u>(url: &'u str, name: &str) -> Option<&'u str> {
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    let starts = bare.match_indices('/').map(|(at, _)| at);
    let ends = |at: &usize| decode(&bare[at + 1..]).as_deref() == Some(name);
    starts.into_iter().find(ends).map(|at| &bare[..at])
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
    fn segments_of_a_path() {
        let check =
            |url: &str, expected: &[&str]| assert_eq!(path_segments(url), expected, "{url}");
        check("https://h/a%2Fb//./c%2B1.tar.gz?x/y#z", &["a", "b", "c+1.tar.gz"]);
        check("s3://bucket/x", &["x"]);
        check("lib/x", &["lib", "x"]);
        check("https://h", &[]);
        check("https://h/%ff/x", &["%ff", "x"]);
    }

    #[test]
    fn sites_of_a_name() {
        assert_eq!(site("https://cdn/x/p/a%2B1.tar.gz?q", "a+1.tar.gz"), Some("https://cdn/x/p"));
        assert_eq!(site("https://cdn/lib/a", "lib/a"), Some("https://cdn"));
        assert_eq!(site("https://cdn/b", "a"), None);
    }

    #[test]
    fn below_a_base() {
        assert_eq!(below("HTTP://Host/a/b", "http://host/a"), Some("b"));
        assert_eq!(below("http://host/A/b", "http://host/a"), None);
        assert_eq!(below("http://host/ab", "http://host/a"), None);
        assert_eq!(below("http://hostile/b", "http://host"), None);
        assert_eq!(below("https://host:443/b", "http://host"), Some("b"));
        assert_eq!(below("http://host/b", "http://host:80"), Some("b"));
        assert_eq!(below("http://host:443/b", "http://host"), None);
        assert_eq!(below("http://host:8080/b", "http://host"), None);
        assert_eq!(below("http://host./b", "http://host:80"), Some("b"));
        assert_eq!(below("http://[0::1]:9/b", "http://[::1]:9"), Some("b"));
        assert_eq!(below("ftp://host/b", "http://host"), None);
        assert_eq!(below("file://localhost/srv/b", "file:///srv"), Some("b"));
        assert_eq!(below("file://other/srv/b", "file:///srv"), None);
    }
}
