//! Reads whatever comes as versions and patterns: no panic, and an order that is one.

use component::properties::Properties;
use component::text::{sanitize, split_words};
use component::version::Version;

/// Takes one input; what is no text is none.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (one, other) = text.split_once('\n').unwrap_or((text, ""));
    if let (Ok(one), Ok(other)) = (Version::parse(one), Version::parse(other)) {
        assert_eq!(one.compare(&other), other.compare(&one).reverse());
        assert!(one.matches(&one));
    }
    if let (Ok(pattern), Ok(version)) = (Version::pattern(Some(one)), Version::parse(other)) {
        assert_eq!(pattern.matches(&version), pattern.highest([&version]).is_some());
    }
    let _ = (sanitize(text), split_words(text), Properties::parse(text));
}
