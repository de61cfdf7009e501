//! The record and its progress as files: JSON, in which bytes are the letters U+0000 to U+00FF.

use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use php_json::{Object, Value};

use super::Progress;
use crate::activate::Change;
use crate::effects::{Provided, Script, Step};

/// The format. A run of another version of this program refuses others.
const VERSION: u64 = 1;

/// What one installation has to do outside the folder, and what the run has brought before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its place in the order of all that are in a folder.
    pub number: u64,
    /// What is to be done.
    pub steps: Vec<Step>,
    /// What ordinary packages provide, of this installation and those before.
    pub provided: Vec<Provided>,
    /// The changes to the environment by install scripts of installations before.
    pub changes: Vec<Change>,
}

impl Record {
    /// The text of the file.
    pub fn text(&self) -> String {
        let changes = self.changes.iter().map(Change::json).collect();
        php_json::to_compact(&object([
            ("version", VERSION.into()),
            ("number", self.number.into()),
            ("steps", Value::List(self.steps.iter().map(step).collect())),
            ("provided", Value::List(self.provided.iter().map(provided).collect())),
            ("changes", php_json::to_compact(&Value::List(changes)).into()),
        ]))
    }

    /// Reads the file.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let value = php_json::parse(text).map_err(|error| error.to_string())?;
        if number(&value, "version")? != VERSION {
            return Err("another version of platform-install wrote it".to_owned());
        }
        Ok(Self {
            number: number(&value, "number")?,
            steps: list(&value, "steps")?.iter().map(parse_step).collect::<Result<_, _>>()?,
            provided: list(&value, "provided")?
                .iter()
                .map(parse_provided)
                .collect::<Result<_, _>>()?,
            changes: Change::parse(text_of(&value, "changes")?)?,
        })
    }
}

/// A line of progress.
pub fn line(at: usize, progress: &Progress) -> String {
    let mut members = vec![("step", (at as u64).into())];
    if let Some((path, length)) = &progress.begun {
        members.push(("path", letters(path.as_os_str().as_bytes())));
        members.push(("length", (*length).into()));
    }
    if let Some(output) = &progress.done {
        members.push(("done", output.as_str().into()));
    }
    let mut line = php_json::to_compact(&object(members));
    line.push('\n');
    line
}

/// Reads a line of progress: of which step it is, and what it says.
pub fn parse_line(line: &[u8]) -> Result<(usize, Progress), String> {
    let value = php_json::parse(line).map_err(|error| error.to_string())?;
    let at = usize::try_from(number(&value, "step")?).map_err(|error| error.to_string())?;
    let begun = match value.get("path") {
        Some(_) => {
            let path = std::ffi::OsString::from_vec(bytes(&value, "path")?);
            Some((PathBuf::from(path), number(&value, "length")?))
        }
        None => None,
    };
    let done = value.get("done").and_then(Value::as_str).map(str::to_owned);
    Ok((at, Progress { begun, done }))
}

fn step(step: &Step) -> Value {
    match step {
        Step::Profile { name, script } => object([
            ("kind", "profile".into()),
            ("name", name.as_str().into()),
            ("text", letters(&script.text)),
            ("mode", script.mode.map_or(Value::Null, |mode| u64::from(mode).into())),
        ]),
        Step::Export { text } => object([("kind", "export".into()), ("text", letters(text))]),
        Step::Run { package, script } => object([
            ("kind", "run".into()),
            ("package", package.as_str().into()),
            ("script", script.as_str().into()),
        ]),
        Step::Layer => object([("kind", "layer".into())]),
        Step::Log { line } => object([("kind", "log".into()), ("line", line.as_str().into())]),
    }
}

fn parse_step(value: &Value) -> Result<Step, String> {
    let owned = |key| text_of(value, key).map(str::to_owned);
    match text_of(value, "kind")? {
        "profile" => {
            let mode = match value.get("mode") {
                Some(_) => Some(u32::try_from(number(value, "mode")?).map_err(|e| e.to_string())?),
                None => None,
            };
            let name = owned("name")?;
            let script = Script { text: bytes(value, "text")?, mode };
            // A record leads nowhere but to where the environment says.
            let mut parts = Path::new(&name).components();
            match (parts.next(), parts.next()) {
                (Some(Component::Normal(_)), None) => Ok(Step::Profile { name, script }),
                _ => Err(format!("'{name}' is no name of a file")),
            }
        }
        "export" => Ok(Step::Export { text: bytes(value, "text")? }),
        "run" => Ok(Step::Run { package: owned("package")?, script: owned("script")? }),
        "layer" => Ok(Step::Layer),
        "log" => Ok(Step::Log { line: owned("line")? }),
        kind => Err(format!("'{kind}' is no step")),
    }
}

fn provided(provided: &Provided) -> Value {
    let pair = |(name, version): &(String, String)| {
        Value::List(vec![name.as_str().into(), version.as_str().into()])
    };
    object([
        ("package", provided.package.as_str().into()),
        ("extensions", Value::List(provided.extensions.iter().map(pair).collect())),
    ])
}

fn parse_provided(value: &Value) -> Result<Provided, String> {
    let pair = |value: &Value| match value.as_list() {
        Some([name, version]) => Some((name.as_str()?.to_owned(), version.as_str()?.to_owned())),
        _ => None,
    };
    let extensions = list(value, "extensions")?.iter().map(pair).collect::<Option<_>>();
    Ok(Provided {
        package: text_of(value, "package")?.to_owned(),
        extensions: extensions.ok_or("an extension is not a name and a version")?,
    })
}

fn object<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
    Value::Object(members.collect::<Object>())
}

fn text_of<'a>(value: &'a Value, key: &str) -> Result<&'a str, String> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| format!("there is no text '{key}'"))
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], String> {
    value.get(key).and_then(Value::as_list).ok_or_else(|| format!("there is no list '{key}'"))
}

fn number(value: &Value, key: &str) -> Result<u64, String> {
    match value.get(key) {
        Some(Value::Number(number)) => number.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| format!("there is no number '{key}'"))
}

fn letters(bytes: &[u8]) -> Value {
    Value::String(bytes.iter().map(|byte| char::from(*byte)).collect())
}

fn bytes(value: &Value, key: &str) -> Result<Vec<u8>, String> {
    let letters = text_of(value, key)?.chars().map(|letter| u8::try_from(u32::from(letter)));
    letters.collect::<Result<_, _>>().map_err(|_| format!("'{key}' holds more than bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let every: Vec<u8> = (0..=255).collect();
        let change = r#"[{"name":"A","value":"1"},{"name":"A","value":"2"}]"#;
        let record = Record {
            number: 7,
            steps: vec![
                Step::Profile {
                    name: "110-php.sh".to_owned(),
                    script: Script { text: every.clone(), mode: Some(0o100_750) },
                },
                Step::Profile {
                    name: "x".to_owned(),
                    script: Script { text: Vec::new(), mode: None },
                },
                Step::Export { text: every.clone() },
                Step::Run { package: "php 8".to_owned(), script: "bin/i\"".to_owned() },
                Step::Layer,
                Step::Log { line: "ä b:1\n".to_owned() },
            ],
            provided: vec![Provided {
                package: "p".to_owned(),
                extensions: vec![("a".to_owned(), ">1 <2".to_owned())],
            }],
            changes: Change::parse(change).unwrap(),
        };
        assert_eq!(Record::parse(record.text().as_bytes()).unwrap(), record);
        let path = PathBuf::from(std::ffi::OsString::from_vec(vec![b'/', 0xe9]));
        for progress in [
            Progress { begun: Some((path, 3)), done: None },
            Progress { begun: None, done: Some("[]\n".to_owned()) },
            Progress { begun: None, done: Some(String::new()) },
        ] {
            let line = line(2, &progress);
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(parse_line(line.trim_end().as_bytes()).unwrap(), (2, progress));
        }
    }

    #[test]
    fn a_record_leads_nowhere_else() {
        for name in ["../x", "/etc/x", "a/b", ""] {
            let script = Script { text: Vec::new(), mode: None };
            let steps = vec![Step::Profile { name: name.to_owned(), script }];
            let text = Record { steps, ..Record::default() }.text();
            assert!(Record::parse(text.as_bytes()).is_err(), "{name}");
        }
        for text in ["", "{}", r#"{"version":2}"#, "[1]"] {
            assert!(Record::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
