//! Archives: reproducible parallel packing, safe streaming unpacking.
//!
//! [`pack()`] writes a folder's children as a gzipped tar archive on all cores; the same tree gives
//! the same bytes, whoever owns it, whenever it was made and however many threads there are.
//! [`unpack_file`] reads such an archive, or one that GNU tar, pax or Python's `tarfile` wrote, over
//! a folder. It reads the archive twice: first it checks every member, then it extracts, so that an
//! archive that would write outside the folder is refused before anything is written.
//!
//! Both stream: memory grows with the number of members, never with their size.
//!
//! This crate knows files and bytes. It reads no environment variable, prints nothing and knows
//! neither formulae nor repositories.

mod error;
mod pack;
mod places;
mod unpack;

pub use error::{Error, Kind, LimitKind, Refusal};
pub use pack::{DEFAULT_TIME_LIMIT, Effort, PackOptions, Packed, pack};
pub use unpack::{
    Entry, EntryKind, Limits, Selection, Unpacked, inspect, unpack, unpack_file, unpack_for,
    unpack_selected, verify,
};
