//! Running programs from tests.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

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
    limit: Duration,
}

/// What a program did, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its exit status; 128 + n after signal n, as a shell says it.
    pub status: i32,
    /// Its standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Its standard error, invalid UTF-8 replaced.
    pub stderr: String,
}

/// A program under way. It is killed, with its process group, when this value is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
    limit: Duration,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    waited: bool,
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
    pub fn umask_000(mut self) -> Process {
        let program = std::mem::replace(&mut self.program, "/bin/sh".into());
        let shell = ["-c".into(), r#"umask 000; exec "$0" "$@""#.into(), program.into()];
        self.arguments.splice(0..0, shell);
        self
    }

    /// Sets what the program reads from standard input; nothing by default.
    #[must_use]
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Process {
        self.input = input.as_ref().to_owned();
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
        let mut stdin = child.stdin.take().expect("a pipe was asked for");
        let input = self.input;
        // On threads, so that a program that reads late or writes much never waits for us. A broken
        // pipe is the program's choice not to read.
        std::thread::spawn(move || stdin.write_all(&input));
        let stdout = collect(child.stdout.take().expect("a pipe was asked for"));
        let stderr = collect(child.stderr.take().expect("a pipe was asked for"));
        Running {
            child,
            name,
            limit: self.limit,
            stdout: Some(stdout),
            stderr: Some(stderr),
            waited: false,
        }
    }
}

impl Running {
    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Has it ended?
    pub fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Presses Ctrl-C: SIGINT to the whole process group, as a terminal does.
    pub fn interrupt(&self) {
        // It may have ended meanwhile, which is no failure of this call.
        let _ = kill_process_group(self.pid(), Signal::INT);
    }

    /// Sends one signal to the program alone.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid(), signal);
    }

    /// `kill -9` for the program and all it started.
    pub fn kill(&self) {
        let _ = kill_process_group(self.pid(), Signal::KILL);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it takes longer than its limit; it is killed then, and what it said is shown.
    #[must_use]
    pub fn wait(mut self) -> Output {
        let start = Instant::now();
        let mut pause = Duration::from_micros(200);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the state of a child") {
                break Some(status);
            }
            if start.elapsed() > self.limit {
                break None;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        if status.is_none() {
            self.kill();
            let _ = self.child.wait();
        }
        self.waited = true;
        let stdout = text(self.stdout.take());
        let stderr = text(self.stderr.take());
        let Some(status) = status else {
            panic!(
                "{} still runs after {:?}\nstdout:\n{stdout}\nstderr:\n{stderr}",
                self.name, self.limit
            );
        };
        let status = match (status.code(), status.signal()) {
            (Some(code), _) => code,
            (None, signal) => 128 + signal.unwrap_or_default(),
        };
        Output { status, stdout, stderr }
    }

    fn pid(&self) -> Pid {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        id.expect("a child has a process id")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.waited && !self.ended() {
            self.kill();
            let _ = self.child.wait();
        }
    }
}

impl Output {
    /// The output of a program that must have succeeded.
    ///
    /// # Panics
    /// When its status is not 0; all that it said is shown.
    pub fn success(self) -> Output {
        self.expect(0)
    }

    /// The output of a program that must have ended with this status.
    ///
    /// # Panics
    /// When its status is another; all that it said is shown.
    pub fn expect(self, status: i32) -> Output {
        assert_eq!(
            self.status, status,
            "exit status\nstdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }
}

fn collect(mut pipe: impl std::io::Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is still worth showing.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

fn text(reader: Option<JoinHandle<Vec<u8>>>) -> String {
    let bytes = reader.map(|reader| reader.join().unwrap_or_default());
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
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
    #[should_panic(expected = "still runs after")]
    fn a_program_that_hangs_fails_the_test() {
        let limit = Duration::from_millis(100);
        let _ = Process::new("sleep").arg("100").limit(limit).run();
    }
}
