//! One manifest: the description of one package version, beside its archive.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::json::{self, Object, Value, text};

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
#[derive(Debug, Clone)]
pub struct Manifest {
    // Shared: plans and indexes hold thousands of manifests, most of them unchanged.
    shared: Arc<Shared>,
}

/// A manifest as the text that its file holds: most are never more than compared and copied.
#[derive(Debug, Clone)]
struct Shared {
    text: String,
    members: Vec<text::Member>,
    /// The same as a tree, once somebody has asked for it.
    object: OnceLock<Object>,
}

impl PartialEq for Manifest {
    fn eq(&self, other: &Self) -> bool {
        self.as_text() == other.as_text()
    }
}

impl Eq for Manifest {}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Where the text is not JSON, or not the description of a package.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, Error> {
        let text = text.as_ref();
        match std::str::from_utf8(text.trim_ascii()) {
            Ok(written) if text::is_written_object(written) => Self::from_text(written.to_owned()),
            _ => Self::from_object(json::parse_object(text)?),
        }
    }

    /// Takes an object as a manifest.
    ///
    /// # Errors
    /// Where it is not the description of a package.
    pub fn from_object(object: Object) -> Result<Self, Error> {
        let mut bytes = Vec::with_capacity(1024);
        json::write_object(&mut bytes, &object);
        // What is written is ASCII.
        let mut manifest = Self::from_text(String::from_utf8_lossy(&bytes).into_owned())?;
        Arc::make_mut(&mut manifest.shared).object = OnceLock::from(object);
        Ok(manifest)
    }

    /// Takes a text that is as it would be written.
    fn from_text(text: String) -> Result<Self, Error> {
        let members = text::members(&text).collect();
        let shared = Arc::new(Shared { text, members, object: OnceLock::new() });
        let manifest = Manifest { shared };
        manifest.check()?;
        Ok(manifest)
    }

    /// Takes the manifest out of a value, and leaves null there; a value that is none stays.
    pub(crate) fn take(value: &mut Value) -> Option<Self> {
        let manifest = Self::from_text(value.as_object().map(|_| json::to_text(value))?).ok()?;
        *value = Value::Null;
        Some(manifest)
    }

    /// Whether this is the description of a package.
    fn check(&self) -> Result<(), Error> {
        for key in ["name", "version"] {
            match self.raw(key) {
                Some(value) if value.starts_with('"') => {}
                Some(_) => {
                    return Err(Error::WrongType { key, expected: "a string" });
                }
                None => return Err(Error::Missing { key }),
            }
        }
        for key in ["require", "conflict", "replace", "provide", "dist"] {
            match self.raw(key) {
                None | Some("null" | "[]") => {}
                Some(value) if value.starts_with('{') => {}
                Some(_) => {
                    return Err(Error::WrongType { key, expected: "an object" });
                }
            }
        }
        Ok(())
    }

    /// The bytes of the manifest's file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.as_text().as_bytes().to_vec()
    }

    /// The text of the manifest's file.
    #[must_use]
    pub fn as_text(&self) -> &str {
        &self.shared.text
    }

    /// The object itself.
    #[must_use]
    pub fn as_object(&self) -> &Object {
        self.shared.object.get_or_init(|| {
            let read = json::parse_object(self.as_text());
            // It was read or written before.
            debug_assert!(read.is_ok(), "{read:?}");
            read.unwrap_or_default()
        })
    }

    /// Each key with its value, as they are written.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = self.as_text();
        self.shared.members.iter().map(|m| (&text[m.key.clone()], &text[m.value.clone()]))
    }

    /// The value of a key, as it is written.
    pub(crate) fn raw(&self, key: &str) -> Option<&str> {
        let text = self.as_text();
        let named = |m: &&text::Member| m.key.len() == key.len() && text[m.key.clone()] == *key;
        self.shared.members.iter().find(named).map(|member| &text[member.value.clone()])
    }

    /// The value of a key, as a tree.
    pub(crate) fn value(&self, key: &str) -> Option<Value> {
        json::parse(self.raw(key)?).ok()
    }

    /// Sets the value of a key; what [`Manifest`] says of its keys has to stay true.
    pub(crate) fn set(&mut self, key: &str, value: &Value) {
        let value = json::to_text(value);
        let Shared { text, members, object } = Arc::make_mut(&mut self.shared);
        let at = members.partition_point(|m| *text::unescaped(&text[m.key.clone()]) < *key);
        match members.get(at) {
            Some(member) if text[member.key.clone()] == *key => {
                text.replace_range(member.value.clone(), &value);
            }
            Some(member) => {
                text.insert_str(member.key.start - 1, &format!("\"{key}\": {value}, "));
            }
            None => text.insert_str(text.len() - 1, &format!(", \"{key}\": {value}")),
        }
        *members = text::members(text).collect();
        *object = OnceLock::new();
    }

    /// A string of one of the manifest's objects.
    fn text_in(&self, section: &str, key: &str) -> Option<&str> {
        let raw = text::find(self.raw(section)?, key)?;
        text::plain(raw).or_else(|| self.section(section)?.get(key)?.as_str())
    }

    /// A string of the manifest itself.
    fn text(&self, key: &str) -> Option<&str> {
        text::plain(self.raw(key)?).or_else(|| self.as_object().get(key)?.as_str())
    }

    /// An object below a key; `None` where it is missing, null, or PHP's empty object (`[]`).
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&Object> {
        self.as_object().get(key).and_then(Value::as_object)
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
        self.text_in("require", package)
    }

    /// Each required package whose constraint is a string, with it.
    pub(crate) fn requirements(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let require = self.raw("require").unwrap_or_default();
        text::members(require).filter_map(|member| {
            let constraint = require[member.value].strip_prefix('"')?.strip_suffix('"')?;
            Some((text::unescaped(&require[member.key]), text::unescaped(constraint)))
        })
    }

    /// `dist.url`.
    #[must_use]
    pub fn dist_url(&self) -> Option<&str> {
        self.text_in("dist", "url")
    }

    /// Sets `dist.url`, in a new `dist` where there is none.
    pub fn set_dist_url(&mut self, url: impl Into<String>) {
        let mut dist = match self.value("dist") {
            Some(Value::Object(dist)) => dist,
            _ => Object::new(),
        };
        dist.insert("url".to_owned(), Value::String(url.into()));
        self.set("dist", &Value::Object(dist));
    }
}

#[cfg(test)]
mod tests;
