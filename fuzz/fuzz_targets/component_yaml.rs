//! Reads whatever comes as a configuration or an index: no panic, and what is read is shown.
//!
//! `cargo +nightly fuzz run component-yaml -- -max_total_time=60`

#![no_main]

use component::configuration::merge;
use component::value::Value;
use component::yaml;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(Some(value)) = yaml::parse(text) {
        let _ = value.to_string();
        let _ = value.to_json().to_string();
        if let Value::Map(map) = &value {
            let mut merged = map.clone();
            merge(&mut merged, map, &mut |_| ());
            merged.remove_nulls();
        }
    }
});
