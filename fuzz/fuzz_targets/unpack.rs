//! `cargo +nightly fuzz run unpack -- -max_total_time=60`; see `bodies/unpack.rs`.

#![no_main]

#[path = "../bodies/unpack.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
