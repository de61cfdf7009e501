//! Copies, within a service and between two, and the look at what has arrived.

use crate::backend::Source;
use crate::store::SHA256;
use crate::{Condition, Error, Head, Store, key, parallel, proves_content, transfer};

impl Store {
    /// Copies an object here, content type and metadata included. Returns the new ETag. Within one
    /// service the bytes do not pass through this machine, and what arrived is asked for and
    /// compared; between two services, and where the service cannot copy this object or did not, they
    /// are streamed, and checked against the checksum that the source has (`sha256` in its metadata).
    /// One that has none gets it.
    ///
    /// # Errors
    /// [`Error::NotFound`] without a source, [`Error::Precondition`] when the condition does not
    /// hold here, and as of both services.
    pub fn copy_from(
        &self,
        source: &Self,
        source_key: &str,
        key: &str,
        condition: Condition,
    ) -> Result<String, Error> {
        self.copied(source, source_key, key, condition, false)
    }

    /// The same over what is here now: the object with the ETag `expected`, or none. That is checked
    /// just before, and by the service where it can. Unlike [`Store::copy_from`] with a condition,
    /// the bytes of small objects stay within the service too.
    ///
    /// # Errors
    /// As [`Store::copy_from`].
    pub fn copy_over(
        &self,
        source: &Self,
        source_key: &str,
        key: &str,
        expected: Option<&str>,
    ) -> Result<String, Error> {
        key::check(key)?;
        let now = self.backend.head(key)?.map(|head| head.etag);
        if now.as_deref() != expected {
            return Err(Error::Precondition { key: self.backend.show(key) });
        }
        let condition = match expected {
            Some(etag) => Condition::IfMatch(etag.to_owned()),
            None => Condition::IfAbsent,
        };
        self.copied(source, source_key, key, condition, true)
    }

    fn copied(
        &self,
        source: &Self,
        source_key: &str,
        key: &str,
        condition: Condition,
        hinted: bool,
    ) -> Result<String, Error> {
        key::check(source_key)?;
        key::check(key)?;
        let head = source
            .backend
            .head(source_key)?
            .ok_or_else(|| Error::NotFound { key: source.backend.show(source_key) })?;
        if self.backend.realm() == source.backend.realm() {
            let from = Source { bucket: source.backend.bucket(), key: source_key, head: &head };
            let copied = match hinted {
                true => self.backend.copy_hinted(&from, key, &condition),
                false => self.backend.copy(&from, key, &condition),
            };
            match copied {
                Ok(Some(etag)) => {
                    // Some services answer that they have copied, and have not.
                    let verified = self.verified(source_key, &head, key, etag, &condition)?;
                    if let Some(etag) = verified {
                        return Ok(etag);
                    }
                }
                // Perhaps only the source's own credentials, or nobody's, may read the source.
                Ok(None) | Err(Error::AccessDenied { .. }) => {}
                // It was answered too late, and tried again: then it is here.
                Err(error @ Error::Precondition { .. }) if hinted => {
                    return match self.backend.head(key)? {
                        Some(here) if is_copy(&head, &here) => Ok(here.etag),
                        _ => Err(error),
                    };
                }
                Err(error) => return Err(error),
            }
        }
        transfer::stream(&*source.backend, source_key, &*self.backend, key, condition)
    }

    /// Looks at a copy that the service says to have made; returns its tag, or `None` when there is
    /// nothing, or still what was there before.
    fn verified(
        &self,
        source_key: &str,
        source: &Head,
        key: &str,
        etag: String,
        before: &Condition,
    ) -> Result<Option<String>, Error> {
        let Some(copy) = self.backend.head(key)? else { return Ok(None) };
        if copy.etag != etag && copy.etag != source.etag {
            return match before {
                _ if is_copy(source, &copy) => Ok(Some(copy.etag)),
                Condition::IfMatch(before) if *before == copy.etag => Ok(None),
                // It is another one by now, so ours was here before that.
                Condition::Always => Ok(Some(etag)),
                _ => Err(Error::Precondition { key: self.backend.show(key) }),
            };
        }
        let damaged = |detail: String| Error::Corrupt { key: self.backend.show(key), detail };
        if copy.size != source.size {
            let (size, whole) = (copy.size, source.size);
            return Err(damaged(format!(
                "{size} of the {whole} bytes of {source_key} were copied"
            )));
        }
        match (source.metadata.get(SHA256), copy.metadata.get(SHA256)) {
            (Some(theirs), ours) if ours != Some(theirs) => {
                Err(damaged(format!("it does not have the checksum of {source_key}")))
            }
            _ => Ok(Some(copy.etag)),
        }
    }

    /// Copies objects here side by side, as [`Store::copy_from`] without a condition. Pairs are
    /// (key in the source, key here). `on_done` gets each key here as soon as it is written.
    ///
    /// # Errors
    /// As [`Store::copy_from`]; the first failure ends all, what is copied stays.
    pub fn copy_many(
        &self,
        source: &Self,
        pairs: &[(String, String)],
        on_done: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        for (from, to) in pairs {
            key::check(from)?;
            key::check(to)?;
        }
        parallel::map(self.parallel, pairs, |(from, to)| {
            self.copy_from(source, from, to, Condition::Always)?;
            on_done(to);
            Ok::<(), Error>(())
        })?;
        Ok(())
    }
}

/// Whether an object certainly holds what the source does: by checksum where both have one, else by
/// size and tag.
fn is_copy(source: &Head, here: &Head) -> bool {
    let checksums = (source.metadata.get(SHA256), here.metadata.get(SHA256));
    source.size == here.size
        && match checksums {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => source.etag == here.etag && proves_content(&here.etag),
        }
}
