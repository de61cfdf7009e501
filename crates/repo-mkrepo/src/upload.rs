//! Publishing, on its own or at the end of a pipeline.

use location::{Location, Prefix, Service};
use record::{Record, Stream};
use repo_tool::open;
use repository::publish::{self, Step};
use repository::{Manifests, WhenEmpty, index, layout};
use tool::{Exit, Failure, Input, Io};

use crate::TOOL;
use crate::args::Options;
use crate::output::Output;

/// Status of a formula that is not for this stack: skipped, which is no failure.
const SKIPPED: u8 = 9;

/// Publishes, writes the index to the working folder too, and a record of it to stdout.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    io.with_records(&TOOL, options.records.as_deref(), |io, records| {
        let location = options.place.location(io)?;
        if options.gzip == Some(true) && matches!(location.service, Service::Folder { .. }) {
            let message = "--gzip is for S3: whoever serves a folder does not know that \
                           packages.json is compressed";
            return Err(Failure::usage(message)
                .hint("Most web servers can compress what they serve by themselves."));
        }
        let deployed = options.manifests.is_empty() && deployed(io, &location)?;
        let manifests = match options.manifests.as_slice() {
            [] => None,
            files => Some(Manifests::read_files(files)?),
        };
        let store = open::writable(io, &location, None)?;
        open::mend(&store, &location)?;
        // Where the folder cannot be written to, nothing is published.
        let output = Output::open(&io.folder().join(index::FILE_NAME))?;
        let notes = io.notes();
        let progress = |step: &Step| notes.say(format!("-----> {step}"));
        let warn = |text: &str| notes.say(text);
        let publish = publish::Options {
            snapshot: options.snapshot.clone(),
            cache: options.cache.folder(io),
            // A library without a manifest may be all that was deployed.
            when_empty: if deployed { WhenEmpty::Write } else { WhenEmpty::Refuse },
            progress: Some(&progress),
            given: manifests.as_ref(),
            warn: Some(&warn),
            origin: io.origin(&TOOL, "publish"),
            gzip: options.gzip,
            check: options.check.then_some(&repo_tool::resolve::refuse_unresolvable),
            ..publish::Options::default()
        };
        let published = repository::publish(&store, &location, &publish)?;
        output.write(&published.bytes)?;
        records.write(tool::publish_record(&location, &published))?;
        io.say("-----> Done.");
        Ok(())
    })
}

/// Reads the records of deployed packages to their end, if there are any, and checks that they are
/// whole and of this repository. Nothing is changed before that.
fn deployed(io: &mut Io, location: &Location) -> Result<bool, Failure> {
    if io.input() != Input::Data {
        return Ok(false);
    }
    let bad =
        |message: String| Failure::new(Exit::BadInput, message).hint("Nothing was published.");
    let stream = Stream::read(io.stdin()).map_err(|(error, _)| bad(error.to_string()))?;
    if let Some(failed) = stream.failed(&[SKIPPED]) {
        let message = format!("{} failed with status {}", failed.tool, failed.status);
        return Err(Failure::new(Exit::Failure, message).hint("Nothing was published."));
    }
    for record in &stream.records {
        let Record::Deploy(deploy) = record else {
            let kind = record.kind();
            return Err(bad(format!("a {kind} record on stdin: expected deploy.v1 records")));
        };
        let prefix = Prefix::parse(&deploy.prefix)?;
        if deploy.bucket != location.bucket || prefix != location.prefix {
            return Err(bad(format!(
                "{} was deployed to s3://{}/{prefix}, not to {location}",
                deploy.name, deploy.bucket
            )));
        }
        let wrong = |field: &str, key: &str, reason: layout::BadName| {
            bad(format!("the record of {}: {field} {key:?} {reason}", deploy.name))
        };
        let key = &deploy.archive.key;
        layout::check_archive_key(location, key)
            .map_err(|reason| wrong("archive.key", key, reason))?;
        if let Some(manifest) = &deploy.manifest {
            layout::check_manifest_key(location, &manifest.key)
                .map_err(|reason| wrong("manifest.key", &manifest.key, reason))?;
        }
    }
    Ok(!stream.producers.is_empty())
}
