//! Reading a repository: where its packages stand in the text, and their names.

use std::sync::{Arc, Mutex, OnceLock};

use serde_json::value::RawValue;

use super::scan::{self, Scan};
use super::{Entry, Filter, Kind, Repository};
use crate::hash::Texts;
use crate::json::Array;

/// Not a repository.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// Not JSON, or none with packages in it.
    #[error("{repository}: its packages cannot be read")]
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

impl Repository {
    /// Reads a `packages.json`: the packages by name, or one list of them all.
    ///
    /// # Errors
    /// Where the text is no such thing.
    pub fn composer(
        name: &str,
        text: impl Into<String>,
        filter: Filter,
    ) -> Result<Repository, Invalid> {
        let mut reader = Reader::new(name, text.into());
        let text = Arc::clone(&reader.text);
        let scan = Scan::of(&text).map_err(|source| reader.json(source))?;
        if let Some(key) = scan.elsewhere {
            return Err(Invalid::Elsewhere { repository: name.to_owned(), key });
        }
        if !scan.root {
            return Err(reader.shape("packages".to_owned(), "the packages"));
        }
        for (name, start) in scan.packages {
            reader.put(&name, start);
        }
        Ok(reader.finish(Kind::Composer, filter))
    }

    /// Reads the `package` of a repository of that type: one package or a list.
    ///
    /// # Errors
    /// Where the text is no such thing.
    pub fn inline(
        name: &str,
        text: impl Into<String>,
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
        text: impl Into<String>,
        filter: Filter,
    ) -> Result<Repository, Invalid> {
        Self::list(name, text.into(), filter, Kind::Path)
    }

    fn list(name: &str, text: String, filter: Filter, kind: Kind) -> Result<Repository, Invalid> {
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
    text: Arc<String>,
    entries: Vec<Entry>,
    by_name: Texts<Vec<usize>>,
}

impl Reader {
    fn new(name: &str, text: String) -> Self {
        let text = Arc::new(text);
        Reader { name: name.to_owned(), text, entries: Vec::new(), by_name: Texts::default() }
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
        let Some(name) = scan::name(package) else {
            return Err(self.shape(at.to_owned(), "a package with a name"));
        };
        let start = package.get().as_ptr() as usize - self.text.as_ptr() as usize;
        self.put(&name, start);
        Ok(())
    }

    fn put(&mut self, name: &str, start: usize) {
        let place = self.entries.len();
        self.entries.push(Entry { start, package: OnceLock::new() });
        match self.by_name.get_mut(name) {
            Some(places) => places.push(place),
            None => {
                self.by_name.insert(name.into(), vec![place]);
            }
        }
    }

    fn finish(self, kind: Kind, filter: Filter) -> Repository {
        let Reader { name, text, entries, by_name } = self;
        Repository { name, kind, filter, text, strings: Mutex::default(), entries, by_name }
    }
}
