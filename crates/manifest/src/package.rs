//! One manifest: the description of one package version, beside its archive.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::generate::ArchiveFacts;
use crate::json::{self, Object, Value, text};

mod kind;
mod known;

pub use kind::Kind;
use known::Known;

/// How a manifest's file name ends.
pub const FILE_SUFFIX: &str = ".composer.json";

/// How `time` is written, in UTC.
pub(crate) const TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// The most bytes that a manifest may have. Real ones have a few thousand, but what calls itself
/// one may be anything, and a text takes many times its size in memory while it is read.
pub const MAX_BYTES: usize = 4 << 20;

/// Text that is not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not an object.
    #[error(transparent)]
    Json(#[from] json::Error),
    /// Longer than [`MAX_BYTES`].
    #[error("longer than {} MiB: no manifest is", MAX_BYTES >> 20)]
    TooLong,
    /// A number is so large that it would be written as `Infinity`, which is no JSON: Composer could
    /// not read the whole `packages.json`.
    #[error("{key}: a number that is larger than any float, or `Infinity`")]
    Infinite {
        /// The key that it stands below.
        key: String,
    },
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
    /// Which of the members are asked for all the time.
    known: Known,
    /// The same as a tree, once somebody has asked for it.
    object: OnceLock<Object>,
    /// What `time` says, likewise.
    timestamp: OnceLock<Option<Timestamp>>,
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
        if text.len() > MAX_BYTES {
            return Err(Error::TooLong);
        }
        let written = text.trim_ascii();
        match (text::scan_object(written), std::str::from_utf8(written)) {
            (Some(members), Ok(written)) => Self::from_members(written.to_owned(), members),
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
        json::check_depth(&bytes, json::MAX_DEPTH)?;
        // What is written is ASCII.
        let mut manifest = Self::from_text(String::from_utf8(bytes).unwrap_or_default())?;
        Arc::make_mut(&mut manifest.shared).object = OnceLock::from(object);
        Ok(manifest)
    }

    /// Takes a text that is as it would be written.
    fn from_text(text: String) -> Result<Self, Error> {
        let members = text::members(&text).collect();
        Self::from_members(text, members)
    }

    fn from_members(text: String, members: Vec<text::Member>) -> Result<Self, Error> {
        if json::holds_infinity(&text) {
            let infinite = members.iter().find(|member| json::holds_infinity(member.value(&text)));
            let key = infinite.map(|member| member.key(&text).to_owned()).unwrap_or_default();
            return Err(Error::Infinite { key });
        }
        let known = Known::of(&text, &members)?;
        let (object, timestamp) = (OnceLock::new(), OnceLock::new());
        Ok(Manifest { shared: Arc::new(Shared { text, members, known, object, timestamp }) })
    }

    /// The manifest that a text holds which is as it would be written; `None` for anything else.
    pub(crate) fn of_written(text: &str) -> Option<Self> {
        text.starts_with('{').then(|| Self::from_text(text.to_owned()).ok()).flatten()
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
        self.shared.members.iter().map(|member| (member.key(text), member.value(text)))
    }

    /// The value of a key, as it is written.
    pub(crate) fn raw(&self, key: &str) -> Option<&str> {
        let text = self.as_text();
        let member = self.shared.members.iter().find(|member| member.has_key(text, key))?;
        Some(member.value(text))
    }

    /// Sets the value of a key, which has to be one that is written as it is, to a text that is as
    /// it would be written. What [`Manifest`] says of its keys has to stay true.
    pub(crate) fn set_raw(&mut self, key: &str, value: &str) {
        let Shared { text, members, known, object, timestamp } = Arc::make_mut(&mut self.shared);
        let present = members.iter().position(|member| member.key(text) == key);
        let at = present.unwrap_or_else(|| {
            members.partition_point(|member| *text::unescaped(member.key(text)) < *key)
        });
        let before = text.len();
        if present.is_some() {
            *text = text::splice(text, members[at].value_range(), &[value]);
            members[at].grow(before, text.len());
        } else if let Some(member) = members.get(at) {
            let start = member.start();
            *text = text::splice(text, start..start, &["\"", key, "\": ", value, ", "]);
            members.insert(at, text::Member::at(start, key, value));
            known.inserted(at);
        } else {
            let end = before - 1;
            *text = text::splice(text, end..end, &[", \"", key, "\": ", value]);
            members.push(text::Member::at(end + 2, key, value));
        }
        members[at + 1..].iter_mut().for_each(|member| member.shift(before, text.len()));
        (*object, *timestamp) = (OnceLock::new(), OnceLock::new());
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

    /// The same, where the member's place is known.
    fn text_at(&self, at: usize) -> Option<&str> {
        let (text, member) = (self.as_text(), self.shared.members[at]);
        let plain = text::plain(member.value(text));
        plain.or_else(|| self.as_object().get(member.key(text))?.as_str())
    }

    /// An object below a key; `None` where it is missing, null, or PHP's empty object (`[]`).
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&Object> {
        self.as_object().get(key).and_then(Value::as_object)
    }

    /// `name`, such as `heroku-sys/ext-redis`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text_at(self.shared.known.name).unwrap_or_default()
    }

    /// `version`, such as `6.0.2+build2`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.text_at(self.shared.known.version).unwrap_or_default()
    }

    /// `type`; empty where there is none.
    #[must_use]
    pub fn kind_name(&self) -> &str {
        self.shared.known.kind.and_then(|at| self.text_at(at)).unwrap_or_default()
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
        *self.shared.timestamp.get_or_init(|| self.time().and_then(moment))
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

    /// Each required package whose constraint is a string, with it, as they stand between their
    /// quotes: what has no rare characters is written as it is.
    pub(crate) fn raw_requirements(&self) -> impl Iterator<Item = (&str, &str)> {
        let require = self.raw("require").unwrap_or_default();
        text::members(require).filter_map(|member| {
            let constraint = member.value(require).strip_prefix('"')?.strip_suffix('"')?;
            Some((member.key(require), constraint))
        })
    }

    /// `dist.url`.
    #[must_use]
    pub fn dist_url(&self) -> Option<&str> {
        self.text_in("dist", "url")
    }

    /// Sets `dist.url`, in a new `dist` where there is none.
    pub fn set_dist_url(&mut self, url: &str) {
        let mut written = Vec::with_capacity(200);
        json::write_string(&mut written, url);
        // What is written is ASCII.
        let url = String::from_utf8(written).unwrap_or_default();
        let dist = self.raw("dist").unwrap_or_default();
        let dist = text::with_members(dist, vec![("url".to_owned(), &url)]);
        self.set_raw("dist", &dist);
    }
}

impl Manifest {
    /// Says what the archive is: `dist.shasum`, which Composer verifies, `extra.sha256` and
    /// `extra.size`.
    ///
    /// # Errors
    /// Where it would be no manifest any more.
    pub fn set_archive_facts(&mut self, facts: &ArchiveFacts) -> Result<(), Error> {
        let mut object = self.as_object().clone();
        let mut put = |section: &str, key: &str, value: Value| {
            let entry = object.entry(section).or_insert_with(|| Value::Object(Object::new()));
            // PHP writes an object without members as a list.
            if matches!(entry, Value::Array(list) if list.is_empty()) {
                *entry = Value::Object(Object::new());
            }
            if let Value::Object(members) = entry {
                members.insert(key.to_owned(), value);
            }
        };
        put("dist", "shasum", facts.sha1.as_str().into());
        put("extra", "sha256", facts.sha256.as_str().into());
        put("extra", "size", facts.size.into());
        *self = Self::from_object(object)?;
        Ok(())
    }
}

/// The moment that a `time` means.
fn moment(text: &str) -> Option<Timestamp> {
    if let Some(time) = plain_time(text.as_bytes()) {
        return TimeZone::UTC.to_timestamp(time).ok();
    }
    // The parser takes more than that: blanks, signs, a year of two digits, a leap second.
    let fits = |c: char| c.is_ascii_digit() || "-: ".contains(c);
    let strict = text.get(4..5) == Some("-")
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(fits)
        && !text.ends_with(":60")
        && !["- ", ": ", "--", " -"].iter().any(|odd| text.contains(odd));
    let civil = strict.then(|| DateTime::strptime(TIME_FORMAT, text))?.ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// A time with all its digits, as we and Python write it; other forms are rare.
fn plain_time(text: &[u8]) -> Option<DateTime> {
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0_i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let short = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    let form = text.len() == 19 && text[10] == b' ';
    let separators = form && [text[4], text[7], text[13], text[16]] == *b"--::";
    if !separators {
        return None;
    }
    DateTime::new(number(0, 4)?, short(5)?, short(8)?, short(11)?, short(14)?, short(17)?, 0).ok()
}

#[cfg(test)]
mod tests;
