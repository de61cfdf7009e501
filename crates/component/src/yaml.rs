//! YAML as the buildpack's configuration files are written: the types are those of YAML 1.1 as
//! Ruby reads it, so `yes` is true, `010` is 8 and `1:30` a number of seconds.
//!
//! Only plain data: a date, a symbol, an alias or a tag of a program's own types is refused.

mod scalar;

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use crate::value::{Map, Value};

/// Nothing that people write is nested deeper.
const DEPTH: usize = 100;

/// Why a text is not the YAML that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not YAML.
    #[error("{0}")]
    Syntax(String),
    /// It holds something other than texts, numbers, lists and maps.
    #[error("Tried to load unspecified class: {0}")]
    NotPlain(&'static str),
    /// It refers to another part of itself.
    #[error("aliases are not supported")]
    Alias,
    /// It is nested too deep.
    #[error("nested deeper than {DEPTH} levels")]
    Deep,
}

/// Reads the first document; nothing if there is none.
///
/// # Errors
/// When it is not YAML, or not plain data.
pub fn parse(text: &str) -> Result<Option<Value>, Error> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| Error::Syntax(error.to_string()))?;
        match event {
            Event::DocumentEnd => return Ok(builder.root),
            Event::Alias(_) => return Err(Error::Alias),
            Event::Scalar(text, style, _, tag) => {
                let value = typed(&text, style, tag.as_deref())?;
                builder.add(value);
            }
            Event::SequenceStart(_, tag) => {
                refuse_foreign(tag.as_ref())?;
                builder.open(Open::List(Vec::new()))?;
            }
            Event::MappingStart(_, tag) => {
                refuse_foreign(tag.as_ref())?;
                builder.open(Open::Map(Map::default(), None))?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
    }
    Ok(builder.root)
}

fn typed(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, Error> {
    if let Some(tag) = tag {
        refuse_foreign(Some(&Cow::Borrowed(tag)))?;
        let known = tag.is_yaml_core_schema() || tag.handle == "!";
        return match tag.suffix.as_str() {
            "str" if known => Ok(Value::Text(text.to_owned())),
            "float" if known => scalar::tagged_float(text),
            // `! 'x'` says nothing. All other tags make quoted words plain ones.
            "" | "!" if style != ScalarStyle::Plain => Ok(Value::Text(text.to_owned())),
            _ => scalar::plain(text),
        };
    }
    match style {
        ScalarStyle::Plain => scalar::plain(text),
        _ => Ok(Value::Text(text.to_owned())),
    }
}

fn refuse_foreign(tag: Option<&Cow<'_, Tag>>) -> Result<(), Error> {
    let foreign = |tag: &Tag| {
        tag.suffix.starts_with("ruby/")
            || (tag.is_yaml_core_schema() && ["binary", "set", "omap"].contains(&&*tag.suffix))
    };
    match tag {
        Some(tag) if foreign(tag) => Err(Error::NotPlain("Object")),
        _ => Ok(()),
    }
}

enum Open {
    List(Vec<Value>),
    Map(Map, Option<Value>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Value>,
}

impl Builder {
    fn open(&mut self, open: Open) -> Result<(), Error> {
        if self.open.len() == DEPTH {
            return Err(Error::Deep);
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::List(list)) => self.add(Value::List(list)),
            Some(Open::Map(map, _)) => self.add(Value::Map(map)),
            None => {}
        }
    }

    fn add(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Open::List(list)) => list.push(value),
            Some(Open::Map(map, key)) => match key.take() {
                None => *key = Some(value),
                Some(key) => map.insert(key, value),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_plain_data_is_refused() {
        for text in ["2020-01-01", "{a: 2001-12-14 21:59:43}", ":symbol", "!ruby/object:Object {}"]
        {
            assert!(matches!(parse(text), Err(Error::NotPlain(_))), "{text}");
        }
        assert_eq!(parse("[&a b, *a]"), Err(Error::Alias));
        assert!(matches!(parse("{a: [b}"), Err(Error::Syntax(_))));
        assert_eq!(parse(&"[".repeat(200)), Err(Error::Deep));
        assert!(parse(&"[".repeat(5000)).is_err());
    }

    #[test]
    fn tags_as_ruby_reads_them() {
        for (text, json) in [
            ("!!int '5'", "5"),
            ("!!int 'a'", "\"a\""),
            ("!!int 1.5", "1.5"),
            ("!!int ''", "null"),
            ("!!float 1", "1.0"),
            ("!!float '2'", "2.0"),
            ("!!float 0x1F", "31.0"),
            ("!float 1_0", "10.0"),
            ("!!bool 'yes'", "true"),
            ("!!null ''", "null"),
            ("!!str yes", "\"yes\""),
            ("!str 5", "\"5\""),
            ("!own 'yes'", "true"),
            ("!own [1]", "[1]"),
            ("! 'yes'", "\"yes\""),
            ("! 5", "5"),
        ] {
            let value = parse(text).unwrap().unwrap();
            assert_eq!(value.to_json().to_string(), json, "{text}");
        }
        assert!(matches!(parse("!!float abc"), Err(Error::Syntax(_))));
        assert!(matches!(parse("!!timestamp 2001-01-01"), Err(Error::NotPlain(_))));
    }

    #[test]
    fn documents() {
        assert_eq!(parse("").unwrap(), None);
        assert_eq!(parse("# nothing\n---\n").unwrap(), Some(Value::Null));
        let value = parse("---\na: {b: [1, 'x'], ? c : }\na: 2\n").unwrap().unwrap();
        assert_eq!(value.to_json().to_string(), r#"{"a":2}"#);
        let value = parse("a: !!str 1.8\nb: ! 'x'\nc: |\n  1\n").unwrap().unwrap();
        assert_eq!(value.to_json().to_string(), r#"{"a":"1.8","b":"x","c":"1\n"}"#);
    }
}
