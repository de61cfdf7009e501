//! Constraints as sets: which part of the numbers they allow, and which branches.
//!
//! Composer decides with these whether it has loaded enough versions of a package
//! ([`Constraint::is_subset_of`]), and widens what it loads ([`Constraint::compact`]). Both tell
//! in which order packages get to the resolver, so they are kept as Composer has them.

use std::cmp::Ordering;

use super::Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
use super::{Constraint, Operator, any_of};
use crate::version::Version;

/// One end of a stretch of versions.
type Border = (Operator, Version);

/// What a constraint allows.
#[derive(Debug, Clone)]
struct Allowed {
    /// Stretches of numbers, lowest first.
    numbers: Vec<(Border, Border)>,
    branches: Branches,
}

/// The branches that are allowed: these, or all but these.
#[derive(Debug, Clone, PartialEq)]
struct Branches {
    names: Vec<Version>,
    all_but: bool,
}

impl Branches {
    fn none() -> Self {
        Branches { names: Vec::new(), all_but: false }
    }

    fn all() -> Self {
        Branches { names: Vec::new(), all_but: true }
    }

    fn or(self, other: &Branches) -> Branches {
        let names = match (self.all_but, other.all_but) {
            (true, true) => both(&self.names, &other.names),
            (false, true) => without(&other.names, &self.names),
            (true, false) => without(&self.names, &other.names),
            (false, false) => [&self.names[..], &other.names].concat(),
        };
        Branches { names, all_but: self.all_but || other.all_but }
    }

    fn and(self, other: &Branches) -> Branches {
        let names = match (self.all_but, other.all_but) {
            (true, true) => [&self.names[..], &other.names].concat(),
            (false, true) => without(&self.names, &other.names),
            (true, false) => without(&other.names, &self.names),
            (false, false) => both(&self.names, &other.names),
        };
        Branches { names, all_but: self.all_but && other.all_but }
    }
}

fn both(a: &[Version], b: &[Version]) -> Vec<Version> {
    a.iter().filter(|name| b.contains(name)).cloned().collect()
}

fn without(a: &[Version], b: &[Version]) -> Vec<Version> {
    a.iter().filter(|name| !b.contains(name)).cloned().collect()
}

fn zero() -> Border {
    (GreaterOrEqual, Version::new("0.0.0.0-dev"))
}

fn infinity() -> Border {
    (Less, Version::new("9223372036854775807.0.0.0"))
}

impl Constraint {
    /// Whether everything that is allowed here is allowed there.
    pub fn is_subset_of(&self, other: &Constraint) -> bool {
        match (self, other) {
            (_, Constraint::Any) => return true,
            (Constraint::None, _) | (_, Constraint::None) => return false,
            _ => {}
        }
        // The usual case, and the quick one: nothing changes.
        if self == other {
            return true;
        }
        let mine = allowed(self);
        let shared = combine(&[mine.clone(), allowed(other)], true);
        mine.numbers == shared.numbers && mine.branches == shared.branches
    }

    /// The same set in the fewest words.
    #[must_use]
    pub fn compact(&self) -> Constraint {
        if !matches!(self, Constraint::AllOf(_) | Constraint::AnyOf(_)) {
            return self.clone();
        }
        let allowed = allowed(self);
        let everything = allowed.numbers.as_slice() == [(zero(), infinity())];
        let mut parts = if everything { vec![one(&zero())] } else { stretches(&allowed.numbers) };
        let Branches { names, all_but } = allowed.branches;
        if names.is_empty() {
            if all_but && everything {
                return Constraint::Any;
            }
        } else {
            let operator = if all_but { NotEqual } else { Equal };
            let names = names.into_iter().map(|name| Constraint::One(operator, name));
            if all_but {
                // All of these, and one of the stretches.
                let mut conditions = match parts.len() {
                    0 => Vec::new(),
                    1 if everything => Vec::new(),
                    1 => parts,
                    _ => vec![Constraint::AnyOf(parts)],
                };
                conditions.extend(names);
                return super::all_of(conditions);
            }
            parts.extend(names);
        }
        match parts.len() {
            0 => Constraint::None,
            1 => parts.remove(0),
            _ => Constraint::AnyOf(parts),
        }
    }

    /// What one or the other allows.
    #[must_use]
    pub fn or(&self, other: &Constraint) -> Constraint {
        any_of(vec![self.clone(), other.clone()]).compact()
    }
}

fn one((operator, version): &Border) -> Constraint {
    Constraint::One(*operator, version.clone())
}

/// Stretches as constraints. Two with a single version between them become one with a `!=`.
fn stretches(numbers: &[(Border, Border)]) -> Vec<Constraint> {
    let mut parts = Vec::new();
    let mut holes: Vec<Constraint> = Vec::new();
    for (index, (start, end)) in numbers.iter().enumerate() {
        if let Some((next, _)) = numbers.get(index + 1)
            && end.0 == Less
            && next.0 == Greater
            && end.1 == next.1
        {
            if holes.is_empty() && *start != zero() {
                holes.push(one(start));
            }
            holes.push(Constraint::One(NotEqual, end.1.clone()));
        } else if !holes.is_empty() {
            if *end != infinity() {
                holes.push(one(end));
            }
            parts.push(super::all_of(std::mem::take(&mut holes)));
        } else if start.1 == end.1 && start.0 == GreaterOrEqual && end.0 == LessOrEqual {
            parts.push(Constraint::One(Equal, start.1.clone()));
        } else if *start == zero() {
            parts.push(one(end));
        } else if *end == infinity() {
            parts.push(one(start));
        } else {
            parts.push(Constraint::AllOf(vec![one(start), one(end)]));
        }
    }
    parts
}

fn allowed(constraint: &Constraint) -> Allowed {
    match constraint {
        Constraint::Any => {
            Allowed { numbers: vec![(zero(), infinity())], branches: Branches::all() }
        }
        Constraint::None => Allowed { numbers: Vec::new(), branches: Branches::none() },
        Constraint::One(operator, version) => allowed_by_one(*operator, version),
        Constraint::AllOf(parts) | Constraint::AnyOf(parts) => {
            let parts: Vec<Allowed> = parts.iter().map(allowed).collect();
            combine(&parts, matches!(constraint, Constraint::AllOf(_)))
        }
    }
}

fn allowed_by_one(operator: Operator, version: &Version) -> Allowed {
    let version = version.clone();
    if version.is_branch() {
        let names = vec![version];
        return match operator {
            NotEqual => Allowed {
                numbers: vec![(zero(), infinity())],
                branches: Branches { names, all_but: true },
            },
            Equal => Allowed { numbers: Vec::new(), branches: Branches { names, all_but: false } },
            _ => Allowed { numbers: Vec::new(), branches: Branches::none() },
        };
    }
    let (numbers, branches) = match operator {
        Greater | GreaterOrEqual => (vec![((operator, version), infinity())], Branches::none()),
        Less | LessOrEqual => (vec![(zero(), (operator, version))], Branches::none()),
        NotEqual => (
            vec![(zero(), (Less, version.clone())), ((Greater, version), infinity())],
            Branches::all(),
        ),
        Equal => {
            (vec![((GreaterOrEqual, version.clone()), (LessOrEqual, version))], Branches::none())
        }
    };
    Allowed { numbers, branches }
}

fn combine(parts: &[Allowed], all: bool) -> Allowed {
    let start = if all { Branches::all() } else { Branches::none() };
    let mut branches = parts.iter().fold(start, |branches, part| {
        if all { branches.and(&part.branches) } else { branches.or(&part.branches) }
    });
    let mut seen = std::collections::HashSet::new();
    branches.names.retain(|name| seen.insert(name.clone()));
    if let [only] = parts {
        return Allowed { numbers: only.numbers.clone(), branches };
    }
    let mut borders: Vec<(&Border, bool)> = parts
        .iter()
        .flat_map(|part| &part.numbers)
        .flat_map(|(start, end)| [(start, true), (end, false)])
        .collect();
    borders.sort_by(|(a, _), (b, _)| a.1.cmp(&b.1).then(rank(a.0).cmp(&rank(b.0))));
    let needed = if all { i64::try_from(parts.len()).unwrap_or(i64::MAX) } else { 1 };
    Allowed { numbers: sweep(&borders, needed), branches }
}

/// At the same version: `>=` before `<` before `>` before `<=`.
fn rank(operator: Operator) -> u8 {
    match operator {
        GreaterOrEqual => 0,
        Less => 1,
        Greater => 2,
        LessOrEqual => 3,
        Equal | NotEqual => 4,
    }
}

/// The stretches where at least so many are open.
fn sweep(borders: &[(&Border, bool)], needed: i64) -> Vec<(Border, Border)> {
    let mut found = Vec::new();
    // Below zero for a moment where a stretch ends before it begins.
    let mut open = 0_i64;
    let mut start: Option<&Border> = None;
    for (border, opens) in borders {
        open = if *opens { open + 1 } else { open - 1 };
        match start {
            None if open >= needed => start = Some(border),
            Some(begin) if open < needed => {
                let empty = begin.1.cmp(&border.1) == Ordering::Equal
                    && matches!(
                        (begin.0, border.0),
                        (Greater, LessOrEqual) | (GreaterOrEqual, Less)
                    );
                if !empty {
                    found.push((begin.clone(), (*border).clone()));
                }
                start = None;
            }
            _ => {}
        }
    }
    found
}
