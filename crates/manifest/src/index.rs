//! `packages.json`: what a repository offers.

use std::collections::BTreeMap;
use std::io;

use crate::json::{self, Value, text};
use crate::package::{self, Manifest};

mod change;
mod rules;

pub use change::{Change, ChangeKind};

/// Text that is not an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not an object.
    #[error(transparent)]
    Json(#[from] json::Error),
    /// There is no `packages`, or it is no object of lists of objects.
    #[error("packages{at}: expected {expected}")]
    Shape {
        /// Where below `packages`: empty, or `.name`.
        at: String,
        /// What should stand there, with its article.
        expected: &'static str,
    },
    /// One of the packages is not a manifest.
    #[error("packages{at}")]
    Package {
        /// Where below `packages`: `.name[position]`, counted from 0.
        at: String,
        /// What is wrong with it.
        source: package::Error,
    },
}

/// The packages of a repository: for each name its manifests, in the order in which Composer is
/// to meet them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    packages: BTreeMap<String, Vec<Manifest>>,
}

impl Index {
    /// Makes the index of a repository from its manifests, each with its file name.
    ///
    /// The order of the input does not matter: where the rules leave a tie, the file names
    /// decide, by bytes.
    #[must_use]
    pub fn generate(manifests: Vec<(String, Manifest)>) -> Self {
        Self::generate_on(1, manifests)
    }

    /// The same, on so many threads.
    #[must_use]
    pub fn generate_on(threads: usize, manifests: Vec<(String, Manifest)>) -> Self {
        Index { packages: rules::apply(threads, manifests) }
    }

    /// Reads a `packages.json`. Other keys than `packages` are passed over.
    ///
    /// # Errors
    /// Where the text is not JSON, or not an index of packages.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, Error> {
        let text = text.as_ref();
        if let Some(packages) = written(text) {
            return Ok(Index { packages });
        }
        let shape = |at: String, expected| Error::Shape { at, expected };
        let lists: Vec<(Option<String>, Value)> = match json::parse_object(text)?.remove("packages")
        {
            Some(Value::Object(by_name)) => {
                by_name.into_iter().map(|(name, list)| (Some(name), list)).collect()
            }
            // Tools of 2016 wrote one list of all packages; and `[]` is PHP's empty object.
            Some(Value::Array(lists)) => lists.into_iter().map(|list| (None, list)).collect(),
            _ => return Err(shape(String::new(), "an object")),
        };
        let mut packages: BTreeMap<String, Vec<Manifest>> = BTreeMap::new();
        for (number, (name, list)) in lists.into_iter().enumerate() {
            let at = name.as_ref().map_or(format!("[{number}]"), |name| format!(".{name}"));
            let Value::Array(list) = list else {
                return Err(shape(at, "a list"));
            };
            for (position, value) in list.into_iter().enumerate() {
                let at = format!("{at}[{position}]");
                let Value::Object(object) = value else {
                    return Err(shape(at, "an object"));
                };
                let manifest = Manifest::from_object(object)
                    .map_err(|source| Error::Package { at, source })?;
                let name = name.as_deref().unwrap_or(manifest.name()).to_owned();
                packages.entry(name).or_default().push(manifest);
            }
        }
        Ok(Index { packages })
    }

    /// The bytes of `packages.json`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let size: usize = self.manifests().map(|manifest| manifest.as_text().len() + 2).sum();
        let mut bytes = Vec::with_capacity(size + 64 * (self.packages.len() + 1));
        let written = self.write_to(&mut bytes);
        // Writing to memory cannot fail.
        debug_assert!(written.is_ok(), "{written:?}");
        bytes
    }

    /// Writes the bytes of `packages.json`, piece by piece, so that they need not be in memory.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_to(&self, out: &mut impl io::Write) -> io::Result<()> {
        out.write_all(b"{\"packages\": {")?;
        for (position, (name, manifests)) in self.packages.iter().enumerate() {
            let mut key = if position > 0 { b", ".to_vec() } else { Vec::new() };
            json::write_string(&mut key, name);
            out.write_all(&key)?;
            out.write_all(b": [")?;
            for (position, manifest) in manifests.iter().enumerate() {
                if position > 0 {
                    out.write_all(b", ")?;
                }
                out.write_all(manifest.as_text().as_bytes())?;
            }
            out.write_all(b"]")?;
        }
        out.write_all(b"}}")
    }

    /// Each name with its manifests, names by code point.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &[Manifest])> {
        self.packages.iter().map(|(name, manifests)| (name.as_str(), manifests.as_slice()))
    }

    /// All manifests in the order of the file.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.packages.values().flatten()
    }

    /// How many package versions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packages.values().map(Vec::len).sum()
    }

    /// Whether nothing is offered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.values().all(Vec::is_empty)
    }

    /// Whether two indexes offer the same. The order of packages with equal sort keys does not
    /// count: it has no meaning, and older tools left it to the order of their arguments.
    #[must_use]
    pub fn same_as(&self, other: &Index) -> bool {
        rules::same(&self.packages, &other.packages)
    }

    /// The packages of which both indexes offer the same, in another order that counts.
    #[must_use]
    pub fn reordered<'a>(&'a self, other: &Index) -> Vec<&'a str> {
        self.packages
            .iter()
            .filter(|(name, list)| {
                let other = other.packages.get(*name);
                other.is_some_and(|other| rules::reordered(list, other))
            })
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// What is different in a newer index, by name and version.
    #[must_use]
    pub fn changes_to(&self, newer: &Index) -> Vec<Change> {
        change::between(&self.packages, &newer.packages)
    }
}

/// The packages of an index that stands as [`Index::to_bytes`] writes it: a tree of it would take ten
/// times as much memory. `None` for anything else, and for what is not in order.
fn written(text: &[u8]) -> Option<BTreeMap<String, Vec<Manifest>>> {
    let mut packages: BTreeMap<String, Vec<Manifest>> = BTreeMap::new();
    text::scan_index(text.trim_ascii(), &mut |name, package| {
        let manifest = Manifest::parse(package).ok()?;
        let name = std::str::from_utf8(name).ok()?;
        match packages.get_mut(name) {
            Some(list) => list.push(manifest),
            None => _ = packages.insert(name.to_owned(), vec![manifest]),
        }
        Some(())
    })?;
    Some(packages)
}

#[cfg(test)]
mod tests;
