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
    format!("Basic {}", base64(&[user, b":", password].concat()))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * index) & 63) as usize];
            text.push(if index <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
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
