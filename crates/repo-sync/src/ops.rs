//! `ops`: the historical planner, on two local folders of manifests.
//!
//! Each operation's text is that planner's to the byte, with the members where that planner put them:
//! there are scripts that sort operations by their members as they come.

use std::fs;
use std::path::{Component, Path, PathBuf};

use location::Location;
use manifest::plan::{self, Action, Comparison, Operation, OperationKind, Plan, Planner, Side};
use manifest::{json, shares};
use repo_tool::open::Place;
use repository::files::{Folder, Reader};
use repository::sync::LocationUrls;
use tool::{Failure, Io};

use crate::Error;
use crate::args::Operations;

/// So many bytes are printed at once, or a few more.
const PRINTED: usize = 64 << 10;

/// Prints every operation as JSON, and brings the destination's folder to the planned state.
pub fn run(options: &Operations, io: &mut Io) -> Result<(), Failure> {
    let source = Repository::of(&options.source, io)?;
    let destination = Repository::of(&options.destination, io)?;
    let urls = [&source, &destination].map(|repository| LocationUrls(&repository.location));
    let planner = Planner {
        source: Side { place: source.place.clone(), urls: &urls[0] },
        destination: Side { place: destination.place.clone(), urls: &urls[1] },
        options: plan::Options::default(),
    };
    let plan = planner.conclude(compare(&planner, &source, &destination)?);
    for warning in &plan.warnings {
        io.say(format!("WARNING: {warning}"));
    }
    if !options.dry_run {
        apply(&plan, &destination.path)?;
    }
    let folders = [&options.source[3], &options.destination[3]].map(|folder| plain(folder));
    let mut text = vec![b'['];
    for (number, operation) in plan.operations.iter().enumerate() {
        text.extend_from_slice(if number == 0 { b"" } else { b", " });
        write(&mut text, operation, &folders);
        if text.len() > PRINTED {
            print(&mut text, io)?;
        }
    }
    text.push(b']');
    // The process ends now: taking all that apart would only take time.
    std::mem::forget(plan);
    print(&mut text, io)
}

/// Prints what is there so far: it need not all be in memory.
fn print(text: &mut Vec<u8>, io: &mut Io) -> Result<(), Failure> {
    // What is written is ASCII.
    io.data(&String::from_utf8_lossy(text))?;
    text.clear();
    Ok(())
}

/// A repository whose manifests are in a local folder.
struct Repository {
    place: plan::Place,
    location: Location,
    path: PathBuf,
}

impl Repository {
    fn of(arguments: &[String; 4], io: &Io) -> Result<Self, Failure> {
        let [region, bucket, prefix, folder] = arguments.clone();
        let region_text = Some(region.clone());
        let named = Place { bucket, prefix, region: region_text, ..Place::default() };
        let location = named.location(io)?;
        let place = plan::Place {
            region,
            bucket: location.bucket.clone(),
            prefix: location.prefix.as_str().to_owned(),
        };
        Ok(Self { place, location, path: io.folder().join(folder) })
    }
}

/// Compares all manifests of two folders, on all processors. Of those that are read, no more are in
/// memory at once than are compared.
fn compare(
    planner: &Planner<'_>,
    source: &Repository,
    destination: &Repository,
) -> Result<Vec<Comparison>, repository::Error> {
    let (source, destination) = (Folder::open(&source.path)?, Folder::open(&destination.path)?);
    let (theirs, ours) = parallel::both(|| source.names(), || destination.names());
    let (theirs, ours) = (theirs?, ours?);
    let pairs = plan::pairs(&theirs, &ours, String::as_str);
    let comparisons = shares::map(repository::processors(), pairs, |share| {
        let mut reader = Reader::default();
        let mut read = |folder: &Folder, name: Option<&String>| {
            name.map(|name| folder.read(name, &mut reader)).transpose()
        };
        let mut compare = |(theirs, ours)| {
            let (theirs, ours) = (read(&source, theirs)?, read(&destination, ours)?);
            Ok(planner.compare(theirs.as_ref(), ours.as_ref()))
        };
        share.into_iter().map(&mut compare).collect()
    });
    comparisons.into_iter().collect()
}

/// A folder without "." and doubled slashes, as that planner wrote paths.
fn plain(folder: &str) -> PathBuf {
    Path::new(folder).components().filter(|part| *part != Component::CurDir).collect()
}

/// The members of the step that copies an archive, or says why not, in their order.
const COPY: [&str; 9] = [
    "kind",
    "skip",
    "source",
    "reason",
    "source-region",
    "destination",
    "destination-region",
    "op",
    "package",
];

/// The members of all other steps.
const OTHER: [&str; 8] =
    ["kind", "op", "skip", "package", "source", "destination", "destination-region", "reason"];

/// Appends an operation's JSON, where `folders` are those of source and destination.
fn write(text: &mut Vec<u8>, operation: &Operation, folders: &[PathBuf; 2]) {
    let is_dist = operation.kind == OperationKind::Dist;
    let goes_over = operation.op != Action::Remove;
    // A manifest comes from the destination's folder, where it was written to, and one that is left
    // alone from the source's.
    let file = (!is_dist && goes_over).then(|| {
        let folder = &folders[usize::from(!operation.skip)];
        folder.join(format!("{}{}", operation.package, manifest::FILE_SUFFIX)).display().to_string()
    });
    let member = |name: &str| match name {
        "kind" => Some(operation.kind.as_str()),
        "op" => Some(operation.op.as_str()),
        "package" => Some(&*operation.package),
        "source" => file.as_deref().or(operation.source.as_deref()),
        "source-region" => operation.source_region.as_deref(),
        "destination" => operation.destination.as_deref(),
        "destination-region" => operation.destination_region.as_deref(),
        "reason" => operation.reason.as_deref(),
        _ => None,
    };
    let order: &[&str] = if is_dist && goes_over { &COPY } else { &OTHER };
    let mut separator = "{";
    for name in order {
        let value = member(name);
        let skips = *name == "skip" && operation.skip;
        if value.is_none() && !skips {
            continue;
        }
        text.extend_from_slice(separator.as_bytes());
        json::write_string(text, name);
        text.extend_from_slice(b": ");
        match value {
            Some(value) => json::write_string(text, value),
            None => text.extend_from_slice(b"true"),
        }
        separator = ", ";
    }
    text.push(b'}');
}

fn apply(plan: &Plan, folder: &Path) -> Result<(), Error> {
    let failed = |path: PathBuf| move |source| Error::Write { path, source };
    for (file_name, manifest) in plan.manifests_to_write() {
        let path = folder.join(file_name);
        fs::write(&path, manifest.to_bytes()).map_err(failed(path))?;
    }
    for file_name in plan.manifests_to_remove() {
        let path = folder.join(file_name);
        fs::remove_file(&path).map_err(failed(path))?;
    }
    Ok(())
}
