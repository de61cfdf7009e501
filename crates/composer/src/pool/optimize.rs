//! Taking candidates out that cannot be chosen: of versions that nothing tells apart but their
//! number, the best is enough.

use std::sync::Arc;

use super::{Candidate, Id, Pool};
use crate::Constraint;
use crate::hash::{Map, Set, Texts};
use crate::policy::Policy;
use crate::terms::{Name, Term, Terms};
use crate::version::Version;

/// Versions that were taken out: normal forms and as they are written. The same one may come
/// twice; the last is what is shown.
pub(crate) type Versions = Vec<(Arc<str>, Arc<str>)>;

/// What was taken out.
#[derive(Debug, Default)]
pub(crate) struct Removed {
    /// The versions of each name.
    pub by_name: Map<Name, Versions>,
    /// Those that a candidate stands for, itself included.
    pub by_candidate: Map<Id, Versions>,
}

/// What a candidate's links say: for each kind, targets and canonical constraints, by target.
type Definition = [Vec<(Name, u32)>; 4];

/// No constraint, or no list of them.
const NOTHING: u32 = u32::MAX;

/// What tells groups of a name apart: what the candidates' links say, and the constraints that allow
/// a candidate, in order: one on the name in question, those with which the candidate replaces
/// others, and those that conflict with it. (Without the first, the next one takes its place:
/// Composer puts them into one text.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    definition: u32,
    first: u32,
    rest: u32,
    conflicts: u32,
}

/// The part of a key that is the same for all names of a candidate.
struct Shared {
    first: u32,
    rest: u32,
    all: u32,
}

#[derive(Default)]
struct Optimizer {
    /// Constraints by their canonical form.
    forms: Texts<u32>,
    /// The same by term, as far as they have come up.
    form_of_term: Vec<u32>,
    required: Map<Name, Vec<(u32, Constraint)>>,
    conflicting: Map<Name, Vec<(u32, Constraint)>>,
    aliases: Map<Id, Vec<Id>>,
    keep: Set<Id>,
    /// Candidates that nothing tells apart but their version.
    groups: Vec<Vec<Id>>,
    group_ids: Map<(Name, Key), usize>,
    lists: Map<Vec<u32>, u32>,
    /// For each candidate and name, its last group.
    group_of: Map<(Id, Name), usize>,
    stands_for: Map<Id, Versions>,
}

impl Pool {
    /// The same pool without the candidates that cannot be chosen.
    pub(crate) fn optimized(
        self,
        requires: &[(Name, Term)],
        locked: &[Id],
        policy: Policy,
    ) -> Pool {
        let mut optimizer = Optimizer::default();
        optimizer.prepare(&self, requires);
        let irremovable = optimizer.irremovable(&self, locked);
        optimizer.group(&self, &irremovable);
        optimizer.choose(&self, policy);
        optimizer.keep.extend(irremovable);
        if optimizer.keep.len() == self.candidates.len() {
            return self;
        }
        self.only(&optimizer.keep, optimizer.stands_for)
    }

    fn only(self, keep: &Set<Id>, stands_for: Map<Id, Versions>) -> Pool {
        let mut new_ids = Map::default();
        let mut removed = Removed::default();
        let mut kept = Vec::with_capacity(keep.len());
        for (id, candidate) in self.candidates.into_iter().enumerate() {
            if keep.contains(&id) {
                new_ids.insert(id, kept.len());
                kept.push(candidate);
            } else {
                let version = (candidate.version.as_str().into(), candidate.pretty_version);
                removed.by_name.entry(candidate.name).or_default().push(version);
            }
        }
        for candidate in &mut kept {
            candidate.alias_of = candidate.alias_of.and_then(|id| new_ids.get(&id).copied());
        }
        let stands_for = stands_for.into_iter();
        removed.by_candidate =
            stands_for.filter_map(|(id, versions)| Some((*new_ids.get(&id)?, versions))).collect();
        let mut pool = Pool::new(kept, self.terms);
        pool.removed = removed;
        pool
    }
}

impl Optimizer {
    fn form(&mut self, text: Arc<str>) -> u32 {
        let next = u32::try_from(self.forms.len()).unwrap_or(u32::MAX);
        *self.forms.entry(text).or_insert(next)
    }

    fn form_of(&mut self, terms: &Terms, term: Term) -> u32 {
        if self.form_of_term.len() <= term.index() {
            self.form_of_term.resize(terms.count(), NOTHING);
        }
        if self.form_of_term[term.index()] == NOTHING {
            self.form_of_term[term.index()] = self.form(Arc::clone(terms.canonical(term)));
        }
        self.form_of_term[term.index()]
    }

    /// Collects all constraints that are on each name, each alternative for itself.
    fn prepare(&mut self, pool: &Pool, requires: &[(Name, Term)]) {
        let mut seen = Set::default();
        let mut note = |this: &mut Self, conflict: bool, name: Name, term: Term| {
            if !seen.insert((conflict, name, term)) {
                return;
            }
            let alternatives = match pool.terms.constraint(term).compact() {
                Constraint::AnyOf(parts) => parts,
                one => vec![one],
            };
            for constraint in alternatives {
                let form = this.form(constraint.to_string().into());
                let lists = if conflict { &mut this.conflicting } else { &mut this.required };
                let list = lists.entry(name).or_default();
                if !list.iter().any(|(known, _)| *known == form) {
                    list.push((form, constraint));
                }
            }
        };
        for (name, term) in requires {
            note(self, false, *name, *term);
        }
        for (id, candidate) in pool.candidates.iter().enumerate() {
            for link in candidate.requires.iter() {
                note(self, false, link.target, link.term);
            }
            for link in candidate.conflicts.iter() {
                note(self, true, link.target, link.term);
            }
            if let Some(base) = candidate.alias_of {
                self.aliases.entry(base).or_default().push(id);
            }
        }
    }

    /// What is there already, in every candidate of the same name and version, with its aliases.
    fn irremovable(&self, pool: &Pool, locked: &[Id]) -> Set<Id> {
        let mut versions: Map<Name, Vec<&Candidate>> = Map::default();
        for (id, candidate) in pool.candidates.iter().enumerate() {
            if candidate.fixed || locked.contains(&id) {
                versions.entry(candidate.name).or_default().push(candidate);
            }
        }
        let mut found = Set::default();
        for (id, candidate) in pool.candidates.iter().enumerate() {
            let there = versions.get(&candidate.name).is_some_and(|versions| {
                let same = |other: &&Candidate| {
                    Constraint::exactly(other.version.clone()).allows(&candidate.version)
                };
                versions.iter().any(same)
            });
            if there {
                let base = candidate.alias_of.unwrap_or(id);
                found.extend([id, base]);
                found.extend(self.aliases.get(&base).into_iter().flatten());
            }
        }
        found
    }

    /// Puts together what the same constraints allow and whose links say the same.
    fn group(&mut self, pool: &Pool, irremovable: &Set<Id>) {
        let mut definitions: Map<Definition, u32> = Map::default();
        for (id, candidate) in pool.candidates.iter().enumerate() {
            if irremovable.contains(&id) {
                continue;
            }
            let definition = self.definition(&pool.terms, candidate);
            let next = u32::try_from(definitions.len()).unwrap_or(u32::MAX);
            let definition = *definitions.entry(definition).or_insert(next);
            let shared = self.shared(&pool.terms, candidate);
            for name in candidate.own_names() {
                let Some(required) = self.required.get(&name) else { continue };
                let (mut all, mut first) = (true, Vec::new());
                for (form, constraint) in required {
                    if constraint.allows(&candidate.version) {
                        first.push(*form);
                    } else {
                        all = false;
                    }
                }
                let conflicts = self.conflicts(name, &candidate.version);
                for first in first {
                    self.put(id, name, Key { definition, first, rest: shared.all, conflicts });
                }
                // And once for all constraints that do not allow it.
                if !all && (shared.first != NOTHING || conflicts != NOTHING) {
                    let Shared { first, rest, .. } = shared;
                    self.put(id, name, Key { definition, first, rest, conflicts });
                }
            }
        }
    }

    /// The constraints with which a candidate replaces others, as far as they allow its version:
    /// Composer looks at that version, too.
    fn shared(&mut self, terms: &Terms, candidate: &Candidate) -> Shared {
        let mut forms = Vec::new();
        for link in &candidate.replaces {
            if terms.constraint(link.term).allows(&candidate.version) {
                forms.push(self.form_of(terms, link.term));
            }
        }
        let rest = forms.get(1..).unwrap_or_default().to_vec();
        Shared {
            first: forms.first().copied().unwrap_or(NOTHING),
            rest: self.list(rest),
            all: self.list(forms),
        }
    }

    fn conflicts(&mut self, name: Name, version: &Version) -> u32 {
        let Some(conflicting) = self.conflicting.get(&name) else { return NOTHING };
        let allowing = conflicting.iter().filter(|(_, constraint)| constraint.allows(version));
        let forms = allowing.map(|(form, _)| *form).collect();
        self.list(forms)
    }

    /// A number for a list of constraints.
    fn list(&mut self, forms: Vec<u32>) -> u32 {
        if forms.is_empty() {
            return NOTHING;
        }
        let next = u32::try_from(self.lists.len()).unwrap_or(NOTHING);
        *self.lists.entry(forms).or_insert(next)
    }

    fn put(&mut self, id: Id, name: Name, key: Key) {
        let group = *self.group_ids.entry((name, key)).or_insert_with(|| {
            self.groups.push(Vec::new());
            self.groups.len() - 1
        });
        let members = &mut self.groups[group];
        if members.last() != Some(&id) {
            members.push(id);
        }
        self.group_of.insert((id, name), group);
    }

    fn definition(&mut self, terms: &Terms, candidate: &Candidate) -> Definition {
        [&candidate.requires, &candidate.conflicts, &candidate.replaces, &candidate.provides].map(
            |links| {
                let links = links.iter().map(|link| (link.target, self.form_of(terms, link.term)));
                let mut said: Vec<(Name, u32)> = links.collect();
                said.sort_by_key(|(target, _)| *target);
                // Of a target that comes twice, the last one counts.
                said.dedup_by(|later, earlier| {
                    let same = later.0 == earlier.0;
                    if same {
                        earlier.1 = later.1;
                    }
                    same
                });
                said
            },
        )
    }

    /// Keeps the best of each group.
    fn choose(&mut self, pool: &Pool, policy: Policy) {
        for group in 0..self.groups.len() {
            match self.groups[group][..] {
                [only] => self.keep(pool, only),
                _ => {
                    let members = self.groups[group].clone();
                    for best in policy.select(pool, members, None) {
                        self.keep(pool, best);
                    }
                }
            }
        }
    }

    /// Keeps a candidate, with what it is an alias of and all aliases of that.
    fn keep(&mut self, pool: &Pool, id: Id) {
        let base = pool.candidates[id].alias_of.unwrap_or(id);
        let aliases = self.aliases.get(&base).cloned().unwrap_or_default();
        for id in [id, base].into_iter().chain(aliases) {
            if self.keep.insert(id) {
                self.note_others(pool, id);
            }
        }
    }

    /// Notes which versions a candidate stands for.
    fn note_others(&mut self, pool: &Pool, id: Id) {
        let mut versions = Versions::new();
        let mut seen = Set::default();
        for name in pool.candidates[id].own_names() {
            let Some(group) = self.group_of.get(&(id, name)) else { continue };
            for member in &self.groups[*group] {
                if !seen.insert(*member) {
                    continue;
                }
                let mut member = &pool.candidates[*member];
                if member.is_default_branch_alias()
                    && let Some(base) = member.alias_of
                {
                    member = &pool.candidates[base];
                }
                let version = member.version.as_str().into();
                versions.push((version, Arc::clone(&member.pretty_version)));
            }
        }
        if !versions.is_empty() {
            self.stands_for.insert(id, versions);
        }
    }
}
