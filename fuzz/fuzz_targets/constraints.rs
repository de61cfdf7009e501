//! `cargo +nightly fuzz run constraints -- -max_total_time=60`; see `bodies/constraints.rs`.

#![no_main]

#[path = "../bodies/constraints.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
