use super::*;

fn index(manifests: &[(&str, &str)]) -> Index {
    let manifests = manifests
        .iter()
        .map(|(file_name, text)| ((*file_name).to_owned(), Manifest::parse(text).unwrap()));
    Index::generate(manifests.collect())
}

/// A manifest: type, name, version, PHP requirement (none where empty).
fn line(kind: &str, name: &str, version: &str, php: &str) -> String {
    let require = match php {
        "" => String::new(),
        php => format!(r#", "require": {{"heroku-sys/php": "{php}"}}"#),
    };
    format!(r#"{{"name": "{name}", "type": "{kind}", "version": "{version}"{require}}}"#)
}

/// Name, version and PHP requirement of a manifest.
type Line = (&'static str, &'static str, &'static str);

/// What an index lists, in short: name, version and PHP requirement, file names in input order.
fn listed(lines: &[Line]) -> Vec<String> {
    let texts: Vec<(String, String)> = lines
        .iter()
        .enumerate()
        .map(|(at, (name, version, php))| (format!("{at:03}"), line("library", name, version, php)))
        .collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let index = index(&texts);
    let list = index.manifests().map(|manifest| {
        let php = manifest.required("heroku-sys/php").unwrap_or_default();
        format!("{} {} {php}", manifest.name(), manifest.version()).trim_end().to_owned()
    });
    list.collect()
}

#[test]
fn packages_are_grouped_by_name() {
    let index = index(&[("1", &line("a", "z/\u{e9}", "1", "")), ("2", &line("b", "a/b", "1", ""))]);
    let expected = r#"{"packages": {"a/b": [{"name": "a/b", "type": "b", "version": "1"}], "z/\u00e9": [{"name": "z/\u00e9", "type": "a", "version": "1"}]}}"#;
    assert_eq!(String::from_utf8(index.to_bytes()).unwrap(), expected);
    assert_eq!(Index::parse(expected), Ok(index));
    assert_eq!(Index::generate(Vec::new()).to_bytes(), br#"{"packages": {}}"#);
}

#[test]
fn what_is_never_offered_is_dropped() {
    let index = index(&[
        ("1", &line("heroku-sys-package", "heroku-sys/a", "1", "")),
        ("2", &line("heroku-sys-php-package", "heroku-sys/b", "1", "")),
        ("3", &line("heroku-sys-other", "heroku-sys/c", "1", "")),
        ("4", r#"{"name": "d/d", "version": "1"}"#),
    ]);
    let names: Vec<&str> = index.packages().map(|(name, _)| name).collect();
    assert_eq!(names, ["d/d", "heroku-sys/c"]);
}

#[test]
fn the_php_series_descends_within_a_name() {
    let cases: &[(&[Line], &[&str])] = &[
        (
            &[
                ("e", "1.2", "7.4.*"),
                ("e", "1.2", "8.0.*"),
                ("e", "1.2", "8.10.*"),
                ("e", "1.2", ""),
            ],
            &["e 1.2 8.10.*", "e 1.2 8.0.*", "e 1.2 7.4.*", "e 1.2"],
        ),
        // Equal keys keep the order of the files, whatever the version.
        (
            &[("e", "2", "8.0.*"), ("e", "3", "8.0.*"), ("e", "1", "8.0.0")],
            &["e 2 8.0.*", "e 3 8.0.*", "e 1 8.0.0"],
        ),
        (
            &[("e", "1", "^7.0.0"), ("e", "1", "7.0.*"), ("e", "1", "~8.0")],
            &["e 1 ~8.0", "e 1 ^7.0.0", "e 1 7.0.*"],
        ),
        // Names that are equal as numbers are two names.
        (
            &[("e-a1", "1", ""), ("e-a01", "1", ""), ("e-a1", "2", "")],
            &["e-a01 1", "e-a1 1", "e-a1 2"],
        ),
    ];
    for (lines, expected) in cases {
        assert_eq!(listed(lines), *expected);
    }
}

#[test]
fn the_age_of_hhvm_is_ordered_by_hhvm() {
    let of = |hhvm| {
        format!(
            r#"{{"name": "e", "version": "{hhvm}", "require": {{"heroku-sys/hhvm": "{hhvm}", "heroku-sys/php": "5"}}}}"#
        )
    };
    let (old, new) = (of("3.9.*"), of("3.10.*"));
    let index = index(&[("1", &old), ("2", &new)]);
    let versions: Vec<&str> = index.manifests().map(Manifest::version).collect();
    assert_eq!(versions, ["3.10.*", "3.9.*"]);
}

#[test]
fn a_later_build_replaces_an_earlier_one_for_its_target() {
    let cases: &[(&[Line], &[&str])] = &[
        (&[("e", "1.0", ""), ("e", "1.0+build2", "")], &["e 1.0+build2"]),
        (&[("e", "1.0+build10", ""), ("e", "1.0+build9", "")], &["e 1.0+build10"]),
        (
            &[("e", "1.0+build2", ""), ("f", "1.0", ""), ("e", "1.1", "")],
            &["e 1.0+build2", "e 1.1", "f 1.0"],
        ),
        // One series' rebuild does not hide the others.
        (
            &[("e", "6.0.0", "8.1.*"), ("e", "6.0.0", "8.2.*"), ("e", "6.0.0+build2", "8.2.*")],
            &["e 6.0.0+build2 8.2.*", "e 6.0.0 8.1.*"],
        ),
        // Versions that are the same to Composer are one version, but nothing vanishes.
        (&[("e", "1.00", ""), ("e", "1.0+build2", "")], &["e 1.0+build2"]),
        (&[("e", "1.0.0", ""), ("e", "1.0+build2", "")], &["e 1.0+build2"]),
        (&[("e", "1.0", ""), ("e", "1.00", "")], &["e 1.0", "e 1.00"]),
        (&[("e", "1.0RC1+b", ""), ("e", "1.0", "")], &["e 1.0RC1+b", "e 1.0"]),
    ];
    for (lines, expected) in cases {
        assert_eq!(listed(lines), *expected);
    }
}

#[test]
fn a_target_is_a_stack_too() {
    let of = |version: &str, stack: &str| {
        format!(
            r#"{{"name": "e", "version": "{version}", "require": {{{stack}"heroku-sys/lib-x": "^1.0.0"}}}}"#
        )
    };
    let texts = [
        of("1", r#""heroku-sys/heroku": "^22.0.0", "#),
        of("1+b2", r#""heroku-sys/heroku": "^24.0.0", "#),
        of("1", r#""heroku-sys/heroku": "^24.0.0", "other/x": "*", "#),
    ];
    let index = index(&[("1", &texts[0]), ("2", &texts[1]), ("3", &texts[2])]);
    let versions: Vec<&str> = index.manifests().map(Manifest::version).collect();
    assert_eq!(versions, ["1", "1+b2"]);
}

#[test]
fn shared_extensions_become_packages() {
    let php = r#"{"name": "heroku-sys/php", "type": "heroku-sys-php", "version": "8.3.4",
        "dist": {"url": "https://new/php.tar.gz"}, "replace": {},
        "extra": {"shared": {
            "heroku-sys/ext-a b": {"name": "heroku-sys/ext-a b", "version": "8.3.4", "type": "heroku-sys-php-extension",
                "dist": {"type": "bundled", "url": "https://old/php.tar.gz?extension=x"}, "require": {"heroku-sys/php": "8.3.4"}},
            "heroku-sys/ext-no": {"version": "no name"},
            "heroku-sys/ext-old": true, "heroku-sys/ext-off": false, "heroku-sys/ext-s": "self.version"}}}"#;
    let other = r#"{"name": "heroku-sys/ext-a b", "type": "heroku-sys-php-extension", "version": "9", "require": {"heroku-sys/php": "8.3.4"}}"#;
    let index = index(&[("1", php), ("2", other)]);
    let packages: Vec<(&str, Vec<&str>)> = index
        .packages()
        .map(|(name, list)| (name, list.iter().map(Manifest::version).collect()))
        .collect();
    // Split off, an extension comes behind all manifests that have the same sort key.
    assert_eq!(
        packages,
        [("heroku-sys/ext-a b", vec!["9", "8.3.4"]), ("heroku-sys/php", vec!["8.3.4"])]
    );
    let manifests: Vec<&Manifest> = index.manifests().collect();
    let expected = r#"{"dist": {"type": "bundled", "url": "https://new/php.tar.gz?extension=heroku-sys%2Fext-a+b"}, "name": "heroku-sys/ext-a b", "replace": {"heroku-sys/ext-a b.native": "self.version"}, "require": {"heroku-sys/php": "8.3.4"}, "type": "heroku-sys-php-extension", "version": "8.3.4"}"#;
    assert_eq!(String::from_utf8(manifests[1].to_bytes()).unwrap(), expected);
    let shared = manifests[2].section("extra").unwrap()["shared"].to_string();
    assert_eq!(
        shared,
        r#"{"heroku-sys/ext-a b":false,"heroku-sys/ext-no":{"version":"no name"},"heroku-sys/ext-off":false,"heroku-sys/ext-old":true,"heroku-sys/ext-s":"self.version"}"#
    );
}

#[test]
fn native_twins_stand_beside_extensions() {
    let cases = [
        (
            r#""type": "heroku-sys-php", "replace": {"heroku-sys/ext-x": "1", "heroku-sys/ext-y.native": "2", "a/ext-z": "3"}"#,
            r#""replace": {"a/ext-z": "3", "heroku-sys/ext-x": "1", "heroku-sys/ext-x.native": "1", "heroku-sys/ext-y.native": "2"}, "type": "heroku-sys-php""#,
        ),
        (
            r#""type": "heroku-sys-php-extension", "require": {"heroku-sys/ext-x": "*", "heroku-sys/php": "8"}"#,
            r#""replace": {"n.native": "self.version"}, "require": {"heroku-sys/ext-x": "*", "heroku-sys/ext-x.native": "*", "heroku-sys/php": "8"}, "type": "heroku-sys-php-extension""#,
        ),
        // PHP's empty object
        (
            r#""type": "heroku-sys-php-extension", "replace": [], "require": []"#,
            r#""replace": {"n.native": "self.version"}, "require": [], "type": "heroku-sys-php-extension""#,
        ),
        (
            r#""type": "heroku-sys-php", "replace": []"#,
            r#""replace": [], "type": "heroku-sys-php""#,
        ),
        (r#""type": "heroku-sys-php""#, r#""replace": {}, "type": "heroku-sys-php""#),
        (
            r#""require": {"heroku-sys/ext-x": "*"}, "type": "heroku-sys-library""#,
            r#""require": {"heroku-sys/ext-x": "*"}, "type": "heroku-sys-library""#,
        ),
    ];
    for (given, expected) in cases {
        let index = index(&[("1", &format!(r#"{{"name": "n", "version": "1", {given}}}"#))]);
        let expected =
            format!(r#"{{"packages": {{"n": [{{"name": "n", {expected}, "version": "1"}}]}}}}"#);
        assert_eq!(String::from_utf8(index.to_bytes()).unwrap(), expected);
    }
}

#[test]
fn order_among_equals_has_no_meaning() {
    let [a, b, c] = ["1", "2", "3"].map(|version| {
        let php = if version == "3" { "7.0.*" } else { "8.0.*" };
        line("x", "e", version, php)
    });
    let one = index(&[("1", &a), ("2", &b), ("3", &c)]);
    let shuffled = index(&[("3", &a), ("2", &b), ("1", &c)]);
    assert_ne!(one, shuffled);
    assert!(one.same_as(&shuffled) && shuffled.same_as(&one));
    // The order of the input does not count, not even for the bytes.
    assert_eq!(index(&[("3", &c), ("2", &b), ("1", &a)]).to_bytes(), one.to_bytes());
    // A real difference in order, contents or number is one.
    let wrong = Index::parse(format!(r#"{{"packages": {{"e": [{c}, {a}, {b}]}}}}"#)).unwrap();
    assert!(!one.same_as(&wrong));
    assert_eq!(one.reordered(&wrong), ["e"]);
    assert_eq!(one.reordered(&shuffled), [""; 0]);
    assert_eq!(one.reordered(&index(&[("1", &a), ("2", &b)])), [""; 0]);
    assert!(!one.same_as(&index(&[("1", &a), ("2", &b)])));
    assert!(!one.same_as(&Index::default()));
}

#[test]
fn changes_are_told_by_version() {
    let older = index(&[
        ("1", &line("x", "e", "1.9", "8.0.*")),
        ("2", &line("x", "e", "1.10", "8.0.*")),
        ("3", &line("x", "f", "1", "")),
        ("4", &line("x", "g", "1", "")),
    ]);
    let newer = index(&[
        ("1", &line("x", "e", "1.9", "8.0.*")),
        ("2", &line("x", "e", "1.10", "8.0.*")),
        ("5", &line("x", "e", "1.10", "8.1.*")),
        ("6", &line("x", "e", "1.11", "8.1.*")),
        ("3", &line("y", "f", "1", "")),
    ]);
    let told: Vec<String> = older.changes_to(&newer).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["~ e 1.10", "+ e 1.11", "~ f 1", "- g 1"]);
    assert_eq!(newer.changes_to(&newer), []);
}

#[test]
fn an_index_is_the_same_whichever_way_it_is_read() {
    let lists = [
        r#"{"packages": {}}"#,
        r#"{"packages": {"a/b": [{"name": "a/b", "version": "1"}]}}"#,
        r#"{"packages": {"a/b": [{"name": "a/b", "version": "2"}, {"name": "a/b", "version": "1"}], "a/c": [{"extra": {"x": [1, {"y": "\u00e4"}]}, "name": "a/c", "version": "1"}]}}"#,
    ];
    for text in lists {
        let quickly = written(text.as_bytes()).map(|packages| Index { packages });
        // What does not stand as it would be written is read with care.
        let spaced = text.replacen('{', "{ ", 1);
        assert_eq!(written(spaced.as_bytes()), None);
        let index = Index::parse(&spaced).unwrap();
        assert_eq!(quickly.as_ref(), Some(&index), "{text}");
        assert_eq!(index.to_bytes(), text.as_bytes());
        assert_eq!(Index::parse(format!("{text}\n")).unwrap(), index);
    }
    for odd in [
        r#"{"packages": {"a/b": []}}"#,
        r#"{"packages": {"b": [{"name": "b", "version": "1"}], "a": [{"name": "a", "version": "1"}]}}"#,
        r#"{"packages": {"a": [{"name": "a", "version": "1"}], "a": [{"name": "a", "version": "2"}]}}"#,
        r#"{"packages": {"a": [{"name": "a"}]}}"#,
        r#"{"packages": {"a": [{"name": "a", "version": "1"}]}, "more": 1}"#,
        r#"{"packages": {"a": [{"name": "a", "version": "1"}]}}}"#,
        r#"{"packages": {"a": [{"name": "a", "version": "1"}]}"#,
        r#"{"packages": {"a": [{"name": "a", "version": "1"},]}}"#,
    ] {
        assert_eq!(written(odd.as_bytes()), None, "{odd}");
    }
}

#[test]
fn what_is_no_index_is_refused() {
    let cases = [
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("{}", "packages: expected an object"),
        (r#"{"packages": 1}"#, "packages: expected an object"),
        (r#"{"packages": [1]}"#, "packages[0]: expected a list"),
        (r#"{"packages": {"a": 1}}"#, "packages.a: expected a list"),
        (r#"{"packages": {"a": [1]}}"#, "packages.a[0]: expected an object"),
        (r#"{"packages": {"a": [{"name": "a"}]}}"#, "packages.a[0]"),
    ];
    for (text, expected) in cases {
        assert_eq!(Index::parse(text).map_err(|error| error.to_string()), Err(expected.to_owned()));
    }
    let empty = Index::parse(r#"{"packages": [], "metadata-url": "/p2/%package%.json"}"#).unwrap();
    assert!(empty.is_empty());
    // The form of 2016: one list of all packages.
    let [a, b] = ["a", "b"].map(|name| line("x", name, "1", ""));
    let flat = Index::parse(format!(r#"{{"packages": [[{b}, {a}]]}}"#));
    assert_eq!(flat, Ok(index(&[("1", &a), ("2", &b)])));
}
