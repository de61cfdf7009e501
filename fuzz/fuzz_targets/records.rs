//! `cargo +nightly fuzz run records -- -max_total_time=60`; see `bodies/records.rs`.

#![no_main]

#[path = "../bodies/records.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
