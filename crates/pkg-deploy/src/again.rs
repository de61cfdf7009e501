//! Archives that vanish while a deploy is at work: uploaded again.

use store::Condition;

use crate::Error;
use crate::upload::{Package, SHA256, Target};

impl Target<'_> {
    /// Uploads the archive again where it alone is gone: a removal of a package of this name that was
    /// under way may not have known that it is back. Reports when the service has not kept all of it.
    pub(crate) fn make_sure(&self, package: &Package<'_>) -> Result<(), Error> {
        let key = package.key(self.location);
        match self.store.head(&key)? {
            // Without its manifest the package was removed after it was deployed.
            None => self.bring(package)?,
            Some(head) => {
                let whole = package.archive.size_bytes;
                let ours = head.metadata.get(SHA256).map(String::as_str) == Some(package.sha256());
                if ours && head.size != whole {
                    let detail = format!("{} of its {whole} bytes arrived", head.size);
                    return Err(store::Error::Corrupt { key, detail }.into());
                }
            }
        }
        Ok(())
    }

    /// Whether the package's manifest is there, where it has one.
    fn has_manifest(&self, package: &Package<'_>) -> Result<bool, Error> {
        match package.manifest_key(self.location) {
            Some(key) => Ok(self.store.head(&key)?.is_some()),
            None => Ok(true),
        }
    }

    /// Uploads the archive of a package again that vanished, as long as its manifest is there.
    pub(crate) fn bring(&self, package: &Package<'_>) -> Result<(), Error> {
        let key = package.key(self.location);
        if !self.has_manifest(package)? {
            return Ok(());
        }
        match self.put_archive(package, &key, Condition::IfAbsent) {
            // A removal of the package in between did not know of this archive.
            Ok(etag) if !self.has_manifest(package)? => {
                self.store.delete_if_match(&key, &etag)?;
                Ok(())
            }
            Ok(_) | Err(Error::Store(store::Error::Precondition { .. })) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
