//! Reading a package from its JSON.

use std::borrow::Cow;
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::quick::Fields;
use super::{Dist, Document, Link, Origin, Package};
use crate::hash::TextSet;
use crate::json::{Array, string};
use crate::version::{
    self, DEFAULT_BRANCH, Stability, Version, normalize, normalize_branch, numeric_prefix,
};

/// Not a package that Composer would load.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// Not JSON, or no object.
    #[error("it cannot be read as a package")]
    Json(#[from] serde_json::Error),
    /// A value is missing or of another kind.
    #[error("{key}: expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Its version is none.
    #[error(transparent)]
    Version(#[from] version::Invalid),
    /// A link that its kind of repository does not allow.
    #[error("{key}.{target}: {reason}")]
    Link {
        /// `require`, `conflict` and so on.
        key: &'static str,
        /// The other package.
        target: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// How Composer takes packages from repositories of several types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// `composer`: links to itself are passed over.
    Composer,
    /// `package`: links to itself are errors, and so is a conflict with what is replaced.
    Package,
    /// `path`: all links are taken, and those that are no strings passed over.
    Path,
}

/// The names and constraints of a repository, each once: the same few hundred come up in every
/// package.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    known: TextSet,
    /// Where links are collected; empty in between.
    pub(super) links: Vec<Link>,
}

impl Strings {
    pub(super) fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.known.insert(Arc::clone(&text));
        text
    }

    pub(super) fn lower(&mut self, text: &str) -> Arc<str> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.get(&text.to_ascii_lowercase());
        }
        self.get(text)
    }
}

fn invalid(key: &str, expected: &'static str) -> Invalid {
    Invalid::Value { key: key.to_owned(), expected }
}

impl Package {
    /// Reads the one that begins at a place in a text.
    pub(crate) fn read(
        text: &Arc<String>,
        start: usize,
        origin: Origin,
        strictness: Strictness,
        strings: &mut Strings,
    ) -> Result<Package, Invalid> {
        if let Some(package) = Package::read_quickly(text, start, origin, strictness, strings) {
            return Ok(package);
        }
        let mut json = serde_json::Deserializer::from_str(&text[start..]).into_iter();
        let object: Array<'_> = json.next().ok_or_else(|| invalid("package", "an object"))??;
        let range = start..start + json.byte_offset();
        let pretty_name = object.string("name").ok_or_else(|| invalid("name", "a string"))?;
        let name = strings.lower(&pretty_name);
        let pretty_version =
            object.get("version").and_then(scalar).ok_or_else(|| invalid("version", "a string"))?;
        let normalized = match object.string("version_normalized") {
            Some(normalized) if normalized != DEFAULT_BRANCH => normalized.into_owned(),
            _ => normalize(&pretty_version)?,
        };
        let mut links = |key| match object.get(key) {
            Some(value) => links(value, key, &name, strictness, strings),
            None => Ok(Vec::new()),
        };
        let (conflicts, replaces) = (links("conflict")?, links("replace")?);
        if strictness == Strictness::Package
            && let Some(both) = both(&conflicts, &replaces)
        {
            let target = both.target.to_string();
            return Err(Invalid::Link { key: "conflict", target, reason: "it is replaced, too" });
        }
        let default_branch = object.get("default-branch").is_some_and(|flag| flag.get() == "true");
        Ok(Package {
            requires: links("require")?,
            provides: links("provide")?,
            conflicts,
            replaces,
            kind: object.string("type").map_or("library".into(), |kind| kind.to_ascii_lowercase()),
            dist: object.get("dist").map(dist).transpose()?,
            branch_alias: branch_alias(&object, &pretty_version, default_branch),
            default_branch,
            stability: Stability::of(&normalized),
            version: Version::new(&normalized),
            pretty_version: pretty_version.into_owned(),
            name,
            pretty_name: pretty_name.into_owned(),
            origin,
            document: Document { text: Arc::clone(text), range },
        })
    }
}

/// The first conflict with something that is also replaced.
fn both<'l>(conflicts: &'l [Link], replaces: &[Link]) -> Option<&'l Link> {
    let replaced: HashSet<&str> = replaces.iter().map(|link| &*link.target).collect();
    conflicts.iter().find(|link| replaced.contains(&*link.target))
}

impl Package {
    /// The usual case in one go; None where it is another, or an error.
    fn read_quickly(
        text: &Arc<String>,
        start: usize,
        origin: Origin,
        strictness: Strictness,
        strings: &mut Strings,
    ) -> Option<Package> {
        let (fields, end) = Fields::read(text, start, strings)?;
        let (name, version) = (fields.name?, fields.version?);
        if version.starts_with("dev-") || version.ends_with("-dev") {
            // There may be a branch alias.
            return None;
        }
        let normalized = normalize(&version).ok()?;
        let pretty_name = name.into_owned();
        let name = strings.lower(&pretty_name);
        let lists = [fields.requires, fields.conflicts, fields.provides, fields.replaces];
        let mut lists = lists.map(Option::unwrap_or_default);
        for list in &mut lists {
            // The same text is the same one here.
            if list.iter().any(|link| Arc::ptr_eq(&link.target, &name)) {
                match strictness {
                    Strictness::Composer => list.retain(|link| link.target != name),
                    Strictness::Package => return None,
                    Strictness::Path => {}
                }
            }
        }
        let [requires, conflicts, provides, replaces] = lists;
        if strictness == Strictness::Package && !conflicts.is_empty() && !replaces.is_empty() {
            return None;
        }
        let kind = fields.kind.map_or("library".into(), Cow::into_owned).to_ascii_lowercase();
        Some(Package {
            requires,
            conflicts,
            provides,
            replaces,
            kind,
            dist: fields.dist,
            branch_alias: None,
            default_branch: false,
            stability: Stability::of(&normalized),
            version: Version::new(&normalized),
            pretty_version: version.into_owned(),
            name,
            pretty_name,
            origin,
            document: Document { text: Arc::clone(text), range: start..end },
        })
    }
}

/// A string, or a number as PHP would write it.
fn scalar(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    match text.as_bytes().first()? {
        b'"' => string(value),
        b'-' | b'0'..=b'9' => {
            let number = match text.parse::<i64>() {
                Ok(number) => number.to_string(),
                Err(_) => text.parse::<f64>().ok()?.to_string(),
            };
            Some(Cow::Owned(number))
        }
        b't' => Some(Cow::Borrowed("1")),
        b'f' => Some(Cow::Borrowed("")),
        _ => None,
    }
}

/// The links under a key of a package.
pub(crate) fn links(
    value: &RawValue,
    key: &'static str,
    name: &str,
    strictness: Strictness,
    strings: &mut Strings,
) -> Result<Vec<Link>, Invalid> {
    let array = Array::parse(value.get()).map_err(|_| invalid(key, "an object"))?;
    let mut links: Vec<Link> = Vec::with_capacity(array.entries.len());
    let mut places: HashMap<Arc<str>, usize> = HashMap::new();
    for (target, constraint) in &array.entries {
        let Some(target) = target else {
            return Err(invalid(key, "an object"));
        };
        let lower = strings.lower(target);
        if *lower == *name {
            match strictness {
                Strictness::Composer => continue,
                Strictness::Package => {
                    let (target, reason) =
                        (lower.to_string(), "a package cannot be linked with itself");
                    return Err(Invalid::Link { key, target, reason });
                }
                Strictness::Path => {}
            }
        }
        let Some(constraint) = string(constraint) else {
            if strictness == Strictness::Path {
                continue;
            }
            return Err(invalid(&format!("{key}.{target}"), "a string"));
        };
        let constraint = strings.get(&constraint);
        match places.entry(Arc::clone(&lower)) {
            Entry::Occupied(place) => links[*place.get()].constraint = constraint,
            Entry::Vacant(place) => {
                place.insert(links.len());
                links.push(Link { target: lower, constraint });
            }
        }
    }
    Ok(links)
}

fn dist(value: &RawValue) -> Result<Dist, Invalid> {
    let object = Array::parse(value.get()).map_err(|_| invalid("dist", "an object"))?;
    let needed = |key: &'static str| {
        object.string(key).ok_or_else(|| invalid(&format!("dist.{key}"), "a string"))
    };
    let optional = |key| object.get(key).and_then(scalar).map(Cow::into_owned);
    Ok(Dist {
        kind: needed("type")?.into_owned(),
        url: needed("url")?.into_owned(),
        reference: optional("reference"),
        shasum: optional("shasum").filter(|sum| !sum.is_empty()),
    })
}

/// The version that a branch counts as: `extra.branch-alias`, or the default branch's.
fn branch_alias(
    object: &Array<'_>,
    version: &str,
    default_branch: bool,
) -> Option<(Version, String)> {
    if !version.starts_with("dev-") && !version.ends_with("-dev") {
        return None;
    }
    let alias = |normalized: &str| {
        // `1.9999999.9999999-dev` is shown as `1.x-dev`.
        let mut pretty = String::new();
        for part in normalized.split_inclusive(".9999999") {
            let stripped = part.strip_suffix(".9999999");
            pretty.push_str(stripped.unwrap_or(part));
            if stripped.is_some() && !pretty.ends_with(".x") {
                pretty.push_str(".x");
            }
        }
        (Version::new(normalized), pretty)
    };
    if let Some(aliases) = object
        .get("extra")
        .and_then(|extra| Array::parse(extra.get()).ok()?.get("branch-alias"))
        .and_then(|aliases| Array::parse(aliases.get()).ok())
    {
        for (branch, target) in &aliases.entries {
            let (Some(branch), Some(target)) = (branch, string(target)) else { continue };
            let Some(number) = target.strip_suffix("-dev") else { continue };
            let normalized = if target == DEFAULT_BRANCH {
                DEFAULT_BRANCH.to_owned()
            } else {
                normalize_branch(number)
            };
            let within = match (numeric_prefix(branch), numeric_prefix(&target)) {
                (Some(outer), Some(inner)) => inner.starts_with(&outer),
                _ => true,
            };
            if normalized.ends_with("-dev") && version.eq_ignore_ascii_case(branch) && within {
                return Some(alias(&normalized));
            }
        }
    }
    (default_branch && numeric_prefix(version).is_none()).then(|| alias(DEFAULT_BRANCH))
}
