use super::*;

fn check(version: &str, expected: &str) {
    assert_eq!(normalize(version).as_deref(), Ok(expected), "{version:?}");
}

#[test]
fn versions_are_normalized() {
    check("1", "1.0.0.0");
    check(" v1.2.3 ", "1.2.3.0");
    check("1.0b2", "1.0.0.0-beta2");
    check("1.0-Stable", "1.0.0.0-stable");
    check("1.0-stable", "1.0.0.0");
    check("1.0RC1-dev", "1.0.0.0-RC1-dev");
    check("1.0.", "1.0.0.0");
    check("1.0.pl3", "1.0.0.0-patch3");
    check("2010-01-02", "2010.01.02");
    check("20100102-203040.5", "20100102.203040.5");
    check("1.x-dev", "1.9999999.9999999.9999999-dev");
    check("master", "dev-master");
    check("DEV-Foo", "dev-Foo");
    check("8.3.4+build2", "8.3.4.0");
    check("1.0@beta", "1.0.0.0");
    check("dev-main as 1.0", "dev-main");
}

#[test]
fn what_is_no_version_is_refused() {
    for version in ["", "foo", "1.0.0.0.0", "abc", "a", "1.0-foo", "1.0+", "1.0.0+a b"] {
        assert!(normalize(version).is_err(), "{version:?}");
    }
    let error = normalize_part("foo", Some("foo as 1.0")).unwrap_err();
    assert!(error.to_string().ends_with("prefix it with dev-"), "{error}");
}

#[test]
fn stabilities_are_told() {
    for (version, stability) in [
        ("1.0", Stability::Stable),
        ("1.0-rc1+build", Stability::Rc),
        ("dev-main#abc", Stability::Dev),
        ("1.0a", Stability::Alpha),
        ("1.0-p1", Stability::Stable),
        ("1.0.x-dev", Stability::Dev),
    ] {
        assert_eq!(Stability::of(version), stability, "{version}");
    }
}
