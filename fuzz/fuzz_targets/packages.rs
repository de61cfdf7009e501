//! `cargo +nightly fuzz run packages -- -max_total_time=60`; see `bodies/packages.rs`.

#![no_main]

#[path = "../bodies/packages.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
