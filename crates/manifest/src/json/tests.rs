use super::*;

fn rewritten(text: &str) -> Result<String, String> {
    let value = parse(text).map_err(|error| error.to_string())?;
    String::from_utf8(to_bytes(&value)).map_err(|error| error.to_string())
}

#[test]
fn values_are_written_as_python_writes_them() {
    let cases = [
        (
            r#" {"b" : [1,2 , {}], "a":null, "é":true, "Z":false} "#,
            r#"{"Z": false, "a": null, "b": [1, 2, {}], "\u00e9": true}"#,
        ),
        ("[]", "[]"),
        ("[[],{}]", "[[], {}]"),
        // Integers digit for digit
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("-0", "0"),
        ("-17", "-17"),
        // floats in the shortest form
        ("1e5", "100000.0"),
        ("-0.0", "-0.0"),
        ("0e0", "0.0"),
        ("1.0", "1.0"),
        ("1.10", "1.1"),
        ("1e15", "1000000000000000.0"),
        ("1e16", "1e+16"),
        ("1653092067258016.25", "1653092067258016.2"),
        ("705951183028832.25", "705951183028832.2"),
        ("1653092067258016.75", "1653092067258016.8"),
        ("123456789.125", "123456789.125"),
        ("-0.00015", "-0.00015"),
        ("-123456789012345.5", "-123456789012345.5"),
        ("5.684341886080802e-14", "5.684341886080802e-14"),
        ("9007199254740993.0", "9007199254740992.0"),
        ("5e-324", "5e-324"),
        ("123456789.123456789e10", "1.234567891234568e+18"),
        ("0.0001", "0.0001"),
        ("1E-5", "1e-05"),
        ("1e-400", "0.0"),
        ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        // and those that are none.
        ("1E400", "Infinity"),
        ("-1E400", "-Infinity"),
        (
            "[Infinity, -Infinity, \"Infinity \\\"Infinity\"]",
            "[Infinity, -Infinity, \"Infinity \\\"Infinity\"]",
        ),
        // Escapes
        ("\"\u{7f}\"", r#""\u007f""#),
        (r#""\/\b\f\n\r\t\"\\\u0000\u001F""#, r#""/\b\f\n\r\t\"\\\u0000\u001f""#),
        ("\"\u{2028}\u{ffff}😀~\"", r#""\u2028\uffff\ud83d\ude00~""#),
        (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
        // Keys by code point, where UTF-16 would say otherwise; of two equal ones the last.
        ("{\"\u{10000}\":1,\"\u{ffff}\":2}", r#"{"\uffff": 2, "\ud800\udc00": 1}"#),
        (r#"{"a":1,"a":2}"#, r#"{"a": 2}"#),
    ];
    for (text, expected) in cases {
        assert_eq!(rewritten(text), Ok(expected.to_owned()), "{text}");
        assert_eq!(rewritten(expected), Ok(expected.to_owned()), "{expected}, again");
    }
}

#[test]
fn errors_say_where() {
    let cases: [(&[u8], &str); 17] = [
        (b"", "EOF while parsing a value at line 1 column 1"),
        (b"{\n  \"a\": x}", "expected value at line 2 column 8"),
        (b"{\"a\":1,}", "trailing comma at line 1 column 8"),
        (b"[1] 2", "trailing characters at line 1 column 5"),
        (b"01", "invalid number at line 1 column 2"),
        (b"{a", "key must be a string at line 1 column 2"),
        (
            b"\"\x01\"",
            "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 2",
        ),
        (b"\n\"\xff\"", "invalid UTF-8 at line 2 column 2"),
        (br#""\ud800x""#, "half of a surrogate pair on its own at line 1 column 8"),
        (br#""\ud800""#, "half of a surrogate pair on its own at line 1 column 8"),
        (br#""\ud800\ud800""#, "half of a surrogate pair on its own at line 1 column 13"),
        (br#""\udc00""#, "half of a surrogate pair on its own at line 1 column 7"),
        (br#""\u12"#, "EOF while parsing a string at line 1 column 5"),
        (
            b"\"a\0b\"",
            "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 3",
        ),
        (b"NaN", "expected value at line 1 column 1"),
        (b"[Infinity, x", "expected value at line 1 column 12"),
        ("\u{feff}1".as_bytes(), "a byte order mark stands before the text at line 1 column 1"),
    ];
    for (text, expected) in cases {
        let message = parse(text).map_err(|error| error.to_string());
        assert_eq!(message, Err(expected.to_owned()), "{}", text.escape_ascii());
    }
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let value = parse(nested(MAX_TEXT_DEPTH)).unwrap();
    assert_eq!(to_bytes(&value), nested(MAX_TEXT_DEPTH).as_bytes());
    // Brackets in strings, and many side by side, are not deep.
    assert!(parse(format!(r#"["{}\"["]"#, "[".repeat(1000))).is_ok());
    assert!(parse(format!("[{}[]]", "[[]],".repeat(1000))).is_ok());
    for deep in ["[".repeat(100_000), nested(MAX_TEXT_DEPTH + 1)] {
        let error = parse(deep).map_err(|error| error.to_string());
        assert_eq!(error, Err("nested deeper than 259 levels at line 1 column 260".to_owned()));
    }
}

#[test]
fn an_object_is_asked_for() {
    let cases = [
        ("[]", "expected an object at line 1 column 1"),
        ("\n \"x\"", "expected an object at line 2 column 2"),
        ("{", "EOF while parsing an object at line 1 column 1"),
    ];
    for (text, expected) in cases {
        let message = parse_object(text).map_err(|error| error.to_string());
        assert_eq!(message, Err(expected.to_owned()), "{text}");
    }
    assert_eq!(parse_object("{}"), Ok(Object::new()));
}

#[test]
fn values_are_equal_as_they_are_to_python() {
    let cases = [
        ("1", "1.0", true),
        ("true", "1", true),
        ("false", "0.0", true),
        ("-0", "0", true),
        ("1e2", "100", true),
        ("9007199254740993", "9007199254740992", false),
        (r#"{"a":[1,{"b":true}]}"#, r#"{"a":[1.0,{"b":1}]}"#, true),
        (r#"{"a":1}"#, r#"{"b":1}"#, false),
        ("[1]", "[1,1]", false),
        ("true", "false", false),
        ("null", "0", false),
        (r#""1""#, "1", false),
    ];
    for (left, right, expected) in cases {
        let (l, r) = (parse(left).unwrap(), parse(right).unwrap());
        assert_eq!(same(&l, &r), expected, "{left} {right}");
    }
}
