//! What must be in a repository after processes have changed it, some of which were killed.
//!
//! Each package has one owner: in one round, at most one process deploys or removes it. So what may
//! have become of it is known from how that process ended. What no process has touched must be there.

use std::collections::BTreeMap;

use test_kit::Output;

use crate::Place;
use crate::crowd::{bytes, published};

/// The archive of each package that is published, by the package's name.
pub type State = BTreeMap<String, String>;

/// What a process does to its own package.
#[derive(Clone, Debug)]
pub enum Change {
    /// It deploys this archive.
    Deploy(String),
    /// It removes the package.
    Remove,
}

/// What may be found after a round.
#[derive(Default)]
pub struct Expected {
    /// For each package, what it may be: an archive, or nothing.
    allowed: BTreeMap<String, Vec<Option<String>>>,
}

impl Expected {
    /// Nothing has changed yet.
    #[must_use]
    pub fn of(before: &State) -> Expected {
        let allowed =
            before.iter().map(|(name, content)| (name.clone(), vec![Some(content.clone())]));
        Expected { allowed: allowed.collect() }
    }

    /// A process that was to make this change has ended: it has said that it is done, or it may be
    /// done.
    pub fn change(&mut self, name: &str, change: &Change, acknowledged: bool) {
        let after = match change {
            Change::Deploy(content) => Some(content.clone()),
            Change::Remove => None,
        };
        let allowed = self.allowed.entry(name.to_owned()).or_insert_with(|| vec![None]);
        if acknowledged {
            allowed.clear();
        }
        allowed.push(after);
    }

    /// How what is found differs from it, in lines.
    #[must_use]
    pub fn differences(&self, found: &State) -> Vec<String> {
        let unknown = found.keys().filter(|name| !self.allowed.contains_key(*name));
        let unknown = unknown.map(|name| format!("{name} is published, and was never deployed"));
        let wrong = self.allowed.iter().filter_map(|(name, allowed)| {
            let found = found.get(name).cloned();
            (!allowed.contains(&found))
                .then(|| format!("{name}: expected one of {allowed:?}, found {found:?}"))
        });
        unknown.chain(wrong).collect()
    }
}

/// What is published, with its archives.
///
/// # Panics
/// When an archive is missing.
#[must_use]
pub fn state(place: &Place, prefix: &str) -> State {
    let archive = |name: String| {
        let content = bytes(place, &format!("{prefix}{name}.tar.gz"));
        (name, String::from_utf8(content).unwrap())
    };
    published(place, prefix).into_iter().map(archive).collect()
}

/// Whether a process has said that it is done.
#[must_use]
pub fn acknowledged(output: &Output) -> bool {
    output.status == 0
}
