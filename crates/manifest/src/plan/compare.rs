//! What becomes of one package.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{Action, Entry, PackageChange, Planner, Reason, Side, Warning};
use crate::json::text;
use crate::package::{FILE_SUFFIX, Manifest, TIME_FORMAT};

/// How long a time is in which no digit was left out.
const TIME_LENGTH: usize = "2016-02-16 01:18:50".len();

/// What the sides' manifests of one name mean for the plan.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Where they differ. Most do not: a box keeps those small.
    pub(super) change: Option<Box<PackageChange>>,
    /// The URL of the archive that the destination's own manifest goes on to name.
    pub(super) named: Option<String>,
    /// What the reader should know of the source's manifest, and of the destination's.
    pub(super) warnings: [Option<Warning>; 2],
}

pub(super) fn compare(
    planner: &Planner<'_>,
    theirs: Option<&Entry>,
    ours: Option<&Entry>,
) -> Comparison {
    let (theirs, ours) = (theirs.map(Known::of), ours.map(Known::of));
    let change = match (&theirs, &ours) {
        (Some(theirs), None) => Some(change(planner, theirs, None, Action::Add)),
        (Some(theirs), Some(ours)) => update(planner, theirs, ours),
        (None, Some(ours)) => Some(removal(planner, ours)),
        (None, None) => None,
    };
    let stays = change.as_ref().is_none_or(|change| change.ignored.is_some());
    let named = ours.as_ref().filter(|_| stays).and_then(|ours| ours.entry.manifest.dist_url());
    Comparison {
        change: change.map(Box::new),
        named: named.map(str::to_owned),
        warnings: [theirs, ours].map(|known| known?.warning()),
    }
}

/// A manifest with the time that counts for it.
struct Known<'a> {
    entry: &'a Entry,
    time: Timestamp,
    /// Whether the time is the manifest's own.
    timed: bool,
}

impl<'a> Known<'a> {
    fn of(entry: &'a Entry) -> Self {
        let own = entry.manifest.timestamp();
        Self { entry, time: own.unwrap_or(entry.modified), timed: own.is_some() }
    }

    fn warning(&self) -> Option<Warning> {
        let warning = || Warning { file_name: self.entry.file_name.clone(), used: self.time };
        (!self.timed).then(warning)
    }

    /// The file name without its ending.
    fn package(&self) -> &'a str {
        let name = &self.entry.file_name;
        name.strip_suffix(FILE_SUFFIX).unwrap_or(name)
    }
}

/// What happens to a manifest that goes over.
fn change(
    planner: &Planner<'_>,
    theirs: &Known<'_>,
    ours: Option<&Known<'_>>,
    action: Action,
) -> PackageChange {
    let mut manifest = theirs.entry.manifest.clone();
    let archive = archive(&manifest, &planner.source);
    if let Some(url) = manifest.dist_url()
        && let Some(path) = planner.source.urls.written(url)
    {
        let query = url.find('?').map_or("", |start| &url[start..]);
        let url = format!("{}{query}", planner.destination.urls.url(&path));
        manifest.set_dist_url(&url);
    }
    // The time by which it was compared goes with it: its copy is a new object.
    if !(theirs.timed && manifest.time().is_some_and(|time| time.len() == TIME_LENGTH)) {
        let time = theirs.time.strftime(TIME_FORMAT).to_string();
        manifest.set_raw("time", &format!("\"{time}\""));
    }
    let old_archive = ours
        .and_then(|ours| self::archive(&ours.entry.manifest, &planner.destination))
        .filter(|old| archive.as_ref() != Some(old));
    PackageChange {
        package: theirs.package().to_owned(),
        file_name: theirs.entry.file_name.clone(),
        action,
        ignored: None,
        dist_url: theirs.entry.manifest.dist_url().map(str::to_owned),
        archive,
        old_archive,
        manifest: Some(manifest),
    }
}

fn update(planner: &Planner<'_>, theirs: &Known<'_>, ours: &Known<'_>) -> Option<PackageChange> {
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
    let change = change(planner, theirs, Some(ours), Action::Update);
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

fn removal(planner: &Planner<'_>, ours: &Known<'_>) -> PackageChange {
    PackageChange {
        package: ours.package().to_owned(),
        file_name: ours.entry.file_name.clone(),
        action: Action::Remove,
        ignored: planner.options.keep.then_some(Reason::Kept),
        dist_url: ours.entry.manifest.dist_url().map(str::to_owned),
        archive: archive(&ours.entry.manifest, &planner.destination),
        old_archive: None,
        manifest: None,
    }
}

/// The path of a manifest's archive; `None` where it is not in this repository.
fn archive(manifest: &Manifest, side: &Side<'_>) -> Option<String> {
    side.urls.relative(manifest.dist_url()?)
}
