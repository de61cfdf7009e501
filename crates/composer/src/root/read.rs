//! Reading a `composer.json`.

use serde_json::value::RawValue;

use super::{Declared, Root, Source, flags};
use crate::json::{Array, string};
use crate::package::{self, Link, Strictness, Strings, links};
use crate::repository::Filter;
use crate::version::{self, Stability};

/// Not a `composer.json` that Composer would load.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// Not JSON, or no object.
    #[error("composer.json is no JSON object")]
    Json(#[from] serde_json::Error),
    /// A value is of another kind.
    #[error("composer.json: {key}: expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A link is none.
    #[error("composer.json: {0}")]
    Link(#[from] package::Invalid),
    /// One side of an alias is no version.
    #[error("composer.json: {0}")]
    Version(#[from] version::Invalid),
    /// `as` stands where no alias can be.
    #[error(
        "Invalid alias definition in \"{package}\": \"{constraint}\". Aliases should be in the \
         form \"exact-version as other-exact-version\"."
    )]
    Alias {
        /// The package.
        package: String,
        /// The constraint.
        constraint: String,
    },
    /// The project requires itself.
    #[error("Root package '{0}' cannot require itself in its composer.json")]
    Itself(String),
}

fn invalid(key: impl Into<String>, expected: &'static str) -> Invalid {
    Invalid::Value { key: key.into(), expected }
}

pub(super) fn root(text: &str) -> Result<Root, Invalid> {
    let object = Array::parse(text)?;
    let pretty_name = object.string("name").map_or("__root__".into(), |name| name.into_owned());
    let name = pretty_name.to_ascii_lowercase();
    let mut strings = Strings::default();
    let mut links = |key| match object.get(key) {
        Some(value) => links(value, key, "", Strictness::Path, &mut strings),
        None => Ok(Vec::new()),
    };
    let minimum_stability = match object.string("minimum-stability") {
        Some(name) => Stability::from_flag(&name)
            .ok_or_else(|| invalid("minimum-stability", "stable, RC, beta, alpha or dev"))?,
        None => Stability::Stable,
    };
    let mut root = Root {
        name: name.into(),
        version: object.string("version").map(|version| version.into_owned()),
        requires: links("require")?,
        dev_requires: links("require-dev")?,
        provides: links("provide")?,
        replaces: links("replace")?,
        conflicts: links("conflict")?,
        minimum_stability,
        prefer_stable: object.get("prefer-stable").is_some_and(|flag| truthy(flag.get())),
        packagist: true,
        pretty_name,
        ..Root::default()
    };
    root.read_own_version();
    let required: Vec<Link> = root.requires.iter().chain(&root.dev_requires).cloned().collect();
    for link in required {
        if link.target == root.name {
            return Err(Invalid::Itself(root.pretty_name));
        }
        flags::note(&mut root, &link)?;
    }
    repositories(&object, &mut root)?;
    Ok(root)
}

/// What PHP takes for true.
fn truthy(json: &str) -> bool {
    !matches!(json, "false" | "0" | "0.0" | "\"\"" | "\"0\"" | "[]" | "{}")
}

fn repositories(object: &Array<'_>, root: &mut Root) -> Result<(), Invalid> {
    let Some(list) = object.get("repositories") else { return Ok(()) };
    let list = Array::parse(list.get()).map_err(|_| invalid("repositories", "a list"))?;
    for (index, (key, entry)) in list.entries.into_iter().enumerate() {
        let at = format!("repositories.{}", key.as_deref().unwrap_or(&index.to_string()));
        if entry.get() == "false" {
            root.packagist &= !is_packagist(key.as_deref().unwrap_or_default());
            continue;
        }
        let entry = Array::parse(entry.get()).map_err(|_| invalid(&at, "an object"))?;
        if let [(Some(name), value)] = entry.entries.as_slice()
            && value.get() == "false"
        {
            root.packagist &= !is_packagist(name);
            continue;
        }
        root.repositories.push(declared(&entry, &at)?);
    }
    Ok(())
}

fn is_packagist(name: &str) -> bool {
    matches!(name, "packagist" | "packagist.org")
}

fn declared(entry: &Array<'_>, at: &str) -> Result<Declared, Invalid> {
    let kind = entry.string("type").ok_or_else(|| invalid(format!("{at}.type"), "a string"))?;
    let url = || {
        let url = entry.string("url").ok_or_else(|| invalid(format!("{at}.url"), "a string"))?;
        Ok::<_, Invalid>(url.into_owned())
    };
    let source = match &*kind {
        "composer" => Source::Composer { url: url()? },
        "path" => Source::Path { url: url()? },
        "package" => {
            let package = entry.get("package");
            let package = package.ok_or_else(|| invalid(format!("{at}.package"), "a package"))?;
            Source::Package { json: package.get().to_owned() }
        }
        _ => Source::Other { kind: kind.into_owned(), url: url().unwrap_or_default() },
    };
    let names = |key: &str| match entry.get(key) {
        Some(value) => {
            names(value).ok_or_else(|| invalid(format!("{at}.{key}"), "a list of names"))
        }
        None => Ok(Vec::new()),
    };
    let (only, exclude) = (names("only")?, names("exclude")?);
    if !only.is_empty() && !exclude.is_empty() {
        return Err(invalid(at, "only one of \"only\" and \"exclude\""));
    }
    let canonical = match entry.get("canonical").map(RawValue::get) {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(invalid(format!("{at}.canonical"), "true or false")),
    };
    Ok(Declared { source, filter: Filter { canonical, only, exclude } })
}

fn names(value: &RawValue) -> Option<Vec<String>> {
    let array = Array::parse(value.get()).ok()?;
    array.entries.into_iter().map(|(_, name)| Some(string(name)?.into_owned())).collect()
}
