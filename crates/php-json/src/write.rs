//! Writing.

use std::fmt::Write as _;

use crate::Value;

/// How a value is written. Both are PHP's `JSON_PRETTY_PRINT`: four spaces, one member a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As `json_encode` does: slashes are escaped, and so is all that is not ASCII.
    Plain,
    /// As Composer's own files are: slashes and letters of all scripts stand as they are.
    Composer,
}

/// Writes a value; without a newline at the end.
#[must_use]
pub fn to_string(value: &Value, style: Style) -> String {
    let mut text = String::new();
    write(value, style, 0, &mut text);
    text
}

/// Writes a value on one line, as `json_encode` does without options.
#[must_use]
pub fn to_compact(value: &Value) -> String {
    let mut text = String::new();
    write_compact(value, &mut text);
    text
}

fn write_compact(value: &Value, text: &mut String) {
    match value {
        Value::List(list) => {
            text.push('[');
            for (at, item) in list.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                write_compact(item, text);
            }
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (at, (key, item)) in object.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                write_string(key, Style::Plain, text);
                text.push(':');
                write_compact(item, text);
            }
            text.push('}');
        }
        plain => write(plain, Style::Plain, 0, text),
    }
}

fn write(value: &Value, style: Style, depth: usize, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => write_number(number, text),
        Value::String(string) => write_string(string, style, text),
        Value::List(list) if list.is_empty() => text.push_str("[]"),
        Value::Object(object) if object.is_empty() => text.push_str("{}"),
        Value::List(list) => {
            text.push('[');
            for (at, item) in list.iter().enumerate() {
                separate(at, depth + 1, text);
                write(item, style, depth + 1, text);
            }
            indent(depth, text);
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (at, (key, item)) in object.iter().enumerate() {
                separate(at, depth + 1, text);
                write_string(key, style, text);
                text.push_str(": ");
                write(item, style, depth + 1, text);
            }
            indent(depth, text);
            text.push('}');
        }
    }
}

/// As PHP has it after reading: whole numbers are 64 bits wide, and all others are floating, written
/// with as few digits as tell them apart, and without a point where nothing follows it.
fn write_number(number: &str, text: &mut String) {
    if number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && let Ok(whole) = number.parse::<i64>()
    {
        let _ = write!(text, "{whole}");
        return;
    }
    let Some(float) = number.parse::<f64>().ok().filter(|float| float.is_finite()) else {
        text.push_str(number);
        return;
    };
    // More than seventeen digits are written with an exponent, and so are small fractions.
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if float != 0.0 && !(-4..17).contains(&exponent) => {
            let point = if digits.contains('.') { "" } else { ".0" };
            let _ = write!(text, "{digits}{point}e{exponent:+}");
        }
        _ => {
            let _ = write!(text, "{float}");
        }
    }
}

fn separate(at: usize, depth: usize, text: &mut String) {
    if at > 0 {
        text.push(',');
    }
    indent(depth, text);
}

fn indent(depth: usize, text: &mut String) {
    text.push('\n');
    text.extend(std::iter::repeat_n("    ", depth));
}

fn write_string(string: &str, style: Style, text: &mut String) {
    text.push('"');
    for letter in string.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '/' if style == Style::Plain => text.push_str("\\/"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\0'..' ' => escape(letter, text),
            // These two end a line in JavaScript, for which PHP escapes them in any style.
            '\u{2028}' | '\u{2029}' => escape(letter, text),
            _ if letter.is_ascii() || style == Style::Composer => text.push(letter),
            _ => escape(letter, text),
        }
    }
    text.push('"');
}

fn escape(letter: char, text: &mut String) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        // Writing to a string does not fail.
        let _ = write!(text, "\\u{unit:04x}");
    }
}
