//! What can go wrong, with the member or the path that it is about.

use std::io;
use std::path::PathBuf;

/// Why an archive could not be packed, checked or unpacked.
///
/// Member names are shown with control characters escaped, so that an archive cannot write to
/// the terminal that shows the message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A member would write outside the folder, or is of a kind that cannot be unpacked.
    #[error("archive member `{member}` is refused: {reason}")]
    Unsafe {
        /// The member's name.
        member: String,
        /// What is wrong with it.
        reason: Refusal,
    },
    /// The archive holds more than the caller allows.
    #[error("archive exceeds the limit of {limit} {what} at member `{member}`")]
    Limit {
        /// The member at which the limit was passed.
        member: String,
        /// What there is too much of.
        what: LimitKind,
        /// The limit.
        limit: u64,
    },
    /// The archive ends too early.
    #[error("archive is truncated {}", place(after))]
    Truncated {
        /// The last member whose header was read; empty at the start.
        after: String,
    },
    /// The bytes are not a gzipped tar archive, or are damaged.
    #[error("archive is damaged {}: {detail}", place(after))]
    Damaged {
        /// The last member whose header was read; empty at the start.
        after: String,
        /// What was found.
        detail: String,
        /// What the decompressor said, where it was the one to notice.
        source: Option<io::Error>,
    },
    /// A file was changed while it was packed.
    #[error("cannot archive `{}`: it changed while it was being read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file or a folder could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The reader of an archive failed.
    #[error("cannot read the archive")]
    ReadArchive {
        /// The cause.
        source: io::Error,
    },
    /// The archive could not be written.
    #[error("cannot write the archive")]
    WriteArchive {
        /// The cause.
        source: io::Error,
    },
    /// A member could not be written.
    #[error("cannot extract `{}`", path.display())]
    Extract {
        /// The file or folder that was to be written.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// The two groups of errors that a caller tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The archive is unsafe, too large or damaged: another copy of it may do.
    BadArchive,
    /// The tree that was to be packed was changing.
    BadTree,
    /// A disk, a permission: the archive may be fine.
    LocalIo,
}

impl Error {
    /// The group that the error belongs to.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unsafe { .. }
            | Self::Limit { .. }
            | Self::Truncated { .. }
            | Self::Damaged { .. } => Kind::BadArchive,
            Self::Changed { .. } => Kind::BadTree,
            Self::Read { .. }
            | Self::ReadArchive { .. }
            | Self::WriteArchive { .. }
            | Self::Extract { .. } => Kind::LocalIo,
        }
    }

    pub(crate) fn refused(member: &[u8], reason: Refusal) -> Self {
        Self::Unsafe { member: show(member), reason }
    }
}

/// Why a member is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The name, or a hard link's target, begins with a slash.
    #[error("its name is absolute")]
    AbsoluteName,
    /// The name, or a hard link's target, has a `..`.
    #[error("its name has a `..`")]
    ParentName,
    /// There is no name, or one that names the folder itself and is not a folder.
    #[error("it has no name")]
    NoName,
    /// The name or the target is longer than a file system takes (4,095 bytes in all, 255 a part).
    #[error("its name or target is too long")]
    LongName,
    /// A name or target has a NUL byte.
    #[error("its name or target has a NUL byte")]
    NulByte,
    /// A symbolic link without a target.
    #[error("it is a link without a target")]
    LinkEmpty,
    /// The member would be written through a symbolic link of the same archive.
    #[error("it lies below a symbolic link of the same archive")]
    BelowLink,
    /// The member would be written through a symbolic link on disk that does not lead to a folder
    /// inside.
    #[error("it lies below a symbolic link that does not lead to a folder inside")]
    BelowDiskLink,
    /// The member lies below a file.
    #[error("it lies below a file")]
    BelowFile,
    /// A folder that holds members would be replaced by a file or a link.
    #[error("it would replace a folder that is not empty")]
    OverFolder,
    /// A hard link's target has an absolute name or a `..`, or lies behind a link.
    #[error("it is a hard link to outside")]
    HardLinkOutside,
    /// A hard link's target is neither earlier in the archive nor in the folder.
    #[error("it is a hard link to a file that is not there")]
    HardLinkMissing,
    /// A hard link to a folder.
    #[error("it is a hard link to a folder")]
    HardLinkTarget,
    /// A device, and the process is not root's.
    #[error("it is a device file, which only root can make")]
    Device,
    /// A part of a file in an archive of several volumes.
    #[error("it is a part of a file whose other parts are in other volumes")]
    OtherVolume,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitKind {
    /// Unpacked bytes.
    #[error("unpacked bytes")]
    Bytes,
    /// Members.
    #[error("members")]
    Entries,
    /// Unpacked bytes for each packed byte.
    #[error("unpacked bytes a packed byte")]
    Ratio,
    /// Bytes of all names together.
    #[error("bytes of names")]
    Names,
    /// Bytes of extended headers for one member.
    #[error("bytes of extended headers")]
    Headers,
}

/// Where an archive breaks off: `after` is the last member whose header was read.
fn place(after: &str) -> String {
    match after {
        "" => "at its beginning".to_owned(),
        member => format!("after member `{member}`"),
    }
}

/// A name as a message shows it: invalid UTF-8 replaced.
pub(crate) fn show(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
