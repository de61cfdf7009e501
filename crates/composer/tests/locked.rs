//! What was installed before stays, and what comes on top fits it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::sync::Arc;

use composer::{Error, Filter, Package, Repository, RepositorySet, Request, Root, Solution};
use serde_json::{Value, json};

fn repository() -> RepositorySet {
    let extension = |name: &str, series: &str| {
        json!({
            "name": name, "version": "1.0", "require": { "a/php": format!("{series}.*") },
            "dist": { "type": "tar", "url": format!("{name}-{series}") },
        })
    };
    let packages: Value = json!({
        "a/php": [{ "name": "a/php", "version": "8.3.1" }, { "name": "a/php", "version": "8.2.5" }],
        "a/ext": [extension("a/ext", "8.3"), extension("a/ext", "8.2")],
        "a/new": [extension("a/new", "8.3")],
    });
    let text = json!({ "packages": packages }).to_string();
    RepositorySet::new(vec![Repository::composer("test", text, Filter::default()).unwrap()])
}

fn solve(
    repositories: &RepositorySet,
    requires: &[(&str, &str, bool)],
    locked: Vec<Arc<Package>>,
) -> Result<Solution, Error> {
    let mut root = Root::parse("{}").unwrap();
    for (name, constraint, dev) in requires {
        root.require(name, constraint, *dev).unwrap();
    }
    composer::solve(&Request { root: &root, repositories, platform: Vec::new(), locked })
}

fn installs(solution: &Solution, with_dev: bool) -> Vec<String> {
    let operations = solution.operations(with_dev);
    operations.iter().map(|operation| operation.package().pretty()).collect()
}

#[test]
fn what_is_locked_decides_what_fits() {
    let repositories = repository();
    let php = ("a/php", "^8.2", false);
    let first = solve(&repositories, &[("a/php", "8.2.*", false)], Vec::new()).unwrap();
    assert_eq!(installs(&first, true), ["a/php 8.2.5"]);
    let locked: Vec<Arc<Package>> =
        first.packages().iter().map(|chosen| Arc::clone(&chosen.package)).collect();

    let more = solve(&repositories, &[php, ("a/ext", "*", false)], locked.clone()).unwrap();
    assert_eq!(installs(&more, true), ["a/ext 1.0"]);
    assert_eq!(more.packages().len(), 2);
    let extension = &more.packages()[0].package;
    assert_eq!(extension.dist.as_ref().unwrap().url, "a/ext-8.2");

    // Without the lock, the newer one would do.
    let anew = solve(&repositories, &[php, ("a/new", "*", false)], Vec::new()).unwrap();
    assert_eq!(installs(&anew, true), ["a/php 8.3.1", "a/new 1.0"]);
    let refused = solve(&repositories, &[php, ("a/new", "*", false)], locked.clone());
    let Err(Error::Unsolvable(problems)) = refused else { panic!("{refused:?}") };
    assert!(problems.to_string().contains("a/new 1.0 requires a/php 8.3.*"), "{problems}");

    // What nothing requires any more goes.
    let gone = solve(&repositories, &[], locked).unwrap();
    assert!(gone.packages().is_empty());
}

#[test]
fn what_is_for_development_only_is_known() {
    let repositories = repository();
    let requires = [("a/php", "*", false), ("a/ext", "*", true)];
    let solution = solve(&repositories, &requires, Vec::new()).unwrap();
    assert_eq!(installs(&solution, false), ["a/php 8.3.1"]);
    assert_eq!(installs(&solution, true), ["a/php 8.3.1", "a/ext 1.0"]);
    let dev: Vec<bool> = solution.packages().iter().map(|chosen| chosen.dev).collect();
    assert_eq!(dev, [false, true]);
}
