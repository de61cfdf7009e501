//! `cargo +nightly fuzz run manifest -- -max_total_time=60`; see `bodies/manifest.rs`.

#![no_main]

#[path = "../bodies/manifest.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
