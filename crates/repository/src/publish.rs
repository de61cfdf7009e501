//! The one publish: `packages.json` made anew from the manifests, as a compare-and-swap.
//!
//! Read the tag of `packages.json`, *then* list and fetch the manifests, generate, and write only
//! if the tag is still the same. So an index made from an older listing never replaces one made
//! from a newer listing. After the write the manifests are listed once more: if they moved, whoever
//! moved them may have read our write as "nothing to do" or have died, so we start over. Every
//! attempt works on fresh state; nothing is merged.
//!
//! Just before that write, the generation goes into place that it names (see [`crate::history`]). On
//! a service that heeds no conditions (see [`crate::conditions`]) the write is unconditional, and is
//! read again together with the list: whoever wrote last looks last, and starts over unless what
//! lies there is what the manifests make.

mod leftovers;
mod run;
mod watch;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use location::Location;
use manifest::Index;
use manifest::index::Change;
use store::Store;

use crate::history::{Id, Origin};
use crate::{Error, Manifests, dice, index, snapshot};

use run::Run;

/// Decides whether an index may be published in place of another one.
pub type Check = dyn Fn(&Index, Option<&Index>) -> Result<(), Vec<String>>;

/// How to publish; `Options::default()` suits everybody.
#[derive(Clone)]
pub struct Options<'a> {
    /// Also write `packages-NAME.json`, from the very same bytes.
    pub snapshot: Option<String>,
    /// Refuse to replace a snapshot of that name.
    pub new_snapshot: bool,
    /// Folder of the local manifest cache; see [`crate::cache`].
    pub cache: Option<PathBuf>,
    /// What to do when there is no manifest.
    pub when_empty: WhenEmpty,
    /// How many times to start over before giving up.
    pub attempts: u32,
    /// Write `packages.json` compressed, with `Content-Encoding: gzip`, or plain; as it was before
    /// where it is `None`. Readers that undo no encoding cannot read it then.
    pub gzip: Option<bool>,
    /// Make the index from these in place of the repository's own manifests. They are taken as
    /// they are: what is in the store does not matter then, nor that it moves.
    pub given: Option<&'a Manifests>,
    /// What the caller has done to manifests: a listing that does not know of it is not believed.
    pub known: Known,
    /// The archives that the caller has put in place, and how it does that again.
    pub archives: Option<Archives<'a>>,
    /// Asked before an index is written, with the one that it replaces, where that can be read; the
    /// reason that it gives is why nothing is published.
    pub check: Option<&'a Check>,
    /// Told of each kind of step when it is first taken.
    pub progress: Option<&'a dyn Fn(&Step)>,
    /// Told what the user should know, such as that the service heeds no conditions.
    pub warn: Option<&'a (dyn Fn(&str) + Sync)>,
    /// Who publishes, for the history.
    pub origin: Origin,
    /// The generation that the manifests were brought back to, for the history.
    pub restores: Option<Id>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            snapshot: None,
            new_snapshot: false,
            cache: None,
            when_empty: WhenEmpty::Write,
            attempts: 200,
            gzip: None,
            given: None,
            known: Known::default(),
            archives: None,
            check: None,
            progress: None,
            warn: None,
            origin: Origin::default().by("repository", env!("CARGO_PKG_VERSION"), "publish"),
            restores: None,
        }
    }
}

/// Archives that a caller has put in place before it publishes.
#[derive(Clone)]
pub struct Archives<'a> {
    /// Their paths below the prefix.
    pub paths: BTreeSet<String>,
    /// Puts these (a part of `paths`) in place again, since they vanished, as far as it can.
    pub bring: &'a (dyn Fn(&[String]) -> Result<(), Error> + Sync),
}

/// What somebody has just done to manifests.
///
/// Services list at once what was written, or so most of them say. Where a listing contradicts this,
/// the object itself is asked: it may have been changed again since, or the listing is behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Keys of manifests that were written, and the tags that they got.
    pub written: Vec<(String, String)>,
    /// Keys of manifests that were removed.
    pub removed: Vec<String>,
}

/// What to publish where there is no manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenEmpty {
    /// An index without packages.
    Write,
    /// The same, but only over an index that exists: a mistyped prefix gets none.
    Refuse,
    /// Nothing: `packages.json` and all snapshots are removed.
    Remove,
}

/// A step of a publish; displayed in the wording that scripts know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The manifests are listed and fetched.
    Fetching,
    /// The index is generated.
    Generating,
    /// `packages.json` is written, unless it holds these very bytes already.
    Uploading,
    /// `packages.json` and the snapshots are removed.
    Removing,
    /// A snapshot of this file name is written.
    Snapshot(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetching => f.write_str("Fetching manifests... "),
            Self::Generating => f.write_str("Generating packages.json..."),
            Self::Uploading => f.write_str("Uploading packages.json..."),
            Self::Removing => f.write_str("Removing packages.json..."),
            Self::Snapshot(file) => write!(f, "Snapshotting to {file}..."),
        }
    }
}

/// What a publish did.
#[derive(Debug, Clone)]
pub struct Published {
    /// Tag of `packages.json` as it is now; `None` when it was removed.
    pub etag: Option<String>,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Number of different package names.
    pub packages: usize,
    /// Number of entries: all versions of all packages.
    pub versions: usize,
    /// Whether `packages.json` was written or removed; `false` when it was right already.
    pub changed: bool,
    /// The difference between what was replaced and what is there now.
    pub changes: Vec<Change>,
    /// Key of the snapshot, where one was asked for.
    pub snapshot: Option<String>,
    /// The generation that `packages.json` is now, or that it was when it was removed; `None` for
    /// one that was right already and that a tool without a history has written.
    pub generation: Option<Id>,
    /// How many attempts it took; 1 when nobody interfered.
    pub attempts: u32,
}

/// Makes `packages.json` what the manifests below the location's prefix generate.
///
/// Safe for any number of publishers at once: each ends when the index is what the manifests of
/// that moment make. Nothing is written when the bytes are the same already.
///
/// # Errors
/// [`Error::Contended`] when others kept interfering for all attempts, [`Error::Vanished`] when
/// archives that the manifests name were removed concurrently and cannot be brought back; otherwise
/// what the store or a broken manifest gives.
pub fn publish(
    store: &Store,
    location: &Location,
    options: &Options<'_>,
) -> Result<Published, Error> {
    let snapshot_key =
        options.snapshot.as_deref().map(|name| snapshot::key(location, name)).transpose()?;
    let key = location.key(index::FILE_NAME);
    let quiet = |_: &str| {};
    let mut run = Run::new(store, location, options, &key, options.warn.unwrap_or(&quiet));

    for attempt in 1..=options.attempts.max(1) {
        let Some(written) = run.attempt()? else {
            dice::pause(attempt);
            continue;
        };
        if let Some(key) = &snapshot_key
            && written.etag.is_some()
        {
            run.snapshot(key, &written)?;
        }
        run.tidy(written.generation.as_ref());
        let before = run.replaced();
        return Ok(Published {
            sha256: checksum::of_bytes(&written.bytes),
            packages: written.index.packages().count(),
            versions: written.index.len(),
            changed: before.is_some(),
            // An old index that cannot be read had nothing that we could name.
            changes: before.map_or_else(Vec::new, |old| {
                let old = old.and_then(|current| current.parse(&key).ok()).unwrap_or_default();
                old.changes_to(&written.index)
            }),
            snapshot: snapshot_key.filter(|_| written.etag.is_some()),
            etag: written.etag,
            generation: written.generation,
            bytes: written.bytes,
            attempts: attempt,
        });
    }
    Err(Error::Contended { key, attempts: options.attempts })
}
