//! A plan as one JSON document: for review, and to be applied later.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use location::Location;
use serde::{Deserialize, Serialize};
use tool::{Exit, Failure, Io};

use super::{Age, Garbage};
use crate::Error;
use crate::inventory::Item;

const KIND: &str = "gc-plan.v1";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    kind: String,
    place: String,
    bucket: String,
    prefix: String,
    older_than_seconds: i64,
    removed_bytes: u64,
    objects: Vec<Planned>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Planned {
    key: String,
    what: String,
    size_bytes: u64,
    etag: String,
    modified: String,
}

/// An object of a plan: its name and the version that was reviewed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reviewed {
    name: String,
    etag: String,
}

impl From<&Item> for Reviewed {
    fn from(item: &Item) -> Self {
        Self { name: item.name.clone(), etag: item.etag.clone() }
    }
}

/// Prints the plan on stdout.
pub fn print(
    io: &mut Io,
    location: &Location,
    age: &Age,
    garbage: &[Garbage],
) -> Result<(), Failure> {
    let planned = |garbage: &Garbage| Planned {
        key: location.key(&garbage.item.name),
        what: garbage.what.name().to_owned(),
        size_bytes: garbage.item.size,
        etag: garbage.item.etag.clone(),
        modified: garbage.item.modified.to_string(),
    };
    let document = Document {
        kind: KIND.to_owned(),
        place: location.to_string(),
        bucket: location.bucket.clone(),
        prefix: location.prefix.to_string(),
        older_than_seconds: age.seconds(),
        removed_bytes: super::bytes(garbage),
        objects: garbage.iter().map(planned).collect(),
    };
    let text = serde_json::to_string(&document)
        .map_err(|error| Failure::new(Exit::Failure, format!("cannot write the plan: {error}")))?;
    io.print(&format!("{text}\n"))
}

/// Reads a plan for the repository at `location`.
pub fn read(path: &Path, location: &Location) -> Result<BTreeSet<Reviewed>, Error> {
    let unfit = |reason: String| Error::Document {
        path: path.to_owned(),
        what: "a plan of repo-check --gc",
        reason,
    };
    let text = fs::read(path).map_err(|source| Error::Local { path: path.to_owned(), source })?;
    let document: Document =
        serde_json::from_slice(&text).map_err(|error| unfit(error.to_string()))?;
    if document.kind != KIND {
        return Err(unfit(format!("its kind is {:?}, not {KIND}", document.kind)));
    }
    // The place tells two services apart that have a bucket of one name, as far as names do.
    if document.place != location.to_string() {
        return Err(unfit(format!("it is for {}, not for {location}", document.place)));
    }
    let prefix = location.key("");
    document
        .objects
        .into_iter()
        .map(|object| {
            let name = object
                .key
                .strip_prefix(&prefix)
                .ok_or_else(|| unfit(format!("{} does not lie below {location}", object.key)))?;
            Ok(Reviewed { name: name.to_owned(), etag: object.etag })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use location::{Prefix, Region, Service};

    use super::*;

    #[test]
    fn a_plan_of_something_else_is_refused() {
        let service = Service::Aws { region: Region::default() };
        let location = Location::new(service, "b", Prefix::parse("p/").unwrap()).unwrap();
        let folder = scratch::Folder::new("plan-test-").unwrap();
        let path = folder.path().join("plan");
        let plan = |kind: &str, place: &str, key: &str| {
            format!(
                r#"{{"kind": "{kind}", "place": "{place}", "bucket": "b", "prefix": "p/",
                "older-than-seconds": 0, "removed-bytes": 1, "objects": [
                {{"key": "{key}", "what": "archive", "size-bytes": 1, "etag": "e", "modified": ""}}]}}"#
            )
        };
        let check = |text: &str| {
            fs::write(&path, text).unwrap();
            read(&path, &location).map(|plan| plan.len())
        };
        assert_eq!(check(&plan(KIND, "s3://b/p/", "p/x")).unwrap(), 1);
        for text in [
            "",
            "{}",
            &plan("plan.v1", "s3://b/p/", "p/x"),
            &plan(KIND, "s3://b/q/", "p/x"),
            &plan(KIND, "s3://b/p/", "q/x"),
        ] {
            assert!(matches!(check(text), Err(Error::Document { .. })), "{text}");
        }
        assert!(matches!(read(&path.join("gone"), &location), Err(Error::Local { .. })));
    }
}
