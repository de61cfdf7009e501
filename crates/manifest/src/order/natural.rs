//! Natural order, run by run.

use std::cmp::Ordering;

/// Compares two strings in natural order, as the [module](super) has it.
#[must_use]
pub fn natural(left: &str, right: &str) -> Ordering {
    // Bytes are in the order of the code points that they encode.
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let start = shared_runs(left, right);
    let (mut left, mut right) = (&left[start..], &right[start..]);
    loop {
        let text = take_text(&mut left).cmp(take_text(&mut right));
        if text.is_ne() {
            return text;
        }
        let number = match (take_number(&mut left), take_number(&mut right)) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
        };
        if number.is_ne() {
            return number;
        }
        if left.is_empty() || right.is_empty() {
            return left.len().min(1).cmp(&right.len().min(1));
        }
    }
}

/// How many bytes the runs are long that both begin with: up to where the first run starts that
/// may differ.
fn shared_runs(left: &[u8], right: &[u8]) -> usize {
    let shared = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    let shared = &left[..shared];
    let digit = shared.last().is_some_and(u8::is_ascii_digit);
    shared.iter().rposition(|byte| byte.is_ascii_digit() != digit).map_or(0, |before| before + 1)
}

/// Takes the run of characters that are no digits off the front; it may be empty.
fn take_text<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(u8::is_ascii_digit).unwrap_or(rest.len());
    let (run, tail) = rest.split_at(end);
    *rest = tail;
    run
}

/// Takes the run of digits off the front, without its leading zeros.
fn take_number<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    if end == 0 {
        return None;
    }
    let (run, tail) = rest.split_at(end);
    *rest = tail;
    let zeros = run.iter().take_while(|digit| **digit == b'0').count();
    Some(&run[zeros..])
}

#[cfg(test)]
mod tests;
