//! `cargo +nightly fuzz run lock -- -max_total_time=60`; see `bodies/lock.rs`.

#![no_main]

#[path = "../bodies/lock.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
