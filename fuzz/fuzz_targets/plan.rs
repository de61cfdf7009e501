//! `cargo +nightly fuzz run plan -- -max_total_time=60`; see `bodies/plan.rs`.

#![no_main]

#[path = "../bodies/plan.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
