//! `ops`: the historical planner, on two local folders of manifests.
//!
//! Each operation's text is that planner's to the byte, with the members where that planner put them:
//! there are scripts that sort operations by their members as they come.

use std::fs;
use std::path::{Component, Path, PathBuf};

use location::Location;
use manifest::json;
use manifest::plan::{self, Action, Entry, Operation, OperationKind, Plan};
use repo_tool::open::Place;
use repository::Manifests;
use repository::sync::LocationUrls;
use tool::{Failure, Io};

use crate::Error;
use crate::args::Operations;

/// So many bytes are printed at once, or a few more.
const PRINTED: usize = 64 << 10;

/// Prints every operation as JSON, and brings the destination's folder to the planned state.
pub fn run(options: &Operations, io: &mut Io) -> Result<(), Failure> {
    let source = Folder::of(&options.source, io)?;
    let destination = Folder::of(&options.destination, io)?;
    let folder = &destination.path;
    // One after the other, each on all processors.
    let (theirs, ours) = (source.read()?, destination.read()?);
    let urls = [&source.location, &destination.location].map(LocationUrls);
    let side =
        |place: &plan::Place, urls, entries| plan::Side { place: place.clone(), urls, entries };
    let source = side(&source.place, &urls[0], theirs);
    let destination = side(&destination.place, &urls[1], ours);
    let everything = plan::Options { threads: repository::processors(), ..Default::default() };
    let plan = plan::plan(&source, &destination, &everything);
    for warning in &plan.warnings {
        io.say(&format!("WARNING: {warning}"));
    }
    if !options.dry_run {
        apply(&plan, folder)?;
    }
    let mut text = vec![b'['];
    for (number, operation) in plan.operations.iter().enumerate() {
        text.extend_from_slice(if number == 0 { b"" } else { b", " });
        let operation = local(operation.clone(), &options.source[3], &options.destination[3]);
        write(&mut text, &operation)?;
        if text.len() > PRINTED {
            print(&mut text, io)?;
        }
    }
    text.push(b']');
    // The process ends now: taking all that apart would only take time.
    std::mem::forget((source, destination, plan));
    print(&mut text, io)
}

/// Prints what is there so far: it need not all be in memory.
fn print(text: &mut Vec<u8>, io: &mut Io) -> Result<(), Failure> {
    // What is written is ASCII.
    io.print(&String::from_utf8_lossy(text))?;
    text.clear();
    Ok(())
}

struct Folder {
    place: plan::Place,
    location: Location,
    path: PathBuf,
}

impl Folder {
    fn of(arguments: &[String; 4], io: &Io) -> Result<Self, Failure> {
        let [region, bucket, prefix, folder] = arguments.clone();
        let named = Place { bucket, prefix, region: Some(region.clone()), endpoint: None };
        let location = named.location(io)?;
        let place = plan::Place {
            region,
            bucket: location.bucket.clone(),
            prefix: location.prefix.as_str().to_owned(),
        };
        Ok(Self { place, location, path: io.folder().join(folder) })
    }

    fn read(&self) -> Result<Vec<Entry>, repository::Error> {
        let entries = Manifests::read_folder(&self.path)?.entries.into_iter().map(|stored| Entry {
            file_name: stored.file_name,
            manifest: stored.manifest,
            modified: stored.modified,
        });
        Ok(entries.collect())
    }
}

/// The operation as that planner told it: a manifest comes from the destination's folder, where it
/// was written to, and one that is left alone from the source's.
fn local(mut operation: Operation, source: &str, destination: &str) -> Operation {
    if operation.kind == OperationKind::Manifest && operation.op != Action::Remove {
        let folder = Path::new(if operation.skip { source } else { destination });
        let file = format!("{}{}", operation.package, manifest::FILE_SUFFIX);
        // Without "." and doubled slashes, as that planner wrote paths.
        let path: PathBuf = folder.components().filter(|part| *part != Component::CurDir).collect();
        operation.source = Some(path.join(file).display().to_string());
        operation.source_region = None;
    }
    operation
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

/// Appends an operation's JSON; `json::write` alone would sort its members.
fn write(text: &mut Vec<u8>, operation: &Operation) -> Result<(), Error> {
    let copies = operation.kind == OperationKind::Dist && operation.op != Action::Remove;
    let order: &[&str] = if copies { &COPY } else { &OTHER };
    let members = serde_json::to_value(operation)?;
    let mut separator = "{";
    for (name, value) in order.iter().filter_map(|name| Some((name, members.get(name)?))) {
        text.extend_from_slice(separator.as_bytes());
        json::write_string(text, name);
        text.extend_from_slice(b": ");
        json::write(text, value);
        separator = ", ";
    }
    text.push(b'}');
    Ok(())
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
