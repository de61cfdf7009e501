//! `SLIPWAY_TIMEOUT` and `AWS_MAX_ATTEMPTS` in every tool that makes requests: a service that answers
//! 503, that cuts its answers short, or that is silent, is tried as often as they say.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::collections::BTreeMap;

use end_to_end::readers::{READERS, buildpack, compile, install, root};
use end_to_end::trial::{OPERATIONS, Trial};
use test_kit::s3::Action;
use test_kit::web::{self, Fault};
use test_kit::{Output, Process, Site, Workspace};

/// How the server answers, and how many requests follow from so many attempts.
type Trouble = (Action, fn(usize) -> usize);

/// What befalls each request, and how often it is made with so many attempts.
const TROUBLES: [Trouble; 4] = [
    (Action::Answer(503, "SlowDown"), |attempts| attempts),
    (Action::ResetBefore, |attempts| attempts),
    (Action::Truncate(0), |attempts| attempts),
    // Silence is not worth more than three.
    (Action::StallBefore, |attempts| attempts.min(3)),
];
const ATTEMPTS: [usize; 3] = [1, 2, 4];

fn with(process: Process, attempts: usize) -> Process {
    process.env("SLIPWAY_TIMEOUT", "0.3").env("AWS_MAX_ATTEMPTS", attempts.to_string())
}

/// The most that any one request was made.
fn most<'a>(requests: impl Iterator<Item = &'a str>) -> (String, usize) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for request in requests {
        *counts.entry(request).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(request, count)| (request.to_owned(), count)).unwrap_or_default()
}

fn check(site: &Site, name: &str, process: &dyn Fn() -> Process) {
    let server = site.server().unwrap();
    for attempts in ATTEMPTS {
        for (action, times) in TROUBLES {
            server.forget_requests();
            server.set_hook(move |_| action);
            let output: Output = with(process(), attempts).run();
            server.clear_hook();
            let case = format!("{name}, {attempts} attempts, {action:?}");
            assert_ne!(output.status, 0, "{case}: {}", output.stderr);
            let requests: Vec<String> = server
                .requests()
                .iter()
                // An answer without a body cannot be cut.
                .filter(|request| {
                    !matches!(action, Action::Truncate(_)) || request.method != "HEAD"
                })
                .map(|request| format!("{}?{}", request.line(), request.query))
                .collect();
            let (request, count) = most(requests.iter().map(String::as_str));
            let expected = match action {
                // Answers without a body cannot be cut.
                Action::Truncate(_) => count.min(times(attempts)),
                _ => times(attempts),
            };
            assert_eq!(count, expected, "{case}: {request}: {}", output.stderr);
        }
    }
}

#[test]
fn tools_that_change_repositories() {
    for operation in OPERATIONS {
        let trial = Trial::new(operation);
        check(&trial.site, operation.name, &|| trial.process());
    }
}

#[test]
fn tools_that_read_buckets() {
    for reader in READERS {
        let site = Site::s3();
        site.create_bucket("own");
        (reader.prepare)(&site);
        check(&site, reader.name, &|| (reader.process)(&site));
    }
}

/// What is read over HTTP: index, archive, and what a component's repository has.
#[test]
fn tools_that_read_the_web() {
    let packages = r#"{"packages":[[{"name":"heroku-sys/a","version":"1.0.0","type":"heroku-sys-program",
        "dist":{"type":"heroku-sys-tar","url":"URL/a.tar.gz"}}]]}"#;
    for (faulty, attempts) in ["/packages.json", "/a.tar.gz", "/jvmkill/index.yml"]
        .iter()
        .flat_map(|path| ATTEMPTS.iter().map(move |attempts| (*path, *attempts)))
    {
        for (fault, expected) in [
            (Fault::Status(503), attempts),
            (Fault::Cut(0), attempts),
            // A component's repository that is silent is not worth more than two.
            (Fault::Stall, attempts.min(if faulty.ends_with(".yml") { 2 } else { 3 })),
        ] {
            let workspace = Workspace::new();
            workspace.write("web/a.tar.gz", "no archive");
            workspace.write("web/jvmkill/index.yml", "1.8.0_1: a\n");
            let server = web::Server::start(&workspace.path("web"));
            workspace.write("web/packages.json", packages.replace("URL", &server.url()));
            server.always(faulty, fault.clone());
            let process = if faulty.ends_with(".yml") {
                buildpack(&workspace, &server.url());
                compile(&workspace)
            } else {
                root(&workspace, &server.url());
                install(&workspace)
            };
            let output = with(process, attempts).run();
            let case = format!("{faulty}, {attempts} attempts, {fault:?}");
            assert_ne!(output.status, 0, "{case}: {}", output.stderr);
            let requests = server.requests();
            let requests = requests.iter().filter(|request| request.target == faulty);
            assert_eq!(requests.count(), expected, "{case}: {}", output.stderr);
        }
    }
}

/// A value that is not valid is known before anything is done, in tools that make no requests, too.
#[test]
fn values_that_are_none() {
    for tool in [
        "bob-build",
        "pkg-deploy",
        "repo-mkrepo",
        "repo-sync",
        "pkg-remove",
        "repo-check",
        "manifest-gen",
        "platform-gen",
        "platform-install",
        "bp-compile",
    ] {
        for (name, value) in [("SLIPWAY_TIMEOUT", "5s"), ("AWS_MAX_ATTEMPTS", "0")] {
            let output = Process::binary(tool).env(name, value).run();
            assert_eq!(output.status, 2, "{tool}: {}", output.stderr);
            assert!(output.stderr.contains(name), "{tool}: {}", output.stderr);
        }
    }
}
