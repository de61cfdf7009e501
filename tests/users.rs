//! Every tool as a user without a name, without a home, or with one that it cannot use; and as the
//! first process of a container.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use end_to_end::readers::{as_stranger, each_tool, is_root};
use test_kit::{Output, Process, Site, Workspace};

/// Gives a process a home.
type Settle = fn(&Site, Process) -> Process;

/// What a home can be.
const HOMES: [(&str, Settle); 7] = [
    ("no home", |_, process| process.without("HOME")),
    ("an empty home", |_, process| process.env("HOME", "")),
    ("the root as home", |_, process| process.env("HOME", "/")),
    ("a home that does not exist", |_, process| process.env("HOME", "/nonexistent")),
    ("a home that is a file", |site, process| {
        let file = site.workspace.write("file", "");
        process.env("HOME", file)
    }),
    ("a home that is read-only", |site, process| {
        let home = site.workspace.path("home");
        fs::set_permissions(&home, fs::Permissions::from_mode(0o555)).unwrap();
        process.env("HOME", home)
    }),
    ("the home of root", |_, process| process.env("HOME", "/root")),
];

/// Gives the tool the caches of a user, not those of a test.
fn plainly(process: Process) -> Process {
    process.without("XDG_CACHE_HOME").env("AWS_MAX_ATTEMPTS", "1")
}

#[test]
fn an_optional_cache_is_optional() {
    for (home, set) in HOMES {
        each_tool(|name, site, process| {
            let process = as_stranger(site, set(site, plainly(process())), "true");
            let Output { status, stderr, .. } = process.run();
            assert_eq!(status, usual(name), "{name} with {home}: {stderr}");
            let warnings = stderr.lines().filter(|line| line.contains("is not used")).count();
            assert!(warnings <= 1, "{name} with {home}: {stderr}");
        });
    }
}

/// Credentials in a home that cannot be looked into are missing ones, not broken ones.
#[test]
fn credentials_in_the_home_of_another_user_are_missing() {
    let site = Site::s3();
    site.create_bucket("own");
    let home = Workspace::new();
    home.write("home/.aws/credentials", "[default]\naws_access_key_id = a\n");
    fs::set_permissions(home.path("home"), fs::Permissions::from_mode(0o000)).unwrap();
    let mut process = site.process(test_kit::binary("repo-mkrepo")).env("HOME", home.path("home"));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SHARED_CREDENTIALS_FILE"] {
        process = process.without(name);
    }
    let output = as_stranger(&site, process.args(["own", "p/"]), "true").run();
    fs::set_permissions(home.path("home"), fs::Permissions::from_mode(0o700)).unwrap();
    // Without credentials this bucket is closed.
    assert_eq!(output.status, 8, "{}", output.stderr);
    assert!(output.stderr.contains("no credentials found"), "{}", output.stderr);
}

/// How a tool ends in a home of its own: the archives here cannot be unpacked, and components have no
/// repository.
fn usual(tool: &str) -> i32 {
    match tool {
        "bob-build" | "platform-install" => 6,
        "bp-compile" | "bp-detect" | "bp-release" => 1,
        _ => 0,
    }
}

/// Runs a tool as the first process of a namespace of its own, which only root can make everywhere.
fn first(workspace: &Workspace, tool: &str) -> Process {
    workspace
        .binary(tool)
        .under(r#"exec unshare --pid --fork --mount-proc --kill-child -- "$0" "$@""#)
}

/// The process that has this one as its only child.
fn child_of(pid: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

#[test]
fn the_first_process_takes_note_of_orphans() {
    if !is_root() {
        return;
    }
    let workspace = Workspace::new();
    // An orphan that is not reaped stays in the list of processes for ever.
    let script = r#"(sleep 0.1 & echo $! > "$MARK")
        until ! test -e /proc/"$(cat "$MARK")"; do sleep 0.02; done
        echo x > $1/file"#;
    workspace.formula("x-1", script);
    let tool = first(&workspace, "bob-build").env("S3_BUCKET", "own");
    let tool = tool.env("DEFAULT_BUILD_PATH", workspace.path("built-to"));
    let tool = tool.env("MARK", workspace.path("orphan")).args(["--no-cache", "x-1"]);
    let output = tool.run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    // The tool's own status is that of the first process.
    assert_eq!(first(&workspace, "bob-build").arg("--unknown").run().status, 2);
}

#[test]
fn the_first_process_ends_by_signals() {
    if !is_root() {
        return;
    }
    for (signal, status) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let workspace = Workspace::new();
        workspace.formula("x-1", "touch \"$MARK\"; sleep 1000");
        let tool = first(&workspace, "bob-build").env("S3_BUCKET", "own");
        let tool = tool.env("DEFAULT_BUILD_PATH", workspace.path("built-to"));
        let mark = workspace.path("started");
        let running = tool.env("MARK", &mark).args(["--no-cache", "x-1"]).spawn();
        while !mark.exists() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let first = child_of(running.id()).unwrap();
        let sent = Process::new("kill").args([format!("-{signal}"), first.to_string()]).run();
        assert_eq!(sent.status, 0, "{}", sent.stderr);
        let output = running.wait();
        assert_eq!(output.status, status, "{signal}: {}", output.stderr);
        assert_eq!(workspace.litter(), [""; 0], "{signal}");
    }
}
