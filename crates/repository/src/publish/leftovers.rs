//! Generations that a publish wrote and that `packages.json` never named.

use super::run::Run;
use crate::history::{self, Id};
use crate::index::Current;

/// How many generations are looked through for one that a lost race left behind.
const FAR_BACK: u32 = 64;

impl Run<'_> {
    /// Removes generations of ours that have lost, as far as `current` tells.
    ///
    /// A write that was reported as lost may have taken effect all the same, and been replaced
    /// since: then the generation is somebody's parent, and must stay.
    pub(super) fn settle(&mut self, current: Option<&Current>) {
        let Some(now) = current.and_then(|current| current.generation.as_ref()) else {
            return;
        };
        let (near, far): (Vec<Id>, Vec<Id>) =
            self.leftovers.drain(..).partition(|id| id.number() >= now.number());
        self.leftovers = far;
        let lost: Vec<Id> = near.into_iter().filter(|id| id != now).collect();
        self.forget(&lost);
    }

    /// At the end: the same, for generations that others have been put upon since.
    pub(super) fn tidy(&mut self, last: Option<&Id>) {
        let mut next = last.cloned();
        for _ in 0..FAR_BACK {
            let Some(id) = next else { return };
            let (near, far): (Vec<Id>, Vec<Id>) =
                self.leftovers.drain(..).partition(|left| left.number() >= id.number());
            self.leftovers = far;
            let lost: Vec<Id> = near.into_iter().filter(|left| *left != id).collect();
            self.forget(&lost);
            if self.leftovers.is_empty() {
                return;
            }
            let Ok(Some(generation)) = history::read(self.store, self.location, &id) else {
                return;
            };
            next = generation.parent;
        }
    }

    pub(super) fn forget(&self, ids: &[Id]) {
        // What stays is litter that readers ignore; the publish itself is done.
        let _litter = history::remove(self.store, self.location, ids);
    }
}
