//! JSON documents on stdout.

use manifest::json;
use serde_json::Value;
use tool::{Failure, Io};

/// Prints a JSON value on a line of its own.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(io: &mut Io, value: &Value) -> Result<(), Failure> {
    io.data(&line(value))
}

/// A JSON value as a line.
#[must_use]
pub fn line(value: &Value) -> String {
    let mut bytes = json::to_bytes(value);
    bytes.push(b'\n');
    // What is written is ASCII.
    String::from_utf8(bytes).unwrap_or_default()
}
