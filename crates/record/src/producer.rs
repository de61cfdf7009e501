//! Writing records.

use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Write;

use crate::{End, Error, LINE_LIMIT, Record, Start};

/// One tool's part of a stream, from `start.v1` to `end.v1`.
pub struct Producer<W: Write> {
    out: W,
    id: String,
    records: u64,
}

impl<W: Write> Producer<W> {
    /// Begins: a stream that says so and never ends is known to be cut.
    ///
    /// # Errors
    /// When `out` cannot be written, or `version` is not semver ([`Error::Version`]).
    pub fn start(out: W, tool: &str, version: &str) -> Result<Self, Error> {
        let mut producer = Self { out, id: unique(), records: 0 };
        let start = Start {
            tool: tool.to_owned(),
            version: version
                .parse()
                .map_err(|source| Error::Version { version: version.to_owned(), source })?,
        };
        producer.line(&start.into())?;
        Ok(producer)
    }

    /// Writes one record, at once: a consumer may be waiting for it.
    ///
    /// # Errors
    /// When it does not fit in a line ([`Error::TooLong`]), or `out` cannot be written.
    pub fn write(&mut self, record: impl Into<Record>) -> Result<(), Error> {
        self.line(&record.into())?;
        self.records += 1;
        Ok(())
    }

    /// Ends, with the status that the tool is about to end with.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn end(mut self, status: u8) -> Result<(), Error> {
        let end = End { records: self.records, status };
        self.line(&end.into())
    }

    fn line(&mut self, record: &Record) -> Result<(), Error> {
        let bytes = line(record, &self.id)?;
        // One write, not several, so that lines of parallel producers on one pipe stay whole.
        self.out.write_all(&bytes).and_then(|()| self.out.flush()).map_err(Error::Write)
    }
}

/// The line of a record, its newline included.
fn line(record: &Record, producer: &str) -> Result<Vec<u8>, Error> {
    let kind = record.kind();
    let encode = |source| Error::Encode { kind, source };
    let body = serde_json::to_string(&record.encode().map_err(encode)?).map_err(encode)?;
    let producer = serde_json::to_string(producer).map_err(encode)?;
    // Kinds need no escapes, and every body has a key.
    let rest = body.strip_prefix('{').unwrap_or(&body);
    let line = format!("{{\"kind\":\"{kind}\",\"producer\":{producer},{rest}\n");
    let line = printable::json(&line);
    if line.len() > LINE_LIMIT {
        return Err(Error::TooLong { kind, size: line.len() });
    }
    Ok(line.into_owned().into_bytes())
}

/// A name for this producer that no other one has: two hashes of the standard library's random
/// seeds, with the process's number.
fn unique() -> String {
    let number = || {
        let mut hasher = std::hash::RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        hasher.finish()
    };
    format!("{:016x}", number() ^ number().rotate_left(32))
}
