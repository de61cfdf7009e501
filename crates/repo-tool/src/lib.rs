//! What `repo-mkrepo`, `repo-sync`, `pkg-remove` and `pkg-deploy --publish` have in common on the
//! command line.
//!
//! - [`failed`]: how a tool ends when a repository fails.
//! - [`Records`]: the records of one run, from its start to its end.
//! - [`Cache`]: the options of the manifest cache.
//! - [`open`]: buckets, named by arguments rather than by the environment alone.
//! - [`change`]: a planned change: asked about, applied and reported.

mod cache;
pub mod change;
mod failure;
pub mod open;
mod records;

pub use cache::Cache;
pub use failure::failed;
pub use records::{Records, publish_record};
