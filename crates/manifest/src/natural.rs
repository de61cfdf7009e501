//! Natural order: `8.3.10` stands after `8.3.9`.

use std::cmp::Ordering;

/// Compares two strings in natural order.
///
/// A string is a row of runs, digits and other characters in turn; runs of digits compare as
/// numbers of any size, other runs by code point. A string that starts with a digit is compared
/// as if an empty run stood in front of it. A prefix is smaller. Strings that differ in leading
/// zeros only (`1.0`, `1.00`) are equal here: where such a tie must not stay open, the caller
/// breaks it.
#[must_use]
pub fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let text = take_text(&mut left).cmp(take_text(&mut right));
        if text.is_ne() {
            return text;
        }
        let number = match (take_number(&mut left), take_number(&mut right)) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => compare_numbers(left, right),
        };
        if number.is_ne() {
            return number;
        }
        if left.is_empty() || right.is_empty() {
            return left.len().min(1).cmp(&right.len().min(1));
        }
    }
}

/// Takes the run of characters that are no digits off the front; it may be empty.
fn take_text<'a>(rest: &mut &'a str) -> &'a str {
    let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
    let (run, tail) = rest.split_at(end);
    *rest = tail;
    run
}

/// Takes the run of digits off the front, without its leading zeros.
fn take_number<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if end == 0 {
        return None;
    }
    let (run, tail) = rest.split_at(end);
    *rest = tail;
    Some(run.trim_start_matches('0'))
}

fn compare_numbers(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests;
