//! Reading records.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};

use serde_json::Value;

use crate::{Error, LINE_LIMIT, Record};

/// All records of a stream, in which every producer has ended.
#[derive(Debug, Default)]
pub struct Stream {
    /// The records without `start.v1` and `end.v1`, in the order of arrival.
    pub records: Vec<Record>,
    /// The producers, in the order in which they began.
    pub producers: Vec<Closed>,
}

/// A producer that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The program's name.
    pub tool: String,
    /// The status that it ended with.
    pub status: u8,
}

struct Open {
    tool: String,
    arrived: u64,
    status: Option<u8>,
}

impl Stream {
    /// Reads to the end of `input`, and only then says what is in it.
    ///
    /// # Errors
    /// When the input cannot be read, a line is not a record of a known kind, or a producer has not
    /// ended. What has been read until then comes with the error, for the caller to clean up after.
    pub fn read(input: impl BufRead) -> Result<Self, (Error, Vec<Record>)> {
        Self::read_with(input, |_| {})
    }

    /// As [`Stream::read`], with each record shown to `arrived` as soon as it has come: the others
    /// may take hours, and what this one hands over is the reader's already.
    ///
    /// # Errors
    /// As [`Stream::read`].
    pub fn read_with(
        input: impl BufRead,
        arrived: impl FnMut(&Record),
    ) -> Result<Self, (Error, Vec<Record>)> {
        let mut records = Vec::new();
        match read(input, &mut records, arrived) {
            Ok(producers) => Ok(Self { records, producers }),
            Err(error) => Err((error, records)),
        }
    }

    /// The first producer that did not end well, other than with `except`.
    #[must_use]
    pub fn failed(&self, except: &[u8]) -> Option<&Closed> {
        self.producers
            .iter()
            .find(|producer| producer.status != 0 && !except.contains(&producer.status))
    }
}

fn read(
    mut input: impl BufRead,
    records: &mut Vec<Record>,
    mut arrived: impl FnMut(&Record),
) -> Result<Vec<Closed>, Error> {
    let mut order: Vec<String> = Vec::new();
    let mut open: BTreeMap<String, Open> = BTreeMap::new();
    let mut first_error = None;
    let mut number = 0;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        number += 1;
        let limit = LINE_LIMIT as u64 + 1;
        (&mut input).take(limit).read_until(b'\n', &mut bytes).map_err(Error::Read)?;
        if bytes.is_empty() {
            break;
        }
        let at = |reason: String| Error::Line { line: number, reason };
        if bytes.len() > LINE_LIMIT {
            return Err(at(format!("is longer than {LINE_LIMIT} bytes")));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        // A bad line does not end the reading: what follows may name files to clean up.
        let outcome = parse(&bytes).and_then(|(id, record)| match record {
            Record::Start(start) => {
                if open.contains_key(&id) {
                    return Err(format!("begins the producer {id} again"));
                }
                order.push(id.clone());
                open.insert(id, Open { tool: start.tool, arrived: 0, status: None });
                Ok(())
            }
            Record::End(end) => {
                let producer = live(&mut open, &id)?;
                if producer.arrived != end.records {
                    let (tool, arrived) = (producer.tool.clone(), producer.arrived);
                    let missing = Error::Missing { tool, written: end.records, arrived };
                    first_error.get_or_insert(missing);
                }
                producer.status = Some(end.status);
                Ok(())
            }
            record => {
                arrived(&record);
                records.push(record);
                live(&mut open, &id)?.arrived += 1;
                Ok(())
            }
        });
        if let Err(reason) = outcome {
            first_error.get_or_insert(at(reason));
        }
    }
    if let Some(error) = first_error {
        return Err(error);
    }
    order
        .into_iter()
        .filter_map(|id| open.remove(&id))
        .map(|producer| match producer.status {
            Some(status) => Ok(Closed { tool: producer.tool, status }),
            None => Err(Error::Unclosed { tool: producer.tool }),
        })
        .collect()
}

fn live<'o>(open: &'o mut BTreeMap<String, Open>, id: &str) -> Result<&'o mut Open, String> {
    open.get_mut(id)
        .filter(|producer| producer.status.is_none())
        .ok_or_else(|| format!("is of the producer {id}, which has not begun or has ended"))
}

/// A line's producer and record; else what is wrong with the line.
fn parse(bytes: &[u8]) -> Result<(String, Record), String> {
    let mut value: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("is not JSON: {error}"))?;
    let Value::Object(object) = &mut value else {
        return Err("is not a JSON object".to_owned());
    };
    let mut text = |key: &str| match object.remove(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("has no {key:?}")),
    };
    let (kind, producer) = (text("kind")?, text("producer")?);
    let record = Record::decode(&kind, value)
        .ok_or_else(|| format!("is of the unknown kind {kind:?}"))?
        .map_err(|error| format!("is not a valid {kind}: {error}"))?;
    Ok((producer, record))
}
