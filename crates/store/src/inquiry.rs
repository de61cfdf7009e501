//! One plain request, and the service's own answer: for questions about the service itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::unfinished::{self, Unfinished};
use crate::{Error, Store, key};

/// A request as it goes out: signed, otherwise as it stands here.
#[derive(Debug, Clone, Default)]
pub struct Inquiry<'a> {
    /// `GET`, `PUT`, …
    pub method: &'a str,
    /// The whole key; empty for the bucket itself.
    pub key: &'a str,
    /// Names and values of the query, not encoded.
    pub query: &'a [(&'a str, &'a str)],
    /// Names and values of headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, where the method has one.
    pub body: &'a [u8],
}

/// What a service answers, whether it is a success or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The service's own code, also where it stands in an answer with status 200; else empty.
    pub code: String,
    /// The headers of a success, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body of a success.
    pub body: Vec<u8>,
    /// The texts of an XML body, each with its path: `ListBucketResult/Contents/Key`.
    pub elements: Vec<(String, String)>,
}

impl Reply {
    /// Whether the service did what was asked.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && self.code.is_empty()
    }

    /// A header of a success.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first text in an XML body whose path ends so.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        let found = self.elements.iter().find(|(found, _)| found.ends_with(path));
        found.map(|(_, text)| text.as_str())
    }
}

/// Scratch objects of this process. They are removed when this value is dropped, and, as far as
/// there is time, when a signal ends the process.
#[derive(Debug)]
pub struct Scratch {
    store: Store,
    keys: Vec<String>,
    _unfinished: Unfinished,
}

impl Store {
    /// Sends one request, and returns the answer as it is. `None`: this store takes no requests, for
    /// it is a folder.
    ///
    /// # Errors
    /// [`Error::InvalidKey`], and without an answer as of the service.
    pub fn inquire(&self, inquiry: &Inquiry<'_>) -> Result<Option<Reply>, Error> {
        if !inquiry.key.is_empty() {
            key::check(inquiry.key)?;
        }
        self.backend.inquire(inquiry)
    }

    /// Takes care that these keys are removed in the end. None of them needs to exist yet.
    #[must_use]
    pub fn scratch(&self, keys: Vec<String>) -> Scratch {
        let remove = {
            let (store, keys) = (self.clone(), Arc::new(keys.clone()));
            move || {
                // The process ends by a signal: what stays is found by its name later.
                let _litter = store.delete_many(&keys);
            }
        };
        Scratch { store: self.clone(), keys, _unfinished: unfinished::begin(remove) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is found by its name later.
        let _litter = self.store.delete_many(&self.keys);
    }
}
