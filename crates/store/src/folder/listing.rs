//! The keys below a prefix.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;

use super::{etag, modified, path, size};
use crate::backend::Depth;
use crate::{Error, Object};

/// Lists the files whose keys start with `prefix`. Only the folders that can hold such are read.
pub(super) fn list(
    bucket: BorrowedFd<'_>,
    prefix: &str,
    depth: Depth,
    show: &dyn Fn(&str) -> PathBuf,
) -> Result<Vec<Object>, Error> {
    let (above, start) = match prefix.rfind('/') {
        Some(slash) => prefix.split_at(slash + 1),
        None => ("", prefix),
    };
    let mut walk = Walk { depth, show, objects: Vec::new() };
    let explain = walk.explain(above);
    if let Some(folder) = path::folder(bucket, above.trim_end_matches('/'), &explain)? {
        walk.folder(folder.as_fd(), above, start)?;
    }
    Ok(walk.objects)
}

struct Walk<'a> {
    depth: Depth,
    show: &'a dyn Fn(&str) -> PathBuf,
    objects: Vec<Object>,
}

impl<'a> Walk<'a> {
    fn explain(&self, key: &str) -> impl Fn(Errno) -> Error + 'a {
        let path = (self.show)(key);
        move |errno| Error::Local { path: path.clone(), source: errno.into() }
    }

    /// Takes what lies in a folder, whose key is `above` (with its slash), and begins with `start`.
    fn folder(&mut self, folder: BorrowedFd<'_>, above: &str, start: &str) -> Result<(), Error> {
        let explain = self.explain(above);
        let mut folders = Vec::new();
        for entry in Dir::read_from(folder).map_err(&explain)? {
            let entry = entry.map_err(&explain)?;
            // A name that is no UTF-8 cannot be a key.
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if name == "." || name == ".." || !name.starts_with(start) {
                continue;
            }
            if entry.file_type() == FileType::Directory {
                folders.push(name.to_owned());
                continue;
            }
            let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                // Deleted meanwhile.
                Err(Errno::NOENT) => continue,
                Err(other) => return Err(explain(other)),
            };
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => self.objects.push(Object {
                    key: format!("{above}{name}"),
                    size: size(&stat),
                    etag: etag(&stat),
                    modified: modified(&stat),
                    storage_class: None,
                }),
                // Some file systems do not say it with the name.
                FileType::Directory => folders.push(name.to_owned()),
                // Links, pipes and the like are no objects.
                _ => {}
            }
        }
        if self.depth == Depth::Direct {
            return Ok(());
        }
        for name in folders {
            let key = format!("{above}{name}/");
            // Gone meanwhile, or now something else: then it holds nothing to list.
            if let Some(next) = path::folder(folder, &name, &self.explain(&key))? {
                self.folder(next.as_fd(), &key, "")?;
            }
        }
        Ok(())
    }
}
