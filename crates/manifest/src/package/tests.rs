use super::*;

#[test]
fn what_is_no_manifest_is_refused() {
    let cases = [
        ("", "EOF while parsing a value at line 1 column 1"),
        ("[]", "expected an object at line 1 column 1"),
        ("{}", "name: missing"),
        (r#"{"name":"a/b"}"#, "version: missing"),
        (r#"{"name":"a/b","version":1}"#, "version: expected a string"),
        (r#"{"name":"a/b","version":"1","require":"x"}"#, "require: expected an object"),
        (r#"{"name":"a/b","version":"1","replace":[1]}"#, "replace: expected an object"),
        (r#"{"name":"a/b","version":"1","dist":true}"#, "dist: expected an object"),
        (r#"{"name":"a/b","version":"1","dist":"x"}"#, "dist: expected an object"),
        (r#"{"name":"a/b","version":"1","provide":0}"#, "provide: expected an object"),
        (r#"{"name":"a/b","version":"1","conflict":["x"]}"#, "conflict: expected an object"),
        (r#"{"name":null,"version":"1"}"#, "name: expected a string"),
        (r#"{"name":["a"],"version":"1"}"#, "name: expected a string"),
        (r#"{"name":"a/b","version":null}"#, "version: expected a string"),
        (r#"{"version":"1"}"#, "name: missing"),
    ];
    for (text, expected) in cases {
        let message = Manifest::parse(text).map_err(|error| error.to_string());
        assert_eq!(message, Err(expected.to_owned()), "{text}");
    }
}

/// What nothing depends on may be of any sort, as it might to the tools of old.
#[test]
fn other_keys_may_hold_anything() {
    for key in ["time", "type", "extra", "support", ""] {
        for value in ["null", "0", "-1.5", "true", "[]", "[{}]", "{}", r#""""#, r#"{"a": null}"#] {
            let text = format!(r#"{{"{key}":{value},"name":"a","version":"1"}}"#);
            let manifest = Manifest::parse(&text).unwrap();
            assert!(String::from_utf8(manifest.to_bytes()).unwrap().contains(value), "{text}");
            assert_eq!(manifest.timestamp(), None, "{text}");
        }
    }
    // Likewise below the keys that are looked into.
    let text = r#"{"dist": {"url": 1}, "name": "a", "require": {"heroku-sys/php": [1], "x": null}, "version": "1"}"#;
    let manifest = Manifest::parse(text).unwrap();
    assert_eq!((manifest.dist_url(), manifest.required("heroku-sys/php")), (None, None));
}

#[test]
fn of_a_key_that_is_there_twice_the_last_counts() {
    let text =
        r#"{"name": 1, "name": "a", "version": "2", "version": "1", "extra": {"x": 1, "x": 2}}"#;
    let manifest = Manifest::parse(text).unwrap();
    let expected = r#"{"extra": {"x": 2}, "name": "a", "version": "1"}"#;
    assert_eq!(String::from_utf8(manifest.to_bytes()).unwrap(), expected);
}

#[test]
fn length_and_depth_have_limits() {
    let deep = |depth: usize, space: &str| {
        let nested = "[".repeat(depth) + &"]".repeat(depth);
        Manifest::parse(format!(r#"{{"extra":{space}{nested}, "name": "a", "version": "1"}}"#))
            .map(|manifest| manifest.to_bytes().len())
            .map_err(|error| error.to_string())
    };
    // As we would write it, and as another would.
    for space in [" ", ""] {
        assert!(deep(json::MAX_DEPTH - 1, space).is_ok());
        let error = deep(json::MAX_DEPTH, space).unwrap_err();
        assert!(error.starts_with("nested deeper than 256 levels at line 1 column "), "{error}");
        let error = deep(100_000, space).unwrap_err();
        assert!(error.starts_with("nested deeper than 259 levels at line 1 column "), "{error}");
    }
    let long = |length: usize| {
        let text = r#"{"name": "a", "version": "1"}"#;
        Manifest::parse(text.to_owned() + &" ".repeat(length - text.len()))
    };
    assert!(long(MAX_BYTES).is_ok());
    assert_eq!(long(MAX_BYTES + 1), Err(Error::TooLong));
    assert_eq!(Error::TooLong.to_string(), "longer than 4 MiB: no manifest is");
}

#[test]
fn all_that_is_not_known_is_kept() {
    let text = r#"{"dist": [], "extra": {"n": 1e+300, "x": [12345678901234567890123, {}]}, "name": "a/b", "replace": [], "require": null, "version": "1", "\u00e9": "\ud83d\ude00"}"#;
    let manifest = Manifest::parse(text).unwrap();
    assert_eq!(String::from_utf8(manifest.to_bytes()).unwrap(), text);
    assert_eq!((manifest.require(), manifest.dist_url()), (None, None));
}

#[test]
fn what_no_float_holds_is_refused() {
    let parse = |value: &str| {
        Manifest::parse(format!(r#"{{"name": "a", "version": "1", "extra": [{value}]}}"#))
    };
    for value in ["1e400", "-1E999", "Infinity", "{\"x\": -Infinity}"] {
        assert_eq!(parse(value), Err(Error::Infinite { key: "extra".to_owned() }), "{value}");
    }
    for value in ["1e308", "\"Infinity\"", "{\"Infinity\": 0}"] {
        assert!(parse(value).is_ok(), "{value}");
    }
}

#[test]
fn times_are_utc_to_the_second() {
    let cases = [
        (r#""2016-02-16 01:18:50""#, Some("2016-02-16T01:18:50Z")),
        (r#""2024-02-29 23:59:59""#, Some("2024-02-29T23:59:59Z")),
        (r#""2023-02-29 00:00:00""#, None),
        (r#""2016-02-16T01:18:50Z""#, None),
        (r#""2016-2-6 1:8:6""#, Some("2016-02-06T01:08:06Z")),
        (r#""2016-02-16 01:18:50 ""#, None),
        (r#"" 2016-02-16 01:18:50""#, None),
        (r#""2016-02-16 01:18:60""#, None),
        (r#""16-02-16 01:18:50""#, None),
        (r#""+2016-02-16 01:18:50""#, None),
        (r#""2016-02- 6 01:18:50""#, None),
        (r#""2016-02-16""#, None),
        (r#""""#, None),
        ("1455585530", None),
        ("null", None),
    ];
    for (time, expected) in cases {
        let text = format!(r#"{{"name":"a","version":"1","time":{time}}}"#);
        let moment = Manifest::parse(&text).unwrap().timestamp();
        assert_eq!(moment.map(|moment| moment.to_string()).as_deref(), expected, "{time}");
    }
}

#[test]
fn the_archive_has_a_url() {
    let mut manifest = Manifest::parse(r#"{"name":"a","version":"1","dist":[]}"#).unwrap();
    manifest.set_dist_url("https://x/y");
    assert_eq!(manifest.dist_url(), Some("https://x/y"));
    manifest.set_dist_url("https://z");
    let expected = r#"{"dist": {"url": "https://z"}, "name": "a", "version": "1"}"#;
    assert_eq!(String::from_utf8(manifest.to_bytes()).unwrap(), expected);
}

#[test]
fn types_have_kinds() {
    let cases = [
        ("heroku-sys-php", Some(Kind::Php)),
        ("heroku-sys-package", Some(Kind::Internal)),
        ("heroku-sys-php-package", Some(Kind::Internal)),
        ("heroku-sys-phpx", None),
        ("heroku-sys-", None),
        ("composer-plugin", Some(Kind::Plain)),
        ("", Some(Kind::Plain)),
    ];
    for (text, expected) in cases {
        assert_eq!(Kind::of(text), expected, "{text}");
    }
}
