//! A small repository on a web server, and folders to install into.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test uses a part; a failure here is a failed test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};

use archive::PackOptions;
use test_kit::web::Server;
use test_kit::{Process, Workspace};

/// Members that go over those of every package, as JSON without braces.
pub type More<'a> = &'a str;

pub struct Lab {
    pub workspace: Workspace,
    pub server: Server,
    packages: Vec<String>,
}

impl Lab {
    pub fn new() -> Self {
        let workspace = Workspace::new();
        fs::create_dir(workspace.path("web")).unwrap();
        fs::create_dir(workspace.path("app")).unwrap();
        let server = Server::start(&workspace.path("web"));
        Self { workspace, server, packages: Vec::new() }
    }

    /// A package without files.
    pub fn package(&mut self, name: &str, version: &str, kind: &str, more: More<'_>) {
        let comma = if more.is_empty() { "" } else { "," };
        self.packages.push(format!(
            r#"{{"name":"heroku-sys/{name}","version":"{version}","type":"{kind}"{comma}{more}}}"#
        ));
    }

    /// A package with an archive of these files.
    pub fn archive(
        &mut self,
        name: &str,
        version: &str,
        kind: &str,
        files: &[(&str, &str)],
        more: More<'_>,
    ) {
        let bytes = self.pack(files);
        self.bytes(name, version, kind, &bytes, more);
    }

    /// A package with these bytes for an archive.
    pub fn bytes(&mut self, name: &str, version: &str, kind: &str, bytes: &[u8], more: More<'_>) {
        self.workspace.write(format!("web/{name}-{version}.tar.gz"), bytes);
        let url = format!("{}/{name}-{version}.tar.gz", self.server.url());
        let comma = if more.is_empty() { "" } else { "," };
        let dist = format!(r#""dist":{{"type":"heroku-sys-tar","url":"{url}"}}{comma}{more}"#);
        self.package(name, version, kind, &dist);
    }

    /// The bytes of an archive.
    pub fn pack(&self, files: &[(&str, &str)]) -> Vec<u8> {
        let tree = self.workspace.path("tree");
        fs::create_dir(&tree).unwrap();
        for (name, text) in files {
            let path = tree.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("-> ") {
                Some(target) => std::os::unix::fs::symlink(target, path).unwrap(),
                None => {
                    fs::write(&path, text).unwrap();
                    if text.starts_with("#!") {
                        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                        fs::set_permissions(&path, mode).unwrap();
                    }
                }
            }
        }
        let bytes = pack(&tree);
        fs::remove_dir_all(&tree).unwrap();
        bytes
    }

    /// Publishes all packages, in their order.
    pub fn publish(&self) {
        let text = format!(r#"{{"packages":[[{}]]}}"#, self.packages.join(","));
        self.workspace.write("web/packages.json", text);
    }

    /// Publishes, and writes the folder's `composer.json` with these requirements.
    pub fn require(&self, require: &str) {
        self.root(&format!(r#""require":{{{require}}}"#));
    }

    /// The same with other members.
    pub fn root(&self, members: &str) {
        self.publish();
        let url = self.server.url();
        let text = format!(
            r#"{{{members},"repositories":[{{"packagist":false}},
            {{"type":"path","url":"../no-installer","options":{{"symlink":false}}}},
            {{"type":"composer","url":"{url}"}}]}}"#
        );
        self.workspace.write("app/composer.json", text);
    }

    /// The program, in the folder.
    pub fn install(&self) -> Process {
        Process::new(env!("CARGO_BIN_EXE_platform-install"))
            .folder(self.workspace.path("app"))
            .env("TMPDIR", self.workspace.path("tmp"))
    }

    /// Everything in the folder: files with their texts, links with their targets.
    pub fn picture(&self) -> BTreeMap<String, String> {
        picture(&self.workspace.path("app"))
    }

    /// The same without what is always there.
    pub fn files(&self) -> Vec<String> {
        let ours = |name: &String| !(name.starts_with("composer.") || name.starts_with("vendor/"));
        self.picture().into_keys().filter(ours).collect()
    }

    /// A file's text.
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        fs::read_to_string(self.workspace.path("app").join(name)).unwrap()
    }

    /// A path in the folder.
    pub fn app(&self, name: &str) -> PathBuf {
        self.workspace.path("app").join(name)
    }
}

/// A folder as an archive.
pub fn pack(tree: &Path) -> Vec<u8> {
    let mut file = tempfile::tempfile().unwrap();
    archive::pack(tree, &mut file, &PackOptions::default()).unwrap();
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Everything in a folder: files with their texts, links with their targets.
pub fn picture(folder: &Path) -> BTreeMap<String, String> {
    let mut picture = BTreeMap::new();
    look(folder, folder, &mut picture);
    picture
}

fn look(root: &Path, folder: &Path, picture: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        let about = fs::symlink_metadata(&path).unwrap();
        if about.is_dir() {
            look(root, &path, picture);
        } else if about.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            picture.insert(name, format!("-> {}", target.display()));
        } else {
            let bytes = fs::read(&path).unwrap();
            picture.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}
