//! What is installed already, as `vendor/composer/installed.json` has it.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use composer::Package;
use php_json::Value;

use crate::Error;
use crate::download::METAPACKAGE;
use crate::project::object;
use crate::resolve::{shown, shown_package};

/// The file, below the folder.
pub const FILE: &str = "vendor/composer/installed.json";

/// Packages by name, each with its version as written.
#[derive(Debug, Default)]
pub struct Installed(HashMap<String, String>);

impl Installed {
    /// Reads the file; nothing is installed where there is none.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Error::local("read", path)(error)),
        };
        let json = object(FILE, &text)?;
        let packages = json.get("packages").and_then(Value::as_list).unwrap_or_default();
        let member = |package: &Value, key: &str| Some(package.get(key)?.as_str()?.to_owned());
        let pair = |package: &Value| {
            let name = member(package, "name")?.to_ascii_lowercase();
            Some((name, member(package, "version")?))
        };
        Ok(Self(packages.iter().filter_map(pair).collect()))
    }

    /// Those of `packages` that are not installed.
    pub fn missing(&self, packages: Vec<Arc<Package>>) -> Result<Vec<Arc<Package>>, Error> {
        let mut missing = Vec::new();
        for package in packages {
            match self.0.get(&*package.name) {
                None => missing.push(package),
                Some(version) if *version == package.pretty_version => {}
                // A package without files may be of any version.
                Some(_) if package.kind == METAPACKAGE => missing.push(package),
                Some(version) => {
                    return Err(Error::OtherVersion {
                        package: format!("{} {version}", shown(&package.pretty_name)),
                        wanted: shown_package(&package),
                    });
                }
            }
        }
        Ok(missing)
    }
}
