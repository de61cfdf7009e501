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
    /// since: then the generation is the parent of another one, and must stay.
    pub(super) fn settle(&mut self, current: Option<&Current>) {
        let Some(now) = current.and_then(|current| current.generation.as_ref()) else {
            return;
        };
        self.forget_those(|id| id.number() >= now.number(), now);
    }

    /// At the end: the same, for generations that others have been put upon since.
    pub(super) fn tidy(&mut self, last: Option<&Id>) {
        let mut next = last.cloned();
        for _ in 0..FAR_BACK {
            let Some(id) = next else { return };
            self.forget_those(|left| left.number() >= id.number(), &id);
            if self.leftovers.is_empty() {
                return;
            }
            let Ok(Some(generation)) = history::read(self.store, self.location, &id) else {
                return;
            };
            if generation.parent.is_none() {
                // The chain begins here: what has a lower number is on no chain.
                return self.forget_those(|_| true, &id);
            }
            next = generation.parent;
        }
    }

    /// Removes the leftovers that `lost` tells, all but `kept`, and asks no more about any of them.
    fn forget_those(&mut self, lost: impl Fn(&Id) -> bool, kept: &Id) {
        let (lost, undecided): (Vec<Id>, Vec<Id>) = self.leftovers.drain(..).partition(lost);
        self.leftovers = undecided;
        let lost: Vec<Id> = lost.into_iter().filter(|id| id != kept).collect();
        self.forget(&lost);
    }

    pub(super) fn forget(&self, ids: &[Id]) {
        // What stays is litter that readers ignore; the publish itself is done.
        let _litter = history::remove(self.store, self.location, ids);
    }
}
