//! Learning from conflicts, and telling where one comes from that nothing can avoid.

use super::rules::{Class, Reason, Rule, RuleId, Shape};
use super::{Bug, Literal, Problem, Solver, candidate};
use crate::hash::Set;
use crate::pool::Id;

pub(super) struct Learned {
    pub literal: Literal,
    /// The level to go back to.
    pub level: u32,
    pub rule: RuleId,
}

/// The literals of a conflict that are still to be followed, by level.
struct Trail {
    level: u32,
    seen: Set<Id>,
    /// Of the first level, and of the level of the conflict.
    first: i64,
    current: i64,
    /// The others, and the highest of their levels.
    learned: Vec<Literal>,
    highest: u32,
}

impl Trail {
    fn note(&mut self, literal: Literal, level: u32) {
        self.seen.insert(candidate(literal));
        if level == 1 {
            self.first += 1;
        } else if level == self.level {
            self.current += 1;
        } else {
            self.learned.push(literal);
            self.highest = self.highest.max(level);
        }
    }
}

impl Solver<'_> {
    /// Finds the rule that would have avoided a conflict.
    pub(super) fn analyze(&mut self, level: u32, conflict: RuleId) -> Result<Learned, Bug> {
        let mut trail = Trail {
            level,
            seen: Set::default(),
            first: 0,
            current: 0,
            learned: Vec::new(),
            highest: 1,
        };
        let mut sources = Vec::new();
        let mut avoiding = None;
        let mut rule_id = conflict;
        let mut place = self.decisions.len();
        'rules: loop {
            sources.push(rule_id);
            let rule = self.rules.get(rule_id);
            for literal in rule.literals.iter() {
                // An exclusive rule is many in one, of which some may not be followed up yet.
                if (rule.shape == Shape::Exclusive && !self.decisions.is_decided(*literal))
                    || self.decisions.satisfies(*literal)
                    || trail.seen.contains(&candidate(*literal))
                {
                    continue;
                }
                trail.note(*literal, self.decisions.level(*literal));
            }
            loop {
                if trail.current == 0 {
                    trail.first -= 1;
                    if trail.first == 0 {
                        break 'rules;
                    }
                }
                let (literal, why) = loop {
                    place = place.checked_sub(1).ok_or(Bug("a conflict has no beginning"))?;
                    let decision = self.decisions.at(place).ok_or(Bug("a decision is lost"))?;
                    if trail.seen.remove(&candidate(decision.0)) {
                        break decision;
                    }
                };
                rule_id = why;
                let was_current = trail.current != 0;
                if was_current {
                    trail.current -= 1;
                }
                if was_current && trail.current == 0 {
                    avoiding = Some(-literal);
                    if trail.first == 0 {
                        break 'rules;
                    }
                    // Only what the first level says is left to be followed.
                    for literal in &trail.learned {
                        trail.seen.remove(&candidate(*literal));
                    }
                    trail.first += 1;
                    continue;
                }
                let rule = self.rules.get(why);
                if rule.shape != Shape::Exclusive {
                    break;
                }
                // Exactly one of these is installed.
                let installed = rule.literals.iter().find(|literal| {
                    !trail.seen.contains(&candidate(**literal))
                        && self.decisions.satisfies(-**literal)
                });
                if let Some(literal) = installed {
                    sources.push(why);
                    trail.note(*literal, self.decisions.level(*literal));
                }
            }
        }
        let literal = avoiding.ok_or(Bug("nothing can be learned from a conflict"))?;
        let mut literals = trail.learned;
        literals.push(literal);
        let rule = Rule::generic(literals, Reason::Learned(self.learned_from.len()));
        self.learned_from.push(sources);
        let rule = self.rules.add(rule, Class::Learned);
        Ok(Learned { literal, level: trail.highest, rule })
    }

    /// Notes the demands that a conflict comes from which nothing can avoid.
    pub(super) fn explain(&mut self, conflict: RuleId) {
        let mut problem = Problem::default();
        problem.add(conflict);
        let mut seen_rules = Set::default();
        self.trace(&mut problem, conflict, &mut seen_rules);
        let mut seen: Set<Id> = Set::default();
        self.note_open(conflict, &mut seen);
        for (literal, why) in self.decisions.backwards() {
            if seen.contains(&candidate(literal)) {
                problem.add(why);
                self.trace(&mut problem, why, &mut seen_rules);
                self.note_open(why, &mut seen);
            }
        }
        self.problems.push(problem);
    }

    fn note_open(&self, rule: RuleId, seen: &mut Set<Id>) {
        for literal in self.rules.get(rule).literals.iter() {
            if !self.decisions.satisfies(*literal) {
                seen.insert(candidate(*literal));
            }
        }
    }

    /// Adds the demands behind a rule. The rules of packages are no demands.
    fn trace(&self, problem: &mut Problem, rule: RuleId, seen: &mut Set<RuleId>) {
        // Depth first, in order; a list, because what is learned can rest on much that is.
        // The first one opens a section even where it has come up before.
        seen.remove(&rule);
        let mut open = vec![rule];
        while let Some(rule) = open.pop() {
            if !seen.insert(rule) {
                continue;
            }
            let found = self.rules.get(rule);
            match (found.class, &found.reason) {
                (Some(Class::Learned), Reason::Learned(why)) => {
                    let sources = &self.learned_from[*why];
                    open.extend(sources.iter().rev().filter(|rule| !seen.contains(rule)));
                }
                (Some(Class::Package), _) => {}
                _ => {
                    problem.next_section();
                    problem.add(rule);
                }
            }
        }
    }
}
