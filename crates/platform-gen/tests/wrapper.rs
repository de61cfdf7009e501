//! `bin-wrappers/platform.php`, by itself and run by PHP.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::path::Path;

use test_kit::{Output, Process, Workspace};

const URL: &str = "https://repo.example/?composer-repository-only=a,$HOME,`id`";

fn run(program: &Path, first: &[&Path], arguments: &[&str]) -> Output {
    let workspace = Workspace::new();
    workspace.write("app/composer.json", "{}");
    let tool = Path::new(env!("CARGO_BIN_EXE_platform-gen"));
    Process::new(program)
        .args(first)
        .args(arguments)
        .env("NOW", "2026-11-21 10:00:00")
        .path_first(tool.parent().unwrap())
        .folder(workspace.path("app"))
        .run()
}

#[test]
fn it_hands_over_whoever_runs_it() {
    let tool = Path::new(env!("CARGO_BIN_EXE_platform-gen"));
    let wrapper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bin-wrappers/platform.php");
    for (arguments, status) in [
        (&["--list-repositories", "/srv/an installer", URL][..], 0),
        (&["/srv/installer", "no url"], 4),
        (&["/srv/installer"], 4),
    ] {
        let own = run(tool, &[], arguments).expect(status);
        for (program, first) in [(wrapper.as_path(), &[][..]), (Path::new("php"), &[&*wrapper])] {
            let output = run(program, first, arguments).expect(status);
            assert_eq!(output.stdout, own.stdout);
            if status == 0 {
                assert_eq!(output.stderr, own.stderr);
            } else {
                // In the manner of the scripts of old.
                assert!(output.stderr.starts_with("\nERROR: "), "{}", output.stderr);
            }
        }
    }
}

#[test]
fn without_the_program_it_says_so() {
    let wrapper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bin-wrappers/platform.php");
    let workspace = Workspace::new();
    // A copy far from any checkout.
    let copy = workspace.path("platform.php");
    std::fs::copy(&wrapper, &copy).unwrap();
    let output = Process::new("php").arg(&copy).arg("x").run().expect(127);
    assert!(output.stderr.contains("cannot find the program 'platform-gen'"), "{}", output.stderr);
}
