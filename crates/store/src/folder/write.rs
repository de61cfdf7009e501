//! Changing a bucket, under its lock.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Stat};
use rustix::io::Errno;

use super::attributes::Attributes;
use super::path::{self, Entry};
use super::side::Side;
use super::staged::Staged;
use super::{Bucket, etag, refuse};
use crate::backend::Backend as _;
use crate::{Condition, Error};

impl Bucket {
    /// What lies at `key`, if the condition allows to write there.
    fn check(
        &self,
        folder: BorrowedFd<'_>,
        key: &str,
        condition: &Condition,
    ) -> Result<Option<Stat>, Error> {
        let present = match path::entry(folder, key, &self.errno(key))? {
            Entry::Object(stat) => Some(stat),
            Entry::Missing | Entry::Folder => None,
            Entry::BelowObject => {
                return Err(refuse(key, "the start of it is the key of another object"));
            }
        };
        let holds = match (condition, &present) {
            (Condition::Always, _) | (Condition::IfAbsent, None) => true,
            (Condition::IfMatch(wanted), Some(stat)) => *wanted == etag(stat),
            (Condition::IfAbsent, Some(_)) | (Condition::IfMatch(_), None) => false,
        };
        if holds { Ok(present) } else { Err(Error::Precondition { key: self.show(key) }) }
    }

    /// Writes an object: `fill` gets the file for its bytes.
    pub(super) fn write(
        &self,
        key: &str,
        attributes: &Attributes,
        condition: &Condition,
        fill: &mut dyn FnMut(&mut File) -> Result<(), Error>,
    ) -> Result<String, Error> {
        self.check_access("PUT", key)?;
        let folder = self.folder()?;
        // Early, so that no bytes move in vain. What counts is the second look, under the lock.
        self.check(folder.as_fd(), key, condition)?;
        let side = self.side();
        side.make()?;
        let mut staged = Staged::new(side.path()).map_err(side.local())?;
        fill(staged.file())?;
        side.lock()?.stamp(staged.file())?;
        let file = staged.file();
        file.sync_all().map_err(self.local(key))?;
        let stat = rustix::fs::fstat(&*file).map_err(self.errno(key))?;
        let attributes = side.stage_attributes(key, &stat, attributes)?;

        let lock = side.lock()?;
        let old = self.check(folder.as_fd(), key, condition)?;
        let committed =
            path::make_parent(folder.as_fd(), key, &self.errno(key)).and_then(|(parent, name)| {
                attributes.persist()?;
                staged.commit(side.path(), parent.as_fd(), name).map_err(|errno| match errno {
                    Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST => {
                        refuse(key, "it is the folder of other objects")
                    }
                    Errno::NAMETOOLONG => refuse(key, path::TOO_LONG),
                    other => self.errno(key)(other),
                })
            });
        if let Err(error) = committed {
            side.forget_attributes(key, &stat)?;
            path::prune(folder.as_fd(), key, &self.errno(key))?;
            return Err(error);
        }
        if let Some(old) = old {
            side.forget_attributes(key, &old)?;
        }
        drop(lock);
        // The names must last as well as the bytes; of the folders, those that may be new.
        side.sync_attributes(key)?;
        path::sync_parents(folder.as_fd(), key, &self.errno(key))?;
        Ok(etag(&stat))
    }

    /// Deletes an object, if there is one. Folders whose list of names changed are left in `changed`,
    /// by their keys, for the caller to sync.
    pub(super) fn delete(
        &self,
        folder: BorrowedFd<'_>,
        side: &Side,
        key: &str,
        changed: &mut BTreeMap<String, OwnedFd>,
    ) -> Result<(), Error> {
        let Entry::Object(stat) = path::entry(folder, key, &self.errno(key))? else {
            return Ok(());
        };
        let Some((parent, name)) = path::parent(folder, key, &self.errno(key))? else {
            return Ok(());
        };
        match rustix::fs::unlinkat(&parent, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(other) => return Err(self.errno(key)(other)),
        }
        side.forget_attributes(key, &stat)?;
        if path::prune(folder, key, &self.errno(key))? {
            return Ok(());
        }
        let above = key.strip_suffix(name).unwrap_or_default();
        changed.insert(above.to_owned(), parent);
        Ok(())
    }
}
