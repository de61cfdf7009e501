use super::super::{MAX_DEPTH, parse, to_bytes};
use super::*;

#[test]
fn only_what_would_be_written_is_recognised() {
    let long = format!("{}1{}", r#"{"a": "#.repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH));
    for text in [
        "{}",
        r#"{"A": 1, "a": [1, -20, {}], "b": {"c": null}}"#,
        r#"{"a": "\"\\\n", "b": [[], true, false, 0]}"#,
        long.as_str(),
    ] {
        assert!(scan_object(text.as_bytes()).is_some(), "{text}");
        assert_eq!(to_bytes(&parse(text).unwrap()), text.as_bytes());
    }
    let longer = format!(r#"{{"a": {long}}}"#);
    for text in [
        "",
        "{",
        "[]",
        "{}x",
        r#"{"a":1}"#,
        r#"{"a": 1,"b": 2}"#,
        r#"{"b": 1, "a": 2}"#,
        r#"{"a": 1, "a": 2}"#,
        r#"{"a": 01}"#,
        r#"{"a": -0}"#,
        r#"{"a": 1.10}"#,
        r#"{"a": -}"#,
        r#"{"a": 1e5}"#,
        r#"{"a": "\/"}"#,
        r#"{"a": "é"}"#,
        r#"{"a": "\u0041"}"#,
        "{\"a\": \"\t\"}",
        r#"{"a": tru}"#,
        r#"{"a": [1,]}"#,
        r#"{"a": "}"#,
        r#"{"a" : 1}"#,
        r#"{"a": 1}}"#,
        r#"{"a\n": 1}"#,
        r#"{"a": ,}"#,
        longer.as_str(),
    ] {
        assert!(scan_object(text.as_bytes()).is_none(), "{text}");
    }
}

#[test]
fn plain_bytes_are_counted() {
    for byte in 0..=u8::MAX {
        let plain = matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        for (before, behind) in [(0, 0), (0, 9), (3, 4), (7, 8), (8, 0), (13, 20)] {
            let mut text = vec![b'~'; before];
            text.push(byte);
            text.extend(vec![b' '; behind]);
            let expected = if plain { text.len() } else { before };
            assert_eq!(plain_length(&text), expected, "{byte} {before} {behind}");
            text.push(0xff);
            assert_eq!(plain_length(&text), expected, "{byte} {before} {behind}");
        }
    }
}

#[test]
fn members_are_set_in_their_order() {
    let check = |object: &str, set: &[(&str, &'static str)], expected: &str| {
        let set = set.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect();
        let found = with_members(object, set);
        assert_eq!(found, expected);
        assert_eq!(to_bytes(&parse(&found).unwrap()), found.as_bytes());
    };
    check("{}", &[], "{}");
    check("[]", &[("a", "1")], r#"{"a": 1}"#);
    check("{}", &[("b", "1"), ("a", "2"), ("b", "3")], r#"{"a": 2, "b": 3}"#);
    let object = r#"{"a": [1, {}], "c\\": "x", "\u00e9": null}"#;
    check(object, &[], object);
    check(object, &[("a", "0"), ("é", "1")], r#"{"a": 0, "c\\": "x", "\u00e9": 1}"#);
    check(
        object,
        &[("z", "4"), ("b\"", "2"), ("A", "1"), ("\u{10ffff}", "5"), ("c\\", "3")],
        r#"{"A": 1, "a": [1, {}], "b\"": 2, "c\\": 3, "z": 4, "\u00e9": null, "\udbff\udfff": 5}"#,
    );
}

#[test]
fn members_are_found_by_their_place() {
    let text = r#"{"a": "x, \"}", "b": [1, {"a": 2}], "c\\": 1.5, "d": {"e": {}}, "\u00e9": null}"#;
    assert_eq!(to_bytes(&parse(text).unwrap()), text.as_bytes());
    let found: Vec<(&str, &str)> = members(text).map(|m| (m.key(text), m.value(text))).collect();
    let expected = [
        ("a", r#""x, \"}""#),
        ("b", r#"[1, {"a": 2}]"#),
        (r"c\\", "1.5"),
        ("d", r#"{"e": {}}"#),
        (r"\u00e9", "null"),
    ];
    assert_eq!(found, expected);
    assert_eq!(unescaped(found[4].0), "é");
    assert_eq!(find(text, "d").and_then(|d| find(d, "e")), Some("{}"));
    assert_eq!((members("{}").count(), members("null").count()), (0, 0));
    assert_eq!((plain(r#""x""#), plain(r#""\n""#), plain("1")), (Some("x"), None, None));
}

#[test]
fn texts_are_the_same_where_their_values_are() {
    let texts = [
        "1",
        "1.0",
        "true",
        "\"1\"",
        "\"1.0\"",
        "\"a\"",
        "\"ab\"",
        "{}",
        "[]",
        "[1]",
        "[1.0]",
        "[1, 2]",
        r#"{"a": "x\"1", "b": 1}"#,
        r#"{"a": "x\"1", "b": 1.0}"#,
        r#"{"a": "x\"2", "b": 1}"#,
        r#"{"a": "x\\", "b": 1}"#,
        r#"{"a": "x\\", "b": true}"#,
        r#"{"a": "x\\", "c": 1}"#,
    ];
    for (left, right) in texts.iter().flat_map(|left| texts.iter().map(move |right| (left, right)))
    {
        let values = super::super::same(&parse(left).unwrap(), &parse(right).unwrap());
        assert_eq!(same(left, right), values, "{left} {right}");
    }
}
