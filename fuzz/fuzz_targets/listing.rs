//! `cargo +nightly fuzz run listing -- -max_total_time=60`; see `bodies/listing.rs`.

#![no_main]

#[path = "../bodies/listing.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
