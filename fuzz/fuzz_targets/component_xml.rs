//! Reads whatever comes as XML: no panic, and what is written can be read.
//!
//! `cargo +nightly fuzz run component-xml -- -max_total_time=60`

#![no_main]

use component::xml::Document;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(document) = Document::parse(text) {
        assert!(Document::parse(&document.pretty()).is_ok());
    }
});
