//! The rules of a pool and of what is required.

use std::collections::VecDeque;

use super::rules::{Class, Reason, Rule, Rules, Shape};
use super::{Literal, install};
use crate::hash::Map;
use crate::pool::{Id, Pool};
use crate::terms::{Name, Term};

struct Generator<'p> {
    pool: &'p Pool,
    rules: Rules,
    added: Vec<bool>,
    /// In the order in which they were added.
    order: Vec<Id>,
    /// The candidates that exclude each other, by the name they share.
    sharing: Map<Name, Vec<Id>>,
    names: Vec<Name>,
}

pub(super) fn rules(pool: &Pool, requires: &[(Name, Term)]) -> Rules {
    let mut generator = Generator {
        pool,
        rules: Rules::default(),
        added: vec![false; pool.candidates.len()],
        order: Vec::new(),
        sharing: Map::default(),
        names: Vec::new(),
    };
    generator.requests(requires);
    generator.root_aliases();
    generator.conflicts();
    generator.rules
}

impl Generator<'_> {
    fn requests(&mut self, requires: &[(Name, Term)]) {
        for (id, candidate) in self.pool.candidates.iter().enumerate() {
            if candidate.fixed {
                self.package(id);
                let rule = Rule::generic(vec![install(id)], Reason::Fixed(id));
                self.rules.add(rule, Class::Request);
            }
        }
        for (name, term) in requires {
            let found = self.pool.what_provides(*name, *term);
            if found.is_empty() {
                continue;
            }
            for id in found.iter() {
                self.package(*id);
            }
            let literals = found.iter().map(|id| install(*id)).collect();
            let rule = Rule::generic(literals, Reason::RootRequire(*name, *term));
            self.rules.add(rule, Class::Request);
        }
    }

    /// The rules of a candidate, of what it requires, and so on.
    fn package(&mut self, id: Id) {
        let mut queue = VecDeque::from([id]);
        while let Some(id) = queue.pop_front() {
            if std::mem::replace(&mut self.added[id], true) {
                continue;
            }
            self.order.push(id);
            let candidate = &self.pool.candidates[id];
            if let Some(base) = candidate.alias_of {
                queue.push_back(base);
                self.require(id, &[base], Reason::Alias);
                self.require(base, &[id], Reason::InverseAlias);
                // Without own requirements, those of the other one are enough.
                if !candidate.requires_self_version {
                    continue;
                }
            } else {
                for name in candidate.own_names() {
                    let sharing = self.sharing.entry(name).or_insert_with(|| {
                        self.names.push(name);
                        Vec::new()
                    });
                    sharing.push(id);
                }
            }
            for (number, link) in candidate.requires.iter().enumerate() {
                let found = self.pool.what_provides(link.target, link.term);
                self.require(id, &found, Reason::Require(id, number));
                queue.extend(found.iter());
            }
        }
    }

    /// One of these must be there with the candidate. (Where it is one of them, it is.)
    fn require(&mut self, id: Id, providers: &[Id], reason: Reason) {
        if providers.contains(&id) {
            return;
        }
        let literals = std::iter::once(-install(id));
        let literals = literals.chain(providers.iter().map(|id| install(*id))).collect();
        self.rules.add(Rule::generic(literals, reason), Class::Package);
    }

    /// An alias that the project asked for, or whose package is looked at, counts even where
    /// nothing requires it.
    fn root_aliases(&mut self) {
        for (id, candidate) in self.pool.candidates.iter().enumerate() {
            if let Some(base) = candidate.alias_of
                && !self.added[id]
                && (candidate.root_alias || self.added[base])
            {
                self.package(id);
            }
        }
    }

    fn conflicts(&mut self) {
        for id in &self.order {
            for (number, link) in self.pool.candidates[*id].conflicts.iter().enumerate() {
                if !self.sharing.contains_key(&link.target) {
                    continue;
                }
                for other in self.pool.what_provides(link.target, link.term).iter() {
                    let candidate = &self.pool.candidates[*other];
                    // An alias that only provides the name conflicts through its package.
                    if other == id || (candidate.is_alias() && candidate.name != link.target) {
                        continue;
                    }
                    let literals = vec![-install(*id), -install(*other)];
                    let rule = Rule::new(Shape::Two, literals, Reason::Conflict(*id, number));
                    self.rules.add(rule, Class::Package);
                }
            }
        }
        for name in &self.names {
            let sharing = &self.sharing[name];
            if sharing.len() > 1 {
                let shape = if sharing.len() == 2 { Shape::Two } else { Shape::Exclusive };
                let literals: Vec<Literal> = sharing.iter().map(|id| -install(*id)).collect();
                self.rules.add(Rule::new(shape, literals, Reason::SameName(*name)), Class::Package);
            }
        }
    }
}
