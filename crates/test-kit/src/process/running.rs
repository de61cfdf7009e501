//! Programs under way, and what they did.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::pipe::Collector;

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
    pub(super) child: Child,
    pub(super) name: String,
    pub(super) limit: Duration,
    /// Standard input, where it stays open.
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<Collector>,
    pub(super) stderr: Option<Collector>,
    pub(super) waited: bool,
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

    /// Waits until the program has written this text to standard error.
    ///
    /// # Panics
    /// When it ends without, or takes longer than its limit.
    pub fn wait_for(&mut self, text: &str) {
        let start = Instant::now();
        loop {
            // In this order: what an ended program has written is read soon, and then it is all.
            let over = self.ended() || start.elapsed() > self.limit;
            let stderr = self.stderr.as_ref().map(Collector::so_far).unwrap_or_default();
            if stderr.contains(text) {
                return;
            }
            assert!(!over, "{} has not written {text:?}:\n{stderr}", self.name);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Writes to standard input ([`super::Process::open_input`]), and closes it.
    ///
    /// # Panics
    /// When it was not left open.
    pub fn answer(&mut self, text: &str) {
        let mut stdin = self.stdin.take().expect("a standard input that was left open");
        // A broken pipe is the program's choice not to read.
        let _ = stdin.write_all(text.as_bytes());
    }

    /// Stops the program alone (`SIGSTOP`), until [`Running::resume`].
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a stopped program go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
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
        let stdout = self.stdout.take().map(Collector::all).unwrap_or_default();
        let stderr = self.stderr.take().map(Collector::all).unwrap_or_default();
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
