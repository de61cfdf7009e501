//! The installer plugin for Composer.
//!
//! It has nothing to do here. But where it is there, Composer is to find it installed afterwards,
//! so that it can carry on.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use php_json::{Object, Value};
use platform::INSTALLER;
use sha1::{Digest as _, Sha1};

use crate::Error;
use crate::stage::Stage;

/// The plugin in its folder.
#[derive(Clone, Debug)]
pub struct Installer {
    /// Where it is.
    pub folder: PathBuf,
    /// Its `composer.json`.
    pub text: String,
    /// The members `dist` and `transport-options`, as Composer makes them for a folder.
    pub members: Object,
}

impl Installer {
    /// Looks into a folder; `url` is how `composer.json` names it. `None`: there is no such package.
    pub fn find(folder: &Path, url: &str) -> Result<Option<Self>, Error> {
        let path = folder.join("composer.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(Error::local("read", path)(error)),
        };
        let json = crate::project::object(&path.display().to_string(), &text)?;
        if json.get("name").and_then(Value::as_str) != Some(INSTALLER) {
            return Ok(None);
        }
        let relative = !Path::new(url).is_absolute();
        let serialized =
            format!("a:2:{{s:7:\"symlink\";b:0;s:8:\"relative\";b:{};}}", u8::from(relative));
        let reference = checksum::hex(&Sha1::digest(format!("{text}{serialized}")));
        let object = |members: Vec<(&str, Value)>| -> Value {
            let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
            Value::Object(members.collect())
        };
        let dist = object(vec![
            ("type", "path".into()),
            ("url", url.into()),
            ("reference", reference.into()),
        ]);
        let transport = object(vec![("symlink", false.into()), ("relative", relative.into())]);
        let members = [("dist", dist), ("transport-options", transport)];
        let members = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Ok(Some(Self { folder: folder.to_owned(), text, members }))
    }

    /// Copies it to where Composer looks for it, in the tree of the stage.
    pub fn copy_to(&self, stage: &Stage) -> Result<(), Error> {
        copy_tree(&self.folder, stage, &format!("vendor/{INSTALLER}"))
    }
}

/// Copies files and folders; of links only what they lead to is copied, as Composer does.
fn copy_tree(from: &Path, stage: &Stage, to: &str) -> Result<(), Error> {
    let entries = std::fs::read_dir(from).map_err(Error::local("read", from))?;
    for entry in entries {
        let entry = entry.map_err(Error::local("read", from))?;
        let (path, target) =
            (entry.path(), format!("{to}/{}", entry.file_name().to_string_lossy()));
        let about = std::fs::metadata(&path).map_err(Error::local("read", &path))?;
        // Its own dependencies are for its tests, and history is for nobody.
        if about.is_dir() && [".git", "vendor"].iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if about.is_dir() {
            copy_tree(&path, stage, &target)?;
        } else {
            stage.copy(&path, &target)?;
        }
    }
    Ok(())
}
