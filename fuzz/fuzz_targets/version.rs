//! `cargo +nightly fuzz run version -- -max_total_time=60`; see `bodies/version.rs`.

#![no_main]

#[path = "../bodies/version.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
