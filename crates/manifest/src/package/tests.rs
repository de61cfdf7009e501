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
    ];
    for (text, expected) in cases {
        let message = Manifest::parse(text).map_err(|error| error.to_string());
        assert_eq!(message, Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn all_that_is_not_known_is_kept() {
    let text = r#"{"dist": [], "extra": {"n": 1e400, "x": [12345678901234567890123, {}]}, "name": "a/b", "replace": [], "require": null, "version": "1", "\u00e9": "\ud83d\ude00"}"#;
    let manifest = Manifest::parse(text).unwrap();
    let expected = text.replace("1e400", "Infinity");
    assert_eq!(String::from_utf8(manifest.to_bytes()).unwrap(), expected);
    assert_eq!((manifest.require(), manifest.dist_url()), (None, None));
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
