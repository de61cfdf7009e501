//! Addresses without what must not be shown.

/// Parts of a query's keys whose values are secrets.
const SECRETS: [&str; 7] = ["key", "password", "username", "cred", "token", "api", "auth"];

/// The address without user and password, and with `***` for what a query keeps secret.
///
/// A query is left as it is where it holds no secret, whatever it looks like.
#[must_use]
pub fn sanitize(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // The port that everybody assumes is not shown.
    let host = match scheme {
        "http" => host.strip_suffix(":80").unwrap_or(host),
        "https" => host.strip_suffix(":443").unwrap_or(host),
        _ => host,
    };
    let (rest, fragment) = match rest.find('#') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    match rest.split_once('?') {
        None => format!("{scheme}://{host}{rest}{fragment}"),
        Some((path, query)) => format!("{scheme}://{host}{path}?{}{fragment}", masked(query)),
    }
}

/// The query anew from its keys and values. One that is not made of `key=value` is left alone, but
/// for what is secret in it.
fn masked(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in query.split('&') {
        let (Some((key, value)), true) = (pair.split_once('='), is_encoded_well(pair)) else {
            return masked_in_place(query);
        };
        if value.is_empty() {
            return masked_in_place(query);
        }
        let (key, value) = (decode(key), decode(value));
        let value = if is_secret(&key) { "***".to_owned() } else { value };
        // Of values of one key the last one counts.
        match pairs.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => pairs.push((key, value)),
        }
    }
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    encode(&pairs.join("&"))
}

fn masked_in_place(query: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((key, value)) if is_secret(&decode(key)) && !value.is_empty() => format!("{key}=***"),
        _ => pair.to_owned(),
    };
    query.split('&').map(pair).collect::<Vec<_>>().join("&")
}

fn is_encoded_well(text: &str) -> bool {
    let hex =
        |part: &str| part.len() >= 2 && part.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    text.split('%').skip(1).all(hex)
}

/// Encodes what cannot stand in a query; what looks encoded stays.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\t' | b'\r' | b'\n' => {}
            b'%' if !is_encoded_well(&String::from_utf8_lossy(
                &bytes[at..bytes.len().min(at + 3)],
            )) =>
            {
                encoded.push_str("%25");
            }
            b'!' | b'$'..=b'&' | b'('..=b';' | b'=' | b'?'..=b'_' | b'a'..=b'~' => {
                encoded.push(char::from(*byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRETS.iter().any(|secret| key.contains(secret))
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(if byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line: an address and what Ruby makes of it.
    #[test]
    fn as_ruby_has_it() {
        for line in include_str!("../../tests/data/sanitized.tsv").lines() {
            let (uri, shown) = line.split_once('\t').unwrap();
            assert_eq!(sanitize(uri), shown, "{uri}");
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        for (uri, shown) in [
            ("http://foo.com/bar/baz", "http://foo.com/bar/baz"),
            ("http://user:pass@foo.com/x?a=b", "http://foo.com/x?a=b"),
            ("https://u@foo.com:8443", "https://foo.com:8443"),
            ("http://foo.com/x?key=1&b=2", "http://foo.com/x?key=***&b=2"),
            ("http://foo.com/x?My-Api-Token=dt0&q=1", "http://foo.com/x?My-Api-Token=***&q=1"),
            ("http://foo.com/x?PASSWORD=a%20b", "http://foo.com/x?PASSWORD=***"),
            ("http://foo.com/x?%6Bey=1", "http://foo.com/x?key=***"),
            ("http://foo.com/x?a&%6Bey=1", "http://foo.com/x?a&%6Bey=***"),
            ("http://foo.com/?a", "http://foo.com/?a"),
            ("http://foo.com/?a=", "http://foo.com/?a="),
            ("http://foo.com/?auth=", "http://foo.com/?auth="),
            ("http://foo.com/x?credentials=a#part", "http://foo.com/x?credentials=***#part"),
            ("http://a:b@c@foo.com/@x", "http://foo.com/@x"),
            ("s3://bucket/prefix", "s3://bucket/prefix"),
            ("file:///a/b", "file:///a/b"),
            ("no address", "no address"),
        ] {
            assert_eq!(sanitize(uri), shown, "{uri}");
        }
    }
}
