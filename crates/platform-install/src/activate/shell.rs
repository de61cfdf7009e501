//! Scripts that the shell reads: at the application's start, and in the rest of the build.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use php_json::Value;

use super::{Counter, Of};
use crate::Error;
use crate::effects::{Effects, Script, Step};
use crate::resolve::shown;

/// `extra.profile`: for the application's start.
pub fn profile(
    of: &Of<'_>,
    extra: &Value,
    counter: &mut Counter,
    effects: &mut Effects,
) -> Result<(), Error> {
    if let Some(script) = script(of, extra, "profile")? {
        let name = shown(&of.package.name);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !name.bytes().all(fits) {
            return Err(of.error(format!("{name} is no name for a file of profile scripts")));
        }
        effects.add(Step::Profile { name: format!("{}-{name}.sh", counter.next()), script });
    }
    Ok(())
}

/// `extra.export`: for what is built next.
pub fn export(of: &Of<'_>, extra: &Value, effects: &mut Effects) -> Result<(), Error> {
    if let Some(script) = script(of, extra, "export")? {
        effects.add(Step::Export { text: [b"\n", &script.text[..], b"\n"].concat() });
    }
    Ok(())
}

/// A file of the package, which leaves the tree, or variables with their values.
fn script(of: &Of<'_>, extra: &Value, key: &str) -> Result<Option<Script>, Error> {
    match extra.get(key) {
        Some(Value::String(file)) if !file.is_empty() => {
            let path = of.stage.file(file).ok_or_else(|| of.invalid(key))?;
            let text = fs::read(&path).map_err(Error::local("read", &path))?;
            let about = fs::metadata(&path).map_err(Error::local("read", &path))?;
            fs::remove_file(&path).map_err(Error::local("remove", &path))?;
            Ok(Some(Script { text, mode: Some(about.permissions().mode()) }))
        }
        Some(Value::Object(variables)) if !variables.is_empty() => {
            let line = |(name, value): (&String, &Value)| match value {
                Value::String(value) => Ok(format!("export {name}=\"{value}\"")),
                Value::Number(value) => Ok(format!("export {name}=\"{value}\"")),
                _ => Err(of.invalid(key)),
            };
            let lines: Result<Vec<String>, Error> = variables.iter().map(line).collect();
            Ok(Some(Script { text: lines?.join("\n").into_bytes(), mode: None }))
        }
        Some(other) if other.is_truthy() => Err(of.invalid(key)),
        _ => Ok(None),
    }
}
