//! The comparison of two repositories.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Action, Entry, Options, PackageChange, Plan, Reason, Side, Warning, steps};
use crate::natural;
use crate::package::{FILE_SUFFIX, Manifest};

pub(super) fn plan(source: &Side<'_>, destination: &Side<'_>, options: &Options) -> Plan {
    let mut warnings = Vec::new();
    let theirs = by_name(source, &mut warnings);
    let ours = by_name(destination, &mut warnings);

    let mut names: Vec<&str> = theirs.keys().chain(ours.keys()).copied().collect();
    // Two sorted rows: cheap to merge, so that the costly order sees each name once.
    names.sort();
    names.dedup();
    names.sort_by(|left, right| natural::compare(package_name(left), package_name(right)));
    let changes: Vec<PackageChange> = names
        .iter()
        .filter_map(|name| match (theirs.get(name), ours.get(name)) {
            (Some(theirs), None) => Some(change(theirs, None, Action::Add, source, destination)),
            (Some(theirs), Some(ours)) => update(theirs, ours, source, destination),
            (None, Some(ours)) => Some(removal(ours, destination, options)),
            (None, None) => None,
        })
        .collect();

    let result = result(&changes, &ours);
    let archives_to_remove = obsolete(&changes, &result, destination, options);
    let operations = changes
        .iter()
        .flat_map(|change| {
            steps::of(change, &source.place, &destination.place, &archives_to_remove)
        })
        .collect();
    Plan { changes, operations, archives_to_remove, warnings, result }
}

/// A manifest's file name without its ending.
fn package_name(file_name: &str) -> &str {
    file_name.strip_suffix(FILE_SUFFIX).unwrap_or(file_name)
}

/// A manifest with the time that counts for it.
struct Known<'a> {
    entry: &'a Entry,
    time: Timestamp,
    /// Whether the time is the manifest's own.
    timed: bool,
}

fn by_name<'a>(side: &'a Side<'_>, warnings: &mut Vec<Warning>) -> BTreeMap<&'a str, Known<'a>> {
    let mut known = BTreeMap::new();
    for entry in &side.entries {
        let own = entry.manifest.timestamp();
        let time = own.unwrap_or_else(|| {
            let (file_name, used) = (entry.file_name.clone(), entry.modified);
            warnings.push(Warning { file_name, used });
            used
        });
        known.insert(entry.file_name.as_str(), Known { entry, time, timed: own.is_some() });
    }
    known
}

/// What happens to a manifest that goes over.
fn change(
    theirs: &Known<'_>,
    ours: Option<&Known<'_>>,
    action: Action,
    source: &Side<'_>,
    destination: &Side<'_>,
) -> PackageChange {
    let mut manifest = theirs.entry.manifest.clone();
    let archive = archive(&manifest, source);
    if let (Some(path), Some(url)) = (&archive, manifest.dist_url()) {
        let query = url.find('?').map_or("", |start| &url[start..]);
        let url = format!("{}{query}", destination.urls.url(path));
        manifest.set_dist_url(&url);
    }
    let old_archive = ours
        .and_then(|ours| self::archive(&ours.entry.manifest, destination))
        .filter(|old| archive.as_ref() != Some(old));
    PackageChange {
        package: package_name(&theirs.entry.file_name).to_owned(),
        file_name: theirs.entry.file_name.clone(),
        action,
        ignored: None,
        dist_url: theirs.entry.manifest.dist_url().map(str::to_owned),
        archive,
        old_archive,
        manifest: Some(manifest),
    }
}

fn update(
    theirs: &Known<'_>,
    ours: &Known<'_>,
    source: &Side<'_>,
    destination: &Side<'_>,
) -> Option<PackageChange> {
    let equal = contents(&theirs.entry.manifest).eq(contents(&ours.entry.manifest));
    // Without a time of its own, a manifest has that of its object, which every copy renews.
    if equal && !(theirs.timed && ours.timed) {
        return None;
    }
    let ignored = match theirs.time.cmp(&ours.time) {
        std::cmp::Ordering::Greater => None,
        std::cmp::Ordering::Less => Some(Reason::DestinationNewer),
        std::cmp::Ordering::Equal if equal => return None,
        std::cmp::Ordering::Equal => Some(Reason::ContentsDiffer),
    };
    let change = change(theirs, Some(ours), Action::Update, source, destination);
    Some(PackageChange { ignored, ..change })
}

/// What counts when two manifests are compared: all but the time and the place of the archive.
fn contents(manifest: &Manifest) -> impl Iterator<Item = (&str, &str)> {
    manifest.members().filter(|(key, _)| *key != "time" && *key != "dist")
}

fn removal(ours: &Known<'_>, destination: &Side<'_>, options: &Options) -> PackageChange {
    PackageChange {
        package: package_name(&ours.entry.file_name).to_owned(),
        file_name: ours.entry.file_name.clone(),
        action: Action::Remove,
        ignored: options.keep.then_some(Reason::Kept),
        dist_url: ours.entry.manifest.dist_url().map(str::to_owned),
        archive: archive(&ours.entry.manifest, destination),
        old_archive: None,
        manifest: None,
    }
}

/// The path of a manifest's archive; `None` where it is not in this repository.
fn archive(manifest: &Manifest, side: &Side<'_>) -> Option<String> {
    side.urls.relative(manifest.dist_url()?)
}

/// The destination's manifests once the changes are made.
fn result(changes: &[PackageChange], ours: &BTreeMap<&str, Known<'_>>) -> Vec<(String, Manifest)> {
    let mut result: BTreeMap<&str, &Manifest> =
        ours.iter().map(|(name, known)| (*name, &known.entry.manifest)).collect();
    for change in changes.iter().filter(|change| change.ignored.is_none()) {
        match &change.manifest {
            Some(manifest) => result.insert(&change.file_name, manifest),
            None => result.remove(change.file_name.as_str()),
        };
    }
    result.into_iter().map(|(name, manifest)| (name.to_owned(), manifest.clone())).collect()
}

/// The archives that nothing names any more.
fn obsolete(
    changes: &[PackageChange],
    result: &[(String, Manifest)],
    destination: &Side<'_>,
    options: &Options,
) -> BTreeSet<String> {
    let named: BTreeSet<String> =
        result.iter().filter_map(|(_, manifest)| archive(manifest, destination)).collect();
    changes
        .iter()
        .filter(|change| change.ignored.is_none())
        .filter_map(|change| match change.action {
            Action::Remove => change.archive.clone(),
            Action::Add | Action::Update => change.old_archive.clone(),
        })
        .filter(|path| !named.contains(path) && !options.needed.contains(path))
        .collect()
}
