//! The program as formulae see it: arguments, stdin, stdout, stderr and status, compared whole.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::json;

const ENV: [(&str, &str); 4] = [
    ("STACK", "heroku-24-amd64"),
    ("S3_BUCKET", "b"),
    ("S3_PREFIX", "p/"),
    ("NOW", "2026-01-02 03:04:05"),
];

/// Status, stdout and stderr of a command, with nothing in its environment but what is given.
fn outcome(command: &mut Command, stdin: &str, env: &[(&str, &str)]) -> (i32, String, String) {
    let mut child = command
        .env_clear()
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // A program that does not read its stdin may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn run(args: &[&str], stdin: &str, env: &[(&str, &str)]) -> (i32, String, String) {
    outcome(Command::new(env!("CARGO_BIN_EXE_manifest-gen")).args(args), stdin, env)
}

fn said(status: i32, stderr: &str) -> (i32, String, String) {
    (status, String::new(), stderr.to_owned())
}

const ZLIB: [&str; 4] =
    ["heroku-sys-library", "heroku-sys/zlib", "1.3+1", "libraries/zlib-1.3+1.tar.gz"];

const ZLIB_MANIFEST: &str = concat!(
    r#"{"conflict": {}, "dist": {"type": "heroku-sys-tar", "url": "https://b.s3.amazonaws.com/p/libraries/zlib-1.3%2B1.tar.gz"}, "#,
    r#""extra": {}, "name": "heroku-sys/zlib", "provide": {}, "replace": {}, "#,
    r#""require": {"heroku-sys/heroku": "^24.0.0", "heroku/installer-plugin": "^1.3.0"}, "#,
    r#""time": "2026-01-02 03:04:05", "type": "heroku-sys-library", "version": "1.3+1"}"#
);

#[test]
fn a_manifest_goes_to_stdout() {
    let expected = (0, ZLIB_MANIFEST.to_owned(), String::new());
    assert_eq!(run(&ZLIB, "", &ENV), expected);
    let object = r#"{"type": "heroku-sys-library", "name": "heroku-sys/zlib", "version": "1.3+1",
        "archive": "libraries/zlib-1.3+1.tar.gz"}"#;
    assert_eq!(run(&["-"], object, &ENV), expected);
}

#[test]
fn without_now_it_is_the_present() {
    let (status, stdout, stderr) = run(&ZLIB, "", &ENV[..3]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let written = manifest::Manifest::parse(&stdout).unwrap().timestamp().unwrap();
    let age = jiff::Timestamp::now().as_second() - written.as_second();
    assert!((0..60).contains(&age), "{stdout}");
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    let cases: [(&[&str], &str); 9] = [
        (&[], "expected 4 to 9 arguments, got 0\nmanifest-gen: See --help for usage and examples."),
        (
            &["a", "b", "c"],
            "expected 4 to 9 arguments, got 3\nmanifest-gen: See --help for usage and examples.",
        ),
        (&["--x", "a"], "unknown option --x\nmanifest-gen: See --help for usage and examples."),
        (&["x", "a/b", "1", "x", " []"], "REQUIRE: expected an object at line 1 column 2"),
        (
            &["x", "a/b", "1", "x", "{}", "{}", "{\n\"a\":}"],
            "REPLACE: expected value at line 2 column 5",
        ),
        (
            &["heroku-sys-php", "php", "1", "x"],
            r#"NAME: "php" of type "heroku-sys-php" lacks "heroku-sys/""#,
        ),
        (
            &["heroku-sys-foo", "heroku-sys/php", "1", "x"],
            r#"TYPE: unknown platform type "heroku-sys-foo""#,
        ),
        (&["heroku-sys-php", "heroku-sys/php", "", "x"], "VERSION: empty"),
        (&["-"], "stdin: EOF while parsing a value at line 1 column 1"),
    ];
    for (args, expected) in cases {
        assert_eq!(
            run(args, "", &ENV),
            said(2, &format!("manifest-gen: {expected}\n")),
            "{args:?}"
        );
    }
}

#[test]
fn the_environment_has_to_be_there() {
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &ENV[1..],
            "the environment variable STACK must be set\nmanifest-gen: It names the stack that the package is built for, such as heroku-24.",
        ),
        (
            &ENV[..1],
            "the environment variable S3_BUCKET must be set\nmanifest-gen: S3_BUCKET and S3_PREFIX say where the archive will be.",
        ),
        (
            &[("STACK", "-24"), ("S3_BUCKET", "b")],
            r#"STACK: "-24" does not start with the name of a stack"#,
        ),
        (&[("STACK", "x"), ("S3_BUCKET", "a/b")], r#""a/b" is not the name of a bucket"#),
    ];
    for (env, expected) in cases {
        assert_eq!(run(&ZLIB, "", env), said(2, &format!("manifest-gen: {expected}\n")), "{env:?}");
    }
}

#[test]
fn lenient_lets_it_pass_with_a_warning() {
    let (status, stdout, stderr) = run(&["--lenient", "heroku-sys-foo", "foo", "", "x"], "", &ENV);
    assert_eq!(status, 0);
    assert!(manifest::Manifest::parse(&stdout).is_ok(), "{stdout}");
    assert_eq!(
        stderr,
        "manifest-gen: warning: TYPE: unknown platform type \"heroku-sys-foo\"\n\
         manifest-gen: warning: NAME: \"foo\" of type \"heroku-sys-foo\" lacks \"heroku-sys/\"\n\
         manifest-gen: warning: VERSION: empty\n"
    );
}

#[test]
fn the_archive_s_checksums_are_added() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("a b.tar.gz");
    std::fs::write(&archive, "abc").unwrap();
    let path = archive.to_str().unwrap();
    for option in ["--archive", "--sha256"] {
        let (status, stdout, stderr) = run(&[&[option, path], &ZLIB[..]].concat(), "", &ENV);
        assert_eq!((status, stderr.as_str()), (0, ""));
        let manifest = manifest::Manifest::parse(&stdout).unwrap();
        assert_eq!(
            manifest.section("dist").unwrap()["shasum"],
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            manifest.as_object()["extra"].to_string(),
            r#"{"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3}"#
        );
    }
    let gone = folder.path().join("gone");
    let expected = format!(
        "manifest-gen: cannot read {}: No such file or directory (os error 2)\n",
        gone.display()
    );
    let args = [&["--archive", gone.to_str().unwrap()], &ZLIB[..]].concat();
    assert_eq!(run(&args, "", &ENV), said(7, &expected));
    let args = [&["--archive=x", "--sha256=y"], &ZLIB[..]].concat();
    assert_eq!(
        run(&args, "", &ENV),
        said(2, "manifest-gen: --archive and --sha256 name different files\n")
    );
}

#[test]
fn the_python_helper_hands_over() {
    let folder = tempfile::tempdir().unwrap();
    let checkout = folder.path().join("a checkout");
    let built = checkout.join("target/debug");
    let wrappers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bin-wrappers/include");
    std::fs::create_dir_all(checkout.join("bin-wrappers/include")).unwrap();
    std::fs::create_dir_all(&built).unwrap();
    let helper = checkout.join("bin-wrappers/include/manifest.py");
    std::fs::copy(wrappers.join("manifest.py"), &helper).unwrap();
    // Formulae come to it through symlinks.
    let link = folder.path().join("manifest link.py");
    std::os::unix::fs::symlink(&helper, &link).unwrap();

    let python = which("python3");
    let path = format!("{}:/usr/bin:/bin", python.parent().unwrap().display());
    let env: Vec<_> = ENV.into_iter().chain([("PATH", path.as_str())]).collect();
    let call = |env: &[(&str, &str)], args: &[&str]| {
        outcome(Command::new(&python).arg(&link).args(args), "", env)
    };
    assert_eq!(
        call(&env, &ZLIB),
        said(
            127,
            "manifest.py: cannot find the program 'manifest-gen': put it on $PATH, or build it with 'make build'\n"
        )
    );
    // Beside the build output,
    let program = built.join("manifest-gen");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_manifest-gen"), &program).unwrap();
    assert_eq!(call(&env, &ZLIB), (0, ZLIB_MANIFEST.to_owned(), String::new()));
    assert_eq!(call(&env, &["a"]).0, 2);
    // and first of all on $PATH.
    std::fs::rename(&program, folder.path().join("manifest-gen")).unwrap();
    let path = format!("{}:{path}", folder.path().display());
    let env: Vec<_> = ENV.into_iter().chain([("PATH", path.as_str())]).collect();
    assert_eq!(call(&env, &ZLIB), (0, ZLIB_MANIFEST.to_owned(), String::new()));
}

/// The interpreter itself, not a shim in front of it that needs an environment of its own.
fn which(name: &str) -> std::path::PathBuf {
    let output = Command::new(name).args(["-c", "import sys; print(sys.executable)"]).output();
    String::from_utf8(output.expect("python3 is needed for this test").stdout)
        .unwrap()
        .trim()
        .into()
}

#[test]
fn manifests_are_those_of_the_rules() {
    let text =
        || prop::sample::select(vec!["1.0", "self.version", "8.3.4RC1", "é\"\u{1f600}", "*", ""]);
    let object = move || {
        prop::collection::btree_map(
            prop::sample::select(vec!["a/b", "heroku-sys/ext-x y", "é/\u{7f}"]),
            text(),
            0..4,
        )
        .prop_map(|map| json!(map))
    };
    let extra =
        (object(), any::<f64>(), any::<bool>()).prop_map(|(shared, float, with)| match with {
            true => json!({"shared": shared, "float": float, "deep": [{"k": null}]}),
            false => json!({"float": float}),
        });
    let kind = prop::sample::select(vec![
        "heroku-sys-php",
        "heroku-sys-php-extension",
        "heroku-sys-library",
        "heroku-sys-program",
        "heroku-sys-webserver",
        "heroku-sys-package",
        "composer-plugin",
    ]);
    let archive = prop::sample::select(vec!["a.tar.gz", "x/é+1 ~%.tar.gz", "a&b=c?d#e"]);
    let stack = prop::sample::select(vec!["cedar-14", "heroku-24-amd64", "cedar", "scalingo-22x"]);
    let region = prop::sample::select(vec!["", "s3", "s3-eu-west-1", "s3.eu-west-1", "eu-west-1"]);
    let objects = (object(), object(), object(), object(), extra, 0..=5_usize);
    let cases = (kind, archive, stack, region, objects);

    let mut runner = TestRunner::deterministic();
    let (mut questions, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..150 {
        let (kind, archive, stack, region, (a, b, c, d, e, number)) =
            cases.new_tree(&mut runner).unwrap().current();
        let mut args = [kind, "heroku-sys/x", "8.3.4+é", archive].map(str::to_owned).to_vec();
        // Four objects are ambiguous; that has a test of its own.
        let number = if number == 4 { 5 } else { number };
        args.extend([a, b, c, d, e].iter().take(number).map(ToString::to_string));
        let mut env = vec![("STACK", stack), ("S3_BUCKET", "b"), ("S3_PREFIX", "p é/"), ENV[3]];
        if !region.is_empty() {
            env.push(("S3_REGION", region));
        }
        let texts: Vec<&str> = args.iter().map(String::as_str).collect();
        let (status, stdout, stderr) = run(&texts, "", &env);
        assert_eq!((status, stderr.as_str()), (0, ""), "{args:?}");
        answers.push(stdout);
        let env: serde_json::Map<_, _> =
            env.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        questions.push(format!("{}\n", json!({"op": "generate", "args": args, "env": env})));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifest/tests/oracle.py");
    let mut python = Command::new(which("python3"));
    let (status, expected, stderr) = outcome(python.arg(script), &questions.concat(), &[]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let expected: Vec<String> =
        expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), expected.len());
    for ((answer, expected), question) in answers.iter().zip(&expected).zip(&questions) {
        assert_eq!(answer, expected, "{question}");
    }
}
