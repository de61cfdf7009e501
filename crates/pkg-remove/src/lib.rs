//! Removes packages from a repository.
//!
//! A removal is a sync from the same repository without these packages: [`select`] finds them,
//! [`remove`] plans and carries it out.

mod args;
mod error;
mod remove;
mod select;

pub use error::Error;
use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "pkg-remove",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Removes what the arguments name.
///
/// # Errors
/// The first thing that goes wrong.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = args::Options::parse(args)?;
    remove::run(&options, io)
}
