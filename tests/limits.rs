//! Every tool where the machine gives little: no threads, few files, little memory, no room on the
//! disk, streams that are closed. None panics or is killed for it: it does its work, or ends with a
//! documented status and says why.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use end_to_end::readers::{as_stranger, each_tool};
use test_kit::{Output, Process, Site};

/// What must hold of any end. Without memory the standard library says so, which knows no tool.
fn check_end(case: &str, output: &Output) {
    let Output { status, stderr, .. } = output;
    // What ends a formula is passed on.
    let formula = stderr.contains("bob-build: Formula terminated by signal ");
    assert!((0..=13).contains(status) || formula, "{case}: {status}: {stderr}");
    assert!(*status == 0 || !stderr.is_empty(), "{case}: {status} without a word");
    if stderr.contains("memory allocation of ") {
        return;
    }
    for word in ["panicked", "internal error", "stack backtrace", "RUST_BACKTRACE"] {
        assert!(!stderr.contains(word), "{case}: {stderr}");
    }
}

/// Runs a process under a limit that `script` sets, if the program itself can be loaded under it:
/// until then nothing of ours runs.
fn under(process: &dyn Fn() -> Process, script: &str, case: &str) {
    let loaded = process().under(&format!(r#"{script}; exec "$0" --version"#)).run();
    if loaded.status == 127 || loaded.status == 134 {
        return;
    }
    check_end(case, &process().under(&format!(r#"{script}; exec "$0" "$@""#)).run());
}

/// Runs a process as a user that may have one process of one thread. The limit of processes is not
/// for root.
fn without_threads(site: &Site, process: Process) -> Output {
    as_stranger(site, process, "ulimit -u 1").run()
}

#[test]
fn no_threads() {
    each_tool(|name, site, process| {
        let output = without_threads(site, process());
        check_end(&format!("{name} without threads"), &output);
        // A formula needs processes of its own; everything else works on one thread.
        let needs = name.starts_with("bob-build");
        assert!(needs || output.status != 11, "{name}: {}", output.stderr);
    });
}

#[test]
fn few_files() {
    each_tool(|name, _, process| {
        for files in [3, 4, 5, 6, 7, 8, 9, 10, 12, 16] {
            under(process, &format!("ulimit -n {files}"), &format!("{name} with {files} files"));
        }
    });
}

#[test]
fn little_memory() {
    each_tool(|name, _, process| {
        for mebibytes in [48, 56, 64, 72, 80, 96, 112, 128, 160, 256] {
            let limit = format!("ulimit -v {}", mebibytes << 10);
            under(process, &limit, &format!("{name} with {mebibytes} MiB"));
        }
    });
}

#[test]
fn files_that_may_not_grow() {
    each_tool(|name, _, process| {
        for kibibytes in [0, 1, 8] {
            let case = format!("{name} with files of {kibibytes} KiB");
            under(process, &format!("ulimit -f {kibibytes}"), &case);
        }
    });
}

#[test]
fn streams_that_are_closed_or_full() {
    each_tool(|name, _, process| {
        for streams in
            ["<&-", ">&-", "2>/dev/null >&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"]
        {
            let output = process().under(&format!(r#"exec "$0" "$@" {streams}"#)).run();
            let case = format!("{name} with {streams}");
            let status = output.status;
            assert!((0..=13).contains(&status), "{case}: {status}: {}", output.stderr);
        }
    });
}
