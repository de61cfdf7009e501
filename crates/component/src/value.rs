//! Configuration values: what a YAML file or variable holds.

use std::fmt;

/// A number: as it was written, and as it is shown where it becomes part of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// As it stands in the file: `010`, `1_000`, `1.10`.
    pub written: String,
    /// What it means: `8`, `1000`, `1.1`.
    pub shown: String,
    /// Whether it is a whole number.
    pub whole: bool,
}

/// A value of a configuration.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing: `key:`, `~` or `null`.
    #[default]
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(Map),
}

/// A map: keys in their order, each once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map(Vec<(Value, Value)>);

impl Map {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// The value of any key.
    #[must_use]
    pub fn get_mut(&mut self, key: &Value) -> Option<&mut Value> {
        self.0.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Sets a key, at its old place if it has one.
    pub fn insert(&mut self, key: Value, value: Value) {
        match self.get_mut(&key) {
            Some(old) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// Keys and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes all nothings, also those of maps in this one.
    pub fn remove_nulls(&mut self) {
        self.0.retain(|(_, value)| *value != Value::Null);
        for (_, value) in &mut self.0 {
            if let Value::Map(map) = value {
                map.remove_nulls();
            }
        }
    }
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text, or the number as it was written: versions such as `1.10` mean what they say.
    #[must_use]
    pub fn written(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(&number.written),
            _ => None,
        }
    }

    /// The map, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether it counts as yes: everything but nothing and `false`.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// As JSON: keys become texts.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(bool) => Json::Bool(*bool),
            // Infinities have no JSON; they stay texts.
            Self::Number(number) => serde_json::from_str(&number.shown)
                .unwrap_or_else(|_| Json::String(number.shown.clone())),
            Self::Text(text) => Json::String(text.clone()),
            Self::List(list) => Json::Array(list.iter().map(Self::to_json).collect()),
            Self::Map(map) => {
                Json::Object(map.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect())
            }
        }
    }
}

/// As it reads inside a text: nothing is empty, lists are joined by spaces.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(bool) => write!(f, "{bool}"),
            Self::Number(number) => f.write_str(&number.shown),
            Self::Text(text) => f.write_str(text),
            Self::List(list) => {
                for (at, value) in list.iter().filter(|value| **value != Self::Null).enumerate() {
                    let space = if at == 0 { "" } else { " " };
                    write!(f, "{space}{value}")?;
                }
                Ok(())
            }
            Self::Map(_) => write!(f, "{}", self.to_json()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
