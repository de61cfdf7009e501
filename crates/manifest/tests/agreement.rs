//! Agreement with Python: its own `json` module for bytes, and a second writing of the rules for
//! indexes, over generated inputs. One Python process answers all the questions of a test.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::cmp::Ordering;
use std::io::Write as _;
use std::process::{Command, Stdio};

use manifest::{Index, Manifest, json, order};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::json;

/// Asks the oracle; an answer is the text that should come out, `None` where the input should be
/// refused.
fn ask(questions: &[serde_json::Value]) -> Vec<Option<String>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py");
    let mut python = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for this test");
    let lines: Vec<String> = questions.iter().map(|question| format!("{question}\n")).collect();
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.concat().as_bytes()).unwrap());
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

/// Values of a strategy, the same ones in every run.
fn sample<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, number: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..number).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn json_text() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<f64>()
            .prop_filter("finite", |float| float.is_finite())
            .prop_map(|f| format!("{f:e}")),
        any::<i128>().prop_map(|integer| integer.to_string()),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
    ];
    let character = prop_oneof![
        "[ -~&&[^\"\\\\]]",
        any::<char>()
            .prop_filter("as it is", |c| *c >= ' ' && *c != '"' && *c != '\\')
            .prop_map(String::from),
        any::<char>().prop_map(|c| {
            c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect()
        }),
        prop::sample::select(vec![
            "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\u{7f}"
        ])
        .prop_map(String::from),
    ];
    let string = prop::collection::vec(character, 0..8)
        .prop_map(|characters| format!("\"{}\"", characters.concat()))
        .boxed();
    let space = prop::sample::select(vec!["", " ", "\n\t", "\r "]);
    let leaf = prop_oneof![
        number,
        string.clone(),
        prop::sample::select(vec!["null", "true", "false", "Infinity", "-Infinity"])
            .prop_map(String::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let member = (string.clone(), space.clone(), inner.clone())
            .prop_map(|(key, space, value)| format!("{key}{space}:{value}"));
        let list = |items: Vec<String>, space: &str| items.join(&format!("{space},"));
        prop_oneof![
            (prop::collection::vec(inner, 0..6), space.clone())
                .prop_map(move |(items, space)| format!("[{space}{}]", list(items, space))),
            (prop::collection::vec(member, 0..6), space.clone())
                .prop_map(move |(items, space)| format!("{{{}{space}}}", list(items, space))),
        ]
    })
}

#[test]
fn json_has_the_bytes_of_python() {
    let mut texts = sample(json_text(), 800);
    // What is broken somewhere is refused by both, or means the same to both.
    let broken =
        (json_text(), any::<prop::sample::Index>(), "[ -~]?").prop_map(|(text, at, new)| {
            let mut characters: Vec<String> = text.chars().map(String::from).collect();
            *at.get_mut(&mut characters) = new;
            characters.concat()
        });
    texts.extend(sample(broken, 400));
    let questions: Vec<_> = texts.iter().map(|text| json!({"op": "json", "text": text})).collect();
    let (mut read, mut refused) = (0, 0);
    for (text, expected) in texts.iter().zip(ask(&questions)) {
        let value = json::parse(text);
        // Half a surrogate pair has no place in our strings: refused, where Python keeps it.
        if matches!(&value, Err(error) if error.message.contains("surrogate") || error.message.contains("hex escape"))
        {
            continue;
        }
        let written = value.ok().map(|value| String::from_utf8(json::to_bytes(&value)).unwrap());
        assert_eq!(written, expected, "{text}");
        *if expected.is_some() { &mut read } else { &mut refused } += 1;
    }
    assert!(read > 800 && refused > 50, "{read} read, {refused} refused");
}

/// Manifests from small sets of names, versions and requirements, so that they meet each other.
fn manifest_text() -> impl Strategy<Value = serde_json::Value> {
    let kind = prop::sample::select(vec![
        "heroku-sys-php",
        "heroku-sys-php-extension",
        "heroku-sys-hhvm",
        "heroku-sys-library",
        "heroku-sys-package",
        "composer-plugin",
    ]);
    let name = prop::sample::select(vec![
        "heroku-sys/php",
        "heroku-sys/ext-a1",
        "heroku-sys/ext-a01",
        "heroku-sys/ext-redis",
        "é/x",
    ]);
    let version = prop::sample::select(vec![
        "1.0",
        "1.00",
        "1.0.0",
        "1.0+build2",
        "1.0+build10",
        "1.00+build3",
        "1.0RC1",
        "1.0-rc.1",
        "3.3.0RC1+b",
        "9.21.0.311",
        "2.2.0-beta",
        "2.2.0b2",
        "20160601",
        "1.0.0.0.0",
        "dev-master",
        "v1.0",
    ]);
    let php = prop::sample::select(vec![
        "7.4.*", "8.0.*", "8.10.*", "^8.0", ">=7.0.0", "~7.4.1", "8.0.10",
    ]);
    let links = prop::collection::btree_map(
        prop::sample::select(vec!["heroku-sys/ext-x", "heroku-sys/ext-y.native", "a/b"]),
        prop::sample::select(vec!["*", "^1.0"]),
        0..3,
    );
    let section = prop_oneof![
        3 => links.prop_map(|links| json!(links)),
        1 => Just(json!([])),
    ];
    let require =
        (section.clone(), prop::option::of(php), 0..4_usize).prop_map(|(mut links, php, more)| {
            if let Some(object) = links.as_object_mut() {
                if let Some(php) = php {
                    object.insert("heroku-sys/php".into(), php.into());
                }
                if more == 0 {
                    object.insert("heroku-sys/hhvm".into(), "3.5.*".into());
                }
                object.insert("heroku-sys/heroku".into(), format!("^{}.0.0", 22 + more % 2).into());
            }
            links
        });
    let shared = prop::collection::btree_map(
        prop::sample::select(vec![
            "heroku-sys/ext-redis",
            "heroku-sys/ext-s",
            "heroku-sys/ext-ü b",
        ]),
        prop::sample::select(vec![json!(true), json!(false), json!(null)]),
        0..3,
    );
    (kind, name, version, prop::option::of(require), prop::option::of(section), shared, 0..9_usize)
        .prop_map(|(kind, name, version, require, replace, mut shared, number)| {
            for (name, value) in &mut shared {
                if value.is_null() {
                    *value = json!({"name": name, "version": version, "type": "heroku-sys-php-extension",
                        "dist": {"type": "bundled", "url": "old"}, "require": {"heroku-sys/php": version}});
                }
            }
            let mut manifest = json!({"type": kind, "name": name, "version": version,
                "dist": {"type": "tar", "url": "https://b/p.tgz"}, "extra": {"shared": shared, "n": number}});
            let numbers = ["12345678901234567890123", "-1.50", "1e300", "-0", "2E-7", "1e16"];
            if let Some(text) = numbers.get(number) {
                // What nobody here knows: large numbers, floats, other scripts, and more levels.
                let deep = format!(r#"{{"é\u0007😀": [{}{text}{}]}}"#, "[".repeat(60), "]".repeat(60));
                manifest["extra"]["unknown"] = serde_json::from_str(&deep).unwrap();
            }
            if let Some(require) = require {
                manifest["require"] = require;
            }
            if let Some(replace) = replace {
                manifest["replace"] = replace;
            }
            manifest
        })
}

#[test]
fn indexes_are_those_of_the_rules() {
    let repositories = sample(prop::collection::vec(manifest_text(), 0..25), 400);
    let files: Vec<Vec<(String, String)>> = repositories
        .iter()
        .map(|manifests| {
            // Not in the order of the names, and none of them twice.
            let named = manifests.iter().enumerate();
            named.map(|(at, text)| (format!("{:02}", at * 7 % 29), text.to_string())).collect()
        })
        .collect();
    let questions: Vec<_> =
        files.iter().map(|files| json!({"op": "index", "files": files})).collect();
    assert!(files.iter().map(Vec::len).sum::<usize>() >= 3000);
    for (files, expected) in files.iter().zip(ask(&questions)) {
        let manifests =
            files.iter().map(|(name, text)| (name.clone(), Manifest::parse(text).unwrap()));
        let index = Index::generate(manifests.collect());
        let written = String::from_utf8(index.to_bytes()).unwrap();
        assert_eq!(Some(&written), expected.as_ref(), "{files:#?}");
        assert!(Index::parse(&written).unwrap().same_as(&index));
    }
}

/// A table of pairs, written down once, that Python and we both have to agree with.
#[test]
fn orders_are_those_of_the_table() {
    let rows: Vec<[&str; 4]> = include_str!("order.tsv")
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>().try_into().expect("four columns"))
        .collect();
    assert!(rows.len() >= 500);
    let questions: Vec<_> = rows
        .iter()
        .map(|[kind, left, right, _]| {
            json!({"op": "order", "kind": kind, "left": left, "right": right})
        })
        .collect();
    for ([kind, left, right, sign], theirs) in rows.iter().zip(ask(&questions)) {
        assert_eq!(theirs.as_deref(), Some(*sign), "Python: {kind} {left:?} {right:?}");
        let ours = match *kind {
            "natural" => match order::natural(left, right) {
                Ordering::Less => "<",
                Ordering::Equal => "=",
                Ordering::Greater => ">",
            },
            _ => {
                let names = [left, right].map(|version| format!("x-{version}.tar.gz"));
                let best = order::best_match("x-*", &names);
                if best == Some(&*names[0]) { ">" } else { "<" }
            }
        };
        assert_eq!(ours, *sign, "{kind} {left:?} {right:?}");
    }
}
