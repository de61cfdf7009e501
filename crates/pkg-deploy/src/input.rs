//! The builds that are to be deployed.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::PathBuf;

use record::{Build, Record, Stream};
use tool::{Failure, Io};

use crate::Error;
use crate::args::Options;

/// A formula's way to say that it is not for this stack: no build, and no failure either.
const SKIPPED: u8 = 9;

/// Builds whose temporary files are removed when this is dropped, or when a signal ends us: used or
/// refused, nobody else comes for them.
pub(crate) struct Builds {
    /// In the order of the input.
    pub list: Vec<Build>,
    _folders: Vec<scratch::Folder>,
}

impl Builds {
    /// Reads all records to their end.
    pub(crate) fn read(options: &Options, io: &mut Io) -> Result<Self, Failure> {
        let keep = options.keep || options.dry_run;
        let mut folders = Vec::new();
        // Ours from the moment that we know of it, hours before the last build may be done.
        let take_over = |record: &Record| match record {
            Record::Build(build) if build.temporary && !keep => {
                folders.extend(temporary_folder(build).map(scratch::Folder::adopt));
            }
            _ => {}
        };
        let (name, outcome) = match options.arguments.as_slice() {
            [] => ("stdin".to_owned(), Stream::read_with(io.stdin(), take_over)),
            files => {
                let mut all: Box<dyn Read> = Box::new(std::io::empty());
                for file in files {
                    let path = io.folder().join(file);
                    let file = File::open(&path).map_err(Error::local(&path))?;
                    all = Box::new(all.chain(file));
                }
                (files.join(", "), Stream::read_with(BufReader::new(all), take_over))
            }
        };
        let (error, records, failed, producers) = match outcome {
            Ok(stream) => {
                let failed = stream.failed(&[SKIPPED]).cloned();
                (None, stream.records, failed, stream.producers.len())
            }
            Err((error, records)) => (Some(error), records, None, 0),
        };
        let mut builds = Self { list: Vec::new(), _folders: folders };
        let mut other = None;
        for record in records {
            match record {
                Record::Build(build) => builds.list.push(build),
                record => other = other.or(Some(record.kind())),
            }
        }
        if let Some(error) = error {
            return Err(error.into());
        }
        if let Some(kind) = other {
            return Err(Error::OtherRecord { kind }.into());
        }
        if producers == 0 {
            return Err(Error::NoRecords { from: name }.into());
        }
        if let Some(failed) = failed.filter(|_| !options.keep_going) {
            return Err(Error::Failed { tool: failed.tool, status: failed.status }.into());
        }
        Ok(builds)
    }
}

/// The folder that a build was handed over in. A record is only data: it never makes us remove
/// anything but what looks exactly like such a folder.
fn temporary_folder(build: &Build) -> Option<PathBuf> {
    let inside = build.archive.as_ref()?.path.ancestors().find(|path| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("bob-build-"))
    })?;
    let parent = inside.parent()?.canonicalize().ok()?;
    let temporary = std::env::temp_dir().canonicalize().ok()?;
    let real = fs::symlink_metadata(inside).is_ok_and(|metadata| metadata.is_dir());
    (real && parent == temporary).then(|| inside.to_owned())
}
