//! Packages as Composer writes them to its files.

use composer::Package;
use jiff::Timestamp;
use jiff::civil::DateTime;
use php_json::{Object, Value};

use crate::download::METAPACKAGE;

/// The kinds of links, in Composer's order.
const LINKS: [&str; 5] = ["require", "conflict", "provide", "replace", "require-dev"];
const BEFORE_LINKS: [&str; 2] = ["target-dir", "source"];
const AFTER_TIME: [&str; 3] = ["bin", "type", "extra"];
const AFTER_INSTALLATION: [&str; 14] = [
    "autoload",
    "autoload-dev",
    "notification-url",
    "include-path",
    "archive",
    "scripts",
    "license",
    "authors",
    "description",
    "homepage",
    "keywords",
    "repositories",
    "support",
    "funding",
];

/// Which file a package is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// `composer.lock`.
    Lock,
    /// `vendor/composer/installed.json`.
    Installed,
}

/// A package in the form of one of Composer's files. `dist` replaces its own, for packages that are
/// not of a repository of archives.
pub fn dump(package: &Package, json: &Object, target: For, path: Option<&Object>) -> Object {
    let mut dumped = Object::new();
    let mut put = |key: &str, value: Value| _ = dumped.insert(key.to_owned(), value);
    put("name", package.pretty_name.as_str().into());
    put("version", package.pretty_version.as_str().into());
    if target == For::Installed {
        put("version_normalized", package.version.as_str().into());
    }
    let given = |key: &&&str| json.get(**key).is_some_and(|value| !is_empty(value));
    for key in BEFORE_LINKS.iter().filter(given) {
        put(key, json[*key].clone());
    }
    match path {
        Some(members) => put("dist", members["dist"].clone()),
        None => {
            if let Some(found) = dist(package) {
                put("dist", found);
            }
        }
    }
    for key in LINKS.iter().filter(given) {
        if let Value::Object(links) = &json[*key] {
            let mut links = lower_keys(links);
            links.sort_keys();
            put(key, Value::Object(links));
        }
    }
    if let Some(Value::Object(suggest)) = json.get("suggest").filter(|value| !is_empty(value)) {
        let mut suggest = suggest.clone();
        suggest.sort_keys();
        put("suggest", Value::Object(suggest));
    }
    let time = json.get("time").and_then(Value::as_str).and_then(time);
    if let Some(time) = time.as_deref().filter(|_| target == For::Installed) {
        put("time", time.into());
    }
    for key in AFTER_TIME {
        match key {
            "type" => put("type", package.kind.as_str().into()),
            key => {
                if given(&&key) {
                    put(key, php_json::as_array(json[key].clone()));
                }
            }
        }
    }
    if target == For::Installed && package.kind != METAPACKAGE {
        put("installation-source", "dist".into());
    }
    for key in AFTER_INSTALLATION.iter().filter(given) {
        put(key, json[*key].clone());
    }
    if let Some(members) = path {
        put("transport-options", members["transport-options"].clone());
    }
    if let Some(time) = time.as_deref().filter(|_| target == For::Lock) {
        put("time", time.into());
    }
    dumped
}

fn dist(package: &Package) -> Option<Value> {
    let dist = package.dist.as_ref()?;
    let mut members = Object::new();
    let mut put = |key: &str, value: &str| _ = members.insert(key.to_owned(), value.into());
    put("type", &dist.kind);
    put("url", &dist.url);
    if let Some(reference) = &dist.reference {
        put("reference", reference);
    }
    if let Some(shasum) = &dist.shasum {
        put("shasum", shasum);
    }
    Some(Value::Object(members))
}

fn lower_keys(links: &Object) -> Object {
    links.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A manifest's time as Composer writes it.
fn time(text: &str) -> Option<String> {
    let text = text.trim();
    let local = || text.parse::<DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let time = text.parse::<Timestamp>().ok().or_else(|| Some(local()?.timestamp()))?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("2016-02-16 01:18:50", Some("2016-02-16T01:18:50+00:00")),
            ("2016-02-16T03:18:50+02:00", Some("2016-02-16T01:18:50+00:00")),
            ("2016-02-16", Some("2016-02-16T00:00:00+00:00")),
            ("yesterday", None),
        ] {
            assert_eq!(time(text).as_deref(), expected, "{text}");
        }
    }
}
