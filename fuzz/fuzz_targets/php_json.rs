//! `cargo +nightly fuzz run php_json -- -max_total_time=60`; see `bodies/php_json.rs`.

#![no_main]

#[path = "../bodies/php_json.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
