//! `cargo +nightly fuzz run location -- -max_total_time=60`; see `bodies/location.rs`.

#![no_main]

#[path = "../bodies/location.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
