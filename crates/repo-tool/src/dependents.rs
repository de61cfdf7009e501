//! Which packages that stay require what is removed.

use std::collections::BTreeMap;

use composer::version::normalize;
use composer::{Constraint, Version};
use manifest::Manifest;
use manifest::plan::Action;
use repository::sync::{Side, Work};

/// How many of them are named for one package.
const NAMED: usize = 5;

/// What requires the packages that the work removes, a line each.
pub fn of(work: &Work, destination: &Side<'_>) -> Vec<String> {
    let removed = work.plan.with(Action::Remove);
    let removed: Vec<(&str, &Manifest)> = removed
        .filter_map(|change| {
            let stored = destination.manifests.get(&change.file_name)?;
            Some((change.package.as_str(), &stored.manifest))
        })
        .collect();
    let line = |(package, by): (&str, Vec<String>)| {
        let more = by.len().saturating_sub(NAMED);
        let named = by.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("  - {package}: required by {named}{more}")
    };
    dependents(&removed, &mut work.result.values()).into_iter().map(line).collect()
}

/// For each removed package (by file name) the packages among `rest` that require it: by its name and
/// version, or by a name that it provides or replaces.
fn dependents<'m>(
    removed: &[(&'m str, &Manifest)],
    rest: &mut dyn Iterator<Item = &'m Manifest>,
) -> BTreeMap<&'m str, Vec<String>> {
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    if removed.is_empty() {
        return found;
    }
    let mut by_name: BTreeMap<String, Vec<(&str, Option<Version>)>> = BTreeMap::new();
    for (package, manifest) in removed {
        let version = normalize(manifest.version()).ok().map(|version| Version::new(&version));
        let name = manifest.name().to_ascii_lowercase();
        by_name.entry(name).or_default().push((package, version));
        for section in ["provide", "replace"] {
            for (name, _) in manifest.section(section).into_iter().flatten() {
                by_name.entry(name.to_ascii_lowercase()).or_default().push((package, None));
            }
        }
    }
    for manifest in rest {
        for (name, constraint) in manifest.section("require").into_iter().flatten() {
            let Some(providers) = by_name.get(&name.to_ascii_lowercase()) else { continue };
            let constraint = constraint.as_str().and_then(|text| Constraint::parse(text).ok());
            for (package, version) in providers {
                // What cannot be compared may be required.
                let requires = match (&constraint, version) {
                    (Some(constraint), Some(version)) => constraint.allows(version),
                    _ => true,
                };
                let by = format!("{} {}", short(manifest.name()), manifest.version());
                let known = found.get(package).is_some_and(|known| known.contains(&by));
                if requires && !known {
                    found.entry(package).or_default().push(by);
                }
            }
        }
    }
    found
}

/// A package's name without its vendor.
fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, version: &str, rest: &str) -> Manifest {
        let text = format!(r#"{{"name": "heroku-sys/{name}", "version": "{version}"{rest}}}"#);
        Manifest::parse(text).unwrap()
    }

    #[test]
    fn who_requires_what_goes() {
        let php = manifest("php", "8.3.10", r#", "provide": {"heroku-sys/php.native": "8.3.10"}"#);
        let library = manifest("libdemo", "1.0", "");
        let removed = [("php-8.3.10", &php), ("libdemo-1.0", &library)];
        let requires = |name: &str, requirement: &str| {
            manifest(name, "1.0.0", &format!(r#", "require": {{{requirement}}}"#))
        };
        let rest = [
            requires("ext-counter", r#""heroku-sys/php": "8.3.*""#),
            requires("ext-old", r#""heroku-sys/php": "8.2.*""#),
            requires("ext-odd", r#""heroku-sys/php": "not a constraint !""#),
            requires("tool", r#""HEROKU-SYS/PHP.native": "^8""#),
            requires("other", r#""heroku-sys/heroku": "^24""#),
        ];
        let found = dependents(&removed, &mut rest.iter());
        assert_eq!(found["php-8.3.10"], ["ext-counter 1.0.0", "ext-odd 1.0.0", "tool 1.0.0"]);
        assert_eq!(found.len(), 1);
        assert!(dependents(&[], &mut rest.iter()).is_empty());
    }
}
