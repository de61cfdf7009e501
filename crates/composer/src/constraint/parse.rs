//! Reading constraints.
//!
//! The grammar is Composer's, which is a row of patterns tried one after the other; so is this.

use super::Constraint;
use super::Operator::{self, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
use crate::version::{
    self, Modifier, Stability, Version, at_end, digits, is_space, strip_prefix_ignoring_case,
    strip_suffix_ignoring_case, trim,
};

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
    if tilde(part, into)? || caret(part, into)? || stars(part, into) || hyphen(part, into)? {
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

/// The version in a tilde, caret or hyphen range.
struct Bound<'t> {
    /// Its numbers; those that are not there are empty.
    numbers: [&'t str; 4],
    modifier: Modifier<'t>,
    /// Whether it ends in `.x-dev`.
    branch: bool,
}

impl<'t> Bound<'t> {
    /// Reads one, up to a space or the end; the rest comes back.
    fn read(text: &'t str) -> Option<(Self, &'t str)> {
        let (first, mut rest) = digits(text.strip_prefix(['v', 'V']).unwrap_or(text))?;
        let mut numbers = [first, "", "", ""];
        for number in &mut numbers[1..] {
            let Some((next, after)) = rest.strip_prefix('.').and_then(digits) else { break };
            *number = next;
            rest = after;
        }
        let ends = |rest: &'t str| {
            let rest = match rest.strip_prefix('+') {
                Some(build) => {
                    let end = build.find(is_space).unwrap_or(build.len());
                    if end == 0 {
                        return None;
                    }
                    &build[end..]
                }
                None => rest,
            };
            (at_end(rest) || rest.starts_with(' ')).then_some(rest)
        };
        let (modifier, after) = Modifier::read(rest);
        if let Some(after) = ends(after) {
            return Some((Bound { numbers, modifier, branch: false }, after));
        }
        let star = rest.strip_prefix('.')?.strip_prefix(['x', 'X', '*'])?;
        let star = star.strip_prefix(['.', '-']).unwrap_or(star);
        let after = ends(strip_prefix_ignoring_case(star, "dev")?)?;
        Some((Bound { numbers, modifier: Modifier::default(), branch: true }, after))
    }

    /// How many numbers it has.
    fn precision(&self) -> usize {
        self.numbers.iter().take_while(|number| !number.is_empty()).count()
    }

    fn is_plain(&self) -> bool {
        self.modifier.is_empty() && !self.branch
    }

    /// The first version that is not below this one any more, counted at a position from 1.
    fn above(&self, position: usize) -> String {
        above(&self.numbers, position)
    }
}

/// The numbers up to a position, that one higher by one, and zeros: `-dev`, so that even the
/// earliest version there is no longer below.
fn above(numbers: &[&str; 4], position: usize) -> String {
    let mut version = String::new();
    for (index, number) in numbers.iter().enumerate() {
        if index > 0 {
            version.push('.');
        }
        if index + 1 > position {
            version.push('0');
        } else if index + 1 == position {
            version.push_str(&plus_one(number));
        } else {
            version.push_str(number);
        }
    }
    version + "-dev"
}

/// As PHP adds to a number in a text: beyond 64 bits it becomes a floating-point number.
fn plus_one(number: &str) -> String {
    if let Some(next) = number.parse::<i64>().ok().and_then(|number| number.checked_add(1)) {
        return next.to_string();
    }
    let number = number.parse::<f64>().unwrap_or(f64::INFINITY) + 1.0;
    if number.is_infinite() {
        return "INF".to_owned();
    }
    // 14 significant digits, and at least one behind the point.
    let text = format!("{number:.13e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = mantissa.trim_end_matches('0');
    let zero = if mantissa.ends_with('.') { "0" } else { "" };
    format!("{mantissa}{zero}E+{exponent}")
}

/// `~1.2.3`: at least that, below 1.3.
fn tilde(part: &str, into: &mut Vec<Constraint>) -> Result<bool, Invalid> {
    let Some(rest) = part.strip_prefix('~') else { return Ok(false) };
    let (bound, after) = match Bound::read(rest.strip_prefix('>').unwrap_or(rest)) {
        Some((bound, after)) => (bound, after),
        None => return Ok(false),
    };
    if !at_end(after) {
        return Ok(false);
    }
    if rest.starts_with('>') {
        return Err(Invalid::Operator(part.to_owned()));
    }
    let position = bound.precision() + usize::from(bound.branch);
    into.push(one(GreaterOrEqual, &low(rest, &bound)?));
    into.push(one(Less, &bound.above(position.saturating_sub(1).max(1))));
    Ok(true)
}

/// `^1.2.3`: at least that, and nothing with another first number that is not zero.
fn caret(part: &str, into: &mut Vec<Constraint>) -> Result<bool, Invalid> {
    let Some(rest) = part.strip_prefix('^') else { return Ok(false) };
    let Some((bound, after)) = Bound::read(rest) else { return Ok(false) };
    if !at_end(after) {
        return Ok(false);
    }
    let [first, second, third, _] = bound.numbers;
    let position = if first != "0" || second.is_empty() {
        1
    } else if second != "0" || third.is_empty() {
        2
    } else {
        3
    };
    into.push(one(GreaterOrEqual, &low(rest, &bound)?));
    into.push(one(Less, &bound.above(position)));
    Ok(true)
}

/// The lower end of a range: without a suffix, unstable versions of it are in.
fn low(text: &str, bound: &Bound<'_>) -> Result<String, Invalid> {
    let suffix = if bound.is_plain() { "-dev" } else { "" };
    Ok(version::normalize(&format!("{text}{suffix}"))?)
}

/// `1.2.*`.
fn stars(part: &str, into: &mut Vec<Constraint>) -> bool {
    let line = part.strip_suffix('\n').unwrap_or(part);
    let Some((first, mut rest)) = digits(line.strip_prefix('v').unwrap_or(line)) else {
        return false;
    };
    let mut numbers = [first, "", "", ""];
    for number in &mut numbers[1..3] {
        let Some((next, after)) = rest.strip_prefix('.').and_then(digits) else { break };
        *number = next;
        rest = after;
    }
    let star = |star: &str| matches!(star, "x" | "X" | "*");
    if !rest.strip_prefix('.').is_some_and(|rest| rest.split('.').all(star)) {
        return false;
    }
    let position = numbers.iter().take_while(|number| !number.is_empty()).count();
    let padded = numbers.map(|number| if number.is_empty() { "0" } else { number });
    let low = format!("{}-dev", padded.join("."));
    if low != "0.0.0.0-dev" {
        into.push(one(GreaterOrEqual, &low));
    }
    into.push(one(Less, &above(&numbers, position)));
    true
}

/// `1.0 - 2.0`: both ends are in, and all that begins like the upper one.
fn hyphen(part: &str, into: &mut Vec<Constraint>) -> Result<bool, Invalid> {
    let Some((from, after)) = Bound::read(part) else { return Ok(false) };
    let from_text = &part[..part.len() - after.len()];
    let trimmed = after.trim_start_matches(' ');
    let Some(to_text) = trimmed.strip_prefix('-') else { return Ok(false) };
    let to_text_trimmed = to_text.trim_start_matches(' ');
    if trimmed.len() == after.len() || to_text_trimmed.len() == to_text.len() {
        return Ok(false);
    }
    let Some((to, after)) = Bound::read(to_text_trimmed) else { return Ok(false) };
    if !at_end(after) {
        return Ok(false);
    }
    let to_text = &to_text_trimmed[..to_text_trimmed.len() - after.len()];
    let suffix = if from.is_plain() { "-dev" } else { "" };
    into.push(one(GreaterOrEqual, &(version::normalize(from_text)? + suffix)));
    let high = version::normalize(to_text)?;
    if to.precision() > 2 || !to.is_plain() {
        into.push(one(LessOrEqual, &high));
    } else {
        into.push(one(Less, &to.above(to.precision())));
    }
    Ok(true)
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
