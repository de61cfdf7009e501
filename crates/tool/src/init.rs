//! As the first process of a container: a child does the work, and this process passes signals on to
//! it and reaps all processes that end, also those of others.
//!
//! The system ignores signals to the first process that it does not handle itself, and hands it every
//! process whose parent has ended.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, wait};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::Signals;

const PASSED_ON: [i32; 7] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH];

/// Whether this is the first process of its container.
pub(crate) fn is_first() -> bool {
    std::process::id() == 1
}

/// Runs the tool as a child of the first process, to its status. `None`: this is not the first
/// process, or it can have no child; then the work is done here.
pub(crate) fn run() -> Option<ExitCode> {
    if !is_first() {
        return None;
    }
    let mut signals = Signals::new(PASSED_ON.into_iter().chain([SIGCHLD])).ok()?;
    let mut arguments = std::env::args_os();
    let mut command = Command::new(std::env::current_exe().ok()?);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    let child = command.args(arguments).spawn().ok()?;
    let child = Pid::from_raw(i32::try_from(child.id()).ok()?)?;
    for signal in signals.forever() {
        if signal != SIGCHLD {
            if let Some(signal) = Signal::from_named_raw(signal) {
                // It has ended already when this fails.
                let _ = kill_process(child, signal);
            }
            continue;
        }
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid == child
                && let Some(status) = status_of(status)
            {
                return Some(ExitCode::from(status));
            }
        }
    }
    None
}

/// The status as a shell has it: 128 and its number for a signal.
fn status_of(status: WaitStatus) -> Option<u8> {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|n| 128 + n));
    code.and_then(|code| u8::try_from(code).ok())
}
