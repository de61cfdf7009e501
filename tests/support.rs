//! The same workspace on each kind of store, for tests that expect the same of all.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

pub mod crowd;
pub mod model;
pub mod reader;
pub mod readers;
pub mod series;
pub mod trial;

use std::fs;
use std::path::{Path, PathBuf};

use location::{Location, Prefix, Region, Service};
use store::{Options, Store};
use test_kit::{Process, Workspace, s3, seaweed};

/// The prefix that everything is built to.
pub const DEVELOP: &str = "dist-heroku-24-develop/";
/// The prefix that is synced to.
pub const STABLE: &str = "dist-heroku-24-stable/";

/// Whether each test runs all of its cases, on all stores: `SLIPWAY_TEST_RACES=full`.
#[must_use]
pub fn full() -> bool {
    std::env::var_os("SLIPWAY_TEST_RACES").is_some_and(|value| value == "full")
}

/// A workspace with the example formulae and an empty bucket.
pub struct Place {
    /// Folders and environment.
    pub workspace: Workspace,
    /// The bucket's name.
    pub bucket: String,
    /// What serves it, as in messages of tests.
    pub kind: &'static str,
    env: Vec<(String, String)>,
    /// The server in this process, kept alive.
    server: Option<s3::Server>,
}

impl Place {
    /// On the folder store.
    #[must_use]
    pub fn folder() -> Self {
        let workspace = Workspace::new();
        workspace.create_bucket("slipway-tests");
        let endpoint = format!("file://{}", workspace.path("stores").display());
        let env = vec![("AWS_ENDPOINT_URL_S3".to_owned(), endpoint)];
        Self::new(workspace, "slipway-tests".to_owned(), "folder", env, None)
    }

    /// On a real SeaweedFS.
    #[must_use]
    pub fn seaweed() -> Self {
        let server = seaweed::Server::shared();
        let mut workspace = Workspace::new();
        workspace.use_s3(server.env());
        let env = server.env().into_iter().collect();
        Self::new(workspace, server.create_bucket(), "SeaweedFS", env, None)
    }

    /// On a real SeaweedFS, in a bucket that anybody may read; with that bucket's address.
    #[must_use]
    pub fn public_seaweed() -> (Self, String) {
        let server = seaweed::Server::shared();
        let mut workspace = Workspace::new();
        workspace.use_s3(server.env());
        let env = server.env().into_iter().collect();
        let bucket = server.create_public_bucket();
        let url = format!("{}/{bucket}", server.endpoint());
        (Self::new(workspace, bucket, "SeaweedFS", env, None), url)
    }

    /// On an S3 server in this process.
    #[must_use]
    pub fn in_process() -> Self {
        let server = s3::Server::start();
        server.create_bucket("slipway-tests");
        let mut workspace = Workspace::new();
        workspace.use_s3(server.env());
        let env = server.env().into_iter().collect();
        Self::new(workspace, "slipway-tests".to_owned(), "in-process S3", env, Some(server))
    }

    /// On an S3 server in this process that answers every condition of a write with 200, whether it
    /// holds or not.
    #[must_use]
    pub fn without_conditions() -> Self {
        let place = Self { kind: "S3 without conditional writes", ..Self::in_process() };
        if let Some(server) = place.server() {
            server.set_quirks(s3::Quirks { ignore_conditions: true, ..s3::Quirks::default() });
        }
        place
    }

    fn new(
        mut workspace: Workspace,
        bucket: String,
        kind: &'static str,
        env: Vec<(String, String)>,
        server: Option<s3::Server>,
    ) -> Self {
        let build_path = workspace.path("build").display().to_string();
        let formulae = root().join("formulae").display().to_string();
        workspace
            .repository(&bucket, DEVELOP)
            .set("STACK", "heroku-24")
            .set("NOW", "2026-11-21 12:00:00")
            .set("WORKSPACE_DIR", &formulae)
            .set("DEFAULT_BUILD_PATH", &build_path);
        Self { workspace, bucket, kind, env, server }
    }

    /// The server, where it is in this process.
    #[must_use]
    pub fn server(&self) -> Option<&s3::Server> {
        self.server.as_ref()
    }

    /// A shell with the tools first on its path, then the wrappers.
    #[must_use]
    pub fn shell(&self, script: &str) -> Process {
        self.workspace
            .process("bash")
            .args(["-c", &format!("set -eu -o pipefail\n{script}")])
            .path_first(root().join("bin-wrappers"))
            .path_first(tools())
    }

    /// One of the tools.
    #[must_use]
    pub fn tool(&self, name: &str) -> Process {
        self.workspace.process(tools().join(name))
    }

    /// A wrapper, which finds the tools on its path.
    #[must_use]
    pub fn wrapper(&self, name: &str) -> Process {
        self.workspace.process(root().join("bin-wrappers").join(name)).path_first(tools())
    }

    /// The bucket itself.
    #[must_use]
    pub fn store(&self) -> Store {
        let env = |name: &str| {
            self.env.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        };
        let service = Service::from_env(&env, Region::default()).unwrap();
        Store::open(&service, &self.bucket, Options::default(), &env).unwrap()
    }

    /// Where the bucket lies, without a prefix.
    #[must_use]
    pub fn location(&self) -> Location {
        let env = |name: &str| {
            self.env.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        };
        let service = Service::from_env(&env, Region::default()).unwrap();
        Location::new(service, &self.bucket, Prefix::default()).unwrap()
    }

    /// The whole bucket, without what the tools keep for themselves: keys, and contents with what
    /// names this very store masked.
    #[must_use]
    pub fn contents(&self) -> Vec<(String, String)> {
        let store = self.store();
        let theirs = |key: &String| !key.split('/').any(|part| part == ".slipway");
        let keys: Vec<String> =
            store.list("").unwrap().into_iter().map(|object| object.key).filter(theirs).collect();
        let contents = store.get_many(&keys).unwrap();
        keys.into_iter()
            .zip(contents)
            .map(|(key, content)| {
                let bytes = content.unwrap().bytes;
                let text = match String::from_utf8(bytes) {
                    Ok(text) => self.masked(&text),
                    Err(binary) => checksum::of_bytes(binary.as_bytes()),
                };
                (key, text)
            })
            .collect()
    }

    /// Text without what differs from store to store and from run to run.
    #[must_use]
    pub fn masked(&self, text: &str) -> String {
        let location = self.location();
        let url = location.dist_url("");
        let shown = location.to_string();
        let tmp = self.workspace.path("tmp").display().to_string();
        let masked = text
            .replace(&url, "<STORE>/")
            .replace(&shown, "<BUCKET>/")
            .replace(&self.bucket, "<BUCKET>")
            .replace(&self.workspace.path("").display().to_string(), "<WORK>/")
            .replace(&tmp, "<TMP>");
        random_names(&masked)
    }
}

/// Masks the random part of temporary names.
fn random_names(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("tmp/") {
        let (before, after) = rest.split_at(at + 4);
        masked.push_str(before);
        let end = after.find(['/', ':', '\n']).unwrap_or(after.len());
        masked.push('*');
        rest = &after[end..];
    }
    masked.push_str(rest);
    masked
}

/// The folder of the project.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The folder of the built tools.
#[must_use]
pub fn tools() -> PathBuf {
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
    ] {
        let _ = test_kit::binary(tool);
    }
    test_kit::binary("bob-build").parent().unwrap().to_owned()
}

/// The files below a folder, with their contents.
#[must_use]
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            all.extend(files(&path).into_iter().map(|(inner, b)| (format!("{name}/{inner}"), b)));
        } else {
            all.push((name, fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}
