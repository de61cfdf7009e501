//! A plan as one JSON document: for review, and to be applied later.

use std::collections::BTreeSet;

use jiff::Timestamp;
use location::Location;
use serde::{Deserialize, Serialize};
use tool::{Exit, Failure, Io};

use super::garbage::{Garbage, Rules};
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
    options: Options,
    removed_bytes: u64,
    objects: Vec<Planned>,
}

/// What decided, so that the same decides when the plan is applied.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Options {
    written_before: String,
    keep_snapshots: Option<usize>,
    keep_generations: usize,
    bare: bool,
    keep: Vec<String>,
    locked: BTreeSet<String>,
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

/// A plan that was read.
#[derive(Debug)]
pub struct Plan {
    /// What it was made by.
    pub rules: Rules,
    /// The names and versions that were reviewed.
    objects: BTreeSet<(String, String)>,
}

impl Plan {
    /// Whether this version of this object was reviewed.
    pub fn has(&self, item: &Item) -> bool {
        self.objects.contains(&(item.name.clone(), item.etag.clone()))
    }

    /// How many objects it has.
    pub fn len(&self) -> usize {
        self.objects.len()
    }
}

/// Prints the plan on stdout.
pub fn print(
    io: &mut Io,
    location: &Location,
    rules: &Rules,
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
        options: Options {
            written_before: rules.before.to_string(),
            keep_snapshots: rules.keep_snapshots,
            keep_generations: rules.keep_generations,
            bare: rules.bare,
            keep: rules.keep.clone(),
            locked: rules.locked.clone(),
        },
        removed_bytes: super::bytes(garbage),
        objects: garbage.iter().map(planned).collect(),
    };
    let text = serde_json::to_string(&document)
        .map_err(|error| Failure::new(Exit::Failure, format!("cannot write the plan: {error}")))?;
    io.print_document(&format!("{text}\n"))
}

/// Reads a plan for the repository at `location`, from a file or (`-`) from stdin.
pub fn read(from: &str, location: &Location, io: &mut Io) -> Result<Plan, Failure> {
    let name = if from == "-" { "stdin".into() } else { io.folder().join(from) };
    let text = io.read_document(from)?;
    Ok(parse(&text, location).map_err(|reason| Error::Document {
        path: name,
        what: "a plan of repo-check --gc",
        reason,
    })?)
}

fn parse(text: &[u8], location: &Location) -> Result<Plan, String> {
    let document: Document = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if document.kind != KIND {
        return Err(format!("its kind is {:?}, not {KIND}", document.kind));
    }
    // The place tells two services apart that have a bucket of one name, as far as names do.
    if document.place != location.to_string() {
        return Err(format!("it is for {}, not for {location}", document.place));
    }
    let before: Timestamp =
        document.options.written_before.parse().map_err(|error| format!("{error}"))?;
    let rules = Rules {
        now: before,
        before,
        keep_snapshots: document.options.keep_snapshots,
        keep_generations: document.options.keep_generations,
        bare: document.options.bare,
        keep: document.options.keep,
        locked: document.options.locked,
    };
    let prefix = location.key("");
    let objects = document
        .objects
        .into_iter()
        .map(|object| match object.key.strip_prefix(&prefix) {
            Some(name) => Ok((name.to_owned(), object.etag)),
            None => Err(format!("{} does not lie below {location}", object.key)),
        })
        .collect::<Result<_, String>>()?;
    Ok(Plan { rules, objects })
}

#[cfg(test)]
mod tests {
    use location::{Prefix, Region, Service};

    use super::*;

    #[test]
    fn a_plan_of_something_else_is_refused() {
        let service = Service::Aws { region: Region::default() };
        let location = Location::new(service, "b", Prefix::parse("p/").unwrap()).unwrap();
        let plan = |kind: &str, place: &str, key: &str, time: &str| {
            format!(
                r#"{{"kind": "{kind}", "place": "{place}", "bucket": "b", "prefix": "p/",
                "options": {{"written-before": "{time}", "keep-snapshots": null,
                "keep-generations": 7, "bare": true, "keep": ["x"], "locked": ["y"]}},
                "removed-bytes": 1, "objects": [
                {{"key": "{key}", "what": "archive", "size-bytes": 1, "etag": "e", "modified": ""}}]}}"#
            )
        };
        let (place, time) = ("s3://b/p/", "2026-01-01T00:00:00Z");
        let read = parse(plan(KIND, place, "p/x", time).as_bytes(), &location).unwrap();
        assert_eq!(read.objects, [("x".to_owned(), "e".to_owned())].into());
        assert_eq!((read.rules.keep_generations, read.rules.bare), (7, true));
        assert_eq!(read.rules.before.to_string(), time);
        for text in [
            "",
            "{}",
            &plan("plan.v1", place, "p/x", time),
            &plan(KIND, "s3://b/q/", "p/x", time),
            &plan(KIND, place, "q/x", time),
            &plan(KIND, place, "p/x", "yesterday"),
        ] {
            assert!(parse(text.as_bytes(), &location).is_err(), "{text}");
        }
    }
}
