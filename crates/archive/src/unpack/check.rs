//! What a member may do: the rules that keep an archive inside its folder.
//!
//! The check keeps a picture of the tree as it will be: what the members so far have made, over
//! what lies on disk. So it knows where a path really leads, whatever links are on the way.

use std::collections::BTreeMap;
use std::path::{self, Path};

use super::disk::{Disk, Found};
use super::{Entry, EntryKind, Limits};
use crate::error::{Error, LimitKind, Refusal, show};

/// What file systems take: a path with its NUL has 4,096 bytes, a part of it 255.
pub(super) const PATH_LIMIT: usize = 4095;
const PART_LIMIT: usize = 255;
/// All names and targets together: what the picture of the tree may take in memory.
const NAMES_LIMIT: u64 = 128 << 20;

/// Where a member goes, below the folder, with no link on the way.
pub(super) struct Place {
    pub path: Vec<u8>,
    /// For a hard link, where the file lies; else empty.
    pub target: Vec<u8>,
    /// The name as it is meant: without `.` parts and extra slashes.
    pub name: Vec<u8>,
}

#[derive(Clone)]
pub(super) enum Node {
    /// `fresh`: nothing of this path was there before, so the disk need not be asked about what
    /// lies below it.
    Directory {
        fresh: bool,
    },
    File,
    Link(Vec<u8>),
}

/// A node, and whether it is the archive's or was there before.
pub(super) struct Known {
    pub node: Node,
    pub ours: bool,
}

pub(super) struct Checker<'a> {
    limits: &'a Limits,
    /// The ways to write the folder's own absolute path, in parts.
    pub bases: Vec<Vec<Vec<u8>>>,
    nodes: BTreeMap<Vec<u8>, Node>,
    entries: u64,
    bytes: u64,
    names: u64,
}

impl<'a> Checker<'a> {
    /// `home` is where the tree lies, or will lie.
    pub fn new(home: Option<&Path>, limits: &'a Limits) -> Self {
        let written = home.and_then(|home| path::absolute(home).ok());
        // Where the path does not exist yet there is only the one way.
        let real = home.and_then(|home| home.canonicalize().ok());
        let bases = [written, real].into_iter().flatten();
        let bases = bases.map(|base| parts(base.as_os_str().as_encoded_bytes())).collect();
        Self { limits, bases, nodes: BTreeMap::new(), entries: 0, bytes: 0, names: 0 }
    }

    /// Checks the next member and says where it goes; nowhere, if it is the folder itself.
    pub fn admit(
        &mut self,
        entry: &Entry,
        disk: Option<&mut Disk>,
    ) -> Result<Option<Place>, Error> {
        self.count(entry)?;
        View { checker: self, disk, member: &entry.name }.admit(entry)
    }

    fn count(&mut self, entry: &Entry) -> Result<(), Error> {
        let over = |what, limit| Err(Error::Limit { member: show(&entry.name), what, limit });
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(entry.size);
        if self.entries > self.limits.entries {
            return over(LimitKind::Entries, self.limits.entries);
        }
        if self.bytes > self.limits.bytes {
            return over(LimitKind::Bytes, self.limits.bytes);
        }
        if self.names > NAMES_LIMIT {
            return over(LimitKind::Names, NAMES_LIMIT);
        }
        Ok(())
    }

    fn insert(&mut self, path: Vec<u8>, node: Node) {
        let target = if let Node::Link(target) = &node { target.len() } else { 0 };
        self.names += (path.len() + target) as u64;
        self.nodes.insert(path, node);
    }

    /// Whether a member lies below `path`.
    fn has_children(&self, path: &[u8]) -> bool {
        let first = [path, b"/"].concat();
        let next = self.nodes.range(first.clone()..).next();
        next.is_some_and(|(path, _)| path.starts_with(&first))
    }
}

/// The picture while one member is looked at.
pub(super) struct View<'a, 'b> {
    pub checker: &'a mut Checker<'b>,
    pub disk: Option<&'a mut Disk>,
    pub member: &'a [u8],
}

impl View<'_, '_> {
    fn admit(&mut self, entry: &Entry) -> Result<Option<Place>, Error> {
        // Python calls the folder itself `/` where it is added under an empty name; GNU tar takes
        // an empty name for it.
        let itself = parts(&entry.name).is_empty();
        if itself && entry.kind == EntryKind::Directory {
            return Ok(None);
        }
        let name = self.name_parts(&entry.name)?;
        let Some((last, parents)) = name.split_last() else {
            return Err(self.refused(Refusal::NoName));
        };
        let parent = self.parent(parents, true)?;
        let path = join(&parent, last);
        let old = self.look(&path)?;
        let old_folder = match &old {
            Some(Known { node: Node::Directory { fresh }, .. }) => Some(*fresh),
            _ => None,
        };
        let mut target = Vec::new();
        let node = match entry.kind {
            EntryKind::Directory => Node::Directory { fresh: old_folder.unwrap_or(true) },
            EntryKind::File | EntryKind::Pipe => Node::File,
            EntryKind::CharacterDevice | EntryKind::BlockDevice => {
                if self.disk.is_some() && !rustix::process::geteuid().is_root() {
                    return Err(self.refused(Refusal::Device));
                }
                Node::File
            }
            EntryKind::Link => {
                self.link(&entry.target)?;
                Node::Link(entry.target.clone())
            }
            EntryKind::HardLink => {
                target = self.hard_link_target(&entry.target)?;
                // GNU tar writes a link to itself where a file with two names is named twice.
                match self.look(&target)?.map(|known| known.node) {
                    Some(Node::Directory { .. }) => {
                        return Err(self.refused(Refusal::HardLinkTarget));
                    }
                    Some(node) => node,
                    None => return Err(self.refused(Refusal::HardLinkMissing)),
                }
            }
        };
        if let (Some(fresh), false) = (old_folder, matches!(node, Node::Directory { .. })) {
            self.only_if_empty(&path, fresh)?;
        }
        self.checker.insert(path.clone(), node);
        Ok(Some(Place { path, target, name: name.join(&b'/') }))
    }

    /// A name's parts, if it is one that stays inside.
    fn name_parts(&self, name: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let parts = parts(name);
        let refusal = if name.contains(&0) {
            Refusal::NulByte
        } else if name.starts_with(b"/") {
            Refusal::AbsoluteName
        } else if parts.iter().any(|part| part == b"..") {
            Refusal::ParentName
        } else if name.len() > PATH_LIMIT || parts.iter().any(|part| part.len() > PART_LIMIT) {
            Refusal::LongName
        } else {
            return Ok(parts);
        };
        Err(self.refused(refusal))
    }

    /// The folder that `parts` lead to, with no link on the way. With `make`, what is missing is
    /// taken as made.
    fn parent(&mut self, parts: &[Vec<u8>], make: bool) -> Result<Vec<u8>, Error> {
        let mut folder = Vec::new();
        for part in parts {
            let next = join(&folder, part);
            folder = match self.look(&next)? {
                Some(Known { node: Node::Directory { .. }, .. }) => next,
                Some(Known { node: Node::File, .. }) => {
                    return Err(self.refused(Refusal::BelowFile));
                }
                Some(Known { node: Node::Link(_), ours: true }) => {
                    return Err(self.refused(Refusal::BelowLink));
                }
                Some(Known { node: Node::Link(target), ours: false }) => {
                    self.disk_link(&folder, &target)?
                }
                None if make => {
                    self.checker.insert(next.clone(), Node::Directory { fresh: true });
                    next
                }
                None => return Err(self.refused(Refusal::HardLinkMissing)),
            };
        }
        Ok(folder)
    }

    /// The place of a hard link's target.
    fn hard_link_target(&mut self, target: &[u8]) -> Result<Vec<u8>, Error> {
        let parts = self.name_parts(target).map_err(|error| match error {
            Error::Unsafe { member, reason: Refusal::AbsoluteName | Refusal::ParentName } => {
                Error::Unsafe { member, reason: Refusal::HardLinkOutside }
            }
            other => other,
        })?;
        let Some((last, parents)) = parts.split_last() else {
            return Err(self.refused(Refusal::HardLinkTarget));
        };
        let parent = self.parent(parents, false)?;
        Ok(join(&parent, last))
    }

    /// Refuses to replace a folder that holds something.
    fn only_if_empty(&mut self, path: &[u8], fresh: bool) -> Result<(), Error> {
        let mut empty = !self.checker.has_children(path);
        if let (true, false, Some(disk)) = (empty, fresh, self.disk.as_deref_mut()) {
            empty = disk.is_empty(path).map_err(|source| unreadable(path, source))?;
        }
        if empty { Ok(()) } else { Err(self.refused(Refusal::OverFolder)) }
    }

    /// What lies at `path`, which has no link on the way.
    pub fn look(&mut self, path: &[u8]) -> Result<Option<Known>, Error> {
        if let Some(node) = self.checker.nodes.get(path) {
            return Ok(Some(Known { node: node.clone(), ours: true }));
        }
        let Some(disk) = self.disk.as_deref_mut() else {
            return Ok(None);
        };
        let (parent, _) = split(path);
        match self.checker.nodes.get(parent) {
            None | Some(Node::Directory { fresh: false }) => {}
            Some(_) => return Ok(None),
        }
        let node = match disk.find(path).map_err(|source| unreadable(path, source))? {
            None => return Ok(None),
            Some(Found::Directory) => {
                // Remembered, because most members lie in a few folders.
                self.checker.insert(path.to_vec(), Node::Directory { fresh: false });
                Node::Directory { fresh: false }
            }
            Some(Found::Link(target)) => Node::Link(target),
            Some(Found::Other) => Node::File,
        };
        Ok(Some(Known { node, ours: false }))
    }

    pub fn refused(&self, reason: Refusal) -> Error {
        Error::refused(self.member, reason)
    }
}

fn unreadable(path: &[u8], source: std::io::Error) -> Error {
    Error::Read { path: show(path).into(), source }
}

/// The parts of a path that mean something.
pub(super) fn parts(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|byte| *byte == b'/')
        .filter(|part| !matches!(*part, b"" | b"."))
        .map(<[u8]>::to_vec)
        .collect()
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// The folder's path and the name in it.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}
