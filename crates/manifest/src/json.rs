//! JSON as the repositories hold it: read with positions, written with the bytes that Python's
//! `json.dump(…, sort_keys=True)` gives.
//!
//! Two generations of tools work on one bucket; with equal bytes neither sees a difference where
//! there is none. The rules: keys sorted by code point, `", "` and `": "`, everything outside
//! `' '..='~'` escaped as `\uXXXX` (surrogate pairs above U+FFFF), integers kept digit for digit,
//! floats in the shortest form that reads back as the same value, no newline at the end.

use std::io;

use serde::Serialize as _;
use serde_json::ser::{CharEscape, Formatter, Serializer};

pub(crate) mod text;

/// How deep objects and lists may be nested in a manifest.
pub const MAX_DEPTH: usize = 256;

/// How deep they may be nested in any text: a manifest stands three levels deep in an index.
const MAX_TEXT_DEPTH: usize = MAX_DEPTH + 3;

pub use serde_json::{Map, Value};

/// A JSON object. Its keys are sorted by code point.
pub type Object = Map<String, Value>;

/// Text that is not the JSON that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line} column {column}")]
pub struct Error {
    /// What is wrong, without the position.
    pub message: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in bytes, counted from 1.
    pub column: usize,
}

impl Error {
    fn at(text: &[u8], offset: usize, message: impl Into<String>) -> Self {
        let before = &text[..offset.min(text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        Error { message: message.into(), line, column: before.len() - start + 1 }
    }

    fn from_serde(source: &serde_json::Error) -> Self {
        let (line, column) = (source.line().max(1), source.column().max(1));
        let text = source.to_string();
        let position = format!(" at line {} column {}", source.line(), source.column());
        let message = match text.strip_suffix(&position).unwrap_or(&text) {
            // What the library says of the only place that it looks for a second escape at.
            "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
                "half of a surrogate pair on its own"
            }
            message => message,
        };
        Error { message: message.to_owned(), line, column }
    }
}

/// Reads one JSON text.
///
/// Of a key that occurs twice the last value counts, as in Python. Numbers keep their digits.
/// Beyond JSON, `Infinity` and `-Infinity` are read, since Python's writer (and so [`to_bytes`])
/// produces them for numbers that no float can hold.
///
/// # Errors
/// Where the text is not UTF-8 or begins with a byte order mark, is not JSON, is nested deeper than
/// a few levels more than [`MAX_DEPTH`], or has half of a surrogate pair (`\ud800`) on its own.
pub fn parse(text: impl AsRef<[u8]>) -> Result<Value, Error> {
    let bytes = text.as_ref();
    if bytes.starts_with(BYTE_ORDER_MARK) {
        return Err(Error::at(bytes, 0, "a byte order mark stands before the text"));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Error::at(bytes, error.valid_up_to(), "invalid UTF-8"))?;
    check_depth(bytes, MAX_TEXT_DEPTH)?;
    match read(text) {
        Ok(value) => Ok(value),
        Err(error) => match finite(text) {
            Some(text) => read(&text).map_err(|error| Error::from_serde(&error)),
            None => Err(Error::from_serde(&error)),
        },
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

fn read(text: &str) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    // It has been looked at before: the library's own limit is lower.
    reader.disable_recursion_limit();
    let value = serde::Deserialize::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Checks that objects and lists are nested no deeper than so many levels.
pub(crate) fn check_depth(text: &[u8], limit: usize) -> Result<(), Error> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (offset, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' if depth == limit => {
                return Err(Error::at(text, offset, format!("nested deeper than {limit} levels")));
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Reads one JSON text that has to be an object.
///
/// # Errors
/// As [`parse`], and where the text is another JSON value; the position is that of the value.
pub fn parse_object(text: impl AsRef<[u8]>) -> Result<Object, Error> {
    let text = text.as_ref();
    match parse(text)? {
        Value::Object(object) => Ok(object),
        _ => {
            let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
            Err(Error::at(text, start, "expected an object"))
        }
    }
}

/// Whether a text has `Infinity` outside strings.
pub(crate) fn holds_infinity(text: &str) -> bool {
    text.contains("Infinity") && finite(text).is_some()
}

/// Replaces each `Infinity` outside strings by a number of the same length that no float holds;
/// `None` where there is none.
fn finite(text: &str) -> Option<String> {
    const TOKEN: &[u8] = b"Infinity";
    const NUMBER: &[u8] = b"1e999999";
    let text = text.as_bytes();
    let mut changed: Option<Vec<u8>> = None;
    let (mut in_string, mut escaped) = (false, false);
    for (offset, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'I' if !in_string && text[offset..].starts_with(TOKEN) => {
                let copy = changed.get_or_insert_with(|| text.to_vec());
                copy[offset..offset + TOKEN.len()].copy_from_slice(NUMBER);
            }
            _ => {}
        }
    }
    // One ASCII text has taken the place of another.
    changed.and_then(|text| String::from_utf8(text).ok())
}

/// Whether two values are equal to Python: `1`, `1.0` and `true` are one number to it.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|((l, left), (r, right))| l == r && same(left, right))
        }
        _ => {
            left == right
                || number(left).zip(number(right)).is_some_and(|(l, r)| same_number(&l, &r))
        }
    }
}

/// The text of what is a number to Python.
fn number(value: &Value) -> Option<String> {
    match value {
        Value::Bool(truth) => Some(u8::from(*truth).to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn same_number(left: &str, right: &str) -> bool {
    let is_float = |number: &str| number.contains(['.', 'e', 'E']);
    if is_float(left) || is_float(right) {
        return left.parse::<f64>().is_ok_and(|left| right.parse() == Ok(left));
    }
    let zero = |number| if number == "-0" { "0" } else { number };
    zero(left) == zero(right)
}

/// The bytes of a value, as Python's `json.dump(value, file, sort_keys=True)` writes them.
#[must_use]
pub fn to_bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    write(&mut bytes, value);
    bytes
}

/// Appends the bytes of a value to a buffer; see [`to_bytes`].
pub fn write(buffer: &mut Vec<u8>, value: &Value) {
    let written = value.serialize(&mut Serializer::with_formatter(&mut *buffer, Python));
    // Writing to memory cannot fail, and every key of a `Value` is a string.
    debug_assert!(written.is_ok(), "{written:?}");
}

/// Appends the bytes of an object to a buffer; see [`to_bytes`].
pub fn write_object(buffer: &mut Vec<u8>, object: &Object) {
    let written = object.serialize(&mut Serializer::with_formatter(&mut *buffer, Python));
    debug_assert!(written.is_ok(), "{written:?}");
}

/// Appends a string in quotes to a buffer; see [`to_bytes`].
pub fn write_string(buffer: &mut Vec<u8>, text: &str) {
    if text::plain_length(text.as_bytes()) == text.len() {
        buffer.push(b'"');
        buffer.extend_from_slice(text.as_bytes());
        buffer.push(b'"');
        return;
    }
    let written = text.serialize(&mut Serializer::with_formatter(&mut *buffer, Python));
    debug_assert!(written.is_ok(), "{written:?}");
}

/// The form of Python's default encoder.
struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        separate(writer, first)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_number_str<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        number: &str,
    ) -> io::Result<()> {
        if number == "-0" {
            return writer.write_all(b"0");
        }
        if !number.contains(['.', 'e', 'E']) {
            return writer.write_all(number.as_bytes());
        }
        match number.parse::<f64>() {
            Ok(float) => writer.write_all(python_float(float).as_bytes()),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| !(' '..='~').contains(&c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut characters = rest[at..].chars();
            if let Some(character) = characters.next() {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        writer.write_all(match escape {
            CharEscape::Quote => b"\\\"",
            CharEscape::ReverseSolidus => b"\\\\",
            CharEscape::Solidus => b"/",
            CharEscape::Backspace => b"\\b",
            CharEscape::FormFeed => b"\\f",
            CharEscape::LineFeed => b"\\n",
            CharEscape::CarriageReturn => b"\\r",
            CharEscape::Tab => b"\\t",
            CharEscape::AsciiControl(byte) => return write!(writer, "\\u{byte:04x}"),
        })
    }
}

/// Writes what stands between two values or members.
fn separate<W: ?Sized + io::Write>(writer: &mut W, first: bool) -> io::Result<()> {
    if first { Ok(()) } else { writer.write_all(b", ") }
}

/// A float as Python's `repr` writes it: the shortest digits that read back as the same value,
/// with an exponent below 1e-4 and from 1e16 on.
fn python_float(float: f64) -> String {
    if float.is_infinite() {
        return if float > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = shortest(float);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return positional(digits, exponent);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// `1.5` and an exponent in one number: `0.0015`, `1500.0`.
fn positional(digits: &str, exponent: i32) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let digits = digits.replace('.', "");
    match usize::try_from(exponent) {
        Err(_) => {
            let zeros = usize::try_from(-1 - exponent).unwrap_or_default();
            format!("{sign}0.{}{digits}", "0".repeat(zeros))
        }
        Ok(whole) => {
            // At least one digit follows the point.
            let digits = format!("{digits:0<width$}", width = whole + 2);
            format!("{sign}{}.{}", &digits[..=whole], &digits[whole + 1..])
        }
    }
}

/// The shortest digits that read back as the same value. Of two that are equally near, Python
/// takes the even one, and so does rounding to a number of places; the shortest form alone does not.
fn shortest(float: f64) -> String {
    let shortest = format!("{float:e}");
    let places = shortest
        .split_once(['e', '.'])
        .map_or(0, |(_, rest)| rest.split_once('e').map_or(0, |(decimals, _)| decimals.len()));
    let rounded = format!("{float:.places$e}");
    if rounded.parse() == Ok(float) { rounded } else { shortest }
}

#[cfg(test)]
mod tests;
