//! Reading constraints.
//!
//! The grammar is Composer's, which is a row of patterns tried one after the other; so is this.

use super::Constraint;
use super::Operator::{self, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
use crate::version::{
    self, Modifier, Stability, Version, at_end, is_space, strip_prefix_ignoring_case,
    strip_suffix_ignoring_case, trim,
};

mod range;
pub(crate) mod split;

/// Longer constraints are refused: no package has one, and matching two costs the product of
/// their parts.
pub const MAX_LENGTH: usize = 4 * 1024;

/// Not a constraint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// One of its parts says nothing.
    #[error("Could not parse version constraint {part}: {source}")]
    Version {
        /// The part.
        part: String,
        /// The version in it.
        source: version::Invalid,
    },
    /// Ruby's operator.
    #[error(
        "Could not parse version constraint {0}: Invalid operator \"~>\", you probably meant to \
         use the \"~\" operator"
    )]
    Operator(String),
    /// A version inside a range is none.
    #[error(transparent)]
    Bound(#[from] version::Invalid),
    /// It is longer than [`MAX_LENGTH`].
    #[error("Could not parse version constraint: it is longer than {MAX_LENGTH} bytes")]
    TooLong,
}

pub(super) fn parse(text: &str) -> Result<Constraint, Invalid> {
    if text.len() > MAX_LENGTH {
        return Err(Invalid::TooLong);
    }
    let mut alternatives = Vec::new();
    for alternative in split::alternatives(trim(text)) {
        let mut parts = Vec::new();
        for part in split::parts(alternative) {
            parse_part(part, &mut parts)?;
        }
        alternatives.push(all_of(parts));
    }
    Ok(any_of(alternatives))
}

/// All of these.
pub(crate) fn all_of(mut parts: Vec<Constraint>) -> Constraint {
    match parts.len() {
        0 => Constraint::Any,
        1 => parts.remove(0),
        _ => Constraint::AllOf(parts),
    }
}

/// At least one of these; ranges that touch, in this order, become one.
pub(crate) fn any_of(parts: Vec<Constraint>) -> Constraint {
    let mut merged: Vec<Constraint> = Vec::with_capacity(parts.len());
    for part in parts {
        if let Some(joined) = merged.last().and_then(|last| join(last, &part)) {
            merged.pop();
            merged.push(joined);
        } else {
            merged.push(part);
        }
    }
    match merged.len() {
        0 => Constraint::Any,
        1 => merged.remove(0),
        _ => Constraint::AnyOf(merged),
    }
}

/// `>= 1 < 2` and `>= 2 < 3` are `>= 1 < 3`.
fn join(left: &Constraint, right: &Constraint) -> Option<Constraint> {
    let range = |constraint: &Constraint| match constraint {
        Constraint::AllOf(parts) => match parts.as_slice() {
            [Constraint::One(GreaterOrEqual, low), Constraint::One(upper, high)]
                if matches!(upper, Less | LessOrEqual) =>
            {
                Some((low.clone(), *upper, high.clone()))
            }
            _ => None,
        },
        _ => None,
    };
    let (low, upper, border) = range(left)?;
    let (next, last, high) = range(right)?;
    // Composer compares the texts behind the operators, so that `<=` never joins.
    (upper == Less && border == next).then(|| {
        Constraint::AllOf(vec![Constraint::One(GreaterOrEqual, low), Constraint::One(last, high)])
    })
}

fn one(operator: Operator, version: &str) -> Constraint {
    Constraint::One(operator, Version::new(version))
}

fn parse_part(text: &str, into: &mut Vec<Constraint>) -> Result<(), Invalid> {
    let mut part = version::alias_source(text).unwrap_or(text);
    let mut flag = "";
    if let Some((before, name)) = flagged(part) {
        part = if before.is_empty() { "*" } else { before };
        if name != "stable" {
            flag = name;
        }
    }
    let part = without_reference(part);
    if let Some(everything) = wildcard(part) {
        into.push(everything);
        return Ok(());
    }
    if range::tilde(part, into)?
        || range::caret(part, into)?
        || range::stars(part, into)
        || range::hyphen(part, into)?
    {
        return Ok(());
    }
    into.push(comparison(part, flag)?);
    Ok(())
}

/// `1.0@beta` in two.
fn flagged(part: &str) -> Option<(&str, &str)> {
    let (before, name) = part.strip_suffix('\n').unwrap_or(part).rsplit_once('@')?;
    Stability::from_flag(name)?;
    (!before.contains(|c: char| c == ',' || is_space(c))).then_some((before, name))
}

/// `dev-main#a1b2c3` without the commit.
fn without_reference(part: &str) -> &str {
    let forbidden = |c: char| c == ',' || c == '@' || is_space(c);
    let head = &part[..part.find(forbidden).unwrap_or(part.len())];
    let one_line = |at: usize| {
        let rest = &part[at + 1..];
        let rest = rest.strip_suffix('\n').unwrap_or(rest);
        !rest.is_empty() && !rest.contains('\n')
    };
    if strip_prefix_ignoring_case(head, "dev-").is_some() {
        let found = head.bytes().enumerate().skip(5).find(|(_, byte)| *byte == b'#');
        if let Some((at, _)) = found
            && one_line(at)
        {
            return &part[..at];
        }
    }
    for (at, _) in head.match_indices('#') {
        let branch = strip_suffix_ignoring_case(&head[..at], ".x-dev");
        if branch.is_some_and(|branch| !branch.is_empty()) && one_line(at) {
            return &part[..at];
        }
    }
    part
}

/// `*`, `x.x`: everything; with a `v` or a dot, all that has numbers.
fn wildcard(part: &str) -> Option<Constraint> {
    let line = part.strip_suffix('\n').unwrap_or(part);
    let (numbers, line) = match line.strip_prefix(['v', 'V']) {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    if !line.split('.').all(|star| matches!(star, "x" | "X" | "*")) {
        return None;
    }
    if numbers || line.len() > 1 {
        return Some(one(GreaterOrEqual, "0.0.0.0-dev"));
    }
    Some(Constraint::Any)
}

/// `>=1.2`, `!=1.0`, `1.0`, `dev-main`.
fn comparison(part: &str, flag: &str) -> Result<Constraint, Invalid> {
    const OPERATORS: [(&str, Operator); 8] = [
        ("<>", NotEqual),
        ("!=", NotEqual),
        (">=", GreaterOrEqual),
        (">", Greater),
        ("<=", LessOrEqual),
        ("<", Less),
        ("==", Equal),
        ("=", Equal),
    ];
    let (operator, rest) = OPERATORS
        .iter()
        .find_map(|(text, operator)| Some((*operator, part.strip_prefix(text)?)))
        .unwrap_or((Equal, part));
    let rest = rest.trim_start_matches(is_space);
    let rest = rest.split('\n').next().unwrap_or(rest);
    let normalized = version::normalize(rest).or_else(|error| {
        // `foo-dev` was meant to be `dev-foo`.
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/');
        match rest.strip_suffix("-dev") {
            Some(branch) if rest.chars().all(name) => version::normalize(&format!("dev-{branch}")),
            _ => Err(error),
        }
    });
    let mut version =
        normalized.map_err(|source| Invalid::Version { part: part.to_owned(), source })?;
    if operator != Equal && !flag.is_empty() && Stability::of(&version) == Stability::Stable {
        version = format!("{version}-{flag}");
    } else if matches!(operator, Less | GreaterOrEqual)
        && !has_modifier(rest)
        && !rest.starts_with("dev-")
    {
        version.push_str("-dev");
    }
    Ok(one(operator, &version))
}

/// Whether a modifier is written behind a hyphen. (`-RC1` is none here: Composer looks for `RC`
/// in a text that it has turned to lower case.)
fn has_modifier(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.match_indices('-').any(|(at, _)| {
        let (_, rest) = Modifier::read_exact(&lower[at + 1..]);
        at_end(rest)
    })
}
