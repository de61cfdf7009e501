//! Our answers to the cases, in the form of the oracle's.

use std::sync::Arc;

use composer::root::Source;
use composer::{Error, Operation, Package, Repository, RepositorySet, Request, Root};
use serde_json::{Value, json};

use super::cases::{Case, PLATFORM};

/// What the resolver says.
pub fn answer(case: &Case) -> Value {
    match resolve(case) {
        Ok(operations) => json!({ "status": 0, "operations": operations }),
        Err(Error::Unsolvable(problems) | Error::UnsolvableWithoutDev(problems)) => {
            json!({ "status": 2, "problems": problems.to_string().trim() })
        }
        Err(error) => json!({ "status": 1, "error": error.to_string() }),
    }
}

fn resolve(case: &Case) -> Result<Vec<String>, Error> {
    let root = Root::parse(&case.composer.to_string()).expect("a composer.json");
    let repositories = root
        .repositories
        .iter()
        .map(|declared| {
            let filter = declared.filter.clone();
            let file = |path: String| case.files[&path].to_string();
            match &declared.source {
                Source::Composer { url } => {
                    let text = file(format!("{url}/packages.json"));
                    Repository::composer(&format!("composer repo (file:///{url})"), text, filter)
                }
                Source::Path { url } => {
                    let text = file(format!("{url}/composer.json"));
                    Repository::path(&format!("path repo (/{url})"), text, filter)
                }
                Source::Package { json } => {
                    let count = serde_json::from_str::<Vec<Value>>(json).unwrap().len();
                    let s = if count > 1 { "s" } else { "" };
                    let name = format!("package repo (defining {count} package{s})");
                    Repository::inline(&name, json.clone(), filter)
                }
                Source::Other { .. } => unreachable!("none is made"),
            }
            .expect("a repository")
        })
        .collect();
    let repositories = RepositorySet::new(repositories);
    let platform = PLATFORM
        .iter()
        .map(|(name, version)| Arc::new(Package::platform(name, version).unwrap()))
        .collect();
    let request =
        Request { root: &root, repositories: &repositories, platform, locked: Vec::new() };
    let operations = composer::solve(&request)?.operations(!case.no_dev);
    Ok(operations.iter().map(shown).collect())
}

fn shown(operation: &Operation) -> String {
    match operation {
        Operation::Install(package) => {
            let url = package.dist.as_ref().map_or("", |dist| &dist.url);
            format!("{} {url}", package.pretty()).trim().to_owned()
        }
        alias @ Operation::MarkAlias { .. } => alias.to_string(),
    }
}
