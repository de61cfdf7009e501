//! A plan as one JSON document, `plan.v1`: printed for review, read again, and compared with what
//! the repositories are then. `docs/protocol.md` describes it.

mod document;
mod error;
mod verify;

use std::collections::BTreeMap;

use location::Location;
use repository::sync::{Side, Work};
use repository::{index, sync};
use store::Object;
use tool::{Failure, Io, Tool};

pub use document::{Choices, Document, Place};
pub use error::Error;

use crate::json;
use document::{KIND, SideState, Step};

/// The two sides of what is planned.
pub struct Sides<'a> {
    /// Where packages come from, and the folder that stands in for its manifests; `None` where
    /// packages are only removed.
    pub source: Option<(Side<'a>, Option<String>)>,
    /// What is changed.
    pub destination: Side<'a>,
}

impl Document {
    /// The document of what is to be done now.
    ///
    /// # Errors
    /// When a side cannot be listed.
    pub fn new(
        tool: &Tool,
        choices: Choices,
        work: &Work,
        sides: &Sides<'_>,
    ) -> Result<Self, Failure> {
        let source = sides.source.as_ref();
        let theirs = match source.map(|(side, _)| side) {
            Some(Side { store: Some(store), location, .. })
                if !work.archives_to_copy().is_empty() =>
            {
                by_name(location, store.list(&location.key("")).map_err(repository::Error::from)?)
            }
            _ => BTreeMap::new(),
        };
        let location = sides.destination.location;
        let prefix = source.map(|(side, _)| sync::place(side.location));
        let ours = by_name(location, work.present().cloned().collect());
        let source_manifests = source.map(|(side, _)| side.manifests);
        let mut operations: Vec<Step> = work
            .plan
            .operations
            .iter()
            .map(|operation| {
                let mut step = Step::from(operation.clone());
                step.look_up(&theirs, &ours, source_manifests, sides.destination.manifests);
                step
            })
            .collect();
        let unfinished = work.unfinished.iter().map(|path| {
            let mut step = Step::unfinished(path, sync::place(location).name(path));
            step.look_up(&theirs, &ours, None, sides.destination.manifests);
            step
        });
        operations.extend(unfinished);
        let missing = work.missing.iter().map(|path| {
            let from = prefix.as_ref().map(|place| place.name(path));
            let mut step = Step::missing(path, from, sync::place(location).name(path));
            step.look_up(&theirs, &ours, None, sides.destination.manifests);
            step
        });
        operations.extend(missing);
        let copied = work.archives_to_copy();
        let size_of = |path: &str| {
            let name = prefix.as_ref()?.name(path);
            theirs.get(&name).map(|object| object.size)
        };
        Ok(Self {
            kind: KIND.to_owned(),
            tool: tool.name.to_owned(),
            version: tool.version.to_owned(),
            time: jiff::Timestamp::now().to_string(),
            options: choices,
            source: source.map(|(side, folder)| SideState::of(side, folder.clone())).transpose()?,
            destination: SideState::of(&sides.destination, None)?
                .with_snapshots(location, work.present()),
            copied_bytes: copied.iter().filter_map(|path| size_of(path)).sum(),
            removed_bytes: work.obsolete.iter().map(|object| object.size).sum(),
            replaced: work.replaced.iter().map(|path| sync::place(location).name(path)).collect(),
            operations,
        })
    }

    /// Prints the document on stdout.
    ///
    /// # Errors
    /// When stdout cannot be written, or the document is longer than [`Document::read`] would take.
    pub fn print(&self, io: &mut Io) -> Result<(), Failure> {
        io.print_document(&json::line(&serde_json::to_value(self).map_err(Error::Write)?))
    }

    /// Reads a document that `tool` has printed, from a file or (`-`) from stdin.
    ///
    /// # Errors
    /// When it cannot be read, is no plan, or another tool's.
    pub fn read(io: &mut Io, tool: &Tool, from: &str) -> Result<Self, Failure> {
        let name = if from == "-" { "stdin" } else { from };
        let bytes = io.read_document(from)?;
        Ok(document::parse(&bytes, name, tool.name)?)
    }
}

/// Objects by the names that plans have for them.
fn by_name(location: &Location, objects: Vec<Object>) -> BTreeMap<String, Object> {
    let prefix = location.key("");
    let place = sync::place(location);
    let named = objects.into_iter().filter_map(|object| {
        let name = place.name(object.key.strip_prefix(&prefix)?);
        Some((name, object))
    });
    named.collect()
}

impl SideState {
    fn of(side: &Side<'_>, folder: Option<String>) -> Result<Self, Failure> {
        let current = match side.store {
            Some(store) => index::read(store, side.location)?,
            None => None,
        };
        Ok(Self::new(side, folder, current))
    }
}
