//! The resolver: conflict-driven clause learning over rules on candidates, in the manner of
//! Composer (which has it from libsolv), decision by decision.

mod analyze;
mod decisions;
mod generate;
mod rules;
mod run;
mod watch;

pub(crate) use rules::{Class, Reason, Rule, RuleId, Rules};

use crate::policy::Policy;
use crate::pool::{Id, Pool};
use crate::terms::{Name, Term};
use decisions::Decisions;
use watch::Watches;

/// A candidate that is installed (positive) or is not (negative). Candidate 0 is literal 1.
pub(crate) type Literal = i32;

/// The candidate of a literal.
pub(crate) fn candidate(literal: Literal) -> Id {
    literal.unsigned_abs() as usize - 1
}

/// The literal that installs a candidate.
pub(crate) fn install(id: Id) -> Literal {
    Literal::try_from(id + 1).unwrap_or(Literal::MAX)
}

/// Rules that cannot hold together, in the order in which they came up.
#[derive(Debug, Default)]
pub(crate) struct Problem {
    /// The rules, in sections; the last section is shown first.
    pub sections: Vec<Vec<RuleId>>,
}

impl Problem {
    fn add(&mut self, rule: RuleId) {
        if !self.sections.iter().flatten().any(|known| *known == rule) {
            if self.sections.is_empty() {
                self.sections.push(Vec::new());
            }
            if let Some(section) = self.sections.last_mut() {
                section.push(rule);
            }
        }
    }

    fn next_section(&mut self) {
        if self.sections.is_empty() {
            self.sections.push(Vec::new());
        }
        self.sections.push(Vec::new());
    }
}

/// What came out.
pub(crate) struct Outcome {
    /// The candidates to install, the last decision first; empty where there are problems.
    pub installed: Vec<Id>,
    /// Why it cannot be done.
    pub problems: Vec<Problem>,
    /// The rules, for explanations.
    pub rules: Rules,
}

/// The resolver lost track: a bug in it, or in what it was modelled on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the resolver failed: {0}")]
pub struct Bug(pub(crate) &'static str);

/// A run of the resolver.
pub(crate) struct Solver<'p> {
    pool: &'p Pool,
    policy: Policy,
    requires: &'p [(Name, Term)],
    rules: Rules,
    watches: Watches,
    decisions: Decisions,
    /// How far decisions have been followed up.
    propagated: usize,
    /// Alternatives that were not taken, and at which level.
    branches: Vec<(Vec<Option<Literal>>, u32)>,
    problems: Vec<Problem>,
    /// The rules that each learned one comes from.
    learned_from: Vec<Vec<RuleId>>,
}

/// Finds what to install: the fixed candidates, and what is required.
pub(crate) fn solve(
    pool: &Pool,
    policy: Policy,
    requires: &[(Name, Term)],
) -> Result<Outcome, Bug> {
    let rules = generate::rules(pool, requires);
    let mut solver = Solver {
        pool,
        policy,
        requires,
        rules,
        watches: Watches::new(pool.candidates.len()),
        decisions: Decisions::new(pool.candidates.len()),
        propagated: 0,
        branches: Vec::new(),
        problems: Vec::new(),
        learned_from: Vec::new(),
    };
    solver.check_requirements();
    for id in solver.rules.by_class() {
        solver.watches.insert(id, solver.rules.get(id));
    }
    solver.decide_assertions();
    solver.run()?;
    let installed =
        if solver.problems.is_empty() { solver.decisions.installed() } else { Vec::new() };
    Ok(Outcome { installed, problems: solver.problems, rules: solver.rules })
}

impl Solver<'_> {
    /// A requirement that no candidate meets is a problem of its own.
    fn check_requirements(&mut self) {
        for (name, term) in self.requires {
            if self.pool.what_provides(*name, *term).is_empty() {
                let rule = Rule::generic(Vec::new(), Reason::RootRequire(*name, *term));
                let rule = self.rules.keep(rule);
                let mut problem = Problem::default();
                problem.add(rule);
                self.problems.push(problem);
            }
        }
    }

    /// Decides what rules of a single literal leave no choice about.
    fn decide_assertions(&mut self) {
        let start = self.decisions.len();
        let mut index = 0;
        while index < self.rules.len() {
            let id = self.rules.in_order(index);
            index += 1;
            let rule = self.rules.get(id);
            if !rule.is_assertion() || rule.disabled {
                continue;
            }
            let literal = rule.literals[0];
            if !self.decisions.is_decided(literal) {
                self.decisions.decide(literal, 1, id);
                continue;
            }
            if self.decisions.satisfies(literal) {
                continue;
            }
            if rule.class == Some(Class::Learned) {
                self.rules.disable(id);
                continue;
            }
            let mut problem = Problem::default();
            problem.add(id);
            let reason = self.decisions.reason(literal);
            if let Some(reason) = reason {
                problem.add(reason);
                if self.rules.get(reason).class == Some(Class::Package) {
                    self.rules.disable(id);
                    self.problems.push(problem);
                    continue;
                }
            }
            // Two demands of the project, or of what is fixed, contradict each other.
            for request in self.rules.requests() {
                let rule = self.rules.get(request);
                if !rule.disabled
                    && rule.is_assertion()
                    && candidate(rule.literals[0]) == candidate(literal)
                {
                    problem.add(request);
                    self.rules.disable(request);
                }
            }
            self.problems.push(problem);
            self.decisions.reset_to(start);
            index = 0;
        }
    }
}
