//! Which of several candidates is tried first.

use std::cmp::Ordering;

use crate::constraint::Operator;
use crate::pool::{Candidate, Id, Pool};
use crate::terms::Name;

/// Composer's policy: the highest version, the original before what replaces it, and then the
/// first in the pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Whether a more stable version is better than a higher one.
    pub prefer_stable: bool,
}

impl Policy {
    /// The best candidates of each name, best first.
    pub(crate) fn select(
        self,
        pool: &Pool,
        mut candidates: Vec<Id>,
        required: Option<Name>,
    ) -> Vec<Id> {
        candidates.sort_unstable();
        let mut by_name: Vec<(Name, Vec<Id>)> = Vec::new();
        let mut places = crate::hash::Map::default();
        for id in candidates {
            let name = pool.candidates[id].name;
            let place = *places.entry(name).or_insert(by_name.len());
            if place == by_name.len() {
                by_name.push((name, Vec::new()));
            }
            by_name[place].1.push(id);
        }
        let mut selected = Vec::new();
        for (_, mut ids) in by_name {
            // Aliases come before what they are aliases of.
            ids.sort_by_key(|id| !pool.candidates[*id].is_alias());
            let best = self.best_versions(pool, &ids);
            let asked: Vec<Id> =
                best.iter().copied().filter(|id| pool.candidates[*id].root_alias).collect();
            selected.extend(if asked.is_empty() { best } else { asked });
        }
        let vendor = required.and_then(|name| {
            let (vendor, _) = pool.terms.text_of(name).split_once('/')?;
            Some(vendor.to_owned())
        });
        insertion_sort(&mut selected, |a, b| compare(pool, *a, *b, vendor.as_deref()));
        selected
    }

    /// Those with the highest version.
    fn best_versions(self, pool: &Pool, ids: &[Id]) -> Vec<Id> {
        let mut best: Vec<Id> = Vec::new();
        for id in ids {
            let Some(first) = best.first() else {
                best.push(*id);
                continue;
            };
            let (candidate, first) = (&pool.candidates[*id], &pool.candidates[*first]);
            if self.is(candidate, Operator::Greater, first) {
                best = vec![*id];
            } else if self.is(candidate, Operator::Equal, first) {
                best.push(*id);
            }
        }
        best
    }

    fn is(self, a: &Candidate, operator: Operator, b: &Candidate) -> bool {
        if self.prefer_stable && a.stability != b.stability {
            return a.stability < b.stability;
        }
        operator.holds(&a.version, &b.version, true)
    }
}

/// The order among candidates of several names.
fn compare(pool: &Pool, a: Id, b: Id, vendor: Option<&str>) -> Ordering {
    let (one, other) = (&pool.candidates[a], &pool.candidates[b]);
    if one.name == other.name && one.is_alias() != other.is_alias() {
        return other.is_alias().cmp(&one.is_alias());
    }
    let replaces =
        |a: &Candidate, b: &Candidate| a.replaces.iter().any(|link| link.target == b.name);
    if replaces(one, other) {
        return Ordering::Greater;
    }
    if replaces(other, one) {
        return Ordering::Less;
    }
    if let Some(vendor) = vendor {
        // The vendor's name is looked for at the beginning only, without its slash.
        let same = |candidate: &Candidate| candidate.package.name.starts_with(vendor);
        if same(one) != same(other) {
            return same(other).cmp(&same(one));
        }
    }
    a.cmp(&b)
}

/// Sorts by an order that need not be one: of three candidates each may come before the next.
/// (The library's sort may panic then. PHP's is an insertion sort for lists as short as these.)
fn insertion_sort(ids: &mut [Id], compare: impl Fn(&Id, &Id) -> Ordering) {
    for end in 1..ids.len() {
        let id = ids[end];
        if compare(&ids[end - 1], &id).is_le() {
            continue;
        }
        let place = ids[..end].partition_point(|other| compare(other, &id).is_le());
        ids[place..=end].rotate_right(1);
    }
}
