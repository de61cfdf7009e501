use proptest::prelude::*;

use super::*;

fn rewritten(text: &str, style: Style) -> Result<String, String> {
    let value = parse(text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(to_string(&value, style))
}

/// What `json_encode(json_decode($text), JSON_PRETTY_PRINT)` gives in PHP 8.2.
#[test]
fn values_are_written_as_php_writes_them() {
    for (text, expected) in [
        ("{}", "{}"),
        (" [ ] ", "[]"),
        ("[1,[],{}]", "[\n    1,\n    [],\n    {}\n]"),
        (
            r#"{"b":{"x":"a/b"},"a":null}"#,
            "{\n    \"b\": {\n        \"x\": \"a\\/b\"\n    },\n    \"a\": null\n}",
        ),
        ("\"\u{7f}é\u{2028}😀\"", "\"\u{7f}\\u00e9\\u2028\\ud83d\\ude00\""),
        (r#""\b\f\n\r\t\u0000\u001F\"\\""#, r#""\b\f\n\r\t\u0000\u001f\"\\""#),
        (r#"{"a":1,"b":2,"a":3}"#, "{\n    \"a\": 3,\n    \"b\": 2\n}"),
        ("[TRUE,False,nUll]", "[\n    true,\n    false,\n    null\n]"),
    ] {
        assert_eq!(rewritten(text, Style::Plain).as_deref(), Ok(expected), "{text}");
    }
    let composer = rewritten("\"a/é\u{2028}\"", Style::Composer);
    assert_eq!(composer.as_deref(), Ok("\"a/é\\u2028\""));
}

#[test]
fn arrays_and_one_line() {
    for (text, expected) in [
        (r#"{"a": {}, "b": [ 1 ], "c/é": null}"#, r#"{"a":[],"b":[1],"c\/\u00e9":null}"#),
        (r#"{"0": {"1": 2}, "1": {"0": []}}"#, r#"[{"1":2},[[]]]"#),
        (r#"{"1": 1, "0": 0}"#, r#"{"1":1,"0":0}"#),
    ] {
        let value = parse(text.as_bytes()).unwrap();
        assert_eq!(to_compact(&as_array(value)), expected, "{text}");
    }
}

#[test]
fn errors_say_where() {
    for (text, expected) in [
        (&b""[..], "the text ends too early at line 1 column 1"),
        (b"{\"a\":1,}", "expected a key at line 1 column 8"),
        (b"[1,\n 2,]", "expected a value at line 2 column 4"),
        (b"{\"a\" 1}", "expected a colon at line 1 column 6"),
        (b"01", "unexpected text after the value at line 1 column 2"),
        (b"1.", "expected a digit at line 1 column 3"),
        (b"\"\\ud800\"", "half of a surrogate pair at line 1 column 8"),
        (b"\"\\udc00\"", "half of a surrogate pair at line 1 column 8"),
        (b"\"\\u00e\"", "an escape that is none at line 1 column 4"),
        (b"\"\xff\"", "invalid UTF-8 at line 1 column 2"),
        (b"\"\n\"", "a control character in a string at line 1 column 2"),
        (b"\xef\xbb\xbf1", "expected a value at line 1 column 1"),
        (b"truey", "expected a value at line 1 column 1"),
    ] {
        let error = parse(text).map_err(|error| error.to_string());
        assert_eq!(error, Err(expected.to_owned()), "{}", text.escape_ascii());
    }
}

#[test]
fn nesting_has_php_s_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    let error = parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
    assert_eq!(error.what, "values are nested too deeply");
    assert!(parse("[".repeat(10_000_000).as_bytes()).is_err());
}

#[test]
fn truth() {
    for (text, truthy) in [
        ("null", false),
        ("0", false),
        ("0.0", false),
        ("\"0\"", false),
        ("\"\"", false),
        ("[]", false),
        ("{}", false),
        ("\"0.0\"", true),
        ("-1", true),
        ("[0]", true),
        ("true", true),
    ] {
        assert_eq!(parse(text.as_bytes()).unwrap().is_truthy(), truthy, "{text}");
    }
}

/// Asked of PHP 8.2: `json_encode(json_decode($text))`.
#[test]
fn numbers_are_written_as_php_writes_them() {
    for (read, written) in [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "-0"),
        ("1.0", "1"),
        ("1.10", "1.1"),
        ("1.5e3", "1500"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("0.0001", "0.0001"),
        ("0.00001", "1.0e-5"),
        ("0.000012", "1.2e-5"),
        ("-1e-7", "-1.0e-7"),
        ("1e16", "10000000000000000"),
        ("1e17", "1.0e+17"),
        ("12345678901234567.0", "12345678901234568"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9.223372036854776e+18"),
        ("1e100", "1.0e+100"),
        ("5e-324", "5.0e-324"),
        ("1e-400", "0"),
    ] {
        assert_eq!(to_compact(&parse(read.as_bytes()).unwrap()), written, "{read}");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u32>().prop_map(|number| Value::from(u64::from(number))),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
            prop::collection::vec((any::<String>(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(value in any_value()) {
        for style in [Style::Plain, Style::Composer] {
            let text = to_string(&value, style);
            prop_assert_eq!(parse(text.as_bytes()), Ok(value.clone()));
        }
        prop_assert!(to_string(&value, Style::Plain).is_ascii());
    }

    #[test]
    fn no_text_brings_it_down(text in any::<Vec<u8>>()) {
        let _ = parse(&text);
    }
}
