//! `ops`: the historical planner, on two local folders of manifests.

use std::fs;
use std::path::{Path, PathBuf};

use location::{Env, Location, Prefix, Region, Service};
use manifest::plan::{self, Action, Entry, Operation, OperationKind, Plan};
use repo_tool::json;
use repository::Manifests;
use repository::sync::LocationUrls;
use tool::{Failure, Io};

use crate::Error;
use crate::args::Operations;

/// Prints every operation as JSON, and brings the destination's folder to the planned state.
pub fn run(options: &Operations, io: &mut Io) -> Result<(), Failure> {
    let env = io.env_fn();
    let source = Folder::read(&options.source, io.folder(), &env)?;
    let destination = Folder::read(&options.destination, io.folder(), &env)?;
    let plan = plan::plan(
        &source.side(&LocationUrls(&source.location)),
        &destination.side(&LocationUrls(&destination.location)),
        &plan::Options::default(),
    );
    for warning in &plan.warnings {
        io.say(&format!("WARNING: {warning}"));
    }
    if !options.dry_run {
        apply(&plan, &destination.path)?;
    }
    let operations: Vec<Operation> = plan
        .operations
        .into_iter()
        .map(|op| local(op, &options.source[3], &options.destination[3]))
        .collect();
    json::print(io, &serde_json::to_value(operations).map_err(Error::Json)?)
}

struct Folder {
    region: String,
    location: Location,
    path: PathBuf,
    manifests: Manifests,
}

impl Folder {
    fn read(arguments: &[String; 4], base: &Path, env: Env<'_>) -> Result<Self, Failure> {
        let [region, bucket, prefix, folder] = arguments;
        let service = Service::from_env(env, Region::parse(Some(region))?)?;
        let path = base.join(folder);
        Ok(Self {
            region: region.clone(),
            location: Location::new(service, bucket, Prefix::parse(prefix)?)?,
            manifests: Manifests::read_folder(&path)?,
            path,
        })
    }

    fn side<'a>(&self, urls: &'a LocationUrls<'a>) -> plan::Side<'a> {
        let entry = |stored: &repository::Stored| Entry {
            file_name: stored.file_name.clone(),
            manifest: stored.manifest.clone(),
            modified: stored.modified,
        };
        plan::Side {
            place: plan::Place {
                region: self.region.clone(),
                bucket: self.location.bucket.clone(),
                prefix: self.location.prefix.as_str().to_owned(),
            },
            urls,
            entries: self.manifests.entries.iter().map(entry).collect(),
        }
    }
}

/// The operation as that planner told it: a manifest comes from the destination's folder, where it
/// was written to, and one that is left alone from the source's.
fn local(mut operation: Operation, source: &str, destination: &str) -> Operation {
    if operation.kind == OperationKind::Manifest && operation.op != Action::Remove {
        let folder = Path::new(if operation.skip { source } else { destination });
        let file = format!("{}{}", operation.package, manifest::FILE_SUFFIX);
        operation.source = Some(folder.join(file).display().to_string());
        operation.source_region = None;
    }
    operation
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
