//! Deploys that have died, and how they are told from those that are still at work.

use std::time::{Duration, SystemTime};

use manifest::Manifest;
use record::{Deploy, Deployed, Upload as How};
use repository::{Manifests, index};
use store::Head;

use crate::Error;
use crate::upload::{Package, SHA256, Target, WRITER};

/// On another machine, whoever wrote something so long ago without going on has died.
const PATIENCE: Duration = Duration::from_secs(60);

impl Target<'_> {
    /// The ETag of the archive that is there, when a deploy of this very package has died after it.
    pub(crate) fn half_done(
        &self,
        package: &Package<'_>,
        key: &str,
    ) -> Result<Option<String>, Error> {
        let Some((file, _)) = &package.manifest else {
            return Ok(None);
        };
        let Some(head) = self.store.head(key)? else {
            return Ok(None);
        };
        let same = head.metadata.get(SHA256) == Some(&package.archive.sha256);
        let alone = || self.store.head(&self.location.key(&file.name));
        Ok((same && !is_busy(&head) && alone()?.is_none()).then_some(head.etag))
    }

    /// The record of a package that an earlier run has uploaded whole, archive and manifest, when
    /// that run has died before it was done: it had to publish, or to go on with other packages.
    pub(crate) fn done_before(
        &self,
        package: &Package<'_>,
        key: &str,
        others_missing: impl Fn() -> Result<bool, Error>,
    ) -> Result<Option<Deploy>, Error> {
        let Some((file, bytes)) = &package.manifest else {
            return Ok(None);
        };
        let manifest_key = self.location.key(&file.name);
        let (Some(archive), Some(manifest)) =
            (self.store.head(key)?, self.store.get(&manifest_key)?)
        else {
            return Ok(None);
        };
        let same = archive.metadata.get(SHA256) == Some(&package.archive.sha256)
            && manifest.bytes == *bytes;
        if !same || is_busy(&archive) || is_busy(&manifest.head) {
            return Ok(None);
        }
        let unfinished = others_missing()? || self.publish && self.is_unpublished(bytes)?;
        if !unfinished {
            return Ok(None);
        }
        self.notes.say("The same archive and manifest are there already.");
        let deployed = |key: &str, head: Head, sha256: &str| Deployed {
            key: key.to_owned(),
            etag: head.etag,
            size_bytes: head.size,
            sha256: sha256.to_owned(),
            upload: How::Resumed,
        };
        let archive = deployed(key, archive, &package.archive.sha256);
        let manifest = deployed(&manifest_key, manifest.head, &checksum::of_bytes(bytes));
        Ok(Some(self.record(package, archive, Some(manifest))))
    }

    /// Whether `packages.json` lacks a manifest that is there, and is not what the manifests make.
    fn is_unpublished(&self, bytes: &[u8]) -> Result<bool, Error> {
        let Some(current) = index::read(self.store, self.location)? else {
            return Ok(true);
        };
        let index = index::parse(index::FILE_NAME, &current.bytes)?;
        let own = Manifest::parse(bytes).ok();
        let url = own.as_ref().and_then(Manifest::dist_url);
        if url.is_some() && index.manifests().any(|manifest| manifest.dist_url() == url) {
            return Ok(false);
        }
        let manifests = Manifests::fetch(self.store, self.location, self.cache)?;
        Ok(!index.same_as(&manifests.index()))
    }
}

/// Whether whoever has written this may still be at work. An object that names no process is from a
/// version that did not say.
fn is_busy(head: &Head) -> bool {
    let Some(writer) = head.metadata.get(WRITER) else {
        return false;
    };
    tool::is_at_work(writer).unwrap_or_else(|| {
        let written = SystemTime::from(head.modified);
        SystemTime::now().duration_since(written).is_ok_and(|age| age < PATIENCE)
    })
}
