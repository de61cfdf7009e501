//! What the history of a repository still needs.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use location::Location;
use repository::history::{self, Id};
use repository::references::paths_of;
use store::{Store, parallel};

use crate::Error;
use crate::entry::{Archive, Entry};
use crate::inventory::{Class, Inventory};
use crate::state::{History, State};

const GENERATIONS: &str = ".slipway/generations/";
/// How the record of a generation ends.
pub const RECORD: &str = ".json";
/// How the name of a generation's manifests ends.
pub const MANIFESTS: &str = ".manifests.gz";

/// Generations that are read side by side: each may hold all manifests of a large repository.
const SIDE_BY_SIDE: usize = 4;

/// What is known of the history from one reading to the next.
pub struct Memory {
    /// How many generations are to stay.
    keep: usize,
    last: Option<Last>,
    /// The generations whose manifests were read.
    read: HashSet<Id>,
    /// The archives that these name.
    archives: BTreeSet<String>,
}

/// The last reading: of which files in which version, whether manifests were wanted, and what it
/// gave.
struct Last {
    files: Vec<(String, String)>,
    wanted: bool,
    history: Arc<History>,
}

impl Memory {
    /// Nothing yet; the newest `keep` generations are to stay, and one at least.
    pub fn new(keep: usize) -> Self {
        Self { keep: keep.max(1), last: None, read: HashSet::new(), archives: BTreeSet::new() }
    }

    /// What the history holds that belongs to this state, and whether it held still while it was
    /// read. Manifests of generations are read only where there is an archive that nothing else names.
    pub fn read(
        &mut self,
        store: &Store,
        location: &Location,
        state: &State,
    ) -> Result<(Arc<History>, bool), Error> {
        let files = files(&state.inventory);
        if files.is_empty() {
            return Ok((Arc::default(), true));
        }
        let references = state.referrers();
        let is_orphan = |name: &str| !references.has(name);
        let wanted = state.inventory.of(Class::Archive).any(|item| is_orphan(&item.name));
        let index = repository::index::FILE_NAME.to_owned();
        let versions: Vec<(String, String)> = files
            .values()
            .flatten()
            .chain([&index])
            .filter_map(|name| Some((name.clone(), state.inventory.get(name)?.etag.clone())))
            .collect();
        let is_same = |last: &&Last| last.files == versions && last.wanted == wanted;
        if let Some(last) = self.last.as_ref().filter(is_same) {
            return Ok((Arc::clone(&last.history), true));
        }
        let mut history = History::default();
        let still = self.fetch(store, location, &files, wanted, &mut history)?;
        let history = Arc::new(history);
        if still {
            self.last = Some(Last { files: versions, wanted, history: Arc::clone(&history) });
        }
        Ok((history, still))
    }

    /// False where a generation was removed meanwhile that the listing has, and that is to stay.
    fn fetch(
        &mut self,
        store: &Store,
        location: &Location,
        files: &BTreeMap<Id, Vec<String>>,
        wanted: bool,
        history: &mut History,
    ) -> Result<bool, Error> {
        let chain = match history::newest(store, location, self.keep) {
            Ok(chain) => chain,
            Err(repository::Error::Generation { key, reason }) => {
                history.damaged.insert(name(&key, location), reason);
                return Ok(true);
            }
            Err(error) if error.is_archived() => {
                history.damaged.insert(GENERATIONS.to_owned(), error.to_string());
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        history.index_sha256 = chain.first().map(|newest| newest.index_sha256.clone());
        let oldest = chain.last().map_or(0, |generation| generation.number);
        let mut kept: BTreeSet<&Id> = chain.iter().map(|generation| &generation.id).collect();
        for (id, names) in files {
            if kept.contains(id) {
                continue;
            }
            if id.number() < oldest {
                history.old.extend(names.iter().cloned());
            } else if names.iter().any(|name| name.ends_with(RECORD)) {
                // Beside the chain: `packages.json` was put back to an older one, or it lost a race,
                // or will be named in a moment. The record does not say which.
                kept.insert(id);
            } else {
                history.lost.extend(names.iter().cloned());
            }
        }
        for id in &kept {
            // What the listing has not at all is newer than the listing.
            let Some(names) = files.get(id) else { continue };
            if names.iter().any(|name| name.ends_with(MANIFESTS)) {
                continue;
            }
            if !history::lacks_manifests(store, location, id)? {
                return Ok(false);
            }
            let reason = "its manifests are not there".to_owned();
            history.damaged.insert(format!("{GENERATIONS}{id}"), reason);
        }
        let still = !wanted || self.manifests(store, location, kept, history)?;
        history.archives = self.archives.clone();
        Ok(still)
    }

    /// Adds what the manifests of these generations name; false where one is gone by now.
    fn manifests(
        &mut self,
        store: &Store,
        location: &Location,
        kept: BTreeSet<&Id>,
        history: &mut History,
    ) -> Result<bool, Error> {
        let new: Vec<&Id> = kept.into_iter().filter(|id| !self.read.contains(id)).collect();
        let threads = store.parallel().min(SIDE_BY_SIDE);
        let read = parallel::map(threads, &new, |id| match archives(store, location, id) {
            Ok(archives) => Ok(Ok(archives)),
            Err(
                error @ (repository::Error::NoGeneration { .. }
                | repository::Error::Generation { .. }
                | repository::Error::Manifest { .. }),
            ) => Ok(Err(error)),
            Err(error) if error.is_archived() => Ok(Err(error)),
            Err(error) => Err(error),
        })?;
        let mut still = true;
        for (id, read) in new.into_iter().zip(read) {
            match read {
                Ok(archives) => {
                    self.archives.extend(archives);
                    self.read.insert(id.clone());
                }
                Err(repository::Error::NoGeneration { .. })
                    if !history::lacks_manifests(store, location, id)? =>
                {
                    still = false;
                }
                Err(error) => {
                    history.damaged.insert(format!("{GENERATIONS}{id}"), error.to_string());
                }
            }
        }
        Ok(still)
    }
}

/// The archives of this repository that the manifests of a generation name, or may mean.
fn archives(
    store: &Store,
    location: &Location,
    id: &Id,
) -> Result<BTreeSet<String>, repository::Error> {
    let mut archives = BTreeSet::new();
    history::each_manifest(store, location, id, &mut |stored| match Entry::of(
        &stored.manifest,
        location,
    )
    .archive
    {
        Archive::Here(name) => _ = archives.insert(name),
        Archive::Elsewhere(url) => archives.extend(paths_of(&url)),
        Archive::Nowhere => {}
    })?;
    Ok(archives)
}

/// The files of each generation that lies below the prefix.
fn files(inventory: &Inventory) -> BTreeMap<Id, Vec<String>> {
    let mut files: BTreeMap<Id, Vec<String>> = BTreeMap::new();
    for item in inventory.of(Class::Own) {
        let file = item.name.strip_prefix(GENERATIONS);
        let id = file.and_then(|file| Id::parse(file.split('.').next().unwrap_or_default()));
        if let Some(id) = id {
            files.entry(id).or_default().push(item.name.clone());
        }
    }
    files
}

fn name(key: &str, location: &Location) -> String {
    key.strip_prefix(&location.key("")).unwrap_or(key).to_owned()
}
