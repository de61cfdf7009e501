//! Which rules are looked at when a candidate is decided: each is watched by two of its literals,
//! and need not be looked at as long as none of these is false.

use std::rc::Rc;

use super::decisions::Decisions;
use super::rules::{Rule, RuleId, Rules, Shape};
use super::{Literal, candidate};

#[derive(Debug)]
struct Watch {
    rule: RuleId,
    shape: Shape,
    literals: Rc<[Literal]>,
    watched: [Literal; 2],
}

pub(super) struct Watches {
    watches: Vec<Watch>,
    /// By literal, the watches on it; the last one is looked at first.
    chains: Vec<Vec<usize>>,
}

fn place(literal: Literal) -> usize {
    candidate(literal) * 2 + usize::from(literal > 0)
}

impl Watches {
    pub(super) fn new(candidates: usize) -> Self {
        Watches { watches: Vec::new(), chains: vec![Vec::new(); candidates * 2] }
    }

    pub(super) fn insert(&mut self, id: RuleId, rule: &Rule) {
        if let [first, second, ..] = *rule.literals {
            self.insert_on(id, rule, [first, second]);
        }
    }

    /// Watches a learned rule: its first literal and the one that was decided last.
    pub(super) fn insert_learned(&mut self, id: RuleId, rule: &Rule, decisions: &Decisions) {
        let [first, mut second, ref rest @ ..] = *rule.literals else { return };
        if !rest.is_empty() {
            let mut highest = 0;
            for literal in rule.literals.iter() {
                let level = decisions.level(*literal);
                if level > highest {
                    (highest, second) = (level, *literal);
                }
            }
        }
        self.insert_on(id, rule, [first, second]);
    }

    fn insert_on(&mut self, rule_id: RuleId, rule: &Rule, watched: [Literal; 2]) {
        let id = self.watches.len();
        let literals = Rc::clone(&rule.literals);
        let on = if rule.shape == Shape::Exclusive { &literals[..] } else { &watched[..] };
        for literal in on {
            self.chains[place(*literal)].push(id);
        }
        self.watches.push(Watch { rule: rule_id, shape: rule.shape, literals, watched });
    }

    /// Follows up a decision. A rule that cannot hold any more comes back.
    pub(super) fn propagate(
        &mut self,
        decided: Literal,
        level: u32,
        decisions: &mut Decisions,
        rules: &Rules,
    ) -> Option<RuleId> {
        let literal = -decided;
        let mut chain = std::mem::take(&mut self.chains[place(literal)]);
        // Watches that stay are moved to the end, in their order.
        let mut kept = chain.len();
        let mut next = chain.len();
        let mut conflict = None;
        while next > 0 && conflict.is_none() {
            next -= 1;
            let id = chain[next];
            let step = if self.watches[id].shape == Shape::Exclusive {
                self.exclude(id, literal, level, decisions)
            } else {
                self.follow(id, literal, level, decisions, rules)
            };
            match step {
                Step::Moved => continue,
                Step::Stays => {}
                Step::Conflict => conflict = Some(self.watches[id].rule),
            }
            kept -= 1;
            chain[kept] = id;
        }
        chain.drain(next..kept);
        self.chains[place(literal)] = chain;
        conflict
    }

    /// One of an exclusive rule is installed: the others are not.
    fn exclude(&self, id: usize, literal: Literal, level: u32, decisions: &mut Decisions) -> Step {
        let watch = &self.watches[id];
        for other in watch.literals.iter().filter(|other| **other != literal) {
            if decisions.satisfies(*other) {
                continue;
            }
            if decisions.contradicts(*other) {
                return Step::Conflict;
            }
            decisions.decide(*other, level, watch.rule);
        }
        Step::Stays
    }

    fn follow(
        &mut self,
        id: usize,
        literal: Literal,
        level: u32,
        decisions: &mut Decisions,
        rules: &Rules,
    ) -> Step {
        let watch = &mut self.watches[id];
        let [first, second] = watch.watched;
        let other = if first == literal { second } else { first };
        if rules.get(watch.rule).disabled || decisions.satisfies(other) {
            return Step::Stays;
        }
        let alternative = watch.literals.iter().copied().find(|alternative| {
            *alternative != literal && *alternative != other && !decisions.contradicts(*alternative)
        });
        if let Some(alternative) = alternative {
            watch.watched[usize::from(first != literal)] = alternative;
            self.chains[place(alternative)].push(id);
            return Step::Moved;
        }
        if decisions.contradicts(other) {
            return Step::Conflict;
        }
        decisions.decide(other, level, watch.rule);
        Step::Stays
    }
}

enum Step {
    Stays,
    Moved,
    Conflict,
}
