//! INI files that load extensions.

use php_json::Value;

use super::{Counter, Of};
use crate::Error;

/// Where PHP looks for INI files, below the folder.
pub const INI_FOLDER: &str = "etc/php/conf.d";

/// The extension's own name: `redis` for `heroku-sys/ext-redis`.
pub fn name(of: &Of<'_>, package: &str) -> Result<String, Error> {
    let name = package.to_ascii_lowercase();
    let name = name.strip_prefix("heroku-sys/ext-").unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(of.error(format!("{package} is no name of an extension")));
    }
    Ok(name.to_owned())
}

/// Has PHP load an extension, as `config` says: `true` for the file of its own name, the name of
/// another `.so`, an INI file of the package, or nothing at all.
pub fn enable(
    of: &Of<'_>,
    name: String,
    config: &Value,
    counter: &mut Counter,
) -> Result<(), Error> {
    let ini = format!("{INI_FOLDER}/{}-ext-{name}.ini", counter.next());
    match config {
        Value::Bool(true) => of.stage.write(&ini, &format!("extension={name}.so\n")),
        Value::String(file) if is_library(of, file) => {
            of.stage.write(&ini, &format!("extension={file}\n"))
        }
        Value::String(file) if config.is_truthy() => {
            let path = of.stage.file(file).ok_or_else(|| of.invalid("config"))?;
            of.stage.rename(&path, &ini)
        }
        other if !other.is_truthy() => Ok(()),
        _ => Err(of.invalid("config")),
    }
}

/// Whether the text is a `.so`, by name alone or in the package.
fn is_library(of: &Of<'_>, file: &str) -> bool {
    let named = !file.contains('/') && !file.contains(|letter: char| letter.is_control());
    file.ends_with(".so") && (named || of.stage.file(file).is_some())
}
