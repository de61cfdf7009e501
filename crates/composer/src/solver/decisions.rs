//! What is decided: which candidates are installed and which are not, and since when.

use super::{Literal, RuleId, candidate};
use crate::pool::Id;

pub(super) struct Decisions {
    /// By candidate: the level at which it was decided, negative for not installed; 0 for open.
    levels: Vec<i64>,
    queue: Vec<(Literal, RuleId)>,
}

impl Decisions {
    pub(super) fn new(candidates: usize) -> Self {
        Decisions { levels: vec![0; candidates], queue: Vec::new() }
    }

    pub(super) fn decide(&mut self, literal: Literal, level: u32, why: RuleId) {
        let level = i64::from(level);
        self.levels[candidate(literal)] = if literal > 0 { level } else { -level };
        self.queue.push((literal, why));
    }

    fn level_of(&self, literal: Literal) -> i64 {
        self.levels[candidate(literal)]
    }

    /// Whether the literal is true.
    pub(super) fn satisfies(&self, literal: Literal) -> bool {
        self.level_of(literal).signum() == i64::from(literal.signum())
    }

    /// Whether the literal is false.
    pub(super) fn contradicts(&self, literal: Literal) -> bool {
        self.satisfies(-literal)
    }

    pub(super) fn is_decided(&self, literal: Literal) -> bool {
        self.level_of(literal) != 0
    }

    /// Whether the literal's candidate is installed.
    pub(super) fn is_installed(&self, literal: Literal) -> bool {
        self.level_of(literal) > 0
    }

    pub(super) fn level(&self, literal: Literal) -> u32 {
        u32::try_from(self.level_of(literal).unsigned_abs()).unwrap_or(u32::MAX)
    }

    /// The rule that decided the literal's candidate.
    pub(super) fn reason(&self, literal: Literal) -> Option<RuleId> {
        let decision =
            self.queue.iter().find(|(decided, _)| candidate(*decided) == candidate(literal));
        decision.map(|(_, why)| *why)
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn at(&self, place: usize) -> Option<(Literal, RuleId)> {
        self.queue.get(place).copied()
    }

    pub(super) fn last(&self) -> Option<(Literal, RuleId)> {
        self.queue.last().copied()
    }

    pub(super) fn revert_last(&mut self) {
        if let Some((literal, _)) = self.queue.pop() {
            self.levels[candidate(literal)] = 0;
        }
    }

    pub(super) fn reset_to(&mut self, length: usize) {
        while self.queue.len() > length {
            self.revert_last();
        }
    }

    /// The decisions, the last one first.
    pub(super) fn backwards(&self) -> Vec<(Literal, RuleId)> {
        self.queue.iter().rev().copied().collect()
    }

    /// What is installed, the last decision first.
    pub(super) fn installed(&self) -> Vec<Id> {
        let literals = self.queue.iter().rev().map(|(literal, _)| *literal);
        literals.filter(|literal| *literal > 0).map(candidate).collect()
    }
}
