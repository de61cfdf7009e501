//! User and password of a URL.

use percent_encoding::percent_decode_str;
use url::Url;

/// The URL without user and password, which are no part of what a server is asked for.
pub(crate) fn bare(url: &Url) -> Url {
    let mut url = url.clone();
    // These fail for URLs without a host only.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.set_fragment(None);
    url
}

/// The header for a URL's user and password.
pub(crate) fn basic(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let user: Vec<u8> = percent_decode_str(url.username()).collect();
    let password: Vec<u8> = percent_decode_str(url.password().unwrap_or_default()).collect();
    Some(pair(&user, &password))
}

/// The header for a user and a password.
pub(crate) fn pair(user: &[u8], password: &[u8]) -> String {
    http_client::basic(&[user, b":", password].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        for (url, expected) in [
            ("https://h/", None),
            ("https://u@h/", Some("Basic dTo=")),
            ("https://Aladdin:open%20sesame@h/", Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
            ("https://u:%zz@h/", Some("Basic dToleno=")),
        ] {
            assert_eq!(basic(&Url::parse(url).unwrap()).as_deref(), expected, "{url}");
        }
        assert_eq!(bare(&Url::parse("https://u:p@h/x?y#z").unwrap()).as_str(), "https://h/x?y");
    }
}
