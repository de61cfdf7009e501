//! What the real composer/semver answered (`oracle/semver.txt`, written by `oracle/semver.php`),
//! answer by answer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::cmp::Ordering;
use std::collections::HashMap;

use composer::version::{compare, normalize};
use composer::{Constraint, Stability, Version};

const ANSWERS: &str = include_str!("oracle/semver.txt");

/// The records of a section, as fields.
fn section(name: &str) -> Vec<Vec<&'static str>> {
    let found: Vec<Vec<&str>> = ANSWERS
        .lines()
        .skip_while(|line| *line != name)
        .skip(1)
        .take_while(|line| line.contains('\t'))
        .map(|line| line.split('\t').collect())
        .collect();
    assert!(found.len() > 100, "{name}: {}", found.len());
    found
}

fn text(json: &str) -> String {
    serde_json::from_str(json).expect("a text")
}

fn bits(hex: &str, count: usize) -> Vec<bool> {
    let four = hex.chars().map(|digit| digit.to_digit(16).expect("a digit"));
    let mut bits: Vec<bool> =
        four.flat_map(|four| (0..4).rev().map(move |bit| four >> bit & 1 == 1)).collect();
    assert_eq!(bits.len().div_ceil(4), count.div_ceil(4));
    bits.truncate(count);
    bits
}

/// Fails with all that differ, not with the first.
fn none(differences: &[String], asked: usize) {
    assert!(
        differences.is_empty(),
        "{} of {asked} differ:\n{}",
        differences.len(),
        differences[..differences.len().min(40)].join("\n")
    );
}

#[test]
fn versions_are_normalized_alike() {
    let mut differences = Vec::new();
    let records = section("versions");
    for record in &records {
        let version = text(record[0]);
        let expected: Option<String> = serde_json::from_str(record[1]).unwrap();
        let normalized = normalize(&version).ok();
        if normalized != expected {
            differences.push(format!("{version:?}: {normalized:?}, Composer: {expected:?}"));
        }
        if Stability::of(&version).name() != record[2] {
            differences.push(format!(
                "{version:?}: {}, Composer: {}",
                Stability::of(&version),
                record[2]
            ));
        }
    }
    none(&differences, records.len());
}

#[test]
fn versions_are_ordered_alike() {
    let mut differences = Vec::new();
    let records = section("order");
    let versions: Vec<String> = records.iter().map(|record| text(record[0])).collect();
    for (i, record) in records.iter().enumerate() {
        for (b, sign) in versions[i + 1..].iter().zip(record[1].chars()) {
            let expected = match sign {
                '<' => Ordering::Less,
                '>' => Ordering::Greater,
                _ => Ordering::Equal,
            };
            let a = &versions[i];
            if compare(a, b) != expected || compare(b, a) != expected.reverse() {
                differences.push(format!("{a:?} {sign} {b:?}, here {:?}", compare(a, b)));
            }
        }
    }
    none(&differences, records.len() * records.len() / 2);
}

#[test]
fn constraints_are_read_alike() {
    let mut differences = Vec::new();
    let records = section("constraints");
    for record in &records {
        let constraint = text(record[0]);
        let expected: Option<String> = serde_json::from_str(record[1]).unwrap();
        let read = Constraint::parse(&constraint).ok().map(|constraint| constraint.to_string());
        if read != expected {
            differences.push(format!("{constraint:?}: {read:?}, Composer: {expected:?}"));
        }
    }
    none(&differences, records.len());
}

#[test]
fn versions_are_allowed_alike() {
    let mut differences = Vec::new();
    let versions: Vec<Version> =
        section("order").iter().map(|record| Version::new(&text(record[0]))).collect();
    let records = section("allows");
    for record in &records {
        let constraint = Constraint::parse(&text(record[0])).unwrap();
        for (version, expected) in versions.iter().zip(bits(record[1], versions.len())) {
            let exactly = Constraint::exactly(version.clone());
            if constraint.allows(version) != expected || constraint.matches(&exactly) != expected {
                differences.push(format!("{}: {version}, Composer: {expected}", record[0]));
            }
        }
    }
    none(&differences, records.len() * versions.len());
}

/// Two constraints, what is asked of them, and the answers for all pairs.
fn pairs(name: &str, ask: impl Fn(&Constraint, &Constraint) -> bool) {
    let mut differences = Vec::new();
    let records = section(name);
    let constraints: Vec<Constraint> =
        records.iter().map(|record| Constraint::parse(&text(record[0])).unwrap()).collect();
    for (a, record) in constraints.iter().zip(&records) {
        for (b, expected) in constraints.iter().zip(bits(record[1], constraints.len())) {
            if ask(a, b) != expected {
                differences.push(format!("{a} {name} {b}: Composer: {expected}"));
            }
        }
    }
    none(&differences, records.len() * records.len());
}

#[test]
fn constraints_meet_alike() {
    pairs("matches", Constraint::matches);
}

#[test]
fn constraints_contain_each_other_alike() {
    pairs("subsets", Constraint::is_subset_of);
}

#[test]
fn constraints_are_united_alike() {
    let mut differences = Vec::new();
    let mut read = HashMap::new();
    let records = section("compact");
    for record in &records {
        for json in &record[..2] {
            read.entry(*json).or_insert_with(|| Constraint::parse(&text(json)).unwrap());
        }
        let or = read[record[0]].or(&read[record[1]]).to_string();
        if or != text(record[2]) {
            differences
                .push(format!("{} or {}: {or}, Composer: {}", record[0], record[1], record[2]));
        }
    }
    none(&differences, records.len());
}
