use proptest::prelude::*;

use super::*;

/// Both walks: the quick one, where it dared, found what the careful one did.
fn check(text: &str) -> bool {
    let careful = Scan::carefully(text);
    match (quick::scan(text), careful) {
        (Some(quick), Ok(careful)) => assert_eq!(quick, careful, "{text}"),
        (Some(quick), Err(error)) => panic!("{text}: {quick:?}, where it is {error}"),
        (None, _) => return false,
    }
    true
}

#[test]
fn usual_texts_are_walked_quickly() {
    for text in [
        r#"{"packages": {}}"#,
        r#" { "packages" : [ ] } "#,
        r#"{"packages":{"a/b":[{"name":"A/b","url":"http:\/\/x\/\u00e9é","size":-12}]}}"#,
        r#"{"packages": {"a": {"1": {"x": {"name": 1}, "name": "a"}}, "b": []}, "includes": []}"#,
        r#"{"packages": [[{"name": "a", "name": "b", "list": [1, [true], null, false, 0]}]]}"#,
        r#"{"packages": {"a": [{"name": "a"}]}, "packages": {"b": [{"name": "b"}]}}"#,
        r#"{"metadata-url": "/p2/%package%.json", "includes": {}, "packages": []}"#,
        r#"{"info": "x"}"#,
        r#"{"packages": {"a\/b": [{"n\u0061me": "A\/\u0062"}]}}"#,
    ] {
        assert!(check(text), "{text}");
    }
}

#[test]
fn odd_and_wrong_ones_are_not() {
    let deep = format!(r#"{{"x": {}1{}}}"#, "[".repeat(100), "]".repeat(100));
    for text in [
        "",
        "{",
        "[]",
        r#"{"packages": {"a": [{}]}}"#,
        r#"{"packages": {"a": [{"name": 1}]}}"#,
        r#"{"packages": {"a": [{"name": "\ud800"}]}}"#,
        r#"{"packages": {"a": [1]}}"#,
        r#"{"packages": {"a": 1}}"#,
        r#"{"packages": null}"#,
        r#"{"x": 1.5}"#,
        r#"{"x": 01}"#,
        r#"{"x": -}"#,
        r#"{"x": "\x"}"#,
        r#"{"x": "\u12"}"#,
        "{\"x\": \"\n\"}",
        r#"{"x": tru}"#,
        r#"{"x": [1,]}"#,
        r#"{"x": 1,}"#,
        r#"{"x" 1}"#,
        r#"{"x": 1} x"#,
        r#"{"x": "#,
        r#"{"x": ""#,
        deep.as_str(),
    ] {
        assert!(!check(text), "{text}");
    }
}

proptest! {
    #[test]
    fn both_walks_find_the_same(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", " ", "\"name\":\"a\"", "\"packages\":", "\"x\":",
                "\"y\"", "{\"name\":\"b\"}", "\"includes\":", "1", "-0", "\\", "\"", "null", "é",
            ]),
            0..12,
        ),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = r#"{"packages": {"a": [{"name": "a", "x": [1, "\/"]}, {"name": "b"}]}}"#;
        let cut = cut.index(whole.len());
        let text = pieces.concat();
        check(&text);
        check(&format!("{{\"packages\": [[{text}]]}}"));
        check(&format!("{}{text}{}", &whole[..cut], &whole[cut..]));
        check(&format!("{}{text}", &whole[..cut]));
    }
}
