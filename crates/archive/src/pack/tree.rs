//! What lies below a folder, in the order in which it is packed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use walkdir::WalkDir;

use crate::Error;

/// Device and inode number: two names with the same one are one file.
pub(super) type Identity = (u64, u64);

/// One thing below the folder.
pub(super) struct Found {
    /// The path below the folder, without a slash at either end.
    pub name: Vec<u8>,
    pub what: What,
    /// The permission bits with set-uid, set-gid and sticky.
    pub mode: u32,
    /// Whole seconds since 1970.
    pub mtime: i64,
}

pub(super) enum What {
    Directory,
    File {
        size: u64,
        identity: Identity,
    },
    /// A symbolic link, with its target as it is.
    Link(Vec<u8>),
    /// Another name of a file, with the name under which it is packed.
    HardLink(Vec<u8>),
}

impl Found {
    pub fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.name))
    }
}

pub(super) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// Everything below `tree`, sorted by the bytes of the path. A folder comes before its children.
pub(super) fn walk(tree: &Path) -> Result<Vec<Found>, Error> {
    // `read_dir` of a file says so; the walk itself would find nothing to descend into.
    fs::read_dir(tree).map_err(|source| Error::Read { path: tree.to_owned(), source })?;
    let mut found = Vec::new();
    for entry in WalkDir::new(tree).min_depth(1) {
        let entry = entry.map_err(|error| Error::Read {
            path: error.path().unwrap_or(tree).to_owned(),
            source: error.into(),
        })?;
        let path = entry.path();
        let metadata = entry
            .metadata()
            .map_err(|error| Error::Read { path: path.to_owned(), source: error.into() })?;
        let name = path.strip_prefix(tree).unwrap_or(path).as_os_str().as_bytes().to_vec();
        found.push(Found {
            name,
            what: what(path, &metadata)?,
            mode: metadata.mode() & 0o7777,
            mtime: metadata.mtime(),
        });
    }
    found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    join_hard_links(&mut found);
    Ok(found)
}

fn what(path: &Path, metadata: &Metadata) -> Result<What, Error> {
    let kind = metadata.file_type();
    if kind.is_dir() {
        return Ok(What::Directory);
    }
    if kind.is_file() {
        return Ok(What::File { size: metadata.len(), identity: identity(metadata) });
    }
    if kind.is_symlink() {
        let target =
            fs::read_link(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        return Ok(What::Link(target.into_os_string().into_vec()));
    }
    let what = if kind.is_socket() {
        "socket"
    } else if kind.is_fifo() {
        "named pipe"
    } else if kind.is_block_device() {
        "block device"
    } else {
        "character device"
    };
    Err(Error::Special { path: path.to_owned(), what })
}

/// Leaves the first name of a file as the file and makes the others refer to it. Names outside
/// the tree do not count, so that a file linked elsewhere too gives the same bytes.
fn join_hard_links(found: &mut [Found]) {
    let mut first: HashMap<Identity, Vec<u8>> = HashMap::new();
    for entry in found {
        if let What::File { identity, .. } = entry.what {
            if let Some(name) = first.get(&identity) {
                entry.what = What::HardLink(name.clone());
            } else {
                first.insert(identity, entry.name.clone());
            }
        }
    }
}
