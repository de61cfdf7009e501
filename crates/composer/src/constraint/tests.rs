use super::*;

fn check(text: &str, expected: &str) {
    let parsed = Constraint::parse(text).map(|constraint| constraint.to_string());
    assert_eq!(parsed.as_deref(), Ok(expected), "{text:?}");
}

#[test]
fn constraints_are_read() {
    check("*", "*");
    check("v*", ">= 0.0.0.0-dev");
    check("1.0", "== 1.0.0.0");
    check("~1.2", "[>= 1.2.0.0-dev < 2.0.0.0-dev]");
    check("~1.2.3", "[>= 1.2.3.0-dev < 1.3.0.0-dev]");
    check("^0.3", "[>= 0.3.0.0-dev < 0.4.0.0-dev]");
    check("^1.2.3-beta2", "[>= 1.2.3.0-beta2 < 2.0.0.0-dev]");
    check("8.2.*", "[>= 8.2.0.0-dev < 8.3.0.0-dev]");
    check("0.*", "< 1.0.0.0-dev");
    check("1.0 - 2.0", "[>= 1.0.0.0-dev < 2.1.0.0-dev]");
    check("1.0 - 2.0.5", "[>= 1.0.0.0-dev <= 2.0.5.0]");
    check(">=1.0 <2.0 || 3.0", "[[>= 1.0.0.0-dev < 2.0.0.0-dev] || == 3.0.0.0]");
    check("^1 || ^2", "[>= 1.0.0.0-dev < 3.0.0.0-dev]");
    check(">=1.0,!=1.5", "[>= 1.0.0.0-dev != 1.5.0.0]");
    check(">=1.0-RC1", ">= 1.0.0.0-RC1-dev");
    check(">1.0@beta", "> 1.0.0.0-beta");
    check("@dev", "*");
    check("dev-main#abc", "== dev-main");
    check("foo-dev", "== dev-foo");
    check("dev-main as 1.0", "== dev-main");
}

#[test]
fn what_is_none_is_refused() {
    for text in ["", "foo", "~>1.0", "1.0 ||", ">=", "1.0,,2.0", "1.0  as 2.0", "^foo"] {
        assert!(Constraint::parse(text).is_err(), "{text:?}");
    }
    assert_eq!(Constraint::parse(&"1 ".repeat(MAX_LENGTH)), Err(Invalid::TooLong));
}

#[test]
fn ranges_that_touch_have_nothing_in_common() {
    let parse = |text: &str| Constraint::parse(text).unwrap();
    assert!(!parse(">=1.0-stable").matches(&parse("<1.0-stable")));
    assert!(parse(">=1.0").matches(&parse("<2.0")));
    assert!(parse("^1").matches(&parse("^3 || 1.5")));
    assert!(!parse("<1 || >2").matches(&parse(">1.2 <1.5")));
}
