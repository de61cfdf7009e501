//! What lies below a folder, in the order in which it is packed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{major as rdev_major, minor as rdev_minor};
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
    /// A named pipe.
    Pipe,
    /// A device file, with its numbers.
    Device {
        is_block: bool,
        major: u32,
        minor: u32,
    },
}

/// What lies below a folder, in the order in which it is packed.
#[derive(Default)]
pub(super) struct Tree {
    pub found: Vec<Found>,
    /// The sockets, which no archive can hold.
    pub sockets: Vec<PathBuf>,
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
pub(super) fn walk(tree: &Path) -> Result<Tree, Error> {
    // `read_dir` of a file says so; the walk itself would find nothing to descend into.
    fs::read_dir(tree).map_err(|source| Error::Read { path: tree.to_owned(), source })?;
    let Tree { mut found, mut sockets } = Tree::default();
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
        let Some(what) = what(path, &metadata)? else {
            sockets.push(path.to_owned());
            continue;
        };
        found.push(Found { name, what, mode: metadata.mode() & 0o7777, mtime: metadata.mtime() });
    }
    found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    join_hard_links(&mut found);
    sockets.sort_unstable();
    Ok(Tree { found, sockets })
}

/// What is at a path; `None`: a socket.
fn what(path: &Path, metadata: &Metadata) -> Result<Option<What>, Error> {
    let kind = metadata.file_type();
    let what = if kind.is_dir() {
        What::Directory
    } else if kind.is_file() {
        What::File { size: metadata.len(), identity: identity(metadata) }
    } else if kind.is_symlink() {
        let target =
            fs::read_link(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        What::Link(target.into_os_string().into_vec())
    } else if kind.is_socket() {
        return Ok(None);
    } else if kind.is_fifo() {
        What::Pipe
    } else {
        let (major, minor) = (rdev_major(metadata.rdev()), rdev_minor(metadata.rdev()));
        What::Device { is_block: kind.is_block_device(), major, minor }
    };
    Ok(Some(what))
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
