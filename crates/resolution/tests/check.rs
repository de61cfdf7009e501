//! Small repositories with one thing wrong with each, and what is said of them.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use resolution::{Kind, Lock, Offer, Pick, Stack, check, compare, picks};

/// One version: name, version, requirements as JSON, and more members.
fn package(name: &str, version: &str, require: &str, more: &str) -> String {
    format!(
        r#"{{"name": "heroku-sys/{name}", "version": "{version}", "type": "heroku-sys-php-extension",
            "require": {require}, "dist": {{"type": "heroku-sys-tar",
            "url": "https://b.example/{name}-{version}.tar.gz"}}{more}}}"#
    )
}

/// With the requirements that `manifest-gen` writes.
fn php(version: &str) -> String {
    let require = r#"{"heroku-sys/heroku": "^24.0.0", "heroku/installer-plugin": "^1.6.0"}"#;
    package("php", version, require, "")
}

fn extension(name: &str, version: &str, series: &str) -> String {
    let require = format!(
        r#"{{"heroku-sys/heroku": "^24.0.0", "heroku-sys/php": "{series}.*",
            "heroku/installer-plugin": "^1.2.0"}}"#
    );
    package(name, version, &require, "")
}

fn text(packages: &[String]) -> String {
    format!(r#"{{"packages": [[{}]]}}"#, packages.join(", "))
}

fn offer(packages: &[String]) -> Offer {
    Offer::read("here", &text(packages), &[]).unwrap()
}

fn found(packages: &[String]) -> Vec<(Kind, String, String)> {
    check(&offer(packages))
        .unwrap()
        .into_iter()
        .map(|finding| (finding.kind, finding.package.0, finding.message))
        .collect()
}

#[test]
fn what_a_repository_is_for() {
    let offer =
        offer(&[php("8.3.10"), php("8.4.2"), php("8.10.0"), extension("ext-x", "1.0.0", "8.4")]);
    assert_eq!(offer.stacks(), [Stack::named("heroku-24-amd64")]);
    assert_eq!(offer.stacks()[0].to_string(), "heroku-24");
    assert_eq!(offer.series(), ["8.3", "8.4", "8.10"]);
    let extensions: Vec<String> = offer.extensions().iter().map(ToString::to_string).collect();
    assert_eq!(extensions, ["heroku-sys/ext-x"]);
}

#[test]
fn a_good_repository() {
    let packages = [
        php("8.4.2"),
        php("8.3.10"),
        php("8.3.9"),
        extension("ext-x", "1.2.0", "8.4"),
        extension("ext-x", "1.2.0", "8.3"),
        extension("ext-x", "1.1.0", "8.3"),
        extension("ext-old", "1.0.0", "8.3"),
        extension("ext-new", "2.0.0RC1", "8.4"),
        package("apache", "2.4.62", "{}", ""),
    ];
    assert_eq!(found(&packages), []);
}

#[test]
fn a_package_that_asks_for_what_is_not_there() {
    let require = r#"{"heroku-sys/heroku": "^24.0.0", "heroku-sys/php": "8.4.*", "heroku-sys/libx": "^2.0.5"}"#;
    let packages = [
        php("8.4.2"),
        extension("ext-a", "1.0.0", "8.4"),
        extension("ext-b", "1.0.0", "8.5"),
        package("ext-c", "1.0.0", require, ""),
        package("ext-d", "1.0.0", r#"{"heroku-sys/heroku": "^22.0.0"}"#, ""),
    ];
    let found = found(&packages);
    let names: Vec<_> = found.iter().map(|(kind, name, _)| (*kind, name.as_str())).collect();
    let unresolvable = |name| (Kind::Unresolvable, name);
    assert_eq!(
        names,
        ["heroku-sys/ext-b", "heroku-sys/ext-c", "heroku-sys/ext-d"].map(unresolvable)
    );
    assert!(found[0].2.contains("php 8.5.*"), "{}", found[0].2);
    assert!(found[1].2.contains("libx ^2.0.5"), "{}", found[1].2);
    assert_eq!(found[2].2, "it is for none of the stacks heroku-24");
}

#[test]
fn a_package_that_composer_does_not_load() {
    let packages = [
        php("8.4.2"),
        extension("ext-a", "not a version", "8.4"),
        extension("ext-b", "1.0.0", "8.4"),
    ];
    let found = found(&packages);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].1.as_str()), (Kind::Unreadable, "heroku-sys/ext-a"));
}

#[test]
fn extensions_that_cannot_be_together_are_no_finding() {
    let require = r#"{"heroku-sys/php": "8.4.*"}"#;
    let conflict = r#", "conflict": {"heroku-sys/ext-a": "*"}"#;
    let packages = [
        php("8.4.2"),
        extension("ext-a", "1.0.0", "8.4"),
        package("ext-b", "1.0.0", require, conflict),
        extension("ext-c", "1.0.0", "8.4"),
    ];
    assert_eq!(found(&packages), []);
}

#[test]
fn the_highest_php_comes_first() {
    let right = [
        php("8.4.2"),
        php("8.3.10"),
        extension("ext-x", "1.2.0", "8.4"),
        extension("ext-x", "1.2.0", "8.3"),
    ];
    assert_eq!(found(&right), []);
    // A newer version that is for an older PHP only is what its author published.
    let newer = [&right[..], &[extension("ext-x", "1.3.0", "8.3")]].concat();
    assert_eq!(found(&newer), []);
}

#[test]
fn a_build_that_another_one_hides() {
    let packages = [
        php("8.4.2"),
        extension("ext-x", "1.2.0+build2", "8.4"),
        extension("ext-x", "1.2.0", "8.4"),
    ];
    let found = found(&packages);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, Kind::Shadowed);
    assert!(
        found[0].2.starts_with("ext-x 1.2.0+build2 for PHP 8.4.* comes before it"),
        "{found:?}"
    );
}

#[test]
fn what_changes_from_one_repository_to_the_next() {
    let before = offer(&[php("8.3.9"), php("8.4.1"), extension("ext-x", "1.0.0", "8.3")]);
    let after = offer(&[php("8.3.10"), php("8.4.1"), extension("ext-x", "1.0.0", "8.4")]);
    let differences = compare(&picks(&before, &after).unwrap(), &picks(&after, &before).unwrap());
    let told: Vec<String> = differences.iter().map(|d| format!("{}: {d}", d.question)).collect();
    let lost = told.iter().find(|line| line.starts_with("ext-x * with PHP 8.3.* on heroku-24"));
    assert!(lost.unwrap().contains("it can be had no more"), "{told:#?}");
    assert!(
        told.contains(&"PHP 8.3.* on heroku-24: php 8.3.9 becomes 8.3.10".to_owned()),
        "{told:#?}"
    );
    assert!(
        told.contains(
            &"ext-x * with PHP 8.4.* on heroku-24: ext-x 1.0.0 is new, php 8.4.1 is new".to_owned()
        ),
        "{told:#?}"
    );
    let same = picks(&before, &before).unwrap();
    assert_eq!(compare(&same, &same), []);
}

const LOCK: &str = r#"{
    "content-hash": "0123456789abcdef0123456789abcdef", "plugin-api-version": "2.6.0",
    "packages": [{"name": "a/b", "version": "1.0.0", "require": {"php": ">=8.3", "ext-x": "*"}}],
    "packages-dev": [], "platform": {"php": "^8.3", "ext-x": "^1.0"}, "platform-dev": [],
    "stability-flags": [], "minimum-stability": "stable", "prefer-stable": false
}"#;

#[test]
fn an_application() {
    let lock = Lock::read("app/composer.lock", LOCK.as_bytes()).unwrap();
    let good = offer(&[php("8.3.9"), php("8.4.1"), extension("ext-x", "1.0.0", "8.3")]);
    let Pick::Packages(packages) = lock.resolve(&good, good.stacks().first()).unwrap() else {
        panic!("it resolves")
    };
    let versions: Vec<(&str, &str)> =
        packages.iter().map(|(name, (version, _))| (name.as_str(), version.as_str())).collect();
    assert_eq!(versions, [("heroku-sys/ext-x", "1.0.0"), ("heroku-sys/php", "8.3.9")]);

    let bad = offer(&[php("8.3.9"), extension("ext-x", "2.0.0", "8.3")]);
    let pick = lock.resolve(&bad, bad.stacks().first()).unwrap();
    let Pick::Nothing(why) = pick else { panic!("{pick:?}") };
    assert!(why.contains("ext-x ^1.0"), "{why}");
}

#[test]
fn what_is_no_application() {
    for (text, message) in
        [("[", "l is not valid JSON"), ("[]", "l: expected an object, found a list")]
    {
        assert_eq!(Lock::read("l", text.as_bytes()).unwrap_err().to_string(), message);
    }
    let lock = Lock::read("l", b"{}").unwrap();
    let offer = offer(&[php("8.3.9")]);
    assert_eq!(lock.resolve(&offer, None).unwrap_err().to_string(), "l: platform is missing");
}

#[test]
fn an_order_that_gives_a_lower_php() {
    // The other way around than our rules have it.
    let packages = [
        php("8.4.2"),
        php("8.3.10"),
        extension("ext-x", "1.2.0", "8.3"),
        extension("ext-x", "1.2.0", "8.4"),
    ];
    let found = found(&packages);
    let kinds: Vec<Kind> = found.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds, [Kind::LowerPhp], "{found:?}");
    assert!(found[0].2.contains("'*' gives it with PHP 8.3.10"), "{}", found[0].2);
}
