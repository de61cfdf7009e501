//! Applications as data: each case of `applications/*.yml` is detected, compiled and released by the
//! three programs, and what they print and leave is compared.
//!
//! `support.rs` says what a case may hold.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod support;

use support::Site;

fn run(name: &str, text: &str, least: usize) {
    let site = Site::new();
    let cases = support::cases(name, text);
    assert!(cases.len() >= least, "{name}: only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        if let Err(what) = site.check(case) {
            wrong.push(format!("== {name}: {}\n{what}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn main_classes() {
    run("main", include_str!("applications/main.yml"), 30);
}

#[test]
fn web_applications() {
    run("tomcat", include_str!("applications/tomcat.yml"), 20);
}

#[test]
fn scripts() {
    run("groovy", include_str!("applications/groovy.yml"), 20);
}

#[test]
fn java_and_its_parts() {
    run("jre", include_str!("applications/jre.yml"), 15);
}

#[test]
fn frameworks() {
    run("frameworks", include_str!("applications/frameworks.yml"), 30);
}
