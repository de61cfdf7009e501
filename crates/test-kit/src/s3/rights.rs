//! What may be seen of a bucket: the rights of who asks, and the storage class of what is asked for.

use super::memory::{Refusal, State, Stored};

impl State {
    /// An object, for who asks about it: without the right to list the bucket, nobody says that a key
    /// is missing.
    pub(super) fn asked(&self, bucket: &str, key: &str) -> Result<&Stored, Refusal> {
        self.object(bucket, key).map_err(|refusal| match (refusal, self.quirks.restricted_to) {
            (Refusal::NoSuchKey, Some(_)) => Refusal::AccessDenied,
            (refusal, _) => refusal,
        })
    }

    /// The same for who wants its bytes.
    pub(super) fn readable(&self, bucket: &str, key: &str) -> Result<&Stored, Refusal> {
        let object = self.asked(bucket, key)?;
        match object.attributes.storage_class.as_deref() {
            Some("GLACIER" | "DEEP_ARCHIVE") => Err(Refusal::InvalidObjectState),
            _ => Ok(object),
        }
    }

    /// Whether the bucket may be listed from this prefix on.
    pub(super) fn may_list(&self, prefix: &str) -> Result<(), Refusal> {
        match self.quirks.restricted_to {
            Some(allowed) if !prefix.starts_with(allowed) => Err(Refusal::AccessDenied),
            _ => Ok(()),
        }
    }
}
