//! The ranges: `~1.2`, `^1.2`, `1.2.*`, `1.0 - 2.0`.

use super::{Invalid, one};
use crate::Constraint;
use crate::constraint::Operator::{GreaterOrEqual, Less, LessOrEqual};
use crate::version::{self, Modifier, at_end, digits, is_space, strip_prefix_ignoring_case};

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
pub(super) fn tilde(part: &str, into: &mut Vec<Constraint>) -> Result<bool, Invalid> {
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
pub(super) fn caret(part: &str, into: &mut Vec<Constraint>) -> Result<bool, Invalid> {
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
pub(super) fn stars(part: &str, into: &mut Vec<Constraint>) -> bool {
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
pub(super) fn hyphen(part: &str, into: &mut Vec<Constraint>) -> Result<bool, Invalid> {
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
