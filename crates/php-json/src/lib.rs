//! JSON as PHP's `json_decode` and `json_encode` have it.
//!
//! Composer's files keep their keys in the order in which they were written, and that order means
//! something: it decides what a solver tries first. So objects are ordered here. Numbers stay as
//! they were read, and are written as PHP would.
//!
//! This crate knows text only.

mod parse;
mod write;

pub use parse::{Error, MAX_DEPTH, parse};
pub use write::{Style, to_compact, to_string};

/// An object, in the order of its keys. A key that is given twice has the last value at the first
/// place, as in a PHP array.
pub type Object = indexmap::IndexMap<String, Value>;

/// Any JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was read.
    Number(Box<str>),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The text, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The object, if this is one.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The list, if this is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// A member of an object; `None` also where it is `null`, as PHP's `isset` has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key).filter(|value| **value != Self::Null)
    }

    /// Whether PHP takes the value for true: not for nothing, zero, and empty things.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Number(text) => text.parse::<f64>().is_ok_and(|number| number != 0.0),
            Self::String(text) => !text.is_empty() && text != "0",
            Self::List(list) => !list.is_empty(),
            Self::Object(object) => !object.is_empty(),
        }
    }

    /// What PHP calls the value: for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// The value as it comes out of a PHP array: an object whose keys are 0, 1, 2 … is a list there, and
/// so is one without keys.
#[must_use]
pub fn as_array(value: Value) -> Value {
    match value {
        Value::List(list) => Value::List(list.into_iter().map(as_array).collect()),
        Value::Object(object) => {
            let is_list = object.keys().enumerate().all(|(at, key)| *key == at.to_string());
            let members = object.into_iter().map(|(key, value)| (key, as_array(value)));
            match is_list {
                true => Value::List(members.map(|(_, value)| value).collect()),
                false => Value::Object(members.collect()),
            }
        }
        other => other,
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Self::List(list)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string().into())
    }
}

#[cfg(test)]
mod tests;
