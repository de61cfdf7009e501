//! Reading a package in one go, as long as it is written as packages are: objects of strings, each
//! key once. Anything else is left to the careful reader.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::read::Strings;
use super::{Dist, Link};
use crate::json::Text;

/// What the resolver wants of a package.
#[derive(Default)]
pub(super) struct Fields<'t> {
    pub name: Option<Cow<'t, str>>,
    pub version: Option<Cow<'t, str>>,
    pub kind: Option<Cow<'t, str>>,
    pub requires: Option<Vec<Link>>,
    pub conflicts: Option<Vec<Link>>,
    pub provides: Option<Vec<Link>>,
    pub replaces: Option<Vec<Link>>,
    pub dist: Option<Dist>,
}

impl<'t> Fields<'t> {
    /// Reads the package that a text begins with; its length comes along. None where it is not
    /// as usual.
    pub(super) fn read(text: &'t str, strings: &mut Strings) -> Option<(Self, usize)> {
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = json.deserialize_map(Package(strings)).ok()?;
        Some((fields, json.into_iter::<IgnoredAny>().byte_offset()))
    }
}

/// More links than this are not usual.
const MANY: usize = 200;

/// Sets a field that is not set yet.
fn once<T, E: Error>(field: &mut Option<T>, value: T) -> Result<(), E> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("twice")),
    }
}

struct Package<'s>(&'s mut Strings);

impl<'t> Visitor<'t> for Package<'_> {
    type Value = Fields<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a package")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Fields<'t>, A::Error> {
        let mut fields = Fields::default();
        while let Some(Text(key)) = map.next_key::<Text<'t>>()? {
            match &*key {
                "name" => once(&mut fields.name, map.next_value::<Text<'t>>()?.0)?,
                "version" => once(&mut fields.version, map.next_value::<Text<'t>>()?.0)?,
                "type" => once(&mut fields.kind, map.next_value::<Text<'t>>()?.0)?,
                "require" => once(&mut fields.requires, map.next_value_seed(Links(self.0))?)?,
                "conflict" => once(&mut fields.conflicts, map.next_value_seed(Links(self.0))?)?,
                "provide" => once(&mut fields.provides, map.next_value_seed(Links(self.0))?)?,
                "replace" => once(&mut fields.replaces, map.next_value_seed(Links(self.0))?)?,
                "dist" => once(&mut fields.dist, map.next_value_seed(DistReader)?)?,
                // These two say something about the version.
                "version_normalized" | "default-branch" => {
                    return Err(A::Error::custom("unusual"));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

struct Links<'s>(&'s mut Strings);

impl<'t> DeserializeSeed<'t> for Links<'_> {
    type Value = Vec<Link>;

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<Vec<Link>, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for Links<'_> {
    type Value = Vec<Link>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("links")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Vec<Link>, A::Error> {
        let mut links: Vec<Link> = Vec::new();
        while let Some((Text(target), Text(constraint))) = map.next_entry()? {
            let target = self.0.lower(&target);
            // The same text is the same one here. (All are compared with all.)
            if links.len() > MANY || links.iter().any(|link| Arc::ptr_eq(&link.target, &target)) {
                return Err(A::Error::custom("twice"));
            }
            links.push(Link { target, constraint: self.0.get(&constraint) });
        }
        Ok(links)
    }
}

struct DistReader;

impl<'t> DeserializeSeed<'t> for DistReader {
    type Value = Dist;

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<Dist, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for DistReader {
    type Value = Dist;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a dist")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Dist, A::Error> {
        let (mut kind, mut url, mut reference, mut shasum) = (None, None, None, None);
        while let Some(Text(key)) = map.next_key::<Text<'t>>()? {
            let field = match &*key {
                "type" => &mut kind,
                "url" => &mut url,
                "reference" => &mut reference,
                "shasum" => &mut shasum,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            once(field, map.next_value::<Text<'t>>()?.0.into_owned())?;
        }
        let missing = || A::Error::custom("missing");
        Ok(Dist {
            kind: kind.ok_or_else(missing)?,
            url: url.ok_or_else(missing)?,
            reference,
            shasum: shasum.filter(|sum| !sum.is_empty()),
        })
    }
}
