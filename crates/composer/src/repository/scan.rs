//! One walk over a `packages.json`: where each package begins, and its name. Nothing else is kept
//! and next to nothing allocated, since of a large repository most is never looked at.

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

/// What has been found.
pub(super) struct Scan<'t> {
    /// The whole text.
    text: &'t str,
    /// Whether each package is read twice: first where it is, then its name. The quick way sees a
    /// package's place by that of its first key, which it does not where that is written with
    /// escapes.
    careful: bool,
    /// The packages: names in lower case, and where they begin.
    pub packages: Vec<(String, usize)>,
    /// Whether there were packages at all, be it none.
    pub root: bool,
    /// A key that says that packages are in other files.
    pub elsewhere: Option<&'static str>,
}

impl<'t> Scan<'t> {
    /// Walks over a `packages.json`.
    pub(super) fn of(text: &'t str) -> Result<Self, serde_json::Error> {
        Scan::walk(text, false).or_else(|_| Scan::walk(text, true))
    }

    fn walk(text: &'t str, careful: bool) -> Result<Self, serde_json::Error> {
        let mut scan = Scan { text, careful, packages: Vec::new(), root: false, elsewhere: None };
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_map(Root(&mut scan))?;
        json.end()?;
        Ok(scan)
    }

    fn package<D: Deserializer<'t>>(&mut self, json: D) -> Result<(), D::Error> {
        let (name, start) = if self.careful {
            let package = <&RawValue>::deserialize(json)?;
            let name = name(package).ok_or_else(|| D::Error::missing_field("name"))?;
            (name, Some(self.place(package.get())))
        } else {
            let Head { name, first_key } = json.deserialize_map(Package)?;
            (name, first_key.and_then(|key| self.beginning(key)))
        };
        let start = start.ok_or_else(|| D::Error::custom("a key with escapes"))?;
        self.packages.push((name, start));
        Ok(())
    }

    /// Where a part of the text is in it.
    fn place(&self, part: &str) -> usize {
        part.as_ptr() as usize - self.text.as_ptr() as usize
    }

    /// Where the object begins that has this first key.
    fn beginning(&self, key: &str) -> Option<usize> {
        let before = self.text[..self.place(key)].strip_suffix('"')?;
        Some(before.trim_end().strip_suffix('{')?.len())
    }
}

/// The name of a package, in lower case.
pub(super) fn name(package: &RawValue) -> Option<String> {
    let mut json = serde_json::Deserializer::from_str(package.get());
    Some(json.deserialize_map(Package).ok()?.name)
}

struct Root<'s, 't>(&'s mut Scan<'t>);

impl<'t> Visitor<'t> for Root<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with packages")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            if key == "packages" {
                // Of two, the last one counts.
                self.0.packages.clear();
                map.next_value_seed(Values { scan: self.0, depth: 2 })?;
                self.0.root = true;
            } else if let Some(key) = ELSEWHERE.into_iter().find(|known| *known == key) {
                let value: &RawValue = map.next_value()?;
                if !matches!(value.get(), "null" | "[]" | "{}" | "\"\"") {
                    self.0.elsewhere = Some(key);
                }
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
    depth: u8,
}

impl<'t> DeserializeSeed<'t> for Values<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<(), D::Error> {
        if self.depth == 0 { self.scan.package(json) } else { json.deserialize_any(self) }
    }
}

impl<'t> Visitor<'t> for Values<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of packages")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(Values { scan: self.scan, depth: self.depth - 1 })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Values { scan: self.scan, depth: self.depth - 1 })?.is_some() {
        }
        Ok(())
    }
}

/// What is seen of a package in passing.
struct Head<'t> {
    name: String,
    /// The first key, where it has no escapes.
    first_key: Option<&'t str>,
}

struct Package;

impl<'t> Visitor<'t> for Package {
    type Value = Head<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a package")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Head<'t>, A::Error> {
        let (mut name, mut first_key, mut first) = (None, None, true);
        while let Some(Text(key)) = map.next_key::<Text<'t>>()? {
            if key == "name" {
                let Text(value) = map.next_value()?;
                name = Some(value.to_ascii_lowercase());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            if let Cow::Borrowed(key) = key
                && first
            {
                first_key = Some(key);
            }
            first = false;
        }
        let name = name.ok_or_else(|| A::Error::missing_field("name"))?;
        Ok(Head { name, first_key })
    }
}
