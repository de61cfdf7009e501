//! Running programs from tests.

mod pipe;
mod running;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use pipe::Collector;
pub use running::{Output, Running};

/// How long a program may take unless a test says otherwise: what takes longer hangs, however slow
/// the machine is, and however much else it has to do.
const LIMIT: Duration = Duration::from_secs(300);

/// A program to run, with arguments, environment and standard input.
///
/// The environment is empty but for `PATH` and `HOME` (an empty folder name of no use, unless the
/// test sets it), so that nothing of the machine's own settings decides a test.
#[derive(Clone, Debug)]
pub struct Process {
    program: PathBuf,
    arguments: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    folder: Option<PathBuf>,
    input: Vec<u8>,
    open: bool,
    limit: Duration,
}

impl Process {
    /// Any program; a bare name is looked up in the `PATH` of the test itself.
    pub fn new(program: impl AsRef<Path>) -> Process {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Process {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            env: BTreeMap::from([("PATH".into(), path), ("HOME".into(), "/nonexistent".into())]),
            folder: None,
            input: Vec::new(),
            open: false,
            limit: LIMIT,
        }
    }

    /// A binary of this workspace, by name. See [`binary`].
    #[must_use]
    pub fn binary(name: &str) -> Process {
        Process::new(binary(name))
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Process {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, arguments: I) -> Process {
        let arguments = arguments.into_iter();
        self.arguments.extend(arguments.map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Process {
        self.env.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Sets variables.
    #[must_use]
    pub fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Process {
        variables.into_iter().fold(self, |process, (name, value)| process.env(name, value))
    }

    /// Unsets a variable.
    #[must_use]
    pub fn without(mut self, name: impl AsRef<OsStr>) -> Process {
        self.env.remove(name.as_ref());
        self
    }

    /// Puts a folder in front of the `PATH`.
    #[must_use]
    pub fn path_first(self, folder: impl AsRef<Path>) -> Process {
        let mut path = folder.as_ref().as_os_str().to_owned();
        if let Some(rest) = self.env.get(OsStr::new("PATH")) {
            path.push(":");
            path.push(rest);
        }
        self.env("PATH", path)
    }

    /// Sets the working folder.
    #[must_use]
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Process {
        self.folder = Some(folder.as_ref().to_owned());
        self
    }

    /// Starts the program with the umask 000, which denies nothing to other users.
    #[must_use]
    pub fn umask_000(self) -> Process {
        self.under(r#"umask 000; exec "$0" "$@""#)
    }

    /// Has a script for bash start the program, which it finds in `$0` with its arguments in `$@`.
    #[must_use]
    pub fn under(mut self, script: &str) -> Process {
        let program = std::mem::replace(&mut self.program, "/bin/bash".into());
        self.arguments.splice(0..0, ["-c".into(), script.into(), program.into()]);
        self
    }

    /// Sets what the program reads from standard input; nothing by default.
    #[must_use]
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Process {
        self.input = input.as_ref().to_owned();
        self
    }

    /// Leaves standard input open, and empty, until [`Running::answer`]: a program that asks waits.
    #[must_use]
    pub fn open_input(mut self) -> Process {
        self.open = true;
        self
    }

    /// Sets how long the program may take; a minute by default.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Process {
        self.limit = limit;
        self
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// When it cannot be started, or takes too long (it is killed then, and what it said shown).
    #[must_use]
    pub fn run(self) -> Output {
        self.spawn().wait()
    }

    /// Starts the program, in a process group of its own.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn(self) -> Running {
        let name = self.program.display().to_string();
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let mut stdin = child.stdin.take();
        // On threads, so that a program that reads late or writes much never waits for us. A broken
        // pipe is the program's choice not to read.
        if let Some(mut stdin) = stdin.take_if(|_| !self.open) {
            let input = self.input;
            std::thread::spawn(move || stdin.write_all(&input));
        }
        let stdout = Collector::start(child.stdout.take().expect("a pipe was asked for"));
        let stderr = Collector::start(child.stderr.take().expect("a pipe was asked for"));
        Running {
            child,
            name,
            limit: self.limit,
            stdin,
            stdout: Some(stdout),
            stderr: Some(stderr),
            waited: false,
        }
    }
}

/// The path of a binary of this workspace.
///
/// A test of the crate that owns the binary has it from cargo (`CARGO_BIN_EXE_<name>`, pass
/// `env!(…)` to [`Process::new`] to be sure that it is fresh). This function looks beside the test
/// itself, `target/<profile>/<name>`: whoever runs such a test builds the workspace first.
///
/// # Panics
/// When there is no such binary.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(format!("CARGO_BIN_EXE_{name}")) {
        return path.into();
    }
    let test = std::env::current_exe().expect("the path of the test itself");
    // target/<profile>/deps/<test>-<hash>
    let found = test
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "no binary {name} beside {}: build the workspace first (cargo build)",
            test.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_whole_and_the_environment_is_clean() {
        let output = Process::new("/bin/sh")
            .args(["-c", "cat; echo problem >&2; env | grep -c = ; exit 3"])
            .env("EXTRA", "1")
            .input("given\n")
            .run();
        // PATH, HOME, EXTRA, and PWD (and perhaps SHLVL, _) of the shell's own.
        let (first, count) = output.stdout.split_once('\n').unwrap();
        assert_eq!((first, output.stderr.as_str(), output.status), ("given", "problem\n", 3));
        assert!(count.trim().parse::<u32>().unwrap() <= 7, "{count}");
    }

    #[test]
    fn signals_show_as_in_a_shell() {
        let running = Process::new("/bin/sh").args(["-c", "sleep 100"]).spawn();
        running.kill();
        assert_eq!(running.wait().status, 137);
        let running = Process::new("sleep").arg("100").spawn();
        running.interrupt();
        assert_eq!(running.wait().status, 130);
    }

    #[test]
    fn a_question_can_stay_open() {
        let script = "echo asking >&2; read answer; echo \"$answer\"";
        let mut running = Process::new("/bin/sh").args(["-c", script]).open_input().spawn();
        running.wait_for("asking");
        assert!(!running.ended());
        running.answer("yes\n");
        assert_eq!(running.wait().success().stdout, "yes\n");
    }

    #[test]
    #[should_panic(expected = "still runs after")]
    fn a_program_that_hangs_fails_the_test() {
        let limit = Duration::from_millis(100);
        let _ = Process::new("sleep").arg("100").limit(limit).run();
    }
}
