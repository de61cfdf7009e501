//! What a run leaves that was killed: its stage, and perhaps a folder in which only some of the
//! stage's files are in their places.
//!
//! Before the first file is moved, a note in the stage says what is going to be moved; it goes when
//! all is in place. Where it is still there, the moves are undone. A number in the note is the name
//! under which the stage keeps what has given way.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use crate::Error;
use crate::relocate::relocate;
use crate::stage::{PREFIX, REPLACED, TREE};

const NAME: &str = "moves";

/// The note, while files are being moved.
pub struct Note(PathBuf);

impl Note {
    /// Writes down what is going to be moved from `tree` to `home`.
    pub fn write(
        stage: &Path,
        tree: &Path,
        home: &Path,
        moves: &[(PathBuf, PathBuf)],
    ) -> Result<Self, Error> {
        let mut text = Vec::new();
        for (from, to) in moves {
            for path in [from.strip_prefix(tree), to.strip_prefix(home)] {
                text.extend_from_slice(path.unwrap_or(Path::new("")).as_os_str().as_bytes());
                text.push(0);
            }
        }
        let path = stage.join(NAME);
        fs::write(&path, text).map_err(Error::local("write", &path))?;
        Ok(Self(path))
    }

    /// All is in place.
    pub fn done(self) -> Result<(), Error> {
        fs::remove_file(&self.0).map_err(Error::local("remove", self.0))
    }
}

/// Puts a folder back to what it was before runs that were killed, and removes what they have left.
/// Whether anything had to be put back.
pub fn clear(home: &Path) -> Result<bool, Error> {
    let mut undone = false;
    let entries = fs::read_dir(home).map_err(Error::local("read", home))?;
    for entry in entries {
        let entry = entry.map_err(Error::local("read", home))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && entry.file_name().as_bytes().starts_with(PREFIX.as_bytes()) {
            let stage = entry.path();
            undone |= undo(&stage, home)?;
            scratch::remove_tree(&stage).map_err(Error::local("remove", stage))?;
        }
    }
    Ok(undone)
}

/// Undoes what the note of a stage says, as far as it had come.
fn undo(stage: &Path, home: &Path) -> Result<bool, Error> {
    let note = stage.join(NAME);
    let text = match fs::read(&note) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::local("read", note)(error)),
    };
    let paths: Vec<&Path> = text
        .split_inclusive(|byte| *byte == 0)
        // One that was not written to its end was not moved either.
        .filter_map(|path| path.strip_suffix(&[0]))
        .map(|path| Path::new(OsStr::from_bytes(path)))
        .collect();
    for (number, pair) in paths.chunks_exact(2).enumerate().rev() {
        let [from, to] = [pair[0], pair[1]];
        if !is_plain(from) || !is_plain(to) {
            continue;
        }
        let (from, to) = (stage.join(TREE).join(from), home.join(to));
        let kept = stage.join(REPLACED).join(number.to_string());
        if !is_there(&from) && is_there(&to) {
            relocate(&to, &from).map_err(Error::local("move", &to))?;
        }
        if is_there(&kept) {
            fs::rename(kept, &to).map_err(Error::local("write", to))?;
        }
    }
    Ok(true)
}

fn is_plain(path: &Path) -> bool {
    !path.as_os_str().is_empty()
        && path.components().all(|part| matches!(part, Component::Normal(_)))
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folder, after a run that got so many renames far.
    fn killed_after(renames: usize) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let stage = home.join(format!("{PREFIX}x"));
        for path in ["tree/bin", "replaced", "archives"] {
            fs::create_dir_all(stage.join(path)).unwrap();
        }
        fs::create_dir(home.join("bin")).unwrap();
        for (path, text) in [("bin/old", "old"), ("etc", "old")] {
            fs::write(home.join(path), text).unwrap();
        }
        for path in ["tree/bin/old", "tree/bin/new", "tree/etc"] {
            fs::write(stage.join(path), "new").unwrap();
        }
        let tree = stage.join(TREE);
        let pair = |path: &str| (tree.join(path), home.join(path));
        let moves = ["bin/new", "bin/old", "etc"].map(pair);
        let _note = Note::write(&stage, &tree, home, &moves).unwrap();
        let steps = [
            ("tree/bin/new", "bin/new"),
            ("bin/old", "replaced/1"),
            ("tree/bin/old", "bin/old"),
            ("etc", "replaced/2"),
            ("tree/etc", "etc"),
        ];
        for (from, to) in &steps[..renames] {
            let at = |path: &str| {
                let ours = path.starts_with("tree/") || path.starts_with("replaced/");
                if ours { stage.join(path) } else { home.join(path) }
            };
            fs::rename(at(from), at(to)).unwrap();
        }
        folder
    }

    #[test]
    fn what_a_killed_run_has_moved_is_put_back() {
        for renames in 0..=5 {
            let folder = killed_after(renames);
            assert!(clear(folder.path()).unwrap());
            let mut names: Vec<_> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            assert_eq!(names, ["bin", "etc"], "{renames}");
            for name in ["bin/old", "etc"] {
                let text = fs::read_to_string(folder.path().join(name)).unwrap();
                assert_eq!(text, "old", "{renames}: {name}");
            }
            assert!(!folder.path().join("bin/new").exists(), "{renames}");
            assert!(!clear(folder.path()).unwrap());
        }
    }

    #[test]
    fn a_note_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let stage = home.join(format!("{PREFIX}x"));
        fs::create_dir_all(stage.join(TREE)).unwrap();
        fs::write(folder.path().join("other"), "kept").unwrap();
        fs::write(stage.join(NAME), b"a\0../other\0b\0bin/cut").unwrap();
        assert!(clear(&home).unwrap());
        assert_eq!(fs::read_to_string(folder.path().join("other")).unwrap(), "kept");
        assert!(!stage.exists());
    }
}
