//! The steps of a plan, from what it does with each package.

use std::collections::BTreeSet;

use super::{Action, Operation, OperationKind, PackageChange, Place, Reason};

/// The steps of one package, the archive's first.
pub(super) fn of(
    change: &PackageChange,
    source: &Place,
    destination: &Place,
    archives_to_remove: &BTreeSet<String>,
) -> Vec<Operation> {
    let file = change.file_name.as_str();
    let dist = Operation::new(OperationKind::Dist, change.action, &change.package);
    let manifest = Operation::new(OperationKind::Manifest, change.action, &change.package);

    if let Some(reason) = change.ignored {
        let source = (change.action != Action::Remove).then(|| source.name(file));
        return vec![skip(Operation { source, ..manifest }, reason)];
    }
    if change.action == Action::Remove {
        let archive = match &change.archive {
            Some(path) if archives_to_remove.contains(path) => remove(dist, destination, path),
            Some(path) => skip(remove(dist, destination, path), Reason::Needed),
            None => {
                let destination = Some(change.dist_url.clone().unwrap_or_default());
                skip(Operation { destination, ..dist }, Reason::External)
            }
        };
        return vec![archive, remove(manifest, destination, file)];
    }
    let archive = match &change.archive {
        Some(path) => copy(dist.clone(), source, destination, path),
        None => {
            let source = Some(change.dist_url.clone().unwrap_or_default());
            skip(Operation { source, ..dist.clone() }, Reason::External)
        }
    };
    let mut steps = vec![archive, copy(manifest, source, destination, file)];
    if let Some(old) = &change.old_archive
        && archives_to_remove.contains(old)
    {
        steps.push(remove(Operation { op: Action::Remove, ..dist }, destination, old));
    }
    steps
}

fn copy(step: Operation, source: &Place, destination: &Place, path: &str) -> Operation {
    Operation {
        source: Some(source.name(path)),
        source_region: Some(source.region.clone()),
        destination: Some(destination.name(path)),
        destination_region: Some(destination.region.clone()),
        ..step
    }
}

fn remove(step: Operation, destination: &Place, path: &str) -> Operation {
    Operation {
        destination: Some(destination.name(path)),
        destination_region: Some(destination.region.clone()),
        ..step
    }
}

fn skip(step: Operation, reason: Reason) -> Operation {
    Operation { skip: true, reason: Some(reason.to_string()), ..step }
}
