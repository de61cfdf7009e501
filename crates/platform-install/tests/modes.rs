//! Folders that their owner may not write to, installed by somebody who is not root.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use support::Lab;
use test_kit::Process;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// An archive with two folders that nobody may write to, and a file in each.
fn read_only(lab: &Lab, file: &str) -> Vec<u8> {
    let tree = lab.workspace.path("tree");
    fs::create_dir_all(tree.join("etc/sub")).unwrap();
    for path in [tree.join("etc").join(file), tree.join("etc/sub").join(file)] {
        fs::write(path, file).unwrap();
    }
    for folder in ["etc/sub", "etc"] {
        set_mode(&tree.join(folder), 0o555);
    }
    let bytes = support::pack(&tree);
    scratch::remove_tree(&tree).unwrap();
    bytes
}

fn lab(names: &[&str]) -> Lab {
    let mut lab = Lab::new();
    for name in names {
        let bytes = read_only(&lab, name);
        lab.bytes(name, "1.0.0", "heroku-sys-program", &bytes, "");
    }
    let require: Vec<_> = names.iter().map(|name| format!(r#""heroku-sys/{name}":"*""#)).collect();
    lab.require(&require.join(","));
    lab
}

/// Keeps a process from reading and writing what modes forbid, as root may.
const LIKE_OTHERS: [&str; 2] = ["--bounding-set", "-dac_override,-dac_read_search"];

/// The program, without what root may do beyond others. (A root that may not even give that up has
/// most likely not got it.)
fn install(lab: &Lab) -> Process {
    let gives_up = || {
        let tried = Command::new("setpriv").args(LIKE_OTHERS).arg("true").status();
        tried.is_ok_and(|status| status.success())
    };
    if !rustix::process::geteuid().is_root() || !gives_up() {
        return lab.install();
    }
    Process::new("setpriv")
        .args(LIKE_OTHERS)
        .arg(env!("CARGO_BIN_EXE_platform-install"))
        .folder(lab.workspace.path("app"))
        .env("TMPDIR", lab.workspace.path("tmp"))
}

#[test]
fn read_only_folders_come_with_their_modes() {
    let lab = lab(&["aa", "mm"]);
    install(&lab).run().success();
    assert_eq!(lab.files(), ["etc/aa", "etc/mm", "etc/sub/aa", "etc/sub/mm"]);
    assert_eq!([mode(&lab.app("etc")), mode(&lab.app("etc/sub"))], [0o555; 2]);
}

#[test]
fn read_only_folders_merge_with_those_that_are_there() {
    let lab = lab(&["aa"]);
    lab.workspace.write("app/etc/kept", "kept");
    install(&lab).run().success();
    assert_eq!(lab.files(), ["etc/aa", "etc/kept", "etc/sub/aa"]);
    assert_eq!([mode(&lab.app("etc")), mode(&lab.app("etc/sub"))], [0o755, 0o555]);
}

#[test]
fn what_a_killed_run_leaves_may_be_read_only() {
    let lab = lab(&["aa"]);
    let stage = lab.app(".platform-install-x");
    lab.workspace.write("app/.platform-install-x/tree/etc/aa", "half");
    set_mode(&stage.join("tree/etc"), 0o555);
    install(&lab).run().success();
    assert!(!stage.exists());
}
