//! The buildpack of examples, and an application for it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test uses a part; a failure here is a failed test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use test_kit::{Output, Process};

pub struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    /// A copy of the buildpack of examples, and an application for it.
    pub fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../buildpacks/examples");
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .arg(ours)
            .arg(site.path("buildpack"))
            .status();
        assert!(copied.unwrap().success());
        site.write("app/run.txt", "a.B\n");
        fs::create_dir(site.path("cache")).unwrap();
        site
    }

    /// The same without the framework, whose links can be made only once.
    pub fn without_framework() -> Self {
        let site = Self::new();
        site.write("buildpack/config/shell_agent.yml", "enabled: false\nlevel:\n");
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path("app").join(name)).unwrap()
    }

    /// The only component of its kind, as a shell script.
    pub fn component(&self, kind: &str, id: &str, script: &str) {
        let path = format!("buildpack/lib/java_buildpack/{kind}/{id}");
        let path = self.write(&path, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a phase; `compile` with `cache`.
    pub fn run(&self, phase: &str, options: &[&str]) -> Output {
        self.process(phase, options).run()
    }

    /// The same, not yet started.
    pub fn process(&self, phase: &str, options: &[&str]) -> Process {
        let program = match phase {
            "compile" => env!("CARGO_BIN_EXE_bp-compile").into(),
            _ => test_kit::binary(&format!("bp-{phase}")),
        };
        let mut process = Process::new(program)
            .env("BUILDPACK_DIR", self.path("buildpack"))
            .env("TMPDIR", self.path("cache"))
            .env("AWS_ENDPOINT_URL_S3", format!("file://{}", self.folder.path().display()))
            .env("JBP_CONFIG_SHELL_AGENT", "{level: debug}")
            .args(["--color=never"])
            .args(options)
            .arg(self.path("app"));
        if phase == "compile" {
            process = process.arg(self.path("cache"));
        }
        process
    }
}
