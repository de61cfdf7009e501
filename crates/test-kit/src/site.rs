//! Repositories on either store, for tests that must see the same on both.

use std::fs;
use std::path::Path;

use manifest::{FILE_SUFFIX, Index, Manifest};

use crate::s3::{Attributes, Server};
use crate::{Process, Workspace};

/// A workspace whose buckets lie in the folder store or in an S3 server inside the test.
pub struct Site {
    /// The folders and the environment.
    pub workspace: Workspace,
    server: Option<Server>,
}

impl Site {
    /// On the folder store.
    #[must_use]
    pub fn folder() -> Site {
        Site { workspace: Workspace::new(), server: None }
    }

    /// On an S3 server inside the test process.
    #[must_use]
    pub fn s3() -> Site {
        let server = Server::start();
        let mut workspace = Workspace::new();
        workspace.use_s3(server.env());
        Site { workspace, server: Some(server) }
    }

    /// One of each: a test runs on both, and expects the same.
    #[must_use]
    pub fn both() -> [Site; 2] {
        [Site::folder(), Site::s3()]
    }

    /// The S3 server, where it is one.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Makes a bucket.
    pub fn create_bucket(&self, bucket: &str) {
        match &self.server {
            Some(server) => {
                server.create_bucket(bucket);
            }
            None => {
                self.workspace.create_bucket(bucket);
            }
        }
    }

    /// Writes an object behind the tools' back.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, bucket: &str, key: &str, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        match &self.server {
            Some(server) => server.put(bucket, key, bytes.to_vec(), Attributes::default()),
            None => {
                // In one step for readers, as every store does it: tools may be reading meanwhile.
                let name = format!("incoming/{:?}", std::thread::current().id());
                let incoming = self.workspace.write(name, bytes);
                let path = self.workspace.path("stores").join(bucket).join(key);
                let parent = path.parent().expect("a path in the workspace");
                fs::create_dir_all(parent).expect("the folders above the object");
                fs::rename(&incoming, &path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
        }
    }

    /// Removes an object behind the tools' back.
    ///
    /// # Panics
    /// When there is no such object.
    pub fn delete(&self, bucket: &str, key: &str) {
        match &self.server {
            Some(server) => assert!(server.delete(bucket, key), "{bucket}/{key}"),
            None => {
                let path = self.workspace.path("stores").join(bucket).join(key);
                fs::remove_file(&path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
        }
    }

    /// An object's bytes; none where there is no such object.
    #[must_use]
    pub fn get(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        match &self.server {
            Some(server) => server.object(bucket, key).map(|object| object.bytes.to_vec()),
            None => fs::read(self.workspace.path("stores").join(bucket).join(key)).ok(),
        }
    }

    /// All keys of a bucket, sorted.
    #[must_use]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        if let Some(server) = &self.server {
            return server.keys(bucket);
        }
        let mut keys = Vec::new();
        collect(&self.workspace.path("stores").join(bucket), "", &mut keys);
        keys.sort();
        keys
    }

    /// The same without what the tools keep for themselves: generations and the like.
    #[must_use]
    pub fn packages(&self, bucket: &str) -> Vec<String> {
        let mut keys = self.keys(bucket);
        keys.retain(|key| !key.split('/').any(|part| part == ".slipway"));
        keys
    }

    /// The URL of a key that needs no percent-encoding.
    #[must_use]
    pub fn url(&self, bucket: &str, key: &str) -> String {
        match &self.server {
            Some(server) => format!("{}/{bucket}/{key}", server.endpoint()),
            None => {
                let path = self.workspace.path("stores").join(bucket).join(key);
                format!("file://{}", path.display())
            }
        }
    }

    /// What the tools call a bucket and prefix, in place of which `s3://bucket/prefix` is put:
    /// messages are then alike on both stores.
    #[must_use]
    pub fn masked(&self, text: &str) -> String {
        let stores = self.workspace.path("stores");
        text.replace(&format!("{}/", stores.display()), "s3://")
    }

    /// Puts a package in place: an archive, and a manifest that names it. `name` is the file name
    /// without its ending, and the version what follows its last dash.
    pub fn package(&self, bucket: &str, prefix: &str, name: &str, time: &str) {
        self.put(bucket, &format!("{prefix}{name}.tar.gz"), format!("archive of {name}"));
        let encoded = name.replace('+', "%2B");
        let url = self.url(bucket, &format!("{prefix}{encoded}.tar.gz"));
        self.manifest(bucket, prefix, name, time, &url);
    }

    /// Puts the manifest of a package alone, with any URL.
    pub fn manifest(&self, bucket: &str, prefix: &str, name: &str, time: &str, url: &str) {
        let (package, version) = name.rsplit_once('-').expect("a name with a version");
        let text = format!(
            r#"{{"dist": {{"type": "heroku-sys-tar", "url": "{url}"}}, "name": "heroku-sys/{package}", "require": {{}}, "time": "{time}", "type": "heroku-sys-library", "version": "{version}"}}"#
        );
        self.put(bucket, &format!("{prefix}{name}{FILE_SUFFIX}"), text);
    }

    /// The bytes of the `packages.json` that the manifests of a repository make.
    #[must_use]
    pub fn index(&self, bucket: &str, prefix: &str) -> Vec<u8> {
        let manifests = self.keys(bucket).into_iter().filter_map(|key| {
            let name = key.strip_prefix(prefix)?.to_owned();
            (name.ends_with(FILE_SUFFIX) && !name.contains('/')).then(|| {
                let bytes = self.get(bucket, &key).expect("a listed manifest");
                (name, Manifest::parse(bytes).expect("a valid manifest"))
            })
        });
        Index::generate(manifests.collect()).to_bytes()
    }

    /// Writes that `packages.json`.
    pub fn publish(&self, bucket: &str, prefix: &str) {
        let index = self.index(bucket, prefix);
        self.put(bucket, &format!("{prefix}packages.json"), index);
    }

    /// A process in this workspace.
    pub fn process(&self, program: impl AsRef<Path>) -> Process {
        self.workspace.process(program)
    }
}

/// What a tool says, without the line that says how to undo a change, which holds a time.
///
/// # Panics
/// When there is no such line.
#[must_use]
pub fn without_undo(text: &str) -> String {
    let (before, rest) = text.split_once("This can be undone until ").expect("how to undo it");
    let (line, after) = rest.split_once("\n\n").expect("an empty line after it");
    assert!(line.contains(" UTC: repo-mkrepo rollback "), "{line}");
    format!("{before}{after}")
}

fn collect(folder: &Path, prefix: &str, keys: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), keys);
        } else {
            keys.push(name);
        }
    }
}
