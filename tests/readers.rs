//! What the tools need that change no repository, and how they are run, for tests that disturb them.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use test_kit::{Process, Site, Workspace};

use crate::trial::{OPERATIONS, Trial};

/// A user without an entry in `/etc/passwd`, and without processes.
const STRANGER: u32 = 54_321;

/// Runs `check` for each tool, with a site that is made for it.
pub fn each_tool(check: impl Fn(&str, &Site, &dyn Fn() -> Process)) {
    for operation in OPERATIONS {
        let trial = Trial::new(operation);
        check(operation.name, &trial.site, &|| trial.process());
    }
    for Reader { name, prepare, process } in READERS.into_iter().chain(OTHERS) {
        let site = Site::s3();
        site.create_bucket("own");
        for package in ["a-1.0", "lib-1"] {
            site.package("own", "p/", package, "2026-01-01 00:00:00");
        }
        site.publish("own", "p/");
        prepare(&site);
        check(name, &site, &|| process(&site));
    }
}

/// Gives a folder and all in it to a user.
fn give(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), user);
        }
    }
}

/// Whether tests run as root, who can become any user.
#[must_use]
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout == b"0\n")
}

/// Has a process run as a user whom the system knows by number alone, after the commands `before`.
/// Without root it runs as the user of the test.
#[must_use]
pub fn as_stranger(site: &Site, process: Process, before: &str) -> Process {
    if !is_root() {
        return process.under(&format!(r#"{before} && exec "$0" "$@""#));
    }
    // The folder of the tool itself may be closed to others.
    let tool = site.workspace.path("tool");
    let script = format!(
        r#"cp -- "$0" {tool} && chmod 755 {tool} && {before} &&
        exec setpriv --reuid={STRANGER} --regid={STRANGER} --clear-groups -- {tool} "$@""#,
        tool = tool.display()
    );
    give(&site.workspace.path(""), STRANGER);
    process.under(&script)
}

/// A tool that opens a bucket, and what it needs.
pub struct Reader {
    /// The tool.
    pub name: &'static str,
    /// Makes what it needs, beside the bucket `own`.
    pub prepare: fn(&Site),
    /// The process itself.
    pub process: fn(&Site) -> Process,
}

/// All that read buckets.
pub const READERS: [Reader; 4] = [
    Reader {
        name: "bob-build",
        prepare: |site| {
            site.workspace.formula("x-1", "# Build Deps: lib-1\ntest -e $1/lib");
        },
        process: |site| {
            let tool = site.process(test_kit::binary("bob-build"));
            tool.env("WORKSPACE_DIR", site.workspace.path("formulae"))
                .env("S3_BUCKET", "own")
                .env("S3_PREFIX", "p/")
                .env("DEFAULT_BUILD_PATH", site.workspace.path("built-to"))
                .args(["--no-cache", "x-1"])
        },
    },
    Reader {
        name: "repo-check",
        prepare: |_| {},
        process: |site| {
            site.process(test_kit::binary("repo-check"))
                .env("XDG_CACHE_HOME", "/nonexistent")
                .args(["own", "p/"])
        },
    },
    Reader {
        name: "platform-install",
        prepare: |site| root(&site.workspace, "s3://own/p/"),
        process: |site| install(&site.workspace),
    },
    Reader {
        name: "bp-compile",
        prepare: |site| buildpack(&site.workspace, "s3://own/p"),
        process: |site| compile(&site.workspace),
    },
];

/// The tools that need no bucket.
pub const OTHERS: [Reader; 5] = [
    Reader {
        name: "bob-build without dependencies",
        prepare: |site| {
            site.workspace.formula("y-1", "printf x > $1/file");
        },
        process: |site| {
            let tool = site.process(test_kit::binary("bob-build"));
            tool.env("S3_BUCKET", "own")
                .env("DEFAULT_BUILD_PATH", site.workspace.path("built-to"))
                .arg("y-1")
        },
    },
    Reader {
        name: "manifest-gen",
        prepare: |site| {
            site.workspace.write("a.tar.gz", [b'x'; 100_000]);
        },
        process: |site| {
            let tool = site.process(test_kit::binary("manifest-gen"));
            tool.env("S3_BUCKET", "own").env("STACK", "heroku-24").args([
                "--archive",
                "a.tar.gz",
                "heroku-sys-library",
                "heroku-sys/a",
                "1",
                "a.tar.gz",
            ])
        },
    },
    Reader {
        name: "platform-gen",
        prepare: |site| {
            site.workspace.write("app/composer.json", "{}");
        },
        process: |site| {
            let tool = site.process(test_kit::binary("platform-gen"));
            tool.folder(site.workspace.path("app")).args(["-", "https://repo.example/"])
        },
    },
    Reader {
        name: "bp-detect",
        prepare: |site| buildpack(&site.workspace, "s3://own/p"),
        process: |site| phase(&site.workspace, "bp-detect"),
    },
    Reader {
        name: "bp-release",
        prepare: |site| buildpack(&site.workspace, "s3://own/p"),
        process: |site| phase(&site.workspace, "bp-release"),
    },
];

fn phase(workspace: &Workspace, tool: &str) -> Process {
    workspace.binary(tool).env("BUILDPACK_DIR", workspace.path("buildpack")).arg("app")
}

/// Writes the `composer.json` of a platform with one package, from the repository at `url`.
pub fn root(workspace: &Workspace, url: &str) {
    let text = format!(
        r#"{{"require":{{"heroku-sys/a":"*"}},"repositories":[{{"packagist":false}},
        {{"type":"composer","url":"{url}"}}]}}"#
    );
    workspace.write("app/composer.json", text);
}

/// `platform-install` for that platform.
#[must_use]
pub fn install(workspace: &Workspace) -> Process {
    workspace.binary("platform-install").folder(workspace.path("app"))
}

/// Writes the Java buildpack, with its components at `url`, and an application.
///
/// # Panics
/// When it cannot be written.
pub fn buildpack(workspace: &Workspace, url: &str) {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../buildpacks/java");
    let target = workspace.path("buildpack");
    std::fs::create_dir_all(&target).unwrap();
    let copied = Command::new("cp")
        .arg("-r")
        .args(["config", "resources", "lib"].map(|name| ours.join(name)))
        .arg(&target)
        .status();
    assert!(copied.unwrap().success());
    workspace.write("buildpack/config/version.yml", "version: v1\n");
    let text = format!("default_repository_root: {url}\n");
    workspace.write("buildpack/config/repository.yml", text);
    let jre = workspace.path("buildpack/config/open_jdk_jre.yml");
    let text = std::fs::read_to_string(&jre).unwrap();
    std::fs::write(jre, text.replace("/{platform}/{architecture}", "")).unwrap();
    workspace.write("app/META-INF/MANIFEST.MF", "Main-Class: Main\n");
    std::fs::create_dir_all(workspace.path("cache")).unwrap();
}

/// `bp-compile` for that application.
#[must_use]
pub fn compile(workspace: &Workspace) -> Process {
    workspace
        .binary("bp-compile")
        .env("BUILDPACK_DIR", workspace.path("buildpack"))
        .env("JBP_RETRY_BASE_SECONDS", "0")
        .args(["app", "cache"])
}
