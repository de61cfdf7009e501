//! The records of one run, from its start to its end.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

use location::Location;
use record::{Producer, Publish, Record};
use repository::Published;
use tool::{Exit, Failure, Io, Tool};

/// Where a run's records go: stdout, or the file of `--records`.
///
/// Each line is collected first and then handed on in one piece, so that stdout is not held
/// between two records and questions can be asked.
pub struct Records {
    producer: Producer<Line>,
    line: Line,
    file: Option<File>,
}

#[derive(Clone, Default)]
struct Line(Rc<RefCell<Vec<u8>>>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Records {
    /// Runs `work` between `start.v1` and `end.v1`, which says how it ended.
    ///
    /// # Errors
    /// Those of `work`; else when the records cannot be written.
    pub fn around(
        io: &mut Io,
        tool: &Tool,
        path: Option<&Path>,
        work: impl FnOnce(&mut Io, &mut Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut records = Self::start(io, tool, path)?;
        let outcome = work(io, &mut records);
        let status = outcome
            .as_ref()
            .map_or_else(|failure| failure.exit.status(), |()| 0);
        let ended = records.end(io, status);
        outcome.and(ended)
    }

    fn start(io: &mut Io, tool: &Tool, path: Option<&Path>) -> Result<Self, Failure> {
        let file = match path {
            Some(path) => {
                let path = io.folder().join(path);
                let cannot = |error| {
                    Failure::new(
                        Exit::LocalIo,
                        format!("cannot write {}: {error}", path.display()),
                    )
                };
                Some(File::create(&path).map_err(cannot)?)
            }
            None => None,
        };
        let line = Line::default();
        let producer = Producer::start(line.clone(), tool.name, tool.version).map_err(unwritten)?;
        let mut records = Self {
            producer,
            line,
            file,
        };
        hand_on(&records.line, &mut records.file, io)?;
        Ok(records)
    }

    /// Writes one record, at once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, io: &mut Io, record: impl Into<Record>) -> Result<(), Failure> {
        self.producer.write(record).map_err(unwritten)?;
        hand_on(&self.line, &mut self.file, io)
    }

    fn end(mut self, io: &mut Io, status: u8) -> Result<(), Failure> {
        self.producer.end(status).map_err(unwritten)?;
        hand_on(&self.line, &mut self.file, io)
    }
}

fn hand_on(line: &Line, file: &mut Option<File>, io: &mut Io) -> Result<(), Failure> {
    let bytes = line.0.take();
    match file {
        Some(file) => file
            .write_all(&bytes)
            .map_err(|error| Failure::new(Exit::LocalIo, format!("cannot write records: {error}"))),
        None => {
            io.print(&String::from_utf8_lossy(&bytes))?;
            io.flush()
        }
    }
}

fn unwritten(error: record::Error) -> Failure {
    Failure::new(Exit::Failure, error.to_string())
}

/// The record of a publish.
#[must_use]
pub fn publish_record(location: &Location, published: &Published) -> Publish {
    Publish {
        bucket: location.bucket.clone(),
        prefix: location.prefix.as_str().to_owned(),
        key: location.key(repository::index::FILE_NAME),
        etag: published.etag.clone(),
        sha256: published.sha256.clone(),
        packages: published.packages as u64,
        versions: published.versions as u64,
        changed: published.changed,
        snapshot: published.snapshot.clone(),
    }
}
