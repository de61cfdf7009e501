//! The comparison of two repositories.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::{Action, Entry, Options, PackageChange, Plan, Reason, Side, Warning, steps};
use crate::json::text;
use crate::order;
use crate::package::{FILE_SUFFIX, Manifest, TIME_FORMAT};
use crate::shares;

pub(super) fn plan(source: &Side<'_>, destination: &Side<'_>, options: &Options) -> Plan {
    let mut warnings = Vec::new();
    let theirs = by_name(source, &mut warnings);
    let ours = by_name(destination, &mut warnings);

    let compare = |pair| match pair {
        Pair::Theirs(theirs) => Some(change(theirs, None, Action::Add, source, destination)),
        Pair::Both(theirs, ours) => update(theirs, ours, source, destination),
        Pair::Ours(ours) => Some(removal(ours, destination, options)),
    };
    let mut changes = shares::map(options.threads, pairs(&theirs, &ours), |share| {
        share.into_iter().filter_map(compare).collect()
    });
    // Those that are equal in it stay as they are: by bytes.
    changes.sort_by(|left: &PackageChange, right| order::natural(&left.package, &right.package));

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

/// Which sides have a manifest of one name.
enum Pair<'a> {
    Theirs(&'a Known<'a>),
    Ours(&'a Known<'a>),
    Both(&'a Known<'a>, &'a Known<'a>),
}

/// Each name of either side; both are sorted by it.
fn pairs<'a>(theirs: &'a [Known<'a>], ours: &'a [Known<'a>]) -> Vec<Pair<'a>> {
    let mut pairs = Vec::with_capacity(theirs.len().max(ours.len()));
    let (mut theirs, mut ours) = (theirs.iter().peekable(), ours.iter().peekable());
    loop {
        let order = match (theirs.peek(), ours.peek()) {
            (Some(theirs), Some(ours)) => theirs.name().cmp(ours.name()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return pairs,
        };
        let theirs = theirs.next_if(|_| order.is_le());
        let ours = ours.next_if(|_| order.is_ge());
        pairs.extend(match (theirs, ours) {
            (Some(theirs), Some(ours)) => Some(Pair::Both(theirs, ours)),
            (Some(theirs), None) => Some(Pair::Theirs(theirs)),
            (None, ours) => ours.map(Pair::Ours),
        });
    }
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

impl<'a> Known<'a> {
    fn name(&self) -> &'a str {
        &self.entry.file_name
    }
}

/// The manifests of a side, sorted by name; of a name that is there twice the last one counts.
fn by_name<'a>(side: &'a Side<'_>, warnings: &mut Vec<Warning>) -> Vec<Known<'a>> {
    let mut known = Vec::with_capacity(side.entries.len());
    for entry in &side.entries {
        let own = entry.manifest.timestamp();
        let time = own.unwrap_or_else(|| {
            let (file_name, used) = (entry.file_name.clone(), entry.modified);
            warnings.push(Warning { file_name, used });
            used
        });
        known.push(Known { entry, time, timed: own.is_some() });
    }
    known.reverse();
    known.sort_by_key(Known::name);
    known.dedup_by_key(|known| known.name());
    known
}

/// How long a time is in which no digit was left out.
const TIME_LENGTH: usize = "2016-02-16 01:18:50".len();

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
    if let Some(url) = manifest.dist_url()
        && let Some(path) = source.urls.written(url)
    {
        let query = url.find('?').map_or("", |start| &url[start..]);
        let url = format!("{}{query}", destination.urls.url(&path));
        manifest.set_dist_url(&url);
    }
    // The time by which it was compared goes with it: its copy is a new object.
    if !(theirs.timed && manifest.time().is_some_and(|time| time.len() == TIME_LENGTH)) {
        let time = theirs.time.strftime(TIME_FORMAT).to_string();
        manifest.set_raw("time", &format!("\"{time}\""));
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
    let equal = same_contents(&theirs.entry.manifest, &ours.entry.manifest);
    // Without a time of its own, a manifest has that of its object, which every copy renews.
    if equal && !(theirs.timed && ours.timed) {
        return None;
    }
    let ignored = match theirs.time.cmp(&ours.time) {
        Ordering::Greater => None,
        Ordering::Less => Some(Reason::DestinationNewer),
        Ordering::Equal if equal => return None,
        Ordering::Equal => Some(Reason::ContentsDiffer),
    };
    let change = change(theirs, Some(ours), Action::Update, source, destination);
    Some(PackageChange { ignored, ..change })
}

/// Whether two manifests are the same in what counts: all but the time and the place of the archive.
fn same_contents(left: &Manifest, right: &Manifest) -> bool {
    let contents =
        |manifest| Manifest::members(manifest).filter(|(key, _)| *key != "time" && *key != "dist");
    let (mut left, mut right) = (contents(left), contents(right));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some((key, left)), Some((other, right)))
                if key == other && text::same(left, right) => {}
            _ => return false,
        }
    }
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

/// The destination's manifests once the changes are made, sorted by file name.
fn result(changes: &[PackageChange], ours: &[Known<'_>]) -> Vec<(String, Manifest)> {
    let changes: HashMap<&str, &PackageChange> = changes
        .iter()
        .filter(|change| change.ignored.is_none())
        .map(|change| (change.file_name.as_str(), change))
        .collect();
    let same = ours.iter().filter(|ours| !changes.contains_key(ours.name()));
    let same = same.map(|ours| (ours.name(), &ours.entry.manifest));
    let changed = changes.values().filter_map(|c| Some((&*c.file_name, c.manifest.as_ref()?)));
    let mut result: Vec<(&str, &Manifest)> = same.chain(changed).collect();
    result.sort_by_key(|(name, _)| *name);
    result.into_iter().map(|(name, manifest)| (name.to_owned(), manifest.clone())).collect()
}

/// The archives that nothing names any more.
fn obsolete(
    changes: &[PackageChange],
    result: &[(String, Manifest)],
    destination: &Side<'_>,
    options: &Options,
) -> BTreeSet<String> {
    let mut obsolete: BTreeSet<String> = changes
        .iter()
        .filter(|change| change.ignored.is_none())
        .filter_map(|change| match change.action {
            Action::Remove => change.archive.clone(),
            Action::Add | Action::Update => change.old_archive.clone(),
        })
        .filter(|path| !options.needed.contains(path))
        .collect();
    let files: HashSet<String> = obsolete.iter().map(|path| last_part(path).to_owned()).collect();
    for (_, manifest) in result {
        let url = manifest.dist_url().unwrap_or_default();
        // Whether it is one of them can nearly always be told without taking the URL apart.
        let plain = url.split(['?', '#']).next().unwrap_or_default();
        if (plain.contains('%') || files.contains(last_part(plain)))
            && let Some(path) = archive(manifest, destination)
        {
            obsolete.remove(&path);
        }
    }
    obsolete
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
