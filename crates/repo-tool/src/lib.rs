//! What `repo-mkrepo`, `repo-sync` and `pkg-remove` have in common on the command line.
//!
//! - [`Cache`]: the options of the manifest cache.
//! - [`open`]: buckets, named by arguments rather than by the environment alone.
//! - [`json`]: JSON documents on stdout.
//! - [`plan`]: a plan as a document, printed and read again.
//! - [`resolve`]: whether what is to be published can be installed.
//! - [`change`]: a planned change: asked about, applied and reported.

mod cache;
pub mod change;
mod dependents;
pub mod json;
pub mod open;
pub mod plan;
pub mod resolve;

pub use cache::Cache;
