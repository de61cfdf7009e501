//! Says what is wrong with a repository, and removes what nothing refers to.
//!
//! [`read`] gets the state of a repository from its store, [`check`] finds what is wrong with a
//! state and asks nobody, [`report`] tells it; [`deep`] reads archives to their end,
//! [`resolve`] asks what applications get. [`gc`] is the
//! removal: which objects it takes is decided on a state as well. [`service`] asks what the service in
//! use really does.

mod args;
mod check;
mod compare;
mod deep;
mod entry;
mod error;
mod finding;
mod gc;
mod history;
mod inventory;
mod read;
mod report;
mod resolve;
mod service;
mod state;
mod survey;
#[cfg(test)]
mod testing;

pub use error::Error;
use tool::{Args, Failure, Io, Tool};

use crate::args::{Command, Options};

/// The program.
pub const TOOL: Tool = Tool {
    name: "repo-check",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Checks, or removes what nothing refers to.
///
/// # Errors
/// The first thing that goes wrong; without a word, where something was found and told.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = Options::parse(args)?;
    match &options.command {
        Command::Check(check) => survey::run(&options, check, io),
        Command::Gc(gc) => gc::run(&options, gc, io),
        Command::Service(service) => service::run(&options, service, io),
    }
}
