//! Files that call themselves manifests, and are something else: each is refused with its name, and
//! what is wrong in it; nothing is printed then, and nothing published.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs::{self, File};

use test_kit::{Output, Site};

const BUCKET: &str = "php-dev";
const BAD: &str = "bad-1.composer.json";

/// What is in the file, and what is said of it.
fn cases() -> Vec<(Vec<u8>, &'static str)> {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let with = |member: &str| format!(r#"{{"name": "a/b", {member}, "version": "1"}}"#);
    let texts = [
        (String::new(), "EOF while parsing a value at line 1 column 1"),
        ("\n".to_owned(), "EOF while parsing a value at line 2 column 1"),
        ("[]".to_owned(), "expected an object at line 1 column 1"),
        ("{\"name\": \"a/b\",\n \"version\": 1}".to_owned(), "version: expected a string"),
        ("{}".to_owned(), "name: missing"),
        (r#"{"name": "a/b"}"#.to_owned(), "version: missing"),
        (with(r#""require": ["heroku-sys/php"]"#), "require: expected an object"),
        (with(r#""dist": "https://example.com""#), "dist: expected an object"),
        (with(r#""provide": 1"#), "provide: expected an object"),
        (with(r#""extra": [{"a": 1e999}]"#), "extra: a number that is larger than any float"),
        (with("\"extra\": \"a\0b\""), "control character"),
        (with(r#""extra": "\ud800""#), "half of a surrogate pair on its own at line 1 column"),
        (with(r#""extra": NaN"#), "expected value at line 1 column"),
        (with(&format!(r#""extra": {deep}"#)), "nested deeper than 259 levels at line 1 column"),
        (
            "\u{feff}".to_owned() + &with(r#""extra": 1"#),
            "a byte order mark stands before the text",
        ),
        (with(r#""extra": 1"#) + "{}", "trailing characters at line 1 column"),
    ];
    let mut cases: Vec<_> =
        texts.into_iter().map(|(text, said)| (text.into_bytes(), said)).collect();
    cases.push((b"{\"name\": \"a\xff\"}".to_vec(), "invalid UTF-8 at line 1 column 12"));
    cases.push((b"\x1f\x8b\x08\0\0\0".to_vec(), "invalid UTF-8 at line 1 column 2"));
    cases
}

fn refused(output: Output, said: &str) {
    let Output { stdout, stderr, .. } = output.expect(6);
    assert!(stderr.contains(BAD) && stderr.contains(said), "{said}: {stderr}");
    // With --upload there are records: that nothing was published.
    assert!(stdout.is_empty() || stdout.contains(r#""records":0,"status":6"#), "{stdout}");
}

#[test]
fn local_files() {
    let site = Site::folder();
    site.workspace.write("good-1.composer.json", r#"{"name": "a/b", "version": "1"}"#);
    let run = || {
        let process = site.process(env!("CARGO_BIN_EXE_repo-mkrepo"));
        process.args(["good-1.composer.json", BAD]).run()
    };
    for (bytes, said) in cases() {
        site.workspace.write(BAD, bytes);
        refused(run(), said);
    }
    // 100 MB and more than any disk has: no more of it is read than a manifest may have.
    for size in [100_000_000, 1 << 42] {
        let file = File::create(site.workspace.path(BAD)).unwrap();
        file.set_len(size).unwrap();
        refused(run(), "longer than 4 MiB: no manifest is");
    }
}

#[test]
fn objects() {
    for mut site in Site::both() {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, "dist/");
        site.package(BUCKET, "dist/", "good-1", "2026-01-01 00:00:00");
        let key = format!("dist/{BAD}");
        let long = vec![b' '; (4 << 20) + 1];
        for (bytes, said) in cases().into_iter().chain([(long, "longer than 4 MiB")]) {
            site.put(BUCKET, &key, bytes);
            let process = site.process(env!("CARGO_BIN_EXE_repo-mkrepo"));
            refused(process.arg("--upload").run(), said);
            assert_eq!(site.get(BUCKET, "dist/packages.json"), None, "{said}");
            assert!(fs::metadata(site.workspace.path("packages.json")).is_err(), "{said}");
        }
    }
}
