//! An object as a stream, over connections that may break: for readers that keep nothing of it.

use std::io::{self, Read};
use std::sync::Arc;

use crate::backend::Backend;
use crate::retry::Tries;
use crate::transfer::timed_out;
use crate::{Error, Head};

/// An object that is being read: all of one state of it, or an error.
///
/// A connection that breaks is resumed where it broke. What goes wrong comes as an
/// [`io::Error`] that holds an [`enum@Error`].
pub struct Stream {
    backend: Arc<dyn Backend>,
    key: String,
    head: Head,
    body: Box<dyn Read + Send>,
    arrived: u64,
    tries: Tries,
}

impl Stream {
    pub(crate) fn open(backend: Arc<dyn Backend>, key: &str) -> Result<Option<Self>, Error> {
        let Some(reading) = backend.read(key, 0, None)? else {
            return Ok(None);
        };
        let (head, body) = (reading.head, reading.body);
        let tries = Tries::new(backend.patience());
        Ok(Some(Self { backend, key: key.to_owned(), head, body, arrived: 0, tries }))
    }

    /// What is known of the object.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    fn corrupt(&self, detail: String) -> io::Error {
        io::Error::other(Error::Corrupt { key: self.backend.show(&self.key), detail })
    }

    /// Goes on after a connection that broke.
    fn resume(&mut self, failure: Option<io::Error>) -> io::Result<()> {
        self.tries.reached(self.arrived);
        if !self.tries.again(timed_out(failure.as_ref())) {
            let why = failure.map_or_else(String::new, |error| format!(": {error}"));
            let (arrived, size) = (self.arrived, self.head.size);
            let detail = format!("it breaks off after {arrived} of {size} bytes{why}");
            return Err(self.corrupt(detail));
        }
        match self.backend.read(&self.key, self.arrived, Some(&self.head.etag)) {
            Ok(Some(again)) if again.head.is_of(&self.head) => {
                self.body = again.body;
                Ok(())
            }
            Ok(_) | Err(Error::Precondition { .. }) => {
                Err(self.corrupt("it changed while it was read".to_owned()))
            }
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let left = self.head.size - self.arrived;
            let failure = match self.body.read(buffer) {
                Ok(count) if count as u64 > left => {
                    let size = self.head.size;
                    return Err(self.corrupt(format!("more than the announced {size} bytes came")));
                }
                Ok(0) if left == 0 => return Ok(0),
                Ok(0) => None,
                Ok(count) => {
                    self.arrived += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // All has come: how the connection ends does not matter.
                Err(_) if left == 0 => return Ok(0),
                Err(error) => Some(error),
            };
            self.resume(failure)?;
        }
    }
}
