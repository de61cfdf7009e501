//! One walk over a `packages.json`: where each package begins, and its name. Nothing else is kept
//! and next to nothing allocated, since of a large repository most is never looked at.
//!
//! Nearly all texts are walked [quickly](quick). Whatever that is not sure about, and whatever is
//! wrong, is walked by the library, which says where and why.

mod quick;

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::value::RawValue;

use crate::json::Text;

/// The keys by which a `packages.json` refers to other files.
const ELSEWHERE: [&str; 5] =
    ["metadata-url", "providers-url", "providers-lazy-url", "provider-includes", "includes"];

/// How many lists or objects the packages are in, one within the other.
const DEPTH: u8 = 2;

/// What has been found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan<'t> {
    /// The packages: names in lower case, and where they begin.
    pub packages: Vec<(Cow<'t, str>, usize)>,
    /// Whether there were packages at all, be it none.
    pub root: bool,
    /// A key that says that packages are in other files.
    pub elsewhere: Option<&'static str>,
}

impl<'t> Scan<'t> {
    /// Walks over a `packages.json`.
    pub(super) fn of(text: &'t str) -> Result<Self, serde_json::Error> {
        quick::scan(text).map_or_else(|| Scan::carefully(text), Ok)
    }

    fn carefully(text: &'t str) -> Result<Self, serde_json::Error> {
        let mut scan = Scan::default();
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_map(Root { scan: &mut scan, text })?;
        json.end()?;
        Ok(scan)
    }

    /// Notes a value that may say that packages are in other files.
    fn note_elsewhere(&mut self, key: &'static str, value: &str) {
        if !matches!(value, "null" | "[]" | "{}" | "\"\"") {
            self.elsewhere = Some(key);
        }
    }
}

/// A name in lower case.
fn lower(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    name
}

/// The name of a package, in lower case.
pub(super) fn name(package: &RawValue) -> Option<Cow<'_, str>> {
    let mut json = serde_json::Deserializer::from_str(package.get());
    json.deserialize_map(Package).ok()
}

struct Root<'s, 't> {
    scan: &'s mut Scan<'t>,
    text: &'t str,
}

impl<'t> Visitor<'t> for Root<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with packages")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        let Root { scan, text } = self;
        while let Some(Text(key)) = map.next_key()? {
            if key == "packages" {
                // Of two, the last one counts.
                scan.packages.clear();
                map.next_value_seed(Values { scan, text, depth: DEPTH })?;
                scan.root = true;
            } else if let Some(key) = ELSEWHERE.into_iter().find(|known| *known == key) {
                scan.note_elsewhere(key, map.next_value::<&RawValue>()?.get());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The packages in a list or object, in lists or objects down to a depth.
struct Values<'s, 't> {
    scan: &'s mut Scan<'t>,
    text: &'t str,
    depth: u8,
}

impl<'t> Values<'_, 't> {
    fn inner(&mut self) -> Values<'_, 't> {
        Values { scan: self.scan, text: self.text, depth: self.depth - 1 }
    }
}

impl<'t> DeserializeSeed<'t> for Values<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<(), D::Error> {
        if self.depth > 0 {
            return json.deserialize_any(self);
        }
        let package = <&RawValue>::deserialize(json)?;
        let name = name(package).ok_or_else(|| D::Error::missing_field("name"))?;
        let start = package.get().as_ptr() as usize - self.text.as_ptr() as usize;
        self.scan.packages.push((name, start));
        Ok(())
    }
}

impl<'t> Visitor<'t> for Values<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of packages")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(self.inner())?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(mut self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self.inner())?.is_some() {}
        Ok(())
    }
}

/// Of a package, its name.
struct Package;

impl<'t> Visitor<'t> for Package {
    type Value = Cow<'t, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a package")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Cow<'t, str>, A::Error> {
        let mut name = None;
        while let Some(Text(key)) = map.next_key::<Text<'t>>()? {
            if key == "name" {
                let Text(value) = map.next_value()?;
                name = Some(lower(value));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        name.ok_or_else(|| A::Error::missing_field("name"))
    }
}

#[cfg(test)]
mod tests;
