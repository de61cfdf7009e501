//! `cargo +nightly fuzz run component_xml -- -max_total_time=60`; see `bodies/component_xml.rs`.

#![no_main]

#[path = "../bodies/component_xml.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
