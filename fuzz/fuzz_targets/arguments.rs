//! `cargo +nightly fuzz run arguments -- -max_total_time=60`; see `bodies/arguments.rs`.

#![no_main]

#[path = "../bodies/arguments.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
