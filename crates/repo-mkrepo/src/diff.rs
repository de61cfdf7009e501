//! `diff`: what differs between two generations.

use std::collections::BTreeSet;

use manifest::index::{Change, ChangeKind};
use repo_tool::{json, open};
use repository::{Manifests, history};
use serde_json::{Value, json};
use tool::{Failure, Io};

use crate::args::Diff;
use crate::log::date;

/// Prints the packages that differ.
pub fn run(options: &Diff, io: &mut Io) -> Result<(), Failure> {
    let location = options.place.location(io)?;
    let store = open::readable(io, &location, None)?;
    let from = history::find(&store, &location, &options.from)?;
    let to = history::find(&store, &location, &options.to)?;
    let before = history::manifests(&store, &location, &from.id)?;
    let after = history::manifests(&store, &location, &to.id)?;
    let changes = before.index().changes_to(&after.index());
    if options.json {
        let document = json!({
            "kind": "diff.v1",
            "from": from.id.to_string(),
            "to": to.id.to_string(),
            "added": packages(&changes, ChangeKind::Added),
            "changed": packages(&changes, ChangeKind::Changed),
            "removed": packages(&changes, ChangeKind::Removed),
            "manifests": files(&before, &after),
        });
        return json::print(io, &document);
    }
    io.show(format!("--- generation {} ({}), {}", from.number, from.id, date(&from)))?;
    io.show(format!("+++ generation {} ({}), {}", to.number, to.id, date(&to)))?;
    for change in &changes {
        io.show(change.to_string())?;
    }
    Ok(())
}

fn packages(changes: &[Change], kind: ChangeKind) -> Vec<Value> {
    let changes = changes.iter().filter(|change| change.kind == kind);
    changes.map(|change| json!({"name": change.name, "version": change.version})).collect()
}

/// File names of the manifests that differ. An index leaves out some (older builds, internal
/// packages), so these may be more.
fn files(before: &Manifests, after: &Manifests) -> Value {
    let names = |manifests: &Manifests| -> BTreeSet<String> {
        manifests.entries.iter().map(|entry| entry.file_name.clone()).collect()
    };
    let (old, new) = (names(before), names(after));
    let differs = |name: &&String| {
        let bytes = |manifests: &Manifests| manifests.get(name).map(|entry| entry.bytes().to_vec());
        bytes(before) != bytes(after)
    };
    json!({
        "added": new.difference(&old).collect::<Vec<_>>(),
        "changed": new.intersection(&old).filter(differs).collect::<Vec<_>>(),
        "removed": old.difference(&new).collect::<Vec<_>>(),
    })
}
