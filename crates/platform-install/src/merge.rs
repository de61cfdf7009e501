//! A tree into a folder: all of it, or nothing.
//!
//! Folders merge with those that are there, also through links that lead to a folder inside; files
//! and links replace what is there. First everything is looked at, then everything is renamed; what
//! gives way is kept until the end, and comes back when anything fails.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::relocate::{open_up, relocate};
use crate::stage::Stage;
use crate::{Error, pending, unfinished};

/// Moves the staged tree to its place. Returns the stage, in which `effects` is written down.
pub fn merge(stage: Stage, effects: &str) -> Result<PathBuf, Error> {
    let home = stage.home().canonicalize().map_err(Error::local("read", stage.home()))?;
    let mut moves = Vec::new();
    plan(&stage.tree(), &home, &home, &mut moves)?;
    let reserved = moves.iter().filter_map(|(_, to)| to.strip_prefix(&home).ok()).find(|path| {
        path.as_os_str().as_encoded_bytes().starts_with(crate::stage::PREFIX.as_bytes())
    });
    if let Some(path) = reserved {
        return Err(Error::Reserved { path: path.display().to_string() });
    }
    // Ended in the middle, by whatever, the next run finds the stage and undoes what was done.
    let (tree, replaced) = (stage.tree(), stage.replaced());
    let folder = stage.keep();
    let move_all = || {
        let note = unfinished::Note::write(&folder, &tree, &home, &moves)?;
        // It counts once the note is gone.
        let record = folder.join(pending::RECORD);
        fs::write(&record, effects).map_err(Error::local("write", &record))?;
        let mut journal = Journal { moved: Vec::new(), replaced };
        for (from, to) in &moves {
            if let Err(error) = journal.move_to(from, to) {
                journal.undo();
                return Err(Error::local("write", to)(error));
            }
        }
        note.done().inspect_err(|_| journal.undo())
    };
    match move_all() {
        Ok(()) => Ok(folder),
        Err(error) => {
            // First what would be done by the next run, were the note to go before it.
            let _ = fs::remove_file(folder.join(pending::RECORD));
            drop(scratch::Folder::adopt(folder));
            Err(error)
        }
    }
}

/// What has to be renamed, from where to where.
fn plan(
    from: &Path,
    to: &Path,
    home: &Path,
    moves: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), Error> {
    for (name, about) in children(from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        let there = match fs::symlink_metadata(&to) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Error::local("read", to)(error)),
        };
        let clash = || {
            let path = to.strip_prefix(home).unwrap_or(&to);
            Error::Clash { path: path.display().to_string() }
        };
        match there {
            None => moves.push((from, to)),
            Some(there) if about.is_dir() => {
                let inside = match there.is_symlink() {
                    true => to.canonicalize().ok().filter(|real| real.starts_with(home)),
                    false => Some(to.clone()),
                };
                match inside.filter(|path| path.is_dir()) {
                    Some(folder) => {
                        // What is there keeps its mode; this one only gives up what it holds.
                        open_up(&from).map_err(Error::local("read", &from))?;
                        plan(&from, &folder, home, moves)?;
                    }
                    None => return Err(clash()),
                }
            }
            Some(there) if there.is_dir() => return Err(clash()),
            Some(_) => moves.push((from, to)),
        }
    }
    Ok(())
}

/// What lies in a folder, by name, so that every run does the same.
fn children(folder: &Path) -> Result<Vec<(OsString, Metadata)>, Error> {
    let read = || -> io::Result<Vec<(OsString, Metadata)>> {
        let entries = fs::read_dir(folder)?.map(|entry| {
            let entry = entry?;
            Ok((entry.file_name(), entry.metadata()?))
        });
        let mut entries: Vec<_> = entries.collect::<io::Result<_>>()?;
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(entries)
    };
    read().map_err(Error::local("read", folder))
}

/// What was renamed so far.
struct Journal {
    /// From, to, and where what was there before is now.
    moved: Vec<(PathBuf, PathBuf, Option<PathBuf>)>,
    replaced: PathBuf,
}

impl Journal {
    fn move_to(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let kept = self.replaced.join(self.moved.len().to_string());
        let kept = match fs::rename(to, &kept) {
            Ok(()) => Some(kept),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        match relocate(from, to) {
            Ok(()) => {
                self.moved.push((from.to_owned(), to.to_owned(), kept));
                Ok(())
            }
            Err(error) => {
                if let Some(kept) = kept {
                    // The first error is the one that counts.
                    let _ = fs::rename(kept, to);
                }
                Err(error)
            }
        }
    }

    /// Puts everything back, as far as that goes: each step on its own.
    fn undo(&mut self) {
        for (from, to, kept) in self.moved.drain(..).rev() {
            let _ = relocate(&to, &from);
            if let Some(kept) = kept {
                let _ = fs::rename(kept, to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_on_the_way_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["tree/sub", "home", "replaced"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        for (name, text) in
            [("tree/old", "new"), ("tree/sub/x", "new"), ("home/old", "old"), ("home/other", "old")]
        {
            fs::write(at(name), text).unwrap();
        }
        let mut journal = Journal { moved: Vec::new(), replaced: at("replaced") };
        journal.move_to(&at("tree/old"), &at("home/old")).unwrap();
        journal.move_to(&at("tree/sub"), &at("home/sub")).unwrap();
        assert_eq!(fs::read_to_string(at("home/old")).unwrap(), "new");
        // The last one goes wrong when what was there has given way already.
        journal.move_to(&at("tree/gone"), &at("home/other")).unwrap_err();
        assert_eq!(fs::read_to_string(at("home/other")).unwrap(), "old");
        journal.undo();
        assert_eq!(fs::read_to_string(at("home/old")).unwrap(), "old");
        assert!(!at("home/sub").exists());
        assert_eq!(fs::read_to_string(at("tree/sub/x")).unwrap(), "new");
        assert_eq!(fs::read_dir(at("replaced")).unwrap().count(), 0);
    }
}
