//! The one publish: `packages.json` made anew from the manifests, as a compare-and-swap.
//!
//! Read the tag of `packages.json`, *then* list and fetch the manifests, generate, and write only
//! if the tag is still the same. So an index made from an older listing never replaces one made
//! from a newer listing. After the write the manifests are listed once more: if they moved, whoever
//! moved them may have read our write as "nothing to do" or have died, so we start over. Every
//! attempt works on fresh state; nothing is merged.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use location::Location;
use manifest::Index;
use manifest::index::Change;
use store::{Condition, Store, Upload};

use crate::index::{self, Current};
use crate::manifests::{self, Manifests};
use crate::{Error, JSON, snapshot};

/// First and longest back-off after a lost race; the actual wait is random below it.
const BACK_OFF: Duration = Duration::from_millis(20);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(1);

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
    /// Make the index from these in place of the repository's own manifests. They are taken as
    /// they are: what is in the store does not matter then, nor that it moves.
    pub given: Option<&'a Manifests>,
    /// Told of each kind of step when it is first taken.
    pub progress: Option<&'a dyn Fn(&Step)>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            snapshot: None,
            new_snapshot: false,
            cache: None,
            when_empty: WhenEmpty::Write,
            attempts: 200,
            given: None,
            progress: None,
        }
    }
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
    /// How many attempts it took; 1 when nobody interfered.
    pub attempts: u32,
}

/// Makes `packages.json` what the manifests below the location's prefix generate.
///
/// Safe for any number of publishers at once: each ends when the index is what the manifests of
/// that moment make. Nothing is written when the bytes are the same already.
///
/// # Errors
/// [`Error::Contended`] when others kept interfering for all attempts; otherwise what the store
/// or a broken manifest gives.
pub fn publish(
    store: &Store,
    location: &Location,
    options: &Options<'_>,
) -> Result<Published, Error> {
    let snapshot_key =
        options.snapshot.as_deref().map(|name| snapshot::key(location, name)).transpose()?;
    let key = location.key(index::FILE_NAME);
    let mut run = Run {
        store,
        location,
        options,
        key: &key,
        said: Vec::new(),
        manifests: Manifests::default(),
        replaced: None,
    };

    for attempt in 1..=options.attempts.max(1) {
        let Some(written) = run.attempt()? else {
            back_off(attempt);
            continue;
        };
        if let Some(key) = &snapshot_key
            && written.etag.is_some()
        {
            run.say(Step::Snapshot(key[location.key("").len()..].to_owned()));
            snapshot::write(store, key, &written.bytes, options.new_snapshot)?;
        }
        let before = run.replaced.as_ref().map(Option::as_ref);
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
            bytes: written.bytes,
            attempts: attempt,
        });
    }
    Err(Error::Contended { key, attempts: options.attempts })
}

/// One call of [`publish`].
struct Run<'a> {
    store: &'a Store,
    location: &'a Location,
    options: &'a Options<'a>,
    key: &'a str,
    said: Vec<Step>,
    /// As of the last attempt: the next one fetches what is new.
    manifests: Manifests,
    /// Set once something was written: what the first write replaced.
    replaced: Option<Option<Current>>,
}

/// The index as it stands in the store at the end of a successful attempt.
struct Written {
    etag: Option<String>,
    index: Index,
    bytes: Vec<u8>,
}

impl Run<'_> {
    /// One attempt, from fresh state; `None` when somebody interfered.
    fn attempt(&mut self) -> Result<Option<Written>, Error> {
        // The order matters: the tag must be older than the listing.
        let current = index::read(self.store, self.location)?;
        let manifests = match self.options.given {
            Some(given) => given,
            None => {
                self.say(Step::Fetching);
                let cache = self.options.cache.as_deref();
                self.manifests = self.manifests.refetch(self.store, self.location, cache)?;
                &self.manifests
            }
        };
        let (index, fingerprint) = (manifests.index(), manifests.fingerprint());
        let empty = manifests.entries.is_empty();
        self.say(Step::Generating);
        let bytes = index.to_bytes();

        if empty {
            match (self.options.when_empty, &current) {
                (WhenEmpty::Remove, _) => return self.remove(current, index, bytes),
                (WhenEmpty::Refuse, None) => {
                    return Err(Error::NoManifests { place: self.location.to_string() });
                }
                (WhenEmpty::Refuse | WhenEmpty::Write, _) => {}
            }
        }
        self.say(Step::Uploading);
        if let Some(current) = &current
            && current.bytes == bytes
        {
            return Ok(Some(Written { etag: Some(current.etag.clone()), index, bytes }));
        }
        let Some(etag) = self.put(current, &bytes)? else {
            return Ok(None);
        };
        let still = self.options.given.is_some() || {
            let listed = manifests::list(self.store, self.location)?;
            manifests::fingerprint(&listed) == fingerprint
        };
        Ok(still.then_some(Written { etag: Some(etag), index, bytes }))
    }

    /// Writes the index over `current` and nothing else; `None` when it is not there any more.
    fn put(&mut self, current: Option<Current>, bytes: &[u8]) -> Result<Option<String>, Error> {
        let condition = match &current {
            Some(current) => Condition::IfMatch(current.etag.clone()),
            None => Condition::IfAbsent,
        };
        let upload = Upload { condition, ..Upload::new(JSON) };
        match self.store.put(self.key, bytes, &upload) {
            Ok(etag) => {
                self.replaced.get_or_insert(current);
                Ok(Some(etag))
            }
            Err(store::Error::Precondition { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes an emptied repository away: first as a compare-and-swap to an empty index, so that
    /// two publishers cannot miss each other, then the files.
    fn remove(
        &mut self,
        current: Option<Current>,
        index: Index,
        bytes: Vec<u8>,
    ) -> Result<Option<Written>, Error> {
        let gone = Written { etag: None, index, bytes };
        let mut keys = snapshot::list(self.store, self.location)?;
        if let Some(current) = current {
            if current.bytes != gone.bytes && self.put(Some(current), &gone.bytes)?.is_none() {
                return Ok(None);
            }
            if !manifests::list(self.store, self.location)?.is_empty() {
                return Ok(None);
            }
            keys.push(self.key.to_owned());
        }
        if keys.is_empty() {
            return Ok(Some(gone));
        }
        self.say(Step::Removing);
        self.store.delete_many(&keys)?;
        self.replaced.get_or_insert(None);
        let still = manifests::list(self.store, self.location)?.is_empty();
        Ok(still.then_some(gone))
    }

    fn say(&mut self, step: Step) {
        if !self.said.contains(&step) {
            if let Some(progress) = self.options.progress {
                progress(&step);
            }
            self.said.push(step);
        }
    }
}

/// Waits a random time below a limit that doubles with each attempt ("full jitter").
fn back_off(attempt: u32) {
    let limit = BACK_OFF.saturating_mul(1 << attempt.min(10)).min(LONGEST_BACK_OFF);
    // The standard hasher's keys are random: as good a die as any for spreading writers.
    let die = RandomState::new().build_hasher().finish();
    let share = (die % 1024) as u32;
    thread::sleep(limit * share / 1024);
}
