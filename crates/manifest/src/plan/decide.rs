//! The whole plan, from what was found of each name.

use std::collections::{BTreeSet, HashSet};

use super::{Action, Comparison, Entry, PackageChange, Plan, Planner, Warning, steps};
use crate::order;

/// The manifests of a side, sorted by name; of a name that is there twice the last one counts.
pub(super) fn by_name(entries: &[Entry]) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = entries.iter().rev().collect();
    entries.sort_by_key(|entry| &entry.file_name);
    entries.dedup_by_key(|entry| &entry.file_name);
    entries
}

pub(super) fn conclude(planner: &Planner<'_>, comparisons: Vec<Comparison>) -> Plan {
    let (mut changes, mut named, mut warnings) =
        (Vec::new(), Vec::new(), [const { Vec::new() }; 2]);
    for comparison in comparisons {
        changes.extend(comparison.change.map(|change| *change));
        named.extend(comparison.named);
        for (warnings, warning) in warnings.iter_mut().zip(comparison.warnings) {
            warnings.extend(warning);
        }
    }
    changes.sort_by(|left: &PackageChange, right| {
        let by_bytes = || left.file_name.cmp(&right.file_name);
        order::natural(&left.package, &right.package).then_with(by_bytes)
    });
    for warnings in &mut warnings {
        warnings.sort_by(|left: &Warning, right| left.file_name.cmp(&right.file_name));
    }
    let archives_to_remove = obsolete(planner, &changes, &named);
    let places = (&planner.source.place, &planner.destination.place);
    let steps = |change| steps::of(change, places.0, places.1, &archives_to_remove);
    let operations = changes.iter().flat_map(steps).collect();
    Plan { changes, operations, archives_to_remove, warnings: warnings.concat() }
}

/// The archives that nothing names any more, where `named` is what the destination's manifests that
/// stay name.
fn obsolete(
    planner: &Planner<'_>,
    changes: &[PackageChange],
    named: &[String],
) -> BTreeSet<String> {
    let changes = || changes.iter().filter(|change| change.ignored.is_none());
    let mut obsolete: BTreeSet<String> = changes()
        .filter_map(|change| match change.action {
            Action::Remove => change.archive.clone(),
            Action::Add | Action::Update => change.old_archive.clone(),
        })
        .filter(|path| !planner.options.needed.contains(path))
        .collect();
    let files: HashSet<String> = obsolete.iter().map(|path| last_part(path).to_owned()).collect();
    let written = changes().filter_map(|change| change.manifest.as_ref()?.dist_url());
    for url in written.chain(named.iter().map(String::as_str)) {
        // Whether it is one of them can nearly always be told without taking the URL apart.
        let plain = url.split(['?', '#']).next().unwrap_or_default();
        if (plain.contains('%') || files.contains(last_part(plain)))
            && let Some(path) = planner.destination.urls.relative(url)
        {
            obsolete.remove(&path);
        }
    }
    obsolete
}

/// What follows the last slash.
pub(super) fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
