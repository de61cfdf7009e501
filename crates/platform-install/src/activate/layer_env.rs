//! Changes to the environment that install scripts ask for, as cloud native buildpacks have them.

use php_json::{Object, Value};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The variable.
    pub name: String,
    /// When it holds: `build`, `launch`, `all`, or the name of a process.
    pub scope: String,
    /// What is done to the variable.
    pub behavior: Behavior,
    /// With what.
    pub value: String,
}

/// What is done to a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behavior {
    /// Put after what is there.
    Append,
    /// Taken where nothing is there.
    Default,
    /// What stands between what is put together.
    Delimiter,
    /// In place of what is there.
    Override,
    /// Put before what is there.
    Prepend,
}

const NAMES: [(Behavior, &str); 5] = [
    (Behavior::Append, "append"),
    (Behavior::Default, "default"),
    (Behavior::Delimiter, "delimiter"),
    (Behavior::Override, "override"),
    (Behavior::Prepend, "prepend"),
];

impl Change {
    /// Reads the list that a script prints, which may print nothing.
    pub fn parse(text: &str) -> Result<Vec<Self>, String> {
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let value = php_json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        let list = value.as_list().ok_or("expected a list")?;
        list.iter().map(Self::of).collect()
    }

    fn of(value: &Value) -> Result<Self, String> {
        let text = |key: &str, default: Option<&str>| {
            let text = value.get(key).map_or(default, Value::as_str);
            text.map(str::to_owned).ok_or_else(|| format!("an entry without {key}"))
        };
        let behavior = text("modification_behavior", Some("override"))?;
        let found = NAMES.iter().find(|(_, name)| *name == behavior);
        Ok(Self {
            name: text("name", None)?,
            scope: text("scope", Some("all"))?,
            behavior: found.ok_or_else(|| format!("'{behavior}' is no behavior"))?.0,
            value: text("value", None)?,
        })
    }

    fn is_of(&self, other: &Self) -> bool {
        (&self.name, &self.scope, self.behavior) == (&other.name, &other.scope, other.behavior)
    }

    /// The entry for it.
    pub fn json(&self) -> Value {
        let behavior = NAMES.iter().find(|(behavior, _)| *behavior == self.behavior);
        let members = [
            ("scope", self.scope.as_str()),
            ("modification_behavior", behavior.map_or("", |(_, name)| name)),
            ("name", self.name.as_str()),
            ("value", self.value.as_str()),
        ];
        let members = members.into_iter().map(|(key, value)| (key.to_owned(), value.into()));
        Value::Object(members.collect::<Object>())
    }
}

/// One entry for each variable, scope and behavior, in the order of their first mention. Of
/// overrides and delimiters the last one holds, of defaults the first; what is appended is joined,
/// what is prepended too, the last one first.
pub fn merged(changes: &[Change]) -> Vec<Change> {
    let delimiter = |change: &Change| {
        let mut found = changes.iter().rev().filter(|other| {
            other.behavior == Behavior::Delimiter
                && (&other.name, &other.scope) == (&change.name, &change.scope)
        });
        found.next().map_or("", |other| other.value.as_str())
    };
    let mut merged: Vec<Change> = Vec::new();
    for change in changes {
        let Some(entry) = merged.iter_mut().find(|entry| entry.is_of(change)) else {
            merged.push(change.clone());
            continue;
        };
        let between = delimiter(change);
        match change.behavior {
            Behavior::Override | Behavior::Delimiter => entry.value.clone_from(&change.value),
            Behavior::Default => {}
            Behavior::Append => entry.value = format!("{}{between}{}", entry.value, change.value),
            Behavior::Prepend => entry.value = format!("{}{between}{}", change.value, entry.value),
        }
    }
    merged
}

/// The list as it is written to the file.
pub fn to_text(changes: &[Change]) -> String {
    php_json::to_compact(&Value::List(merged(changes).iter().map(Change::json).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_together() {
        let entry = |behavior: &str, name: &str, value: &str| {
            format!(
                r#"{{"scope":"all","modification_behavior":"{behavior}","name":"{name}","value":"{value}"}}"#
            )
        };
        let list = [
            entry("prepend", "PATH", "/a"),
            entry("delimiter", "PATH", ";"),
            entry("append", "PATH", "/x"),
            entry("override", "A", "1"),
            entry("default", "B", "1"),
            entry("prepend", "PATH", "/b"),
            entry("append", "PATH", "/y"),
            entry("delimiter", "PATH", ":"),
            entry("override", "A", "2"),
            entry("default", "B", "2"),
            entry("append", "C", "1"),
            entry("append", "C", "2"),
        ];
        let changes = Change::parse(&format!("[{}]", list.join(","))).unwrap();
        let expected = [
            entry("prepend", "PATH", "/b:/a"),
            entry("delimiter", "PATH", ":"),
            entry("append", "PATH", "/x:/y"),
            entry("override", "A", "2"),
            entry("default", "B", "1"),
            entry("append", "C", "12"),
        ];
        let expected = format!("[{}]", expected.join(","));
        assert_eq!(to_text(&changes).replace("\\/", "/"), expected);
    }

    #[test]
    fn what_goes_without_saying() {
        assert_eq!(Change::parse(" \n").unwrap(), []);
        let short = Change::parse(r#"[{"name":"A","value":"1"}]"#).unwrap();
        assert_eq!(
            to_text(&short),
            r#"[{"scope":"all","modification_behavior":"override","name":"A","value":"1"}]"#
        );
    }

    #[test]
    fn what_is_no_list_of_changes() {
        for text in ["x", "{}", "[1]", r#"[{"scope":"all"}]"#, r#"[{"name":"A","value":1}]"#] {
            assert!(Change::parse(text).is_err(), "{text}");
        }
        let bad = r#"[{"scope":"all","modification_behavior":"x","name":"A","value":""}]"#;
        assert_eq!(Change::parse(bad).unwrap_err(), "'x' is no behavior");
    }
}
