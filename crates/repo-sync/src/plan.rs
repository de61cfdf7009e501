//! A plan as one JSON document: for review, and for programs.

use manifest::json;
use repository::index;
use repository::sync::{Side, Work};
use serde_json::{Value, json};
use tool::{Failure, Io};

use crate::Error;

/// Prints the plan on stdout: both sides as they were read, the bytes that would move, and every
/// operation.
pub fn print(
    io: &mut Io,
    work: &Work,
    source: &Side<'_>,
    destination: &Side<'_>,
) -> Result<(), Failure> {
    let bytes = work.bytes(source)?;
    let document = json!({
        "kind": "plan.v1",
        "source": side(source)?,
        "destination": side(destination)?,
        "copied-bytes": bytes.copied,
        "removed-bytes": bytes.removed,
        "operations": serde_json::to_value(&work.plan.operations).map_err(Error::Json)?,
    });
    print_json(io, &document)
}

/// Prints a JSON value on a line of its own.
pub fn print_json(io: &mut Io, value: &Value) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(&json::to_bytes(value)).into_owned();
    io.print(&format!("{text}\n"))
}

fn side(side: &Side<'_>) -> Result<Value, Failure> {
    let etag = match side.store {
        Some(store) => index::read(store, side.location)?.map(|current| current.etag),
        None => None,
    };
    let manifests: serde_json::Map<String, Value> = side
        .manifests
        .entries
        .iter()
        .map(|entry| (entry.file_name.clone(), Value::String(entry.etag.clone())))
        .collect();
    Ok(json!({
        "place": side.location.to_string(),
        "bucket": side.location.bucket,
        "prefix": side.location.prefix.as_str(),
        "etag": etag,
        "manifests": manifests,
    }))
}
