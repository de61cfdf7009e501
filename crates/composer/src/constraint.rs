//! Constraints on versions, as Composer reads and matches them.
//!
//! A [`Constraint`] is parsed once ([`Constraint::parse`]) and asked often
//! ([`Constraint::allows`]). Two constraints can also be asked whether they have something in
//! common ([`Constraint::matches`]), which is how a `require` meets a `provide`.

mod interval;
mod parse;

use std::fmt;

use crate::version::Version;

pub use parse::{Invalid, MAX_LENGTH};
pub(crate) use parse::{all_of, any_of, split};

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// `==`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `!=`
    NotEqual,
}

use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};

impl Operator {
    fn as_str(self) -> &'static str {
        match self {
            Equal => "==",
            Less => "<",
            LessOrEqual => "<=",
            Greater => ">",
            GreaterOrEqual => ">=",
            NotEqual => "!=",
        }
    }

    /// `<` and `<=` point one way, `>` and `>=` the other.
    fn direction(self) -> i8 {
        match self {
            Less | LessOrEqual => -1,
            Greater | GreaterOrEqual => 1,
            Equal | NotEqual => 0,
        }
    }

    fn is_strict(self) -> bool {
        matches!(self, Less | Greater)
    }

    /// Whether `a OPERATOR b` is true of versions. Branches compare with `==` and `!=` only,
    /// unless `branches` says that they are ordered like any text.
    pub(crate) fn holds(self, a: &Version, b: &Version, branches: bool) -> bool {
        let (a_branch, b_branch) = (a.is_branch(), b.is_branch());
        if self == NotEqual && (a_branch || b_branch) {
            return a != b;
        }
        if a_branch && b_branch {
            return self == Equal && a == b;
        }
        if !branches && (a_branch || b_branch) {
            return false;
        }
        let order = a.cmp(b);
        match self {
            Equal => order.is_eq(),
            Less => order.is_lt(),
            LessOrEqual => order.is_le(),
            Greater => order.is_gt(),
            GreaterOrEqual => order.is_ge(),
            NotEqual => order.is_ne(),
        }
    }
}

/// What versions are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// Any version at all, branches too: `*`.
    Any,
    /// No version.
    None,
    /// One comparison.
    One(Operator, Version),
    /// All of these, at least two.
    AllOf(Vec<Constraint>),
    /// At least one of these, at least two.
    AnyOf(Vec<Constraint>),
}

impl Constraint {
    /// Reads a constraint.
    ///
    /// ```
    /// use composer::{Constraint, Version};
    /// let constraint = Constraint::parse("^8.2 || ~7.4.0").unwrap();
    /// assert!(constraint.allows(&Version::new("8.3.4.0")));
    /// assert!(!constraint.allows(&Version::new("7.5.0.0")));
    /// ```
    ///
    /// # Errors
    /// Where Composer cannot read it, or it is longer than [`MAX_LENGTH`].
    pub fn parse(text: &str) -> Result<Constraint, Invalid> {
        parse::parse(text)
    }

    /// Exactly this version.
    pub fn exactly(version: Version) -> Constraint {
        Constraint::One(Equal, version)
    }

    /// Whether a version is allowed.
    pub fn allows(&self, version: &Version) -> bool {
        match self {
            Constraint::Any => true,
            Constraint::None => false,
            Constraint::One(operator, bound) => operator.holds(version, bound, false),
            Constraint::AllOf(parts) => parts.iter().all(|part| part.allows(version)),
            Constraint::AnyOf(parts) => parts.iter().any(|part| part.allows(version)),
        }
    }

    /// Whether something is allowed by both. It is not quite symmetric for odd pairs, as in
    /// Composer: `required.matches(&provided)`.
    pub fn matches(&self, other: &Constraint) -> bool {
        match (self, other) {
            (Constraint::Any, _) => true,
            (Constraint::None, _) => false,
            (Constraint::One(operator, version), Constraint::One(other, provided)) => {
                one_matches_one(*operator, version, *other, provided)
            }
            (Constraint::One(..), _) | (Constraint::AllOf(_), Constraint::AnyOf(_)) => {
                other.matches(self)
            }
            (Constraint::AllOf(parts), _) => parts.iter().all(|part| other.matches(part)),
            (Constraint::AnyOf(parts), _) => parts.iter().any(|part| other.matches(part)),
        }
    }
}

fn one_matches_one(
    operator: Operator,
    version: &Version,
    other: Operator,
    provided: &Version,
) -> bool {
    if operator == NotEqual || other == NotEqual {
        if operator == NotEqual && other.direction() != 0 && provided.is_branch() {
            return false;
        }
        if other == NotEqual && operator.direction() != 0 && version.is_branch() {
            return false;
        }
        if operator != Equal && other != Equal {
            return true;
        }
        return NotEqual.holds(provided, version, false);
    }
    if operator.direction() != 0 && operator.direction() == other.direction() {
        return !(version.is_branch() || provided.is_branch());
    }
    let holds = if operator == Equal {
        other.holds(version, provided, false)
    } else {
        operator.holds(provided, version, false)
    };
    // `>= 1` and `< 1` touch, but have nothing in common.
    let touch_only = other.is_strict() && !operator.is_strict() && provided.cmp(version).is_eq();
    holds && !touch_only
}

/// As Composer writes constraints for itself: `[>= 1.0.0.0-dev < 2.0.0.0-dev]`. What reads the
/// same here is the same constraint.
impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Constraint], between: &str| {
            f.write_str("[")?;
            for (position, part) in parts.iter().enumerate() {
                if position > 0 {
                    f.write_str(between)?;
                }
                write!(f, "{part}")?;
            }
            f.write_str("]")
        };
        match self {
            Constraint::Any => f.write_str("*"),
            Constraint::None => f.write_str("[]"),
            Constraint::One(operator, version) => write!(f, "{} {version}", operator.as_str()),
            Constraint::AllOf(parts) => list(f, parts, " "),
            Constraint::AnyOf(parts) => list(f, parts, " || "),
        }
    }
}

#[cfg(test)]
mod tests;
