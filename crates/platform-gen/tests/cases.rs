//! The tool on every case of `tests/cases/*.txt`, and PHP itself on the same.
//!
//! A case is a name, arguments, an environment and files, then what comes of them. With
//! `RENEW_CASES=1` the expected parts are written anew: by PHP where that has an opinion.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use test_kit::{Output, Process, Workspace};

#[derive(Debug, Default)]
struct Case {
    name: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    files: BTreeMap<String, String>,
    status: i32,
    stdout: String,
    stderr: String,
}

/// Reads `=== name`, `args …`, `env …` lines, then parts that begin with `--- what`.
fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut part: Option<String> = None;
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            part = None;
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(name) = line.strip_prefix("--- ") {
            part = Some(name.to_owned());
            match name.split_once(' ') {
                Some(("status", status)) => case.status = status.parse().unwrap(),
                _ => _ = case.files.insert(name.to_owned(), String::new()),
            }
        } else if let Some(part) = &part {
            writeln!(case.files.get_mut(part).expect(line), "{line}").unwrap();
        } else if let Some(argument) = line.strip_prefix("arg ") {
            case.args.push(argument.to_owned());
        } else if let Some((name, value)) =
            line.strip_prefix("env ").and_then(|text| text.split_once('='))
        {
            case.env.push((name.to_owned(), value.to_owned()));
        }
    }
    for case in &mut cases {
        // A last line's end is the file's, not the text's: PHP prints none after JSON.
        let text = case.files.remove("stdout").unwrap_or_default();
        case.stdout = text.strip_suffix('\n').unwrap_or(&text).to_owned();
        case.stderr = case.files.remove("stderr").unwrap_or_default().replace("\\e", "\x1b");
    }
    cases
}

fn write(cases: &[Case]) -> String {
    let mut text = String::from("# See ../cases.rs for what this is and how it is renewed.\n");
    for case in cases {
        writeln!(text, "=== {}", case.name).unwrap();
        case.args.iter().for_each(|argument| writeln!(text, "arg {argument}").unwrap());
        case.env.iter().for_each(|(name, value)| writeln!(text, "env {name}={value}").unwrap());
        case.files.iter().for_each(|(name, file)| write!(text, "--- {name}\n{file}").unwrap());
        writeln!(text, "--- status {}", case.status).unwrap();
        if !case.stderr.is_empty() {
            write!(text, "--- stderr\n{}", case.stderr.replace('\x1b', "\\e")).unwrap();
        }
        if !case.stdout.is_empty() {
            writeln!(text, "--- stdout\n{}", case.stdout).unwrap();
        }
    }
    text
}

fn run(case: &Case, program: &Path, first: &[&Path]) -> Output {
    let workspace = Workspace::new();
    let folder = workspace.path("app");
    let bin = workspace.path("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in &case.files {
        if name == "blackfire" {
            let file = bin.join(name);
            fs::write(&file, text).unwrap();
            let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&file, executable).unwrap();
        } else {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    if !case.files.contains_key("composer.json")
        && !case.env.iter().any(|(name, _)| name == "COMPOSER")
    {
        fs::write(folder.join("composer.json"), "{}").unwrap();
    }
    Process::new(program)
        .args(first)
        .args(&case.args)
        .env("NOW", "2026-11-21 10:00:00")
        .envs(case.env.clone())
        .path_first(&bin)
        .folder(&folder)
        .run()
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn php() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("php")).find(|file| file.is_file())
}

/// PHP decides what is right, but for the words of errors.
fn ask_php(case: &Case, php: &Path) -> Output {
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle.php");
    run(case, php, &[&oracle])
}

#[test]
fn every_case() {
    let tool = Path::new(env!("CARGO_BIN_EXE_platform-gen"));
    let renew = std::env::var_os("RENEW_CASES").is_some();
    let mut count = 0;
    for file in files() {
        let mut cases = read(&fs::read_to_string(&file).unwrap());
        for case in &mut cases {
            let own = run(case, tool, &[]);
            if renew {
                let expected = php().map_or(own.clone(), |php| ask_php(case, &php));
                case.status = expected.status;
                case.stdout = if expected.status == 0 { expected.stdout } else { String::new() };
                case.stderr =
                    if expected.status == 0 { expected.stderr } else { own.stderr.clone() };
            }
            assert_eq!(own.status, case.status, "{}: {}", case.name, own.stderr);
            assert_eq!(own.stderr, case.stderr, "{}", case.name);
            assert_eq!(own.stdout, case.stdout, "{}", case.name);
            count += 1;
        }
        if renew {
            fs::write(&file, write(&cases)).unwrap();
        }
    }
    assert!(count >= 60, "only {count} cases are left");
}

#[test]
fn php_says_the_same() {
    let php = php().expect("php: '.ci/setup test' installs it");
    for case in files().iter().flat_map(|file| read(&fs::read_to_string(file).unwrap())) {
        let output = ask_php(&case, &php);
        assert_eq!(output.status, case.status, "{}: {}", case.name, output.stderr);
        if case.status == 0 {
            assert_eq!(output.stderr, case.stderr, "{}", case.name);
            assert_eq!(output.stdout, case.stdout, "{}", case.name);
        }
    }
}
