//! Reads whatever comes as XML: no panic, and what is written can be read.

use component::xml::Document;

/// Takes one input; what is no text is none.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(document) = Document::parse(text) {
        assert!(Document::parse(&document.pretty()).is_ok());
    }
}
