//! Reads whatever comes as a configuration or an index: no panic, and what is read is shown.

use component::configuration::merge;
use component::value::Value;
use component::yaml;

/// Takes one input; what is no text is none.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(Some(value)) = yaml::parse(text) {
        let _ = value.to_string();
        let _ = value.to_json().to_string();
        if let Value::Map(map) = &value {
            let mut merged = map.clone();
            merge(&mut merged, map, &mut |_| ());
            merged.remove_nulls();
        }
    }
}
