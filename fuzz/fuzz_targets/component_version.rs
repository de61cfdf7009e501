//! `cargo +nightly fuzz run component_version -- -max_total_time=60`; see `bodies/component_version.rs`.

#![no_main]

#[path = "../bodies/component_version.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
