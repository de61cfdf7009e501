//! What a run leaves that was killed or has failed: its stage, and perhaps a folder in which only
//! some of the stage's files are in their places.
//!
//! Before the first file is moved, a note in the stage says what is going to be moved; it goes when
//! all is in place. Where it is still there, the moves are undone. A number in the note is the name
//! under which the stage keeps what has given way.
//!
//! Where the note is gone, and the record of what is to be done outside the folder is there, that
//! is still to be done ([`crate::pending`]). A stage with neither is litter.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use crate::Error;
use crate::pending::Pending;
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

/// What earlier runs have left in a folder.
#[derive(Debug, Default)]
pub struct Left {
    /// Stages whose moves are to be undone, each with its note.
    moved: Vec<(PathBuf, Vec<u8>)>,
    /// What is to be done outside the folder, or done and to be gone on with; in its order.
    pub pending: Vec<Pending>,
    litter: Vec<PathBuf>,
}

impl Left {
    /// Looks into a folder, and changes nothing there but half a line of progress.
    pub fn find(home: &Path) -> Result<Self, Error> {
        let mut left = Self::default();
        let entries = fs::read_dir(home).map_err(Error::local("read", home))?;
        for entry in entries {
            let entry = entry.map_err(Error::local("read", home))?;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder || !entry.file_name().as_bytes().starts_with(PREFIX.as_bytes()) {
                continue;
            }
            let stage = entry.path();
            let note = stage.join(NAME);
            match fs::read(&note) {
                Ok(text) => left.moved.push((stage, text)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    match Pending::read(&stage)? {
                        Some(pending) => left.pending.push(pending),
                        None => left.litter.push(stage),
                    }
                }
                Err(error) => return Err(Error::local("read", note)(error)),
            }
        }
        left.pending.sort_by_key(Pending::number);
        Ok(left)
    }

    /// Puts the folder back to what it was before runs that were killed while they moved files, and
    /// removes what is of no use any more. Whether anything had to be put back.
    pub fn undo(&mut self, home: &Path) -> Result<bool, Error> {
        let undone = !self.moved.is_empty();
        for (stage, note) in self.moved.drain(..) {
            undo(&stage, &note, home)?;
            // Without its note the stage must not look like one whose files are in place.
            for name in [crate::pending::RECORD, NAME] {
                let path = stage.join(name);
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(Error::local("remove", path)(error));
                    }
                    _ => {}
                }
            }
            self.litter.push(stage);
        }
        for stage in self.litter.drain(..) {
            scratch::remove_tree(&stage).map_err(Error::local("remove", stage))?;
        }
        Ok(undone)
    }
}

/// Undoes what the note of a stage says, as far as it had come.
fn undo(stage: &Path, text: &[u8], home: &Path) -> Result<(), Error> {
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
    Ok(())
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

    fn clear(home: &Path) -> bool {
        Left::find(home).unwrap().undo(home).unwrap()
    }

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
            assert!(clear(folder.path()));
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
            assert!(!clear(folder.path()));
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
        assert!(clear(&home));
        assert_eq!(fs::read_to_string(folder.path().join("other")).unwrap(), "kept");
        assert!(!stage.exists());
    }
}
