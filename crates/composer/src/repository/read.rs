//! Reading a repository: where its packages stand in the text, and their names.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Entry, Filter, Kind, Repository};
use crate::json::{Array, Text};

/// Not a repository.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// Not JSON.
    #[error("{repository}: it is not JSON")]
    Json {
        /// The repository's name.
        repository: String,
        /// Where and why.
        source: serde_json::Error,
    },
    /// JSON of another shape.
    #[error("{repository}: {at}: expected {expected}")]
    Shape {
        /// The repository's name.
        repository: String,
        /// The place.
        at: String,
        /// What was expected there.
        expected: &'static str,
    },
    /// Packages that would have to be fetched one by one.
    #[error(
        "{repository}: it keeps its packages in other files ({key}); only a packages.json with \
         all packages in it can be read"
    )]
    Elsewhere {
        /// The repository's name.
        repository: String,
        /// The key that says so.
        key: &'static str,
    },
}

/// The keys by which a `packages.json` refers to other files.
const ELSEWHERE: [&str; 5] =
    ["metadata-url", "providers-url", "providers-lazy-url", "provider-includes", "includes"];

impl Repository {
    /// Reads a `packages.json`: the packages by name, or one list of them all.
    ///
    /// # Errors
    /// Where the text is no such thing.
    pub fn composer(
        name: &str,
        text: impl Into<Arc<str>>,
        filter: Filter,
    ) -> Result<Repository, Invalid> {
        let mut reader = Reader::new(name, text.into());
        let text = Arc::clone(&reader.text);
        let root = reader.array(&text)?;
        if let Some(key) = ELSEWHERE.into_iter().find(|key| {
            root.get(key).is_some_and(|value| !matches!(value.get(), "[]" | "{}" | "\"\""))
        }) {
            return Err(Invalid::Elsewhere { repository: name.to_owned(), key });
        }
        let packages = root
            .get("packages")
            .ok_or_else(|| reader.shape("packages".to_owned(), "the packages"))?;
        for (key, versions) in reader.array(packages.get())?.entries {
            let at = key.map_or_else(|| "packages".to_owned(), |key| format!("packages.{key}"));
            let versions =
                Array::parse(versions.get()).map_err(|_| reader.shape(at.clone(), "a list"))?;
            for (_, package) in versions.entries {
                reader.add(package, &at)?;
            }
        }
        Ok(reader.finish(Kind::Composer, filter))
    }

    /// Reads the `package` of a repository of that type: one package or a list.
    ///
    /// # Errors
    /// Where the text is no such thing.
    pub fn inline(
        name: &str,
        text: impl Into<Arc<str>>,
        filter: Filter,
    ) -> Result<Repository, Invalid> {
        Self::list(name, text.into(), filter, Kind::Package)
    }

    /// Takes the `composer.json` of a folder as a repository of type `path`.
    ///
    /// # Errors
    /// Where the text is no such thing.
    pub fn path(
        name: &str,
        text: impl Into<Arc<str>>,
        filter: Filter,
    ) -> Result<Repository, Invalid> {
        Self::list(name, text.into(), filter, Kind::Path)
    }

    fn list(name: &str, text: Arc<str>, filter: Filter, kind: Kind) -> Result<Repository, Invalid> {
        let mut reader = Reader::new(name, text);
        let text = Arc::clone(&reader.text);
        let trimmed: &RawValue = serde_json::from_str(&text).map_err(|error| reader.json(error))?;
        if trimmed.get().starts_with('{') {
            reader.add(trimmed, "package")?;
        } else {
            for (_, package) in reader.array(&text)?.entries {
                reader.add(package, "package")?;
            }
        }
        Ok(reader.finish(kind, filter))
    }
}

/// Collects where packages stand.
struct Reader {
    name: String,
    text: Arc<str>,
    entries: Vec<Entry>,
    by_name: HashMap<Arc<str>, Vec<usize>>,
}

impl Reader {
    fn new(name: &str, text: Arc<str>) -> Self {
        Reader { name: name.to_owned(), text, entries: Vec::new(), by_name: HashMap::new() }
    }

    fn json(&self, source: serde_json::Error) -> Invalid {
        Invalid::Json { repository: self.name.clone(), source }
    }

    fn shape(&self, at: String, expected: &'static str) -> Invalid {
        Invalid::Shape { repository: self.name.clone(), at, expected }
    }

    fn array<'t>(&self, text: &'t str) -> Result<Array<'t>, Invalid> {
        Array::parse(text).map_err(|source| self.json(source))
    }

    /// `package` must be a part of the text.
    fn add(&mut self, package: &RawValue, at: &str) -> Result<(), Invalid> {
        let Ok(Name(name)) = serde_json::from_str(package.get()) else {
            return Err(self.shape(at.to_owned(), "a package with a name"));
        };
        let start = package.get().as_ptr() as usize - self.text.as_ptr() as usize;
        let range: Range<usize> = start..start + package.get().len();
        let place = self.entries.len();
        self.entries.push(Entry { range, package: OnceLock::new() });
        match self.by_name.get_mut(name.as_str()) {
            Some(places) => places.push(place),
            None => {
                self.by_name.insert(name.into(), vec![place]);
            }
        }
        Ok(())
    }

    fn finish(self, kind: Kind, filter: Filter) -> Repository {
        let Reader { name, text, entries, by_name } = self;
        Repository { name, kind, filter, text, entries, by_name }
    }
}

/// A package's name in lower case; all else is passed over.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Name;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a package")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Name, A::Error> {
                let mut name = None;
                while let Some(Text(key)) = map.next_key()? {
                    if key == "name" {
                        let Text(value) = map.next_value()?;
                        name = Some(value.to_ascii_lowercase());
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                name.map(Name).ok_or_else(|| serde::de::Error::missing_field("name"))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
