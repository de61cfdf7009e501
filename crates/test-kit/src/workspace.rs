//! A temporary folder for a test, with what the tools expect in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Process;

/// A temporary folder and an environment for tools that work in it; gone when dropped.
///
/// It holds `formulae/` (`WORKSPACE_DIR`), `tmp/` (`TMPDIR`), `home/` (`HOME`) and `stores/` (the
/// root of the folder store, until [`Workspace::use_s3`]).
#[derive(Debug)]
pub struct Workspace {
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

impl Workspace {
    /// A fresh one, with the folder store as its service and no bucket.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Workspace {
        let folder =
            tempfile::Builder::new().prefix("slipway-test-").tempdir().expect("a temporary folder");
        let mut workspace = Workspace { folder, env: BTreeMap::new() };
        for (variable, name) in [("WORKSPACE_DIR", "formulae"), ("TMPDIR", "tmp"), ("HOME", "home")]
        {
            let path = workspace.path(name);
            fs::create_dir(&path).expect("a folder of the workspace");
            workspace.set(variable, &path.display().to_string());
        }
        let stores = workspace.path("stores");
        fs::create_dir(&stores).expect("a folder of the workspace");
        workspace.set("AWS_ENDPOINT_URL_S3", &format!("file://{}", stores.display()));
        workspace
    }

    /// The path of something in the workspace.
    #[must_use]
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sets a variable for [`Workspace::process`].
    pub fn set(&mut self, name: &str, value: &str) -> &mut Workspace {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Unsets a variable.
    pub fn unset(&mut self, name: &str) -> &mut Workspace {
        self.env.remove(name);
        self
    }

    /// Takes an S3 service in place of the folder store: give it [`crate::s3::Server::env`] or
    /// [`crate::seaweed::Server::env`].
    pub fn use_s3(&mut self, env: BTreeMap<String, String>) -> &mut Workspace {
        self.env.extend(env);
        self
    }

    /// Sets `S3_BUCKET` and `S3_PREFIX`.
    pub fn repository(&mut self, bucket: &str, prefix: &str) -> &mut Workspace {
        self.set("S3_BUCKET", bucket).set("S3_PREFIX", prefix)
    }

    /// Makes a bucket of the folder store, and says where it is.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn create_bucket(&self, bucket: &str) -> PathBuf {
        let path = self.path("stores").join(bucket);
        fs::create_dir_all(&path).expect("a folder for the bucket");
        path
    }

    /// Writes a formula: a bash script (`#!/usr/bin/env bash` and `set -e` are put in front).
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn formula(&self, name: &str, script: &str) -> PathBuf {
        let text = format!("#!/usr/bin/env bash\nset -e\n{script}\n");
        self.write(Path::new("formulae").join(name), text)
    }

    /// Writes a file, and the folders above it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        let parent = path.parent().expect("a path in the workspace");
        fs::create_dir_all(parent).expect("the folders above the file");
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// What lies in `TMPDIR`: litter, if the tools have ended.
    ///
    /// # Panics
    /// When the folder cannot be read.
    #[must_use]
    pub fn litter(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("tmp")).expect("the temporary folder");
        let mut names: Vec<String> = entries
            .map(|entry| {
                let entry = entry.expect("an entry of the temporary folder");
                entry.file_name().to_string_lossy().into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// A process with this workspace's environment and folder.
    pub fn process(&self, program: impl AsRef<Path>) -> Process {
        Process::new(program).envs(&self.env).folder(self.folder.path())
    }

    /// A binary of ours with this workspace's environment and folder.
    #[must_use]
    pub fn binary(&self, name: &str) -> Process {
        self.process(crate::binary(name))
    }
}

impl Default for Workspace {
    fn default() -> Workspace {
        Workspace::new()
    }
}
