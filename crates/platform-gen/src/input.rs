//! The two files, and what the environment says of them.

use std::io::{self, ErrorKind};
use std::path::Path;

use php_json::{Object, Value};
use platform::Names;

use crate::Error;

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What the files are called, as the environment says.
pub fn names(env: Env<'_>) -> Names {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    Names {
        json: set("COMPOSER").unwrap_or_else(|| "composer.json".to_owned()),
        lock: set("COMPOSER_LOCK").unwrap_or_else(|| "composer.lock".to_owned()),
    }
}

/// Reads both files in `folder`. `None`: there is no lock.
///
/// Of `composer.json` it only matters that it can be read: the lock says what it asked for.
pub fn read(folder: &Path, names: &Names) -> Result<Option<Object>, Error> {
    let json = file(folder, &names.json)?.ok_or_else(|| Error::Read {
        name: names.json.clone(),
        source: io::Error::new(ErrorKind::NotFound, "there is no such file"),
    })?;
    if !matches!(json, Value::Object(_) | Value::List(_)) {
        return Err(unlike_object(&names.json, &json));
    }
    match file(folder, &names.lock)? {
        None => Ok(None),
        Some(Value::Object(lock)) => Ok(Some(lock)),
        Some(other) => Err(unlike_object(&names.lock, &other)),
    }
}

fn file(folder: &Path, name: &str) -> Result<Option<Value>, Error> {
    let bytes = match std::fs::read(folder.join(name)) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(Error::Read { name: name.to_owned(), source }),
    };
    let json = |source| Error::Json { name: name.to_owned(), source };
    php_json::parse(&bytes).map(Some).map_err(json)
}

fn unlike_object(name: &str, value: &Value) -> Error {
    let problem = format!("expected an object, found {}", value.kind());
    Error::Content { name: name.to_owned(), problem }
}

/// Today in UTC, or the day of `NOW`, as `YYYY.MM.DD`.
pub fn day(env: Env<'_>) -> Result<String, Error> {
    match env("NOW").filter(|value| !value.is_empty()) {
        None => Ok(jiff::Timestamp::now().strftime("%Y.%m.%d").to_string()),
        Some(value) => {
            let date = value.get(..10).and_then(|day| day.parse::<jiff::civil::Date>().ok());
            let date = date.ok_or(Error::Now { value })?;
            Ok(date.strftime("%Y.%m.%d").to_string())
        }
    }
}
