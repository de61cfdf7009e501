//! The builds that are to be deployed.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

use record::{Build, Record, Stream};
use tool::{Failure, Io};

use crate::Error;
use crate::args::Options;

/// A formula's way to say that it is not for this stack: no build, and no failure either.
const SKIPPED: u8 = 9;

/// Builds whose temporary files are removed when this is dropped: used or refused, nobody else
/// comes for them.
pub(crate) struct Builds {
    /// In the order of the input.
    pub list: Vec<Build>,
    keep: bool,
}

impl Builds {
    /// Reads all records to their end.
    pub(crate) fn read(options: &Options, io: &mut Io) -> Result<Self, Failure> {
        let (name, outcome) = match options.arguments.as_slice() {
            [] => ("stdin".to_owned(), Stream::read(io.stdin())),
            files => {
                let mut all: Box<dyn Read> = Box::new(std::io::empty());
                for file in files {
                    let path = io.folder().join(file);
                    let file = File::open(&path).map_err(Error::local(&path))?;
                    all = Box::new(all.chain(file));
                }
                (files.join(", "), Stream::read(BufReader::new(all)))
            }
        };
        let (error, records, failed, producers) = match outcome {
            Ok(stream) => {
                let failed = stream.failed(&[SKIPPED]).cloned();
                (None, stream.records, failed, stream.producers.len())
            }
            Err((error, records)) => (Some(error), records, None, 0),
        };
        let mut builds = Self { list: Vec::new(), keep: options.keep || options.dry_run };
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

impl Drop for Builds {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for build in self.list.iter().filter(|build| build.temporary) {
            if let Some(folder) = temporary_folder(build) {
                // What cannot be removed is left; the deploy itself went as it went.
                let _ = fs::remove_dir_all(folder);
            }
        }
    }
}

/// The folder that a build was handed over in. A record is only data: it never makes us remove
/// anything but what looks exactly like such a folder.
fn temporary_folder(build: &Build) -> Option<&Path> {
    let inside = build.archive.as_ref()?.path.ancestors().find(|path| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("bob-build-"))
    })?;
    let parent = inside.parent()?.canonicalize().ok()?;
    let temporary = std::env::temp_dir().canonicalize().ok()?;
    let real = fs::symlink_metadata(inside).is_ok_and(|metadata| metadata.is_dir());
    (real && parent == temporary).then_some(inside)
}
