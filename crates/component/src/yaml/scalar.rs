//! What a plain word of YAML means.

use super::Error;
use crate::value::{Number, Value};

/// The value that an unquoted word stands for.
pub(super) fn plain(text: &str) -> Result<Value, Error> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    if looks_like_a_word(text) || text.contains('\n') {
        return Ok(word(text));
    }
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        ".inf" | "+.inf" => return Ok(float(text, f64::INFINITY)),
        "-.inf" => return Ok(float(text, f64::NEG_INFINITY)),
        ".nan" => return Ok(float(text, f64::NAN)),
        _ => {}
    }
    if is_time(text) {
        return Err(Error::NotPlain("Time"));
    }
    if is_date(text) {
        return Err(Error::NotPlain("Date"));
    }
    if text.starts_with(':') && text.len() > 1 {
        return Err(Error::NotPlain("Symbol"));
    }
    let number = sixties(text).or_else(|| decimal_point(text)).or_else(|| whole(text));
    Ok(number.unwrap_or_else(|| Value::Text(text.to_owned())))
}

/// What `!!float` makes of a word.
pub(super) fn tagged_float(text: &str) -> Result<Value, Error> {
    match plain(text)? {
        Value::Number(Number { written, shown, .. }) => {
            let point = if shown.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) {
                ".0"
            } else {
                ""
            };
            Ok(Value::Number(Number { written, shown: shown + point, whole: false }))
        }
        _ => Err(Error::Syntax(format!("'{text}' is no number"))),
    }
}

/// Whether it begins as no number does: then it can only be a word with a meaning, or a text.
fn looks_like_a_word(text: &str) -> bool {
    let of_words = |letter: char| {
        letter.is_alphabetic()
            || letter.is_ascii_whitespace()
            || "_!@#$%^&*(){}<>|/\\~;=".contains(letter)
    };
    let mut letters = text.chars();
    let (first, second) = (letters.next(), letters.next());
    first.is_some_and(of_words)
        || (first.is_some_and(|c| !c.is_ascii_digit() && !".:-".contains(c))
            && second.is_some_and(of_words))
}

fn word(text: &str) -> Value {
    match text.to_ascii_lowercase().as_str() {
        "~" | "null" => Value::Null,
        "yes" | "true" | "on" => Value::Bool(true),
        "no" | "false" | "off" => Value::Bool(false),
        _ => Value::Text(text.to_owned()),
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2001-12-14`, valid or not.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    let within = |part: &str, most: u32| {
        (1..=2).contains(&part.len())
            && all_digits(part)
            && part.parse::<u32>().is_ok_and(|number| number <= most)
    };
    year.len() == 4 && all_digits(year) && within(month, 12) && within(day, 31)
}

/// `2001-12-14 21:59:43.10 -5`, valid or not.
fn is_time(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let Some((date, time)) = text.split_once(['T', 't', ' ', '\t']) else {
        return false;
    };
    let date: Vec<&str> = date.split('-').collect();
    let dated = matches!(date[..], [year, month, day] if year.len() == 4
        && [month, day].iter().all(|part| (1..=2).contains(&part.len()))
        && date.iter().all(|part| all_digits(part)));
    let time = time.trim_start();
    let clock: String =
        time.chars().take_while(|letter| letter.is_ascii_digit() || *letter == ':').collect();
    let parts: Vec<&str> = clock.splitn(3, ':').collect();
    let clocked = matches!(parts[..], [hour, minute, second]
        if (1..=2).contains(&hour.len()) && minute.len() == 2 && second.len() == 2
            && parts.iter().all(|part| all_digits(part)));
    let rest = &time[clock.len()..];
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|letter: char| letter.is_ascii_digit()),
        None => rest,
    };
    let zone = rest.trim_start();
    let zoned = match zone.strip_prefix(['-', '+']) {
        None => zone.is_empty() || zone == "Z",
        Some(offset) => {
            let (hours, minutes) = match offset.split_once(':') {
                Some(parts) => parts,
                None if offset.len() > 2 => offset.split_at(offset.len() - 2),
                None => (offset, ""),
            };
            (1..=2).contains(&hours.len())
                && [0, 2].contains(&minutes.len())
                && all_digits(hours)
                && all_digits(minutes)
        }
    };
    dated && clocked && zoned
}

/// Base 60: `190:20:30`, `1:30.5`. Of two parts the first counts hours.
fn sixties(text: &str) -> Option<Value> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let (first, others) = parts.split_first()?;
    let digits = unsigned(first);
    if !digits.starts_with(|c: char| c.is_ascii_digit())
        || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    {
        return None;
    }
    let (last, middle) = others.split_last()?;
    let (last_whole, fraction) = match last.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (*last, None),
    };
    let of_sixty = |part: &str| {
        (1..=2).contains(&part.len())
            && all_digits(part)
            && part.parse::<u8>().is_ok_and(|n| n < 60)
    };
    if !middle.iter().all(|part| of_sixty(part)) || !of_sixty(last_whole) {
        return None;
    }
    match fraction {
        None => {
            let mut sum: i128 = 0;
            for (part, weight) in parts.iter().zip([3600, 60, 1]) {
                let number: i128 = clean(part).parse().ok()?;
                sum = sum.checked_add(number.checked_mul(weight)?)?;
            }
            Some(int(text, sum))
        }
        Some(fraction) if fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') => {
            let mut sum = 0.0;
            for (part, weight) in parts.iter().zip([3600.0, 60.0, 1.0]) {
                let number: f64 = clean(part).trim_end_matches('.').parse().ok()?;
                sum += number * weight;
            }
            Some(float(text, sum))
        }
        Some(_) => None,
    }
}

fn clean(text: &str) -> String {
    text.strip_prefix('+').unwrap_or(text).replace(['_', ','], "")
}

/// `1.5`, `.5`, `1.`, `1.5e+3`. An exponent needs its sign.
fn decimal_point(text: &str) -> Option<Value> {
    let (before, after) = unsigned(text).split_once('.')?;
    let well_begun = before.is_empty()
        || (before.starts_with(|c: char| c.is_ascii_digit())
            && before.bytes().all(|b| b.is_ascii_digit() || b == b'_' || b == b','));
    let (fraction, exponent) = match after.find(['e', 'E']) {
        Some(at) => (&after[..at], Some(&after[at + 1..])),
        None => (after, None),
    };
    let exponent_is_well = exponent.is_none_or(|exponent| {
        exponent.strip_prefix(['-', '+']).is_some_and(|n| !n.is_empty() && all_digits(n))
    });
    if !well_begun || !all_digits(fraction) || !exponent_is_well {
        return None;
    }
    if before.is_empty() && fraction.is_empty() {
        return None;
    }
    clean(text).parse().ok().map(|number| float(text, number))
}

/// `12`, `1_000`, `1,000`, `0x1F`, `010`, `0b11`.
fn whole(text: &str) -> Option<Value> {
    let digits = unsigned(text);
    let negative = text.starts_with('-');
    let with_base = |digits: &str, base: u32| {
        let known = |c: char| c.is_digit(base) || c == '_' || c == ',';
        if digits.is_empty() || !digits.chars().all(known) {
            return None;
        }
        let number = i128::from_str_radix(&clean(digits), base).ok()?;
        Some(int(text, if negative { -number } else { number }))
    };
    if let Some(digits) = digits.strip_prefix("0b") {
        return with_base(digits, 2);
    }
    if let Some(digits) = digits.strip_prefix("0x") {
        return with_base(digits, 16);
    }
    if digits == "0" {
        return Some(int(text, 0));
    }
    if digits.starts_with('0') {
        return with_base(digits, 8);
    }
    let mut before = '_';
    for digit in digits.chars() {
        let separates = digit == '_' || digit == ',';
        if !(digit.is_ascii_digit() || separates) || (separates && !before.is_ascii_digit()) {
            return None;
        }
        before = digit;
    }
    if !before.is_ascii_digit() {
        return None;
    }
    let shown = clean(text);
    Some(Value::Number(Number { written: text.to_owned(), shown, whole: true }))
}

fn int(written: &str, number: i128) -> Value {
    Value::Number(Number { written: written.to_owned(), shown: number.to_string(), whole: true })
}

fn float(written: &str, number: f64) -> Value {
    Value::Number(Number { written: written.to_owned(), shown: shown(number), whole: false })
}

/// A floating point number with the fewest digits that mean it, always with a point.
fn shown(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number == 0.0 || (-4..15).contains(&exponent) {
        return format!("{number:?}");
    }
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{point}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line of the table: a word, its type, its value as Ruby shows it.
    #[test]
    fn words_mean_what_ruby_reads() {
        let table = include_str!("../../tests/data/yaml-words.tsv");
        assert!(table.lines().count() > 500);
        for line in table.lines() {
            let [text, class, shown] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {line}");
            };
            let (found_class, found) = match plain(text) {
                Ok(Value::Null) => ("nil", String::new()),
                Ok(Value::Bool(bool)) => ("bool", bool.to_string()),
                Ok(Value::Number(number)) if number.whole => ("Integer", number.shown),
                Ok(Value::Number(number)) => ("Float", number.shown),
                Ok(Value::Text(text)) => ("String", text),
                Ok(other) => panic!("{other:?}"),
                Err(_) => ("refused", String::new()),
            };
            assert_eq!((found_class, found.as_str()), (class, shown), "{text}");
        }
    }
}
