//! One manifest: the description of one package version, beside its archive.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::json::{self, Object, Value};

/// How a manifest's file name ends.
pub const FILE_SUFFIX: &str = ".composer.json";

/// Text that is not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not an object.
    #[error(transparent)]
    Json(#[from] json::Error),
    /// A key that every package needs is missing.
    #[error("{key}: missing")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A key has a value of the wrong sort.
    #[error("{key}: expected {expected}")]
    WrongType {
        /// The key.
        key: &'static str,
        /// What should stand there, with its article.
        expected: &'static str,
    },
}

/// What a package is, by its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `heroku-sys-php`
    Php,
    /// `heroku-sys-hhvm`
    Hhvm,
    /// `heroku-sys-php-extension`
    PhpExtension,
    /// `heroku-sys-webserver`
    Webserver,
    /// `heroku-sys-library`
    Library,
    /// `heroku-sys-program`
    Program,
    /// `heroku-sys-package` and `heroku-sys-php-package`: never offered to applications
    Internal,
    /// Every other type: a plain Composer package
    Plain,
}

impl Kind {
    /// How the types of platform packages start.
    pub const PLATFORM_PREFIX: &str = "heroku-sys-";

    /// The kind of a `type`; `None` for a platform type (`heroku-sys-…`) that nobody knows.
    #[must_use]
    pub fn of(text: &str) -> Option<Kind> {
        Some(match text {
            "heroku-sys-php" => Kind::Php,
            "heroku-sys-hhvm" => Kind::Hhvm,
            "heroku-sys-php-extension" => Kind::PhpExtension,
            "heroku-sys-webserver" => Kind::Webserver,
            "heroku-sys-library" => Kind::Library,
            "heroku-sys-program" => Kind::Program,
            "heroku-sys-package" | "heroku-sys-php-package" => Kind::Internal,
            other if other.starts_with(Kind::PLATFORM_PREFIX) => return None,
            _ => Kind::Plain,
        })
    }
}

/// A package version as Composer describes it. The whole object is kept, keys that nobody here
/// knows included.
///
/// `name` and `version` are strings; `require`, `conflict`, `replace`, `provide` and `dist` are
/// objects where they stand at all (PHP's empty object, `[]`, counts as one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    // Shared: plans and indexes hold thousands of manifests, most of them unchanged.
    object: Arc<Object>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Where the text is not JSON, or not the description of a package.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::from_object(json::parse_object(text)?)
    }

    /// Takes an object as a manifest.
    ///
    /// # Errors
    /// Where it is not the description of a package.
    pub fn from_object(object: Object) -> Result<Self, Error> {
        check(&object)?;
        Ok(Manifest { object: Arc::new(object) })
    }

    /// Takes the manifest out of a value, and leaves null there; a value that is none stays.
    pub(crate) fn take(value: &mut Value) -> Option<Self> {
        check(value.as_object()?).ok()?;
        match value.take() {
            Value::Object(object) => Some(Manifest { object: Arc::new(object) }),
            _ => None,
        }
    }

    /// The bytes of the manifest's file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1024);
        json::write_object(&mut bytes, &self.object);
        bytes
    }

    /// The object itself.
    #[must_use]
    pub fn as_object(&self) -> &Object {
        &self.object
    }

    /// The object itself, to be changed; what [`Manifest`] says of its keys has to stay true.
    pub(crate) fn object_mut(&mut self) -> &mut Object {
        Arc::make_mut(&mut self.object)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.object.get(key).and_then(Value::as_str)
    }

    /// An object below a key; `None` where it is missing, null, or PHP's empty object (`[]`).
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&Object> {
        self.object.get(key).and_then(Value::as_object)
    }

    /// `name`, such as `heroku-sys/ext-redis`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    /// `version`, such as `6.0.2+build2`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.text("version").unwrap_or_default()
    }

    /// `type`; empty where there is none.
    #[must_use]
    pub fn kind_name(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    /// What the `type` says; `None` for an unknown platform type.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::of(self.kind_name())
    }

    /// `time` as it is written.
    #[must_use]
    pub fn time(&self) -> Option<&str> {
        self.text("time")
    }

    /// `time` as a moment; `None` where it is missing or not `YYYY-MM-DD HH:MM:SS` (UTC).
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", self.time()?).ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    }

    /// `require`; `None` where it is missing or empty in PHP's way.
    #[must_use]
    pub fn require(&self) -> Option<&Object> {
        self.section("require")
    }

    /// The constraint on one required package.
    #[must_use]
    pub fn required(&self, package: &str) -> Option<&str> {
        self.require()?.get(package)?.as_str()
    }

    /// `dist.url`.
    #[must_use]
    pub fn dist_url(&self) -> Option<&str> {
        self.section("dist")?.get("url")?.as_str()
    }

    /// Sets `dist.url`, in a new `dist` where there is none.
    pub fn set_dist_url(&mut self, url: impl Into<String>) {
        let dist = self.object_mut().entry("dist").or_insert(Value::Null);
        if !dist.is_object() {
            *dist = Value::Object(Object::new());
        }
        if let Value::Object(dist) = dist {
            dist.insert("url".to_owned(), Value::String(url.into()));
        }
    }
}

/// Whether an object is the description of a package.
fn check(object: &Object) -> Result<(), Error> {
    for key in ["name", "version"] {
        match object.get(key) {
            Some(Value::String(_)) => {}
            Some(_) => {
                return Err(Error::WrongType { key, expected: "a string" });
            }
            None => return Err(Error::Missing { key }),
        }
    }
    for key in ["require", "conflict", "replace", "provide", "dist"] {
        match object.get(key) {
            None | Some(Value::Null | Value::Object(_)) => {}
            Some(Value::Array(list)) if list.is_empty() => {}
            Some(_) => {
                return Err(Error::WrongType { key, expected: "an object" });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
