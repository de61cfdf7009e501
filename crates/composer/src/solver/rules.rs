//! Rules: at least one of some literals must be true.

use std::rc::Rc;

use super::Literal;
use crate::hash::Set;
use crate::pool::Id;
use crate::terms::{Name, Term};

/// A rule, by number.
pub(crate) type RuleId = usize;

/// Why there is a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The project requires this.
    RootRequire(Name, Term),
    /// A candidate is there and must stay.
    Fixed(Id),
    /// The link of this number among a candidate's conflicts.
    Conflict(Id, usize),
    /// The link of this number among a candidate's requirements.
    Require(Id, usize),
    /// There is one version of a package at most.
    SameName(Name),
    /// It follows from others.
    Learned(usize),
    /// An alias needs what it is an alias of.
    Alias,
    /// And comes along with it.
    InverseAlias,
}

impl Reason {
    /// The name that a candidate is looked for.
    pub(crate) fn required(&self, pool: &crate::pool::Pool) -> Option<Name> {
        match self {
            Reason::RootRequire(name, _) => Some(*name),
            Reason::Fixed(id) => Some(pool.candidates[*id].name),
            Reason::Require(id, link) => Some(pool.candidates[*id].requires[*link].target),
            _ => None,
        }
    }
}

/// What kind of rule it is, in the order in which they are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// Any literals.
    Generic,
    /// Exactly two: these two exclude each other.
    Two,
    /// Three or more, of which one at most is installed.
    Exclusive,
}

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The links of a package.
    Package,
    /// The project, or what is fixed.
    Request,
    /// A conflict that was met.
    Learned,
}

/// A rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub shape: Shape,
    /// In ascending order.
    pub literals: Rc<[Literal]>,
    pub reason: Reason,
    /// None for a rule that another one says already.
    pub class: Option<Class>,
    pub disabled: bool,
}

impl Rule {
    pub(crate) fn generic(literals: Vec<Literal>, reason: Reason) -> Rule {
        Rule::new(Shape::Generic, literals, reason)
    }

    pub(crate) fn new(shape: Shape, mut literals: Vec<Literal>, reason: Reason) -> Rule {
        literals.sort_unstable();
        Rule { shape, literals: literals.into(), reason, class: None, disabled: false }
    }

    /// Whether it leaves no choice.
    pub(crate) fn is_assertion(&self) -> bool {
        self.shape == Shape::Generic && self.literals.len() == 1
    }
}

/// All rules.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    all: Vec<Rule>,
    /// Those that count, in the order in which they came.
    order: Vec<RuleId>,
    known: Set<(Shape, Rc<[Literal]>)>,
}

impl Rules {
    /// Adds a rule; one that is there already is kept, but does not count.
    pub(crate) fn add(&mut self, mut rule: Rule, class: Class) -> RuleId {
        if self.known.insert((rule.shape, Rc::clone(&rule.literals))) {
            rule.class = Some(class);
            self.order.push(self.all.len());
        }
        self.keep(rule)
    }

    /// Keeps a rule that does not count, to speak about it.
    pub(crate) fn keep(&mut self, rule: Rule) -> RuleId {
        self.all.push(rule);
        self.all.len() - 1
    }

    pub(crate) fn get(&self, id: RuleId) -> &Rule {
        &self.all[id]
    }

    pub(crate) fn disable(&mut self, id: RuleId) {
        self.all[id].disabled = true;
    }

    /// How many count.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// The rule that came in this place.
    pub(crate) fn in_order(&self, place: usize) -> RuleId {
        self.order[place]
    }

    /// The rules of the project.
    pub(crate) fn requests(&self) -> Vec<RuleId> {
        self.of(Class::Request).collect()
    }

    /// All that count: those of packages, those of the project, learned ones.
    pub(crate) fn by_class(&self) -> Vec<RuleId> {
        self.of(Class::Package)
            .chain(self.of(Class::Request))
            .chain(self.of(Class::Learned))
            .collect()
    }

    fn of(&self, class: Class) -> impl Iterator<Item = RuleId> + '_ {
        self.order.iter().copied().filter(move |id| self.all[*id].class == Some(class))
    }
}
