//! What nobody would write, but anybody can: no panic, and an end.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use composer::constraint::MAX_LENGTH;
use composer::version::{compare, normalize};
use composer::{Constraint, Filter, Repository, RepositorySet, Request, Root, Stability, Version};
use proptest::prelude::*;
use serde_json::{Value, json};

proptest! {
    #[test]
    fn texts_are_read_or_refused(
        a in "[0-9.xX*vdev@#|,<>=!~^ as\\-+_a-cRCp\\n\u{e9}]{0,40}",
        b in "[<>=!~^]{0,2}[0-9]{1,3}(\\.[0-9x*]{1,3}){0,4}(-(dev|beta|RC|p)[0-9]{0,2})?( - |,| \\|\\| )?[0-9.]{0,6}",
    ) {
        for text in [&a, &b] {
            Stability::of(text);
            if let Ok(normalized) = normalize(text) {
                prop_assert_eq!(compare(&normalized, &normalized), std::cmp::Ordering::Equal);
            }
        }
        if let (Ok(a), Ok(b)) = (Constraint::parse(&a), Constraint::parse(&b)) {
            let either = a.or(&b);
            for version in ["1.2.3.0", "0.0.0.0", "9.0.0.0-dev", "1.0.0.0-RC1", "dev-main"] {
                let version = Version::new(version);
                prop_assert_eq!(
                    a.matches(&Constraint::exactly(version.clone())),
                    a.allows(&version)
                );
                prop_assert_eq!(either.allows(&version), a.allows(&version) || b.allows(&version));
            }
            a.is_subset_of(&b);
            a.matches(&b);
        }
    }
}

#[test]
fn long_constraints_are_matched_or_refused() {
    for piece in [
        "|", " ", ",", "1|", "1||", "dev-a||", "!=1 ", "!=dev-a ", ">1,<2|", "a as ", "-",
        "1 - 2 ", "@dev",
    ] {
        let long = piece.repeat(MAX_LENGTH / piece.len());
        if let Ok(constraint) = Constraint::parse(&long) {
            constraint.matches(&constraint.compact());
            constraint.is_subset_of(&constraint.or(&Constraint::parse("1.0").unwrap()));
        }
        assert!(Constraint::parse(&piece.repeat(MAX_LENGTH + 1)).is_err());
    }
    for piece in ["1", ".", "1.", "a1", "-dev", "+", "+\n", "dev", "#", "as ", "2010-01", "beta.1"]
    {
        let long = piece.repeat(200_000 / piece.len());
        Stability::of(&long);
        let _ = normalize(&long);
        compare(&long, &format!("{long}1"));
    }
}

/// What comes of requiring a package of a repository.
fn outcome(packages: &Value, require: &str) -> Result<usize, String> {
    let text = json!({ "packages": packages }).to_string();
    let repository = Repository::composer("test", text, Filter::default());
    let repositories = RepositorySet::new(vec![repository.map_err(|error| error.to_string())?]);
    let mut root =
        Root { name: "__root__".into(), pretty_name: "__root__".into(), ..Root::default() };
    root.require(require, "*", false).unwrap();
    let (platform, locked) = (Vec::new(), Vec::new());
    let request = Request { root: &root, repositories: &repositories, platform, locked };
    let solution = composer::solve(&request).map_err(|error| error.to_string())?;
    Ok(solution.operations(true).len())
}

#[test]
fn packages_that_are_none_are_refused() {
    for package in [
        json!(1),
        json!(null),
        json!([]),
        json!({}),
        json!({ "name": 1 }),
        json!("x"),
        json!({ "name": "a/a" }),
        json!({ "name": "a/a", "version": "foo" }),
        json!({ "name": "a/a", "version": "1", "require": 5 }),
        json!({ "name": "a/a", "version": "1", "require": { "b/b": 5 } }),
        json!({ "name": "a/a", "version": "1", "require": { "b/b": "~>" } }),
        json!({ "name": "a/a", "version": "1", "dist": { "url": "x" } }),
    ] {
        assert!(outcome(&json!({ "a/a": [package] }), "a/a").is_err(), "{package}");
    }
    for packages in [json!(null), json!("x"), json!({ "a/a": 1 }), json!([{ "name": "a/a" }])] {
        assert!(outcome(&packages, "a/a").is_err(), "{packages}");
    }
}

#[test]
fn odd_packages_are_taken_as_composer_takes_them() {
    let package = json!({ "name": "A/a", "version": 1, "require": { "a/a": "*" }, "extra": null });
    assert_eq!(outcome(&json!({ "other": [package] }), "a/A"), Ok(1));
    let escaped = r#"{"packages": [[{"n\u0061me": "a/a", "version": "1.0"}]]}"#;
    let repository = Repository::composer("test", escaped, Filter::default()).unwrap();
    assert_eq!(repository.names().collect::<Vec<_>>(), ["a/a"]);
    let elsewhere = r#"{"packages": [], "metadata-url": "/p2/%package%.json"}"#;
    let error = Repository::composer("test", elsewhere, Filter::default()).unwrap_err();
    assert!(error.to_string().contains("metadata-url"), "{error}");
}

/// Packages that need one another in a circle, that replace one another, and very many links.
#[test]
fn circles_and_crowds_come_to_an_end() {
    let mut packages = json!({});
    for number in 0..60 {
        let name = format!("a/p{number}");
        let versions: Vec<Value> = (0..8)
            .map(|version| {
                json!({
                    "name": name, "version": format!("{version}.0"),
                    "require": { format!("a/p{}", (number + 1) % 60): format!("!={version}.0") },
                    "replace": { format!("a/r{}", (number * version) % 7): "self.version" },
                    "conflict": { format!("a/p{}", (number + 7) % 60): format!("<{version}") },
                })
            })
            .collect();
        packages[name] = json!(versions);
    }
    // Whether it can be solved is another matter.
    let _ = outcome(&packages, "a/p0");
    let links: serde_json::Map<String, Value> =
        (0..20_000).map(|number| (format!("a/l{number}"), json!("*"))).collect();
    let crowd = json!({ "name": "a/a", "version": "1", "provide": links, "replace": links });
    assert_eq!(outcome(&json!({ "a/a": [crowd] }), "a/a"), Ok(1));
    let many: Vec<Value> = (0..3000)
        .map(|patch| json!({ "name": "a/a", "version": format!("1.0.{patch}") }))
        .collect();
    assert_eq!(outcome(&json!({ "a/a": many }), "a/a"), Ok(1));
}
