use super::*;

const CONTEXT: Context<'_> = Context {
    stack: "heroku-24-amd64",
    now: "2026-01-02 03:04:05",
    dist_url: "https://b.s3.amazonaws.com/p/x%2B1.tar.gz",
};

fn generated(args: &[&str], context: &Context<'_>) -> Result<String, String> {
    let chain = |error: Error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    let request = Request::from_args(args).map_err(chain)?;
    let manifest = generate(request, context).map_err(chain)?;
    Ok(String::from_utf8(manifest.to_bytes()).unwrap())
}

#[test]
fn a_manifest_has_all_its_keys() {
    let args = ["heroku-sys-library", "heroku-sys/zlib", "1.3", "zlib-1.3.tar.gz"];
    let expected = concat!(
        r#"{"conflict": {}, "dist": {"type": "heroku-sys-tar", "url": "https://b.s3.amazonaws.com/p/x%2B1.tar.gz"}, "#,
        r#""extra": {}, "name": "heroku-sys/zlib", "provide": {}, "replace": {}, "#,
        r#""require": {"heroku-sys/heroku": "^24.0.0", "heroku/installer-plugin": "^1.3.0"}, "#,
        r#""time": "2026-01-02 03:04:05", "type": "heroku-sys-library", "version": "1.3"}"#
    );
    assert_eq!(generated(&args, &CONTEXT), Ok(expected.to_owned()));
}

#[test]
fn the_stack_is_required() {
    let cases = [
        ("cedar-14", "heroku-sys/cedar", "^14.0.0"),
        ("heroku-24-amd64", "heroku-sys/heroku", "^24.0.0"),
        ("heroku-24x", "heroku-sys/heroku", "^24.0.0"),
        ("cedar", "heroku-sys/cedar", "^1.0.0"),
        ("cedar-", "heroku-sys/cedar", "^1.0.0"),
        ("cedar-x14", "heroku-sys/cedar", "^1.0.0"),
        ("cedar--14", "heroku-sys/cedar", "^1.0.0"),
    ];
    for (stack, package, constraint) in cases {
        assert_eq!(stack_requirement(stack), Ok((package.to_owned(), constraint.to_owned())));
    }
    assert_eq!(
        generated(&["x", "a/b", "1", "x"], &Context { stack: "-24", ..CONTEXT }),
        Err(r#"STACK: "-24" does not start with the name of a stack"#.to_owned())
    );
}

#[test]
fn each_type_needs_its_installer() {
    let cases = [
        ("heroku-sys-php", Some("^1.6.0"), "heroku-sys-tar"),
        ("heroku-sys-php-extension", Some("^1.6.0"), "heroku-sys-tar"),
        ("heroku-sys-library", Some("^1.3.0"), "heroku-sys-tar"),
        ("heroku-sys-program", Some("^1.4.0"), "heroku-sys-tar"),
        ("heroku-sys-hhvm", Some("^1.2.0"), "heroku-sys-tar"),
        ("heroku-sys-webserver", Some("^1.2.0"), "heroku-sys-tar"),
        ("heroku-sys-package", Some("^1.2.0"), "heroku-sys-tar"),
        ("heroku-sys-unheard-of", Some("^1.2.0"), "heroku-sys-tar"),
        ("composer-plugin", None, "tar"),
        ("heroku-sys", None, "tar"),
    ];
    for (kind, plugin, dist) in cases {
        let request = Request::from_args(&[kind, "a/b", "1", "x"]).unwrap();
        let manifest = generate(request, &CONTEXT).unwrap();
        assert_eq!(manifest.required("heroku/installer-plugin"), plugin, "{kind}");
        assert_eq!(manifest.required("heroku-sys/heroku"), Some("^24.0.0"), "{kind}");
        assert_eq!(manifest.section("dist").unwrap()["type"], dist, "{kind}");
    }
}

#[test]
fn shared_extensions_become_whole() {
    let args = [
        "heroku-sys-php",
        "heroku-sys/php",
        "8.3.4",
        "php-8.3.4.tar.gz",
        r#"{"heroku-sys/lib": "*"}"#,
        r#"{"heroku-sys/hhvm": "*"}"#,
        "{}",
        "{}",
        r#"{"shared": {"heroku-sys/ext-a b": "self.version", "heroku-sys/ext-c": "1.2", "heroku-sys/ext-off": false}}"#,
    ];
    let manifest = json::parse_object(generated(&args, &CONTEXT).unwrap()).unwrap();
    let shared = manifest["extra"]["shared"].as_object().unwrap();
    let expected = json::parse(
        r#"{"type": "heroku-sys-php-extension", "name": "heroku-sys/ext-a b", "version": "8.3.4",
            "time": "2026-01-02 03:04:05", "conflict": {"heroku-sys/hhvm": "*"},
            "require": {"heroku-sys/lib": "*", "heroku-sys/heroku": "^24.0.0",
                "heroku/installer-plugin": "^1.6.0", "heroku-sys/php": "8.3.4"},
            "dist": {"type": "heroku-sys-php-bundled-extension",
                "url": "https://b.s3.amazonaws.com/p/x%2B1.tar.gz?extension=heroku-sys%2Fext-a+b"}}"#,
    )
    .unwrap();
    assert_eq!(shared["heroku-sys/ext-a b"], expected);
    assert_eq!(shared["heroku-sys/ext-c"]["version"], "1.2");
    assert_eq!(shared["heroku-sys/ext-off"], false);
    assert!(manifest["require"].get("heroku-sys/php").is_none());
}

#[test]
fn php_always_says_what_is_shared() {
    let extra_of = |kind| {
        let manifest = generated(&[kind, "heroku-sys/php", "8.3.4", "x"], &CONTEXT).unwrap();
        json::parse_object(manifest).unwrap()["extra"].to_string()
    };
    assert_eq!(extra_of("heroku-sys-php"), r#"{"shared":{}}"#);
    assert_eq!(extra_of("heroku-sys-hhvm"), "{}");
}

#[test]
fn an_eighth_argument_that_cannot_be_provide_is_extra() {
    let cases = [
        (r#"{"a/b": "*"}"#, "provide"),
        ("{}", "provide"),
        (r#"{"shared": {}}"#, "extra"),
        (r#"{"a/b": {"x": 1}}"#, "extra"),
        (r#"{"export": "bin/export.sh"}"#, "extra"),
        (r#"{"a/b": "*", "profile": "x"}"#, "extra"),
    ];
    for (text, place) in cases {
        let args = ["x", "a/b", "1", "x", "{}", "{}", "{}", text];
        let manifest = json::parse_object(generated(&args, &CONTEXT).unwrap()).unwrap();
        assert_eq!(manifest[place], json::parse(text).unwrap(), "{text}");
        // With nine arguments there is nothing to tell apart.
        let args = ["x", "a/b", "1", "x", "{}", "{}", "{}", text, "{}"];
        let manifest = json::parse_object(generated(&args, &CONTEXT).unwrap()).unwrap();
        assert_eq!(manifest["provide"], json::parse(text).unwrap(), "{text}");
    }
}

#[test]
fn arguments_that_are_wrong_are_named() {
    let cases: [(&[&str], &str); 8] = [
        (&[], "expected 4 to 9 arguments, got 0"),
        (&["a", "b", "c"], "expected 4 to 9 arguments, got 3"),
        (&["a"; 10], "expected 4 to 9 arguments, got 10"),
        (&["x", "a/b", "1", "x", " []"], "REQUIRE: expected an object at line 1 column 2"),
        (&["x", "a/b", "1", "x", "{}", "{a"], "CONFLICT: key must be a string at line 1 column 2"),
        (
            &["x", "a/b", "1", "x", "{}", "{}", ""],
            "REPLACE: EOF while parsing a value at line 1 column 1",
        ),
        (
            &["x", "a/b", "1", "x", "{}", "{}", "{}", "1", "{}"],
            "PROVIDE: expected an object at line 1 column 1",
        ),
        (
            &["heroku-sys-php", "a/b", "1", "x", "{}", "{}", "{}", "{}", r#"{"shared": {"a": 1}}"#],
            "EXTRA: shared.a: expected a version",
        ),
    ];
    for (args, expected) in cases {
        assert_eq!(generated(args, &CONTEXT), Err(expected.to_owned()));
    }
}

#[test]
fn one_object_says_the_same() {
    let args = ["x", "a/b", "1", "x.tar.gz", r#"{"a/c": "*"}"#, "{}", "{}", "{}", r#"{"k": 1e5}"#];
    let text = r#"{"type": "x", "name": "a/b", "version": "1", "archive": "x.tar.gz",
        "require": {"a/c": "*"}, "conflict": [], "replace": null, "extra": {"k": 1e5}}"#;
    assert_eq!(Request::from_json(text), Request::from_args(&args));

    let cases = [
        ("[]", "stdin: expected an object at line 1 column 1"),
        ("{", "stdin: EOF while parsing an object at line 1 column 1"),
        ("{}", "type: missing"),
        (r#"{"type": 1}"#, "type: expected a string"),
        (
            r#"{"type":"","name":"","version":"","archive":"","require":""}"#,
            "require: expected an object",
        ),
        (r#"{"type":"","name":"","version":"","archive":"","x":""}"#, "x: unknown member"),
    ];
    for (text, expected) in cases {
        let error = Request::from_json(text).unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        assert_eq!(format!("{error}{}", source.unwrap_or_default()), expected);
    }
}

#[test]
fn what_no_repository_could_use_is_found() {
    let cases: [([&str; 5], &[&str]); 8] = [
        (["heroku-sys-php", "heroku-sys/php", "8", "x", "{}"], &[]),
        (["composer-plugin", "any/name", "1", "x", "{}"], &[]),
        (
            ["heroku-sys-php", "php", "8", "x", "{}"],
            &[r#"NAME: "php" of type "heroku-sys-php" lacks "heroku-sys/""#],
        ),
        (
            ["heroku-sys-php", "heroku-sys/", "8", "x", "{}"],
            &[r#"NAME: "heroku-sys/" of type "heroku-sys-php" lacks "heroku-sys/""#],
        ),
        (
            ["heroku-sys-x", "heroku-sys/php", "", "x", "{}"],
            &[r#"TYPE: unknown platform type "heroku-sys-x""#, "VERSION: empty"],
        ),
        (["", "", "1", "", "{}"], &["TYPE: empty", "NAME: empty", "ARCHIVE: empty"]),
        (
            ["x", "a/b", "1", "x", r#"{"a/c": 1}"#],
            &["REQUIRE: a/c: expected a version constraint as a string"],
        ),
        (["x", "a/b", "1", "x", r#"{"a/c": "*"}"#], &[]),
    ];
    for (args, expected) in cases {
        let problems = Request::from_args(&args).unwrap().problems();
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected, "{args:?}");
    }
}

#[test]
fn an_archive_at_hand_is_described() {
    let mut request = Request::from_args(&["x", "a/b", "1", "x"]).unwrap();
    request.facts = Some(ArchiveFacts { sha1: "11".into(), sha256: "22".into(), size: 3 });
    let manifest = generate(request, &CONTEXT).unwrap();
    assert_eq!(manifest.section("dist").unwrap()["shasum"], "11");
    assert_eq!(manifest.as_object()["extra"].to_string(), r#"{"sha256":"22","size":3}"#);
}
