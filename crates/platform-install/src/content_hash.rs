//! The hash that tells Composer whether a lock is for a `composer.json`.

use md5::{Digest as _, Md5};
use php_json::{Object, Value};

/// The members that count.
const RELEVANT: [&str; 11] = [
    "name",
    "version",
    "require",
    "require-dev",
    "conflict",
    "replace",
    "provide",
    "minimum-stability",
    "prefer-stable",
    "repositories",
    "extra",
];

/// The hash of a `composer.json`: MD5 of what counts in it, with its keys in order.
pub fn of(json: &Object) -> String {
    let mut relevant: Object = RELEVANT
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), json.get(*key)?.clone())))
        .collect();
    if let Some(platform) = json.get("config").and_then(|config| config.get("platform")) {
        let config: Object = [("platform".to_owned(), platform.clone())].into_iter().collect();
        relevant.insert("config".to_owned(), Value::Object(config));
    }
    relevant.sort_keys();
    let text = php_json::to_compact(&php_json::as_array(Value::Object(relevant)));
    checksum::hex(&Md5::digest(text))
}
