//! Records, as tools write and tell them.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use location::Location;
use record::{Producer, Publish};
use repository::Published;

use crate::{Exit, Fail, Failure, Io, Tool};

/// A tool's records on their way out.
pub type Records = Producer<Box<dyn Write>>;

impl Io {
    /// Runs `work` with the tool's records, which go to `file`, else to stdout, and closes them
    /// with the status that the tool is going to end with.
    ///
    /// # Errors
    /// As of `work`, and when the records cannot be written.
    pub fn with_records<T>(
        &mut self,
        tool: &Tool,
        file: Option<&Path>,
        work: impl FnOnce(&mut Self, &mut Records) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let out: Box<dyn Write> = match file {
            None => Box::new(self.stdout()),
            Some(path) => Box::new(File::create(self.folder().join(path)).map_err(|error| {
                let message = format!("cannot write records to {}: {error}", path.display());
                Failure::new(Exit::LocalIo, message)
            })?),
        };
        let mut records = Producer::start(out, tool.name, tool.version)?;
        let outcome = work(self, &mut records);
        let status = outcome.as_ref().err().map_or(0, |failure| failure.exit.status());
        let ended = records.end(status);
        let done = outcome?;
        ended?;
        Ok(done)
    }
}

/// The record of a publish.
#[must_use]
pub fn publish_record(location: &Location, published: &Published) -> Publish {
    Publish {
        bucket: location.bucket.clone(),
        prefix: location.prefix.to_string(),
        key: location.key("packages.json"),
        etag: published.etag.clone(),
        sha256: published.sha256.clone(),
        packages: published.packages as u64,
        versions: published.versions as u64,
        changed: published.changed,
        snapshot: published.snapshot.clone(),
        generation: published.generation.as_ref().map(ToString::to_string),
    }
}

impl Fail for record::Error {
    fn exit(&self) -> Exit {
        use record::Error as E;
        match self {
            E::Write(source) if source.kind() == std::io::ErrorKind::BrokenPipe => Exit::BrokenPipe,
            E::Write(_) | E::Read(_) => Exit::LocalIo,
            E::TooLong { .. } | E::Encode { .. } | E::Version { .. } => Exit::Failure,
            E::Line { .. } | E::Unclosed { .. } | E::Missing { .. } => Exit::BadInput,
        }
    }
}
