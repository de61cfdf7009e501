//! Which packages, in which order.

use std::sync::Arc;

use composer::{Operation, Package, Request, Solution};
use platform::{INSTALLER, INSTALLER_VERSION};

use crate::Error;
use crate::project::Project;

/// What Composer itself would provide, for the installer plugin's own requirements: the versions of
/// Composer 2.8, and a PHP that it runs on.
const PLATFORM: [(&str, &str); 4] = [
    ("composer", "2.8.0"),
    ("composer-plugin-api", PLUGIN_API),
    ("composer-runtime-api", "2.2.2"),
    ("php", "8.4.0"),
];
/// The version of the plugin API that locks are for.
pub const PLUGIN_API: &str = "2.6.0";

/// What is put before the names of platform packages, and not shown.
pub const PREFIX: &str = "heroku-sys/";

/// A platform package's name as its users know it.
pub fn shown(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// A package as its users know it: `php 8.3.4`.
pub fn shown_package(package: &Package) -> String {
    format!("{} {}", shown(&package.pretty_name), package.pretty_version)
}

/// Resolves. `locked` is what was installed before.
pub fn resolve(project: &Project, locked: Vec<Arc<Package>>) -> Result<Solution, Error> {
    let mut platform = Vec::new();
    let mut provide = |name: &str, version: &str| {
        let package = Package::platform(name, version)
            .map_err(|source| Error::Resolve(Box::new(source.into())))?;
        platform.push(Arc::new(package));
        Ok::<(), Error>(())
    };
    for (name, version) in PLATFORM {
        provide(name, version)?;
    }
    if project.installer.is_none() {
        provide(INSTALLER, INSTALLER_VERSION)?;
    }
    let request =
        Request { root: &project.root, repositories: &project.repositories, platform, locked };
    composer::solve(&request).map_err(|error| match error {
        composer::Error::Unsolvable(ref problems)
        | composer::Error::UnsolvableWithoutDev(ref problems) => Error::Unsolvable {
            // The sentence before the problems, which is Composer's own.
            text: error.to_string().lines().next().unwrap_or_default().to_owned(),
            problems: problems.lines().iter().map(|line| line.replace(PREFIX, "")).collect(),
        },
        other => Error::Resolve(Box::new(other)),
    })
}

/// The packages to install, in Composer's order.
pub fn packages(solution: &Solution, with_dev: bool) -> Vec<Arc<Package>> {
    let operations = solution.operations(with_dev).into_iter();
    operations
        .filter_map(|operation| match operation {
            Operation::Install(package) => Some(package),
            Operation::MarkAlias { .. } => None,
        })
        .collect()
}
