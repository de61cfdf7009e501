//! The domain of package repositories: manifests, `packages.json` and the plan of a sync.
//!
//! Everything here is pure: no files, no network, no clock, no environment, no process. What
//! comes from outside (the time, the stack, the form of a URL) is passed in.
//!
//! - [`json`][]: reading with positions, writing with the bytes of Python's `json.dump`
//! - [`Manifest`][]: one package version, kept whole
//! - [`generate`][]: a new manifest from what a formula knows
//! - [`Index`][]: `packages.json`
//! - [`plan`][]: what a sync has to do
//! - [`order`]: natural order, and that of versions in names
//! - [`glob`]: patterns of names
//! - [`shares`]: long lists, worked on side by side

pub mod generate;
pub mod glob;
pub mod index;
pub mod json;
pub mod order;
mod package;
pub mod plan;

pub use index::Index;
pub use package::{Error, FILE_SUFFIX, Kind, MAX_BYTES, Manifest};
pub use parallel::shares;
