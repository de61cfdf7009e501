//! A component's configuration: its file, and what the environment says over it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::value::{Map, Value};
use crate::yaml;

/// Looks up one variable of the environment; an empty one is set.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why a configuration cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not YAML.
    #[error("{} is not valid: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: yaml::Error,
    },
    /// The file holds something other than keys and values.
    #[error("{} is not valid: it must hold keys and values", path.display())]
    NotAMap {
        /// The file.
        path: PathBuf,
    },
    /// A variable is not YAML, or not plain data.
    #[error(
        "{whose} configuration value in environment variable {variable} has invalid syntax: {source}"
    )]
    Syntax {
        /// `User` or `Default`.
        whose: &'static str,
        /// The variable.
        variable: String,
        /// Why.
        source: yaml::Error,
    },
    /// A variable holds neither keys and values, nor a list of such.
    #[error("User configuration value in environment variable {variable} is not valid: {value}")]
    NotValid {
        /// The variable.
        variable: String,
        /// What it holds.
        value: String,
    },
}

/// Reads `<folder>/<id>.yml`, with `JBP_DEFAULT_<ID>` and then `JBP_CONFIG_<ID>` merged over it.
/// Without the file there is no configuration, whatever the variables say.
///
/// `warn` is told of keys that cannot be set.
///
/// # Errors
/// When the file or a variable is not valid.
pub fn load(
    folder: &Path,
    id: &str,
    env: Env<'_>,
    warn: &mut dyn FnMut(String),
) -> Result<Option<Map>, Error> {
    let path = folder.join(format!("{id}.yml"));
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Read { path, source }),
    };
    let mut map = match yaml::parse(&text) {
        Ok(Some(Value::Map(map))) => map,
        // An empty file is an empty configuration.
        Ok(None | Some(Value::Null)) => Map::default(),
        Ok(Some(_)) => return Err(Error::NotAMap { path }),
        Err(source) => return Err(Error::File { path, source }),
    };
    for (whose, kind) in [("Default", "DEFAULT"), ("User", "CONFIG")] {
        let variable = format!("JBP_{kind}_{}", id.to_uppercase());
        if let Some(text) = env(&variable) {
            overlay(&mut map, &text, whose, &variable, warn)?;
        }
    }
    map.remove_nulls();
    Ok(Some(map))
}

fn overlay(
    map: &mut Map,
    text: &str,
    whose: &'static str,
    variable: &str,
    warn: &mut dyn FnMut(String),
) -> Result<(), Error> {
    let variable = variable.to_owned();
    let value = match yaml::parse(text) {
        Ok(value) => value.unwrap_or_default(),
        Err(source) => return Err(Error::Syntax { whose, variable, source }),
    };
    let not_valid = |value: &Value| Error::NotValid { variable, value: value.to_string() };
    match &value {
        Value::Map(over) => merge(map, over, warn),
        Value::List(list) => {
            if !list.iter().all(|over| over.as_map().is_some()) {
                return Err(not_valid(&value));
            }
            list.iter().filter_map(Value::as_map).for_each(|over| merge(map, over, warn));
        }
        _ => return Err(not_valid(&value)),
    }
    Ok(())
}

/// Sets what is there already: maps in maps, key by key, everything else as a whole.
pub fn merge(map: &mut Map, over: &Map, warn: &mut dyn FnMut(String)) {
    for (key, value) in over.iter() {
        match (map.get_mut(key), value) {
            (None, _) => warn(format!(
                "User config value for '{key}' is not valid, existing property not present"
            )),
            (Some(Value::Map(old)), Value::Map(new)) => merge(old, new, warn),
            (Some(Value::Map(_)), _) | (Some(_), Value::Map(_)) => {
                warn(format!(
                    "User config value for '{key}' is not valid, must be of a similar type"
                ));
            }
            (Some(old), new) => new.clone_into(old),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each record: the file, the two variables, the outcome as JSON and the warnings.
    #[test]
    fn merges() {
        let folder = tempfile::tempdir().unwrap();
        let table = include_str!("../tests/data/merges.tsv");
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let [file, default, config, expected, warnings] =
                line.split('\t').collect::<Vec<_>>()[..]
            else {
                panic!("five columns: {line}");
            };
            let lines = |text: &str| text.replace("\\n", "\n");
            fs::write(folder.path().join("x_y.yml"), lines(file)).unwrap();
            let env = |name: &str| {
                let text = match name {
                    "JBP_DEFAULT_X_Y" => default,
                    "JBP_CONFIG_X_Y" => config,
                    other => panic!("{other}"),
                };
                (text != "-").then(|| lines(text))
            };
            let mut warned = Vec::new();
            let read = load(folder.path(), "x_y", &env, &mut |text| warned.push(text));
            let found = match read {
                Ok(map) => Value::Map(map.unwrap()).to_json().to_string(),
                Err(error) => error.to_string(),
            };
            let is_prefix =
                expected.strip_suffix("...").is_some_and(|start| found.starts_with(start));
            assert!(found == expected || is_prefix, "{line}\n{found}");
            assert_eq!(warned.join("; "), warnings, "{line}");
        }
    }

    #[test]
    fn without_a_file_there_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let env = |_: &str| Some("{a: 1}".to_owned());
        let found = load(folder.path(), "absent", &env, &mut |_| panic!("no warning")).unwrap();
        assert_eq!(found, None);
    }
}
