//! What an application's manifest says: its main class, and whether it is a Spring Boot one.

use std::path::PathBuf;

use crate::application::Application;
use crate::component::Configurations;
use crate::droplet::Droplet;
use crate::error::Error;
use crate::java::regex;
use crate::properties::Properties;
use crate::value::{Map, Value};

const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// The manifest of an application; empty without one.
pub(super) fn manifest(application: &Application) -> Result<Properties, Error> {
    let text = application.read(MANIFEST)?.unwrap_or_default();
    Ok(Properties::parse(&text))
}

/// The main class: as configured, else the manifest's.
pub(super) fn main_class(
    application: &Application,
    configuration: &Map,
) -> Result<Option<String>, Error> {
    match configuration.get("java_main_class") {
        Some(value) if value.is_truthy() => Ok(Some(value.to_string())),
        None | Some(Value::Null | Value::Bool(_)) => {
            Ok(manifest(application)?.get("Main-Class").map(str::to_owned))
        }
        Some(value) => Ok(Some(value.to_string())),
    }
}

/// The same for components other than Java Main.
pub(super) fn configured_main_class(
    application: &Application,
    configurations: &Configurations,
) -> Result<Option<String>, Error> {
    main_class(application, &configurations.load("java_main")?)
}

/// Whether it is a Spring Boot application: by its manifest, or by a JAR in any folder.
pub(super) fn is_spring_boot(application: &Application) -> Result<bool, Error> {
    if manifest(application)?.get("Spring-Boot-Version").is_some() {
        return Ok(true);
    }
    let jar = regex(r"spring-boot-[0-9].*\.jar")?;
    let fits = |path: &PathBuf| {
        let inside = path.strip_prefix(application.root()).unwrap_or(path);
        jar.is_match(&inside.to_string_lossy())
    };
    Ok(application.files(|name| name.ends_with(".jar")).iter().any(fits))
}

/// The folder of a Spring Boot application's libraries.
pub(super) fn spring_boot_lib(
    application: &Application,
    droplet: &Droplet,
) -> Result<PathBuf, Error> {
    let manifest = manifest(application)?;
    let named = manifest.get("Spring-Boot-Lib");
    let candidates = named.into_iter().chain(["BOOT-INF/lib", "WEB-INF/lib", "lib"]);
    let root = droplet.root();
    candidates
        .filter_map(|name| root.join(name))
        .find(|folder| folder.exists())
        .ok_or_else(|| Error::Droplet { what: "No lib directory found".to_owned() })
}
