//! What a package asks of the platform, as a package without files.

use php_json::{Object, Value};

use crate::Error;

/// What is put before the names of platform packages.
pub const PREFIX: &str = "heroku-sys/";

const LINKS: [&str; 4] = ["require", "replace", "provide", "conflict"];

/// Of one package: what it has to do with the platform.
#[derive(Debug)]
pub struct Metapackage {
    /// Its name.
    pub name: String,
    /// Its version, whatever it is.
    pub version: Value,
    /// Whether it requires a version of PHP.
    pub requires_runtime: bool,
    /// The package for Composer.
    pub json: Value,
}

impl Metapackage {
    /// Reads a package of the lock; `None` where it has nothing to do with the platform.
    pub fn of(package: &Value, lock: &str) -> Result<Option<Self>, Error> {
        let problem = |problem: String| Error::Content { name: lock.to_owned(), problem };
        if !matches!(package, Value::Object(_)) {
            return Err(problem(format!("a package is {}", package.kind())));
        }
        let name = package.get("name").and_then(Value::as_str);
        let mut links = Vec::with_capacity(LINKS.len());
        for kind in LINKS {
            let entries = match package.get(kind) {
                None => Object::new(),
                Some(Value::Object(entries)) => {
                    prefixed(entries.iter().filter(|(name, _)| is_platform(name)))
                }
                // PHP writes an object without members so.
                Some(Value::List(_)) => Object::new(),
                Some(other) => {
                    let name = name.unwrap_or("a package without a name");
                    return Err(problem(format!("{kind} of {name} is {}", other.kind())));
                }
            };
            links.push((kind, entries));
        }
        if links.iter().all(|(_, entries)| entries.is_empty()) {
            return Ok(None);
        }
        let name = name.ok_or_else(|| problem("a package has no name".to_owned()))?;
        let version = package
            .get("version")
            .ok_or_else(|| problem(format!("package {name} has no version")))?;
        let mut json = Object::new();
        json.insert("type".to_owned(), "metapackage".into());
        json.insert("name".to_owned(), name.into());
        json.insert("version".to_owned(), version.clone());
        let requires_runtime = package.get("require").is_some_and(has_runtime);
        json.extend(links.into_iter().map(|(kind, entries)| (kind.to_owned(), entries.into())));
        Ok(Some(Self {
            name: name.to_owned(),
            version: version.clone(),
            requires_runtime,
            json: json.into(),
        }))
    }
}

/// Whether requirements name a version of PHP.
pub fn has_runtime(requirements: &Value) -> bool {
    requirements.get("php").is_some()
}

/// The same entries with names of the platform's repositories.
pub fn prefixed<'a>(entries: impl Iterator<Item = (&'a String, &'a Value)>) -> Object {
    entries.map(|(name, value)| (format!("{PREFIX}{name}"), value.clone())).collect()
}

/// PHP, and extensions, but not those that are asked for as real ones in place of a polyfill.
pub fn is_platform(name: &str) -> bool {
    match name.strip_prefix("ext-") {
        Some(extension) => !extension.is_empty() && !extension.ends_with(".native"),
        None => name == "php" || name == "php-64bit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platform_packages() {
        for name in ["php", "php-64bit", "ext-x", "ext-.native.x", "ext-native"] {
            assert!(is_platform(name), "{name}");
        }
        for name in [
            "",
            "php-",
            "php-ipv6",
            "hhvm",
            "ext-",
            "ext-x.native",
            "ext",
            "lib-curl",
            "PHP",
            "a/ext-x",
        ] {
            assert!(!is_platform(name), "{name}");
        }
    }
}
