//! JSON documents on stdout.

use manifest::json;
use serde_json::Value;
use tool::{Failure, Io};

/// Prints a JSON value on a line of its own.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(io: &mut Io, value: &Value) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(&json::to_bytes(value)).into_owned();
    io.print(&format!("{text}\n"))
}
