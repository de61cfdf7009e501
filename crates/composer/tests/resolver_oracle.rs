//! Our resolver beside the real Composer.
//!
//! `resolve/answers.txt` holds what Composer answered to the cases of `resolve/cases.rs`. Where PHP
//! and Composer are installed, some of the cases, and others that are not among these, are also
//! asked live.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "resolve/cases.rs"]
mod cases;
#[path = "resolve/support.rs"]
mod support;

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Composer's answers to some cases; None where it is not installed.
fn composer_answers(numbers: &[u64], options: &[&str]) -> Option<Vec<Value>> {
    let php = Command::new("php")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/resolve/oracle.php"))
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut php = php.ok()?;
    let mut stdin = php.stdin.take().unwrap();
    let input: String =
        numbers.iter().map(|number| format!("{}\n", cases::case(*number).to_json())).collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = php.wait_with_output().unwrap();
    writer.join().unwrap().ok();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(answers.len(), numbers.len(), "{text}");
    Some(answers)
}

/// How many cases there are answers to, and to how many of them in full: of the others a number
/// made from the text is kept.
const CASES: u64 = 1500;
const IN_FULL: u64 = 200;

/// Where our text differs: Composer names only those packages as providers of a missing one whose
/// repository it has read by then, which it has not where a filter kept it from asking.
const OTHER_TEXT: [u64; 1] = [297];

const ANSWERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/resolve/answers.txt");

/// A line of the answers: the case, what it looked like, and the answer.
fn line(number: u64, case: &cases::Case, answer: &Value) -> String {
    let print = case.fingerprint();
    let mut text = answer.to_string();
    if number >= IN_FULL {
        text = format!("{} {}", answer["status"], cases::hash(&text));
    }
    format!("{number} {print} {text}")
}

/// Differences, at most a few of them.
fn none(differences: &[String], asked: usize) {
    let shown = &differences[..differences.len().min(5)];
    let count = differences.len();
    assert!(differences.is_empty(), "{count} of {asked} differ:\n{}", shown.join("\n"));
}

#[test]
fn the_same_as_composer_answered() {
    let answers = std::fs::read_to_string(ANSWERS).unwrap();
    assert_eq!(answers.lines().count() as u64, CASES);
    let mut differences = Vec::new();
    for (number, expected) in (0..).zip(answers.lines()) {
        let case = cases::case(number);
        let ours = support::answer(&case);
        let line = line(number, &case, &ours);
        let status = expected.split(' ').nth(2).unwrap_or_default();
        let text_may_differ = OTHER_TEXT.contains(&number) && status == "2" && ours["status"] == 2;
        if line != expected && !text_may_differ {
            differences.push(format!("{expected}\nhere: {line}"));
        }
    }
    none(&differences, answers.lines().count());
}

/// Asks now, so that the answers that are kept are what the machine's Composer says. Other cases
/// than those, too.
#[test]
fn the_same_as_composer_answers() {
    // 10331: a branch of which only the alias fits is listed with its alias.
    let numbers: Vec<u64> = (0..12).chain([10_331]).chain(1_000_000..1_000_036).collect();
    let Some(answers) = composer_answers(&numbers, &[]) else {
        assert!(std::env::var_os("CI").is_none(), "php and composer are needed");
        return;
    };
    none(&differences(&numbers, &answers), numbers.len());
}

/// The oracle runs Composer's classes; these cases are also put to the command itself.
#[test]
fn the_same_as_the_command_says() {
    let numbers: Vec<u64> = (2_000_000..2_000_006).collect();
    let Some(answers) = composer_answers(&numbers, &["--cli"]) else {
        assert!(std::env::var_os("CI").is_none(), "php and composer are needed");
        return;
    };
    assert!(answers.iter().any(|answer| answer["status"] == 0));
    none(&differences(&numbers, &answers), numbers.len());
}

/// Writes the answers anew (`make oracle`).
#[test]
#[ignore = "asks Composer about all cases"]
fn write_answers() {
    let numbers: Vec<u64> = (0..CASES).collect();
    let answers = composer_answers(&numbers, &[]).expect("php and composer");
    let lines: String = numbers
        .iter()
        .zip(&answers)
        .map(|(number, answer)| line(*number, &cases::case(*number), answer) + "\n")
        .collect();
    std::fs::write(ANSWERS, lines).unwrap();
}

/// For looking at differences: `FROM=2000 TO=2200 cargo test … -- --ignored other_cases`.
#[test]
#[ignore = "asks Composer about as many cases as one likes"]
fn other_cases() {
    let bound = |name, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let numbers: Vec<u64> = (bound("FROM", 10_000)..bound("TO", 10_100)).collect();
    let answers = composer_answers(&numbers, &[]).expect("php and composer");
    none(&differences(&numbers, &answers), numbers.len());
}

fn differences(numbers: &[u64], answers: &[Value]) -> Vec<String> {
    let mut differences = Vec::new();
    for (number, theirs) in numbers.iter().zip(answers) {
        let ours = support::answer(&cases::case(*number));
        if ours != *theirs {
            differences.push(format!("{number}: {theirs:#}\nhere: {ours:#}"));
        }
    }
    differences
}
