//! Whether a plan is still what is to be done.

use std::collections::{BTreeMap, BTreeSet};

use manifest::plan::{Action, Operation};

use super::Error;
use super::document::{Document, SideState, Step};

/// The most differences that are named of one side.
const NAMED: usize = 20;

impl Document {
    /// Requires that both sides are what they were when this plan was made, and that the same
    /// follows from them. `now` is the plan as it would be made now.
    ///
    /// # Errors
    /// [`Error::Moved`] with all that differs, or [`Error::Differs`].
    pub fn check(&self, now: &Self) -> Result<(), Error> {
        let mut moved = Vec::new();
        if let (Some(then), Some(now)) = (&self.source, &now.source) {
            moved.extend(tell("source", then, differences(then, now)));
        }
        let mut ours = differences(&self.destination, &now.destination);
        let mut theirs = Vec::new();
        if moved.is_empty() && ours.is_empty() {
            archives(&self.operations, &now.operations, &mut theirs, &mut ours);
        }
        if let Some(source) = &self.source {
            moved.extend(tell("source", source, theirs));
        }
        moved.extend(tell("destination", &self.destination, ours));
        if !moved.is_empty() {
            return Err(Error::Moved { moved });
        }
        let pairs = self.operations.iter().zip(&now.operations);
        let differing = pairs.filter(|(then, now)| then != now).map(|(then, _)| then).next();
        let longer = self.operations.iter().skip(now.operations.len());
        let missing = now.operations.iter().skip(self.operations.len());
        if let Some(step) = differing.into_iter().chain(longer).chain(missing).next() {
            return Err(Error::Differs { difference: describe(step) });
        }
        if self.options != now.options {
            return Err(Error::Differs { difference: "its options".to_owned() });
        }
        Ok(())
    }
}

fn describe(step: &Step) -> String {
    let Operation { op, kind, package, .. } = &step.operation;
    format!("{} {} {package}", op.as_str(), kind.as_str())
}

/// What differs between two states of a side.
fn differences(then: &SideState, now: &SideState) -> Vec<String> {
    let mut found = changes(&then.manifests, &now.manifests);
    found.extend(changes(&then.snapshots, &now.snapshots));
    let (index, generation) = (then.etag != now.etag, then.generation != now.generation);
    match (&then.etag, &now.etag) {
        (None, Some(_)) => found.push("packages.json was added".to_owned()),
        (Some(_), None) => found.push("packages.json was removed".to_owned()),
        _ if index || generation => found.push("packages.json was changed".to_owned()),
        _ => {}
    }
    found
}

/// What differs between two lists of names and tags.
fn changes(then: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let change = |name| match (then.get(name), now.get(name)) {
        (None, _) => Some(format!("{name} was added")),
        (_, None) => Some(format!("{name} was removed")),
        (Some(then), Some(now)) => (then != now).then(|| format!("{name} was changed")),
    };
    names.into_iter().filter_map(change).collect()
}

/// Archives that are not what they were, where the steps are the same otherwise.
fn archives(then: &[Step], now: &[Step], theirs: &mut Vec<String>, ours: &mut Vec<String>) {
    if !then.iter().map(|step| &step.operation).eq(now.iter().map(|step| &step.operation)) {
        return;
    }
    for (then, now) in then.iter().zip(now) {
        let Operation { op, package, source, destination, .. } = &then.operation;
        let name = |place: &Option<String>| place.clone().unwrap_or_else(|| package.clone());
        if (then.etag.as_ref(), then.size_bytes) != (now.etag.as_ref(), now.size_bytes) {
            match op {
                Action::Remove => ours.push(format!("{} was changed", name(destination))),
                _ => theirs.push(format!("{} was changed", name(source))),
            }
        }
        if then.replaces_etag != now.replaces_etag {
            ours.push(format!("{} was changed", name(destination)));
        }
    }
}

/// The differences of a side as one sentence; none where there are none.
fn tell(side: &str, state: &SideState, differences: Vec<String>) -> Option<String> {
    if differences.is_empty() {
        return None;
    }
    let more = differences.len().saturating_sub(NAMED);
    let mut named = differences.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        named = format!("{named}, and {more} more");
    }
    Some(format!("the {side} {} has moved since the plan was made: {named}", state.place))
}
