//! The search.

use super::rules::{RuleId, Shape};
use super::{Bug, Literal, Solver, candidate, install};

/// Level 0 stands for: nothing can be done.
const UNSOLVABLE: u32 = 0;

/// Real repositories make for some dozens. Made to be hard, one could keep us busy for ever.
const MOST_CONFLICTS: usize = 20_000;

impl Solver<'_> {
    fn propagate(&mut self, level: u32) -> Option<RuleId> {
        while let Some((literal, _)) = self.decisions.at(self.propagated) {
            let conflict = self.watches.propagate(literal, level, &mut self.decisions, &self.rules);
            self.propagated += 1;
            if conflict.is_some() {
                return conflict;
            }
        }
        None
    }

    /// Takes back what was decided above a level.
    fn revert(&mut self, level: u32) {
        while let Some((literal, _)) = self.decisions.last() {
            if self.decisions.level(literal) <= level {
                break;
            }
            self.decisions.revert_last();
            self.propagated = self.decisions.len();
        }
        while self.branches.last().is_some_and(|(_, branch)| *branch >= level) {
            self.branches.pop();
        }
    }

    /// Decides for a literal at the next level; learns from conflicts until none is left. The
    /// level reached comes back.
    fn decide_and_learn(&mut self, level: u32, literal: Literal, why: RuleId) -> Result<u32, Bug> {
        let mut level = level + 1;
        if self.decisions.is_decided(literal) {
            return Err(Bug("a candidate was decided twice"));
        }
        self.decisions.decide(literal, level, why);
        while let Some(conflict) = self.propagate(level) {
            if level == 1 {
                self.explain(conflict);
                return Ok(UNSOLVABLE);
            }
            if self.learned_from.len() >= MOST_CONFLICTS {
                return Err(Bug("there are too many conflicts to be solved"));
            }
            let learned = self.analyze(level, conflict)?;
            if learned.level == 0 || learned.level >= level {
                return Err(Bug("there is no level to go back to"));
            }
            level = learned.level;
            self.revert(level);
            let rule = self.rules.get(learned.rule).clone();
            self.watches.insert_learned(learned.rule, &rule, &self.decisions);
            if self.decisions.is_decided(learned.literal) {
                return Err(Bug("a candidate was decided twice"));
            }
            self.decisions.decide(learned.literal, level, learned.rule);
        }
        Ok(level)
    }

    /// Takes the best of some literals; the others are kept for later.
    fn select(&mut self, level: u32, open: &[Literal], rule: RuleId) -> Result<u32, Bug> {
        let required = self.rules.get(rule).reason.required(self.pool);
        let open = open.iter().map(|literal| candidate(*literal)).collect();
        let best = self.policy.select(self.pool, open, required);
        let Some((first, others)) = best.split_first() else {
            return Err(Bug("nothing to choose from"));
        };
        if !others.is_empty() {
            let others = others.iter().map(|id| Some(install(*id))).collect();
            self.branches.push((others, level));
        }
        self.decide_and_learn(level, install(*first), rule)
    }

    pub(super) fn run(&mut self) -> Result<(), Bug> {
        let mut level = 1;
        let mut system_level = level + 1;
        loop {
            if level == 1
                && let Some(conflict) = self.propagate(level)
            {
                self.explain(conflict);
                return Ok(());
            }
            if level < system_level {
                let (reached, again) = self.requests(level)?;
                level = reached;
                if level == UNSOLVABLE {
                    return Ok(());
                }
                system_level = level + 1;
                if again {
                    continue;
                }
            }
            system_level = system_level.min(level);
            level = self.rest(level)?;
            if level == UNSOLVABLE {
                return Ok(());
            }
            if level < system_level {
                continue;
            }
            match self.minimize()? {
                Some(UNSOLVABLE) | None => return Ok(()),
                Some(reached) => level = reached,
            }
        }
    }

    /// Meets what the project requires. The level reached, and whether requirements are left to
    /// be looked at.
    fn requests(&mut self, mut level: u32) -> Result<(u32, bool), Bug> {
        let requests = self.rules.requests();
        for (place, id) in requests.iter().enumerate() {
            let rule = self.rules.get(*id);
            if rule.disabled
                || rule.literals.iter().any(|literal| self.decisions.satisfies(*literal))
            {
                continue;
            }
            let mut open: Vec<Literal> = rule
                .literals
                .iter()
                .copied()
                .filter(|literal| *literal > 0 && !self.decisions.is_decided(*literal))
                .collect();
            let fixed = |literal: &Literal| self.pool.candidates[candidate(*literal)].fixed;
            if open.iter().any(fixed) {
                open.retain(fixed);
            }
            if open.is_empty() {
                continue;
            }
            let before = level;
            level = self.select(level, &open, *id)?;
            if level <= before {
                return Ok((level, place + 1 < requests.len()));
            }
        }
        Ok((level, false))
    }

    /// Meets all other rules.
    fn rest(&mut self, mut level: u32) -> Result<u32, Bug> {
        let mut count = self.rules.len();
        let (mut place, mut looked_at) = (0, 0);
        let mut open: Vec<Literal> = Vec::new();
        while looked_at < count {
            if place == count {
                place = 0;
            }
            let id = self.rules.in_order(place);
            place += 1;
            looked_at += 1;
            let rule = self.rules.get(id);
            // A rule that forbids only has nothing to choose from.
            if rule.disabled || rule.shape != Shape::Generic {
                continue;
            }
            open.clear();
            let mut met = false;
            for literal in rule.literals.iter() {
                let installed = self.decisions.is_installed(*literal);
                if installed == (*literal > 0) {
                    met = true;
                    break;
                }
                if *literal > 0 && !self.decisions.is_decided(*literal) {
                    open.push(*literal);
                }
            }
            if met || open.len() < 2 {
                continue;
            }
            level = self.select(level, &open, id)?;
            if level == UNSOLVABLE {
                return Ok(level);
            }
            // Something changed: all rules are looked at once more.
            count = self.rules.len();
            looked_at = 0;
        }
        Ok(level)
    }

    /// Tries an alternative that was passed by, and that later was decided on anyway.
    fn minimize(&mut self) -> Result<Option<u32>, Bug> {
        let mut found = None;
        for (branch, (literals, level)) in self.branches.iter().enumerate().rev() {
            for (place, literal) in literals.iter().enumerate() {
                if let Some(literal) = literal
                    && self.decisions.level(*literal) > level + 1
                {
                    found = Some((branch, place, *literal, *level));
                }
            }
        }
        let Some((branch, place, literal, level)) = found else { return Ok(None) };
        self.branches[branch].0[place] = None;
        self.revert(level);
        let Some((_, why)) = self.decisions.last() else {
            return Err(Bug("no decision is left"));
        };
        self.decide_and_learn(level, literal, why).map(Some)
    }
}
