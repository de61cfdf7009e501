//! Reading a package from its JSON.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::{Dist, Document, Link, Origin, Package};
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

fn invalid(key: &str, expected: &'static str) -> Invalid {
    Invalid::Value { key: key.to_owned(), expected }
}

impl Package {
    /// Reads one from its place in a text.
    pub(crate) fn read(
        document: Document,
        origin: Origin,
        strictness: Strictness,
    ) -> Result<Package, Invalid> {
        let text = Arc::clone(&document.text);
        let object = Array::parse(&text[document.range.clone()])?;
        let pretty_name = object.string("name").ok_or_else(|| invalid("name", "a string"))?;
        let name: Arc<str> = pretty_name.to_ascii_lowercase().into();
        let pretty_version =
            object.get("version").and_then(scalar).ok_or_else(|| invalid("version", "a string"))?;
        let normalized = match object.string("version_normalized") {
            Some(normalized) if normalized != DEFAULT_BRANCH => normalized.into_owned(),
            _ => normalize(&pretty_version)?,
        };
        let links = |key| {
            object.get(key).map_or(Ok(Vec::new()), |value| links(value, key, &name, strictness))
        };
        let (conflicts, replaces) = (links("conflict")?, links("replace")?);
        if strictness == Strictness::Package
            && let Some(both) = conflicts
                .iter()
                .find(|link| replaces.iter().any(|other| other.target == link.target))
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
            document,
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
) -> Result<Vec<Link>, Invalid> {
    let array = Array::parse(value.get()).map_err(|_| invalid(key, "an object"))?;
    let mut links: Vec<Link> = Vec::with_capacity(array.entries.len());
    for (target, constraint) in &array.entries {
        let Some(target) = target else {
            return Err(invalid(key, "an object"));
        };
        let lower = target.to_ascii_lowercase();
        if lower == name {
            match strictness {
                Strictness::Composer => continue,
                Strictness::Package => {
                    let (target, reason) = (lower, "a package cannot be linked with itself");
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
        match links.iter_mut().find(|link| *link.target == *lower) {
            Some(link) => link.constraint = constraint.into(),
            None => links.push(Link { target: lower.into(), constraint: constraint.into() }),
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
