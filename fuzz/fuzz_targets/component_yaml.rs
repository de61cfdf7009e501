//! `cargo +nightly fuzz run component_yaml -- -max_total_time=60`; see `bodies/component_yaml.rs`.

#![no_main]

#[path = "../bodies/component_yaml.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
