//! A repository in a store: its manifests, its `packages.json`, and the one publish.
//!
//! A repository is a prefix of a bucket. What it offers is decided by the manifests
//! (`NAME.composer.json`) directly below that prefix; `packages.json` is derived from them, and is
//! what Composer reads. This crate reads both, keeps the second true to the first, and brings one
//! repository to the state of another.
//!
//! - [`Manifests`]: all manifests of a repository, as they are now.
//! - [`files`]: manifests in local files.
//! - [`publish()`]: the only place that writes `packages.json`, as a compare-and-swap.
//! - [`clock`]: what time it is, as the service says.
//! - [`conditions`]: conditional writes, also where the service knows none.
//! - [`history`]: what was published when, by whom, and the way back.
//! - [`layout`]: which keys are whose.
//! - [`pending`]: removals that an interrupted run had still to do.
//! - [`references`]: who refers to an archive.
//! - [`removed`]: what was taken away, and comes back from there.
//! - [`rollback`]: back to an earlier generation.
//! - [`snapshot`]: the named copies of `packages.json`, and what they still refer to.
//! - [`sync`]: from two sides to a plan, its summary, and its application in a safe order.
//!
//! It knows nothing of arguments, streams or records.

pub mod cache;
pub mod clock;
pub mod conditions;
mod dice;
mod edit;
mod error;
pub mod files;
pub mod history;
pub mod index;
pub mod layout;
mod manifests;
mod objects;
pub mod pending;
pub mod publish;
pub mod references;
pub mod removed;
pub mod rollback;
pub mod snapshot;
pub mod sync;
mod turns;

pub use edit::check_room;
pub use error::Error;
pub use manifests::{Manifests, Stored, processors};
pub use publish::{Known, Options, Published, Step, WhenEmpty, publish};

/// Whether there is anything of a repository at `location`: a mistyped prefix has nothing.
///
/// # Errors
/// [`Error::NoRepository`] where there is nothing, and as of the store.
pub fn check_exists(store: &store::Store, location: &location::Location) -> Result<(), Error> {
    let prefix = location.key("");
    let is_ours = |object: &store::Object| {
        let name = object.key.strip_prefix(&prefix).unwrap_or_default();
        name == index::FILE_NAME
            || name.ends_with(manifest::FILE_SUFFIX)
            || snapshot::is_file_name(name)
    };
    if store.list_direct(&prefix)?.iter().any(is_ours)
        || !history::found(store, location)?.is_empty()
    {
        return Ok(());
    }
    Err(Error::NoRepository { place: location.to_string() })
}

/// Content type of manifests, `packages.json` and snapshots.
pub const JSON: &str = "application/json";
