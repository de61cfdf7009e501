//! What the last of several buildpacks leaves for the platform.

use std::fs;
use std::path::Path;

use crate::Error;

/// Writes the buildpack's `config.yml` into its folder of dependencies.
pub fn write(folder: &Path, version: Option<&str>) -> Result<(), Error> {
    let path = folder.join("config.yml");
    let version = serde_json::Value::from(version.unwrap_or("unknown"));
    let text = format!("---\nname: java\nconfig: {{}}\nversion: {version}\n");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, text))
        .map_err(|source| Error::Write { path, source })
}
