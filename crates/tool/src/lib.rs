//! What every tool does alike: arguments, streams, signals, terminal, exit status.
//!
//! The only crate that touches argv, stdio, the process environment, signals and the exit status.
//! A tool is a [`Tool`] constant, and its `main.rs` one line: `tool::main(&TOOL)`.

mod age;
mod archives;
mod args;
mod ask;
mod bucket;
mod exit;
mod failsafe;
mod init;
mod io;
mod message;
mod progress;
mod records;
mod secrets;
mod signals;
mod worker;

use std::ffi::OsString;
use std::process::ExitCode;

pub use age::Age;
pub use archive::Limits;
pub use archives::{LIMIT_OPTIONS, limit_option};
pub use args::Args;
pub use ask::Answer;
pub use bucket::{max_index_hint, max_index_of};
pub use exit::{Exit, Fail, Failure, SEE_HELP};
pub use io::{Input, Io, Notes, Out, cannot_write};
pub use printable::Line;
pub use progress::Progress;
pub use records::{Records, publish_record};
pub use secrets::{SECRETS, hide_secrets, is_secret};
pub use signals::{guard_child, is_ending, release_child, signal_name};
pub use worker::{is_at_work, worker};

/// Many thousands of small texts are most of what the tools keep in memory, on all processors: with
/// the C library's allocator a tenth of their time is spent there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A program: what it is called, what it says of itself, and what it does.
#[derive(Clone, Copy)]
pub struct Tool {
    /// The name that errors begin with.
    pub name: &'static str,
    /// Its version, from `CARGO_PKG_VERSION`.
    pub version: &'static str,
    /// All of `--help`.
    pub help: &'static str,
    /// The work itself.
    pub run: fn(Args, &mut Io) -> Result<(), Failure>,
}

/// Runs a tool with the process's arguments and streams, to its exit status.
///
/// `--help` and `--version` are answered here, and `--bob` is taken here: it makes messages read
/// as those of the `bob` program that the wrappers stand in for.
#[must_use]
pub fn main(tool: &Tool) -> ExitCode {
    forbid_others_to_write();
    failsafe::install(tool.name);
    if let Some(status) = init::run() {
        return status;
    }
    signals::install();
    let arguments = std::env::args_os().skip(1).collect();
    let ended = failsafe::guarded(|| run(tool, arguments, &mut Io::of_process()));
    ended.unwrap_or_else(|| {
        signals::wait_if_ending();
        scratch::sweep();
        ExitCode::from(Exit::Internal.status())
    })
}

/// Keeps all users but the owner and the group from writing what this process makes, with any umask.
/// Programs that it starts inherit that.
fn forbid_others_to_write() {
    use rustix::fs::Mode;
    // It can only be read by setting it. No other thread is there yet.
    let mask = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::umask(mask | Mode::WOTH);
}

/// Runs a tool in-process, with streams of the caller's.
#[must_use]
pub fn run(tool: &Tool, arguments: Vec<OsString>, io: &mut Io) -> ExitCode {
    let mut args = Args::new(arguments);
    io.bob = args.flag("--bob");
    let style = if io.bob { message::Style::Bob } else { message::Style::Own };
    let outcome = if args.flag(["-h", "--help"]) {
        io.data(tool.help)
    } else if args.flag(["-V", "--version"]) {
        io.show(format!("{} {}", tool.name, tool.version))
    } else {
        // What is wrong with it is known before anything is done, and by every tool.
        let env = io.env_fn();
        let wrong = store::Patience::from_env(&env).map_err(Failure::from).err();
        let wrong = wrong.or(bucket::max_index(&env).err());
        wrong.map_or_else(|| (tool.run)(args, io), Err)
    };
    let outcome = outcome.and_then(|()| io.flush());
    signals::wait_if_ending();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            io.notes().lines(message::lines(tool.name, style, &failure));
            ExitCode::from(failure.exit.status())
        }
    }
}
