//! What Composer wants to find: `composer.lock` and `vendor/composer/installed.json`.

use composer::{Solution, Stability};
use php_json::{Object, Style, Value};
use platform::INSTALLER;

use crate::Error;
use crate::content_hash;
use crate::download::METAPACKAGE;
use crate::dump::{For, dump};
use crate::project::{Project, object};
use crate::resolve::PLUGIN_API;

/// The text of `composer.lock`.
pub fn lock(project: &Project, solution: &Solution) -> Result<String, Error> {
    let readme = [
        "This file locks the dependencies of your project to a known state",
        "Read more about it at https://getcomposer.org/doc/01-basic-usage.md#installing-dependencies",
        "This file is @generated automatically",
    ];
    let packages = |dev: bool| -> Result<Value, Error> {
        let chosen = solution.packages().iter().filter(|chosen| chosen.dev == dev);
        let packages = chosen.map(|chosen| package(project, &chosen.package, For::Lock));
        Ok(Value::List(packages.collect::<Result<_, _>>()?))
    };
    let mut flags: Vec<(String, u64)> = project
        .root
        .stability_flags
        .iter()
        .map(|(name, stability)| (name.to_string(), number(*stability)))
        .collect();
    flags.sort();
    let flags: Object = flags.into_iter().map(|(name, flag)| (name, flag.into())).collect();
    let member = |key: &str, default: Value| project.json.get(key).cloned().unwrap_or(default);
    let members = [
        ("_readme", Value::List(readme.map(Value::from).into())),
        ("content-hash", content_hash::of(&project.json).into()),
        ("packages", packages(false)?),
        ("packages-dev", packages(true)?),
        ("aliases", Value::List(Vec::new())),
        ("minimum-stability", member("minimum-stability", "stable".into())),
        ("stability-flags", flags.into()),
        ("prefer-stable", member("prefer-stable", false.into())),
        ("prefer-lowest", false.into()),
        ("platform", Object::new().into()),
        ("platform-dev", Object::new().into()),
        ("plugin-api-version", PLUGIN_API.into()),
    ];
    Ok(text(members))
}

/// The text of `installed.json`.
pub fn installed(project: &Project, solution: &Solution, with_dev: bool) -> Result<String, Error> {
    let chosen = || solution.packages().iter().filter(|chosen| with_dev || !chosen.dev);
    let mut packages = Vec::new();
    for chosen in chosen() {
        let mut dumped = package(project, &chosen.package, For::Installed)?;
        if let Value::Object(members) = &mut dumped {
            let path = match &*chosen.package.kind {
                METAPACKAGE => Value::Null,
                _ if &*chosen.package.name == INSTALLER => format!("../{INSTALLER}").into(),
                // All in one folder: this one.
                _ => "../../".into(),
            };
            members.insert("install-path".to_owned(), path);
        }
        packages.push((chosen.package.pretty_name.clone(), dumped));
    }
    packages.sort_by(|a, b| a.0.cmp(&b.0));
    let mut dev: Vec<String> = chosen()
        .filter(|chosen| chosen.dev)
        .map(|chosen| chosen.package.name.to_string())
        .collect();
    dev.sort();
    Ok(text([
        ("packages", Value::List(packages.into_iter().map(|(_, dumped)| dumped).collect())),
        ("dev", with_dev.into()),
        ("dev-package-names", Value::List(dev.into_iter().map(Value::from).collect())),
    ]))
}

fn package(project: &Project, package: &composer::Package, target: For) -> Result<Value, Error> {
    let json = object(&package.pretty(), package.json())?;
    let installer = project.installer.as_ref().filter(|_| &*package.name == INSTALLER);
    let members = installer.map(|installer| &installer.members);
    Ok(Value::Object(dump(package, &json, target, members)))
}

fn text<const N: usize>(members: [(&str, Value); N]) -> String {
    let members = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut text = php_json::to_string(&Value::Object(members), Style::Composer);
    text.push('\n');
    text
}

/// Composer's number for a stability.
fn number(stability: Stability) -> u64 {
    match stability {
        Stability::Stable => 0,
        Stability::Rc => 5,
        Stability::Beta => 10,
        Stability::Alpha => 15,
        Stability::Dev => 20,
    }
}
