//! Running a formula: a bash script in a process of its own, its words passed on and kept.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, PipeReader, Read as _, Write};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tool::Input;

use crate::Error;

/// How long what a formula has started in the background may go on talking after its end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A formula's run.
pub(crate) struct Run<'a> {
    /// The script, as an absolute path.
    pub formula: &'a Path,
    /// Its first argument.
    pub build_path: &'a str,
    /// Its second argument.
    pub name: Option<&'a str>,
    /// Its working folder.
    pub folder: &'a Path,
    /// The prefix of its repository.
    pub prefix: &'a str,
    /// Where the upload command for the manifest goes; `None` leaves the caller's `MANIFEST_CMD`.
    pub manifest_cmd: Option<&'a Path>,
    /// Whether it gets [`tool::SECRETS`].
    pub pass_credentials: bool,
    /// What stands behind our stdin.
    pub input: Input,
}

impl Run<'_> {
    /// Runs it to its end. What it says goes to `log` and to `out`.
    pub(crate) fn to_end(&self, log: File, out: Box<dyn Write + Send>) -> Result<(), Error> {
        let (reader, writer) = io::pipe().map_err(Error::Start)?;
        let copy = writer.try_clone().map_err(Error::Start)?;
        let mut command = Command::new("/usr/bin/env");
        command
            .args([OsStr::new("bash"), OsStr::new("--"), self.formula.as_os_str()])
            .arg(self.build_path)
            .args(self.name)
            // Helpers of old put names right behind it: without its slash, or with one in front, or
            // unset, they would name another place than where archive and manifest go.
            .env("S3_PREFIX", self.prefix)
            .current_dir(self.folder)
            .stdout(writer)
            .stderr(copy);
        if let Some(file) = self.manifest_cmd {
            command.env("MANIFEST_CMD", file);
        }
        if !self.pass_credentials {
            tool::hide_secrets(&mut command);
        }
        // On a terminal, Ctrl-C reaches all of our process group, and only it may read the
        // terminal. Elsewhere a group of its own lets us end all that the formula has started.
        let leads_group = self.input != Input::Terminal;
        if leads_group {
            command.process_group(0);
        }
        if self.input == Input::Data {
            // A loop that feeds us names must not lose them to a formula.
            command.stdin(Stdio::null());
        }
        // Before there is a child, which would be without a reader if there were no thread.
        let (done, finished) = mpsc::channel();
        let started = parallel::start("output", move || {
            let outcome = pass_on(reader, log, out);
            // Nobody waits any more when this fails: then it is too late for last words.
            let _ = done.send(outcome);
        });
        started.map_err(Error::Start)?;
        let mut child = command.spawn().map_err(Error::Start)?;
        // The pipe's write ends are the child's alone from here on.
        drop(command);
        tool::guard_child(child.id(), leads_group);
        let status = child.wait();
        tool::release_child(child.id());
        let said = match status.is_ok() {
            true => finished.recv_timeout(LAST_WORDS).unwrap_or(Ok(())),
            false => Ok(()),
        };
        outcome(status.map_err(Error::Start)?)?;
        said.map_err(Error::Words)
    }
}

/// How a formula ended, unless we are being ended ourselves.
fn outcome(status: ExitStatus) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    // One Ctrl-C ends the formula and us. It has ended; wait whether a signal is here for us too,
    // whose handler then tidies up and ends this process by that signal.
    thread::sleep(Duration::from_millis(100));
    while tool::is_ending() {
        thread::park();
    }
    Err(match (status.code(), status.signal()) {
        (Some(code), _) => Error::Status { status: u8::try_from(code).unwrap_or(u8::MAX) },
        (None, number) => {
            let number = number.unwrap_or_default();
            Error::Signal {
                name: tool::signal_name(number),
                number: u8::try_from(number).unwrap_or_default(),
            }
        }
    })
}

/// Copies all that comes to both. When one of them cannot be written the formula goes on talking,
/// so that it does not die of a closed pipe; the error is told after its end.
fn pass_on(mut from: PipeReader, mut log: File, mut out: impl Write) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    let mut outcome = Ok(());
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return outcome,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let written = log
            .write_all(&buffer[..count])
            .and_then(|()| out.write_all(&buffer[..count]))
            .and_then(|()| out.flush());
        outcome = outcome.and(written);
    }
}
