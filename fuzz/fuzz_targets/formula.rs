//! `cargo +nightly fuzz run formula -- -max_total_time=60`; see `bodies/formula.rs`.

#![no_main]

#[path = "../bodies/formula.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
