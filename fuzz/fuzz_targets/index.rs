//! `cargo +nightly fuzz run index -- -max_total_time=60`; see `bodies/index.rs`.

#![no_main]

#[path = "../bodies/index.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
