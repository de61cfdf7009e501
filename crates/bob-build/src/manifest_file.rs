//! The manifest that a formula wrote, found without running anything.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use manifest::{FILE_SUFFIX, Manifest};

use crate::{Error, command};

/// An upload command is a line or a few.
const COMMAND_LIMIT: u64 = 1024 * 1024;

/// A manifest as the formula left it.
#[derive(Debug)]
pub(crate) struct Written {
    /// What it is to be uploaded as.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The canned ACL that it is to have.
    pub acl: Option<String>,
}

/// A folder for the file that `$MANIFEST_CMD` names. The helpers of 2016 write to it unquoted, so
/// it is not below a `$TMPDIR` that a shell would take for several words, if that can be helped.
pub(crate) fn command_folder() -> io::Result<scratch::Folder> {
    const PREFIX: &str = "bob-manifest-";
    let given = std::env::temp_dir();
    let one_word = |path: &str| !path.contains(|c: char| c.is_whitespace() || "*?[".contains(c));
    if given.to_str().is_some_and(one_word) {
        return scratch::Folder::new_in(&given, PREFIX);
    }
    scratch::Folder::new_in(Path::new("/tmp"), PREFIX)
        .or_else(|_| scratch::Folder::new_in(&given, PREFIX))
}

/// Finds the manifest of a formula that ran in `folder`: the one that the upload command in
/// `command_file` names, else the only one in the folder. The command is read, never run.
pub(crate) fn find(
    formula: &str,
    folder: &Path,
    command_file: &Path,
) -> Result<Option<Written>, Error> {
    let command = read_command(command_file)?;
    let path = match named_in(&command, folder) {
        Some(path) => Some(path),
        None => only_one_in(formula, folder)?,
    };
    if path.is_none() && !command.trim().is_empty() {
        // To upload the archive alone would leave the package out of the repository in silence.
        let command = command.trim().to_owned();
        return Err(Error::NoSuchManifest { name: formula.to_owned(), command });
    }
    path.map(|path| read(path, &command)).transpose()
}

/// The upload command; empty where the formula left none.
fn read_command(file: &Path) -> Result<String, Error> {
    let metadata = match fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        other => other.map_err(Error::local(file))?,
    };
    // A formula can put anything there, and to read a pipe may take for ever.
    if !metadata.is_file() || metadata.len() > COMMAND_LIMIT {
        let reason = "it is not a file with a command".to_owned();
        return Err(Error::Manifest { path: file.to_owned(), reason });
    }
    let bytes = fs::read(file).map_err(Error::local(file))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The file that a command like `s5cmd cp FILE s3://…` or `s3cmd put FILE s3://…` uploads.
fn named_in(command: &str, folder: &Path) -> Option<PathBuf> {
    let words = command::words(command);
    let file = |word: &String| {
        let path = folder.join(word);
        (word.ends_with(FILE_SUFFIX) && path.is_file()).then_some(path)
    };
    // Where a path with spaces was not quoted, the name in the target still is the file's.
    let by_name = |word: &String| file(&word.rsplit('/').next()?.to_owned());
    words.iter().find_map(file).or_else(|| words.iter().find_map(by_name))
}

fn only_one_in(formula: &str, folder: &Path) -> Result<Option<PathBuf>, Error> {
    let mut paths = Vec::new();
    let entries = match fs::read_dir(folder) {
        // Formulae tidy up as they like.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(Error::local(folder))?,
    };
    for entry in entries {
        let path = entry.map_err(Error::local(folder))?.path();
        if path.to_str().is_some_and(|path| path.ends_with(FILE_SUFFIX)) && path.is_file() {
            paths.push(path);
        }
    }
    if paths.len() > 1 {
        paths.sort();
        let name =
            |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let files = paths.iter().filter_map(name).collect::<Vec<_>>().join(", ");
        return Err(Error::Manifests { name: formula.to_owned(), files });
    }
    Ok(paths.pop())
}

fn read(path: PathBuf, command: &str) -> Result<Written, Error> {
    let unfit = |reason: String| Error::Manifest { path: path.clone(), reason };
    let mut bytes = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(manifest::MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(Error::local(&path))?;
    Manifest::parse(&bytes).map_err(|error| unfit(error.to_string()))?;
    let own_name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    // The upload command may rename it.
    let words = command::words(command);
    let target = command::target(&words);
    let name = target.or(own_name).ok_or_else(|| unfit("its name is not UTF-8".to_owned()))?;
    Ok(Written { name, bytes, acl: command::acl(&words) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], command: &str, expected: Result<Option<(&str, &str)>, &str>) {
        let place = scratch::Folder::new("manifest file test ").unwrap();
        for file in files {
            fs::write(
                place.path().join(file),
                format!("{{\"name\":\"{file}\",\"version\":\"1\"}}"),
            )
            .unwrap();
        }
        let folder = place.path().to_str().unwrap();
        let file = place.path().join("cmd");
        fs::write(&file, command.replace("{}", folder)).unwrap();
        let found = find("f-1", place.path(), &file);
        let found = found.map_err(|error| error.to_string());
        let found = found.as_ref().map_err(String::as_str).map(|written| {
            written.as_ref().map(|written| {
                let text = str::from_utf8(&written.bytes).unwrap();
                let file = text.trim_matches(['{', '}']).split('"').nth(3).unwrap();
                (file, written.name.as_str())
            })
        });
        assert_eq!(found, expected, "{command}");
    }

    #[test]
    fn the_command_names_it() {
        let files = &["a-1.composer.json", "b-1.composer.json"];
        let new = "'s5cmd' 'cp' '--content-type' 'application/json' '{}/b-1.composer.json' 's3://bucket/p/b-1.composer.json'";
        check(files, new, Ok(Some(("b-1.composer.json", "b-1.composer.json"))));
        let old = "s3cmd --ssl --acl-public -m application/json put {}/b-1.composer.json s3://bucket/p/b-1.composer.json";
        check(files, old, Ok(Some(("b-1.composer.json", "b-1.composer.json"))));
        let relative = "s3cmd put a-1.composer.json s3://bucket/p/c-1.composer.json";
        check(files, relative, Ok(Some(("a-1.composer.json", "c-1.composer.json"))));
        let unbalanced = "s3cmd put 'a-1.composer.json s3://b/a-1.composer.json";
        check(files, unbalanced, Ok(Some(("a-1.composer.json", "a-1.composer.json"))));
    }

    #[test]
    fn without_a_command_the_only_one_counts() {
        check(&[], "", Ok(None));
        check(&["a.composer.json"], "", Ok(Some(("a.composer.json", "a.composer.json"))));
        check(
            &["b.composer.json", "a.composer.json"],
            "",
            Err("formula f-1 wrote several manifests: a.composer.json, b.composer.json"),
        );
    }

    #[test]
    fn a_manifest_that_is_named_must_be_there() {
        let command = "s5cmd cp gone-1.composer.json s3://bucket/p/gone-1.composer.json";
        check(
            &[],
            command,
            Err("formula f-1 left no manifest, but a command to upload one: s5cmd cp \
                 gone-1.composer.json s3://bucket/p/gone-1.composer.json"),
        );
        check(&[], "\n", Ok(None));
    }

    #[test]
    fn what_a_formula_leaves_in_place_of_files_is_told_of() {
        let place = scratch::Folder::new("manifest-file-test-").unwrap();
        let gone = place.path().join("gone");
        assert!(find("f", &gone, &place.path().join("command")).unwrap().is_none());
        let pipe = place.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for file in [pipe.as_path(), place.path()] {
            assert!(matches!(find("f", &gone, file), Err(Error::Manifest { .. })), "{file:?}");
        }
    }

    #[test]
    fn the_command_is_not_run() {
        let place = scratch::Folder::new("manifest-file-test-").unwrap();
        let file = place.path().join("cmd");
        fs::write(&file, format!("touch {0}/evil; $(touch {0}/evil)", place.path().display()))
            .unwrap();
        assert!(matches!(find("f", place.path(), &file), Err(Error::NoSuchManifest { .. })));
        assert!(!place.path().join("evil").exists());
    }
}
