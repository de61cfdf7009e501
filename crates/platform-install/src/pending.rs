//! What a run has to do outside the folder: written down before the folder changes, and done by the
//! next run where this one does not come to it.
//!
//! The record is a file of the stage. It counts from the moment when all files are in place
//! ([`crate::unfinished`]), until the run ends. Beside it lies a file of progress, a line for the
//! beginning and the end of a step, so that no step has its effect twice:
//!
//! - a file that is written whole is written again;
//! - before a file is appended to, its length is noted: what the file has after it says how much
//!   is done;
//! - an install script whose end is not noted is run again, all others are not.
//!
//! No path stands in the record: where things go is for the environment to say, also then.

mod record;

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;
use crate::activate::{Change, changes_to_text};
use crate::effects::{Provided, Script, Step};
use crate::settings::Settings;

pub use record::Record;

/// The file of the record, in a stage.
pub const RECORD: &str = "effects";
/// The file of progress.
const PROGRESS: &str = "progress";

/// The steps of one installation, and how far they are.
#[derive(Debug)]
pub struct Pending {
    /// The stage that holds the record.
    stage: PathBuf,
    record: Record,
    progress: Vec<Progress>,
}

/// How far one step is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// The file that was to be appended to, and its length before.
    begun: Option<(PathBuf, u64)>,
    /// Whether the step is done, and what its script printed.
    done: Option<String>,
}

impl Pending {
    /// The record of a stage whose files are in place. `None`: it has none.
    pub fn read(stage: &Path) -> Result<Option<Self>, Error> {
        let path = stage.join(RECORD);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::local("read", path)(error)),
        };
        let record = Record::parse(&text).map_err(|problem| Error::Record { path, problem })?;
        let progress = read_progress(stage, record.steps.len())?;
        Ok(Some(Self { stage: stage.to_owned(), record, progress }))
    }

    /// The place in the order of all that are in a folder.
    pub fn number(&self) -> u64 {
        self.record.number
    }

    /// Whether something is left to do.
    pub fn is_open(&self) -> bool {
        self.progress.iter().any(|progress| progress.done.is_none())
    }

    /// What ordinary packages provide, of all installations of the run.
    pub fn provided(&self) -> &[Provided] {
        &self.record.provided
    }

    /// The changes to the environment, by all install scripts of the run that have ended.
    pub fn changes(&self) -> Result<Vec<Change>, Error> {
        let mut changes = self.record.changes.clone();
        for (step, progress) in self.record.steps.iter().zip(&self.progress) {
            if let (Step::Run { package, .. }, Some(output)) = (step, &progress.done) {
                changes.extend(parse(package, output)?);
            }
        }
        Ok(changes)
    }

    /// Does what is left to do.
    pub fn complete(&mut self, home: &Path, settings: &Settings) -> Result<(), Error> {
        for at in 0..self.record.steps.len() {
            if self.progress[at].done.is_none() {
                let output = self.step(at, home, settings).map_err(Error::unfinished)?;
                self.note(at, Progress { begun: None, done: Some(output) })?;
            }
        }
        Ok(())
    }

    /// Forgets it all: nothing is left to do, and nothing to go on with.
    pub fn forget(self) -> Result<(), Error> {
        // First what says that there is something to do, so that half of it says nothing wrong.
        let path = self.stage.join(RECORD);
        fs::remove_file(&path).map_err(Error::local("remove", path))?;
        scratch::remove_tree(&self.stage).map_err(Error::local("remove", self.stage))
    }

    /// Does one step. Returns what its script printed.
    fn step(&mut self, at: usize, home: &Path, settings: &Settings) -> Result<String, Error> {
        match self.record.steps[at].clone() {
            Step::Profile { name, script } => {
                let folder = set(&settings.profile_folder, "profile_dir_path")?;
                write(&folder.join(name), &script)?;
            }
            Step::Export { text } => {
                self.append(at, set(&settings.export_file, "export_file_path")?, &text)?;
            }
            Step::Run { package, script } => {
                if !settings.install_scripts {
                    return Err(Error::NotSet { variable: "CNB_TARGET_OS and CNB_TARGET_ARCH" });
                }
                return run(&package, &script, home, settings);
            }
            Step::Layer => {
                let path = set(&settings.layer_env_file, "layer_env_file_path")?;
                let text = changes_to_text(&self.changes()?).into_bytes();
                write(path, &Script { text, mode: None })?;
            }
            Step::Log { line } => {
                let path = set(&settings.provided_log, "providedextensionslog_file_path")?;
                self.append(at, path, line.as_bytes())?;
            }
        }
        Ok(String::new())
    }

    /// Appends, unless that was done before.
    fn append(&mut self, at: usize, path: &Path, text: &[u8]) -> Result<(), Error> {
        let failed = Error::local("write", path);
        make_parent(path)?;
        let mut file = match File::options().append(true).create(true).open(path) {
            Ok(file) => file,
            Err(error) => return Err(failed(error)),
        };
        let about = file.metadata().map_err(Error::local("read", path))?;
        let begun = match &self.progress[at].begun {
            // A pipe does not say what it was given.
            Some((before, length)) if before == path && about.is_file() => Some(*length),
            _ => None,
        };
        let left = match begun {
            Some(length) => left_of(text, &tail(path, length)?),
            None => {
                let begun = Some((path.to_owned(), about.len()));
                self.note(at, Progress { begun, done: None })?;
                text
            }
        };
        file.write_all(left).map_err(failed)
    }

    /// Writes down how far a step is.
    fn note(&mut self, at: usize, progress: Progress) -> Result<(), Error> {
        let path = self.stage.join(PROGRESS);
        let line = record::line(at, &progress);
        let file = File::options().append(true).create(true).open(&path);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .map_err(Error::local("write", path))?;
        self.progress[at] = progress;
        Ok(())
    }
}

/// How far each step is. A line that was not written to its end is taken away.
fn read_progress(stage: &Path, steps: usize) -> Result<Vec<Progress>, Error> {
    let mut all = vec![Progress::default(); steps];
    let path = stage.join(PROGRESS);
    let mut bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(all),
        Err(error) => return Err(Error::local("read", path)(error)),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        bytes.truncate(whole);
        let file = File::options().write(true).open(&path);
        file.and_then(|file| file.set_len(whole as u64)).map_err(Error::local("write", &path))?;
    }
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let (at, progress) = record::parse_line(line)
            .map_err(|problem| Error::Record { path: path.clone(), problem })?;
        if let Some(place) = all.get_mut(at) {
            *place = progress;
        }
    }
    Ok(all)
}

fn set<'a>(path: &'a Option<PathBuf>, variable: &'static str) -> Result<&'a Path, Error> {
    path.as_deref().ok_or(Error::NotSet { variable })
}

/// What a file has from `length` on; nothing where it is shorter by now.
fn tail(path: &Path, length: u64) -> Result<Vec<u8>, Error> {
    let mut tail = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(length))?;
        file.read_to_end(&mut tail)
    });
    read.map_err(Error::local("read", path))?;
    Ok(tail)
}

/// What of a text is still to be appended to a file, of which this is there since.
fn left_of<'a>(text: &'a [u8], since: &[u8]) -> &'a [u8] {
    if text.starts_with(since) {
        return &text[since.len()..];
    }
    let is_there = since.windows(text.len().max(1)).any(|window| window == text);
    if is_there { &[] } else { text }
}

fn make_parent(path: &Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(Error::local("make", folder))
}

fn write(path: &Path, script: &Script) -> Result<(), Error> {
    make_parent(path)?;
    let written = fs::write(path, &script.text);
    let done = written.and_then(|()| match script.mode {
        Some(mode) => fs::set_permissions(path, Permissions::from_mode(mode)),
        None => Ok(()),
    });
    done.map_err(Error::local("write", path))
}

/// Runs a package's script with the folder as its argument. Returns what it prints.
fn run(package: &str, script: &str, home: &Path, settings: &Settings) -> Result<String, Error> {
    let path = home.join(script);
    let mut command = Command::new(&path);
    if !settings.pass_credentials {
        tool::hide_secrets(&mut command);
    }
    let child = command
        .arg(home)
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::local("run", &path))?;
    let id = child.id();
    tool::guard_child(id, false);
    let output = child.wait_with_output();
    tool::release_child(id);
    let output = output.map_err(Error::local("run", &path))?;
    if !output.status.success() {
        let status = output.status.to_string();
        return Err(Error::Script { package: package.to_owned(), status });
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    parse(package, &text)?;
    Ok(text)
}

fn parse(package: &str, output: &str) -> Result<Vec<Change>, Error> {
    Change::parse(output).map_err(|problem| Error::Package {
        package: package.to_owned(),
        problem: format!("its install script prints no list of changes: {problem}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_an_append() {
        for (since, left) in [
            ("", "\nab\n"),
            ("\na", "b\n"),
            ("\nab\n", ""),
            ("\nab\nof others", ""),
            ("of others\nab\n", ""),
            // Half of it was cut off by others.
            ("\naof others", "\nab\n"),
            ("of others", "\nab\n"),
        ] {
            let found = left_of(b"\nab\n", since.as_bytes());
            assert_eq!(std::str::from_utf8(found).unwrap(), left, "{since:?}");
        }
        assert_eq!(left_of(b"", b"x"), b"");
    }

    /// However much of the lines a run has written before it was killed.
    #[test]
    fn half_an_append_is_completed() {
        let settings = |folder: &Path| Settings {
            export_file: Some(folder.join("export")),
            ..Settings::default()
        };
        let export = |text: &str| Step::Export { text: text.into() };
        // The same twice: each has its own place.
        let steps = vec![export("\none\n"), export("\none\n")];
        for written in 0..=5 {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("export");
            let stage = folder.path().join("stage");
            fs::create_dir(&stage).unwrap();
            let record = Record { steps: steps.clone(), ..Record::default() };
            fs::write(stage.join(RECORD), record.text()).unwrap();
            fs::write(&file, format!("before{}", &"\none\n"[..written])).unwrap();
            let begun = Progress { begun: Some((file.clone(), 6)), done: None };
            // The last line was cut short, too.
            let progress = record::line(0, &begun) + "{\"step\":0,\"do";
            fs::write(stage.join(PROGRESS), progress).unwrap();
            for _ in 0..2 {
                let mut pending = Pending::read(&stage).unwrap().unwrap();
                pending.complete(folder.path(), &settings(folder.path())).unwrap();
                assert!(!pending.is_open());
                let text = fs::read_to_string(&file).unwrap();
                assert_eq!(text, "before\none\n\none\n", "{written}");
            }
            Pending::read(&stage).unwrap().unwrap().forget().unwrap();
            assert!(!stage.exists());
        }
    }
}
