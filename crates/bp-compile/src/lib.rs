//! Prepares an application's files to be run.

mod args;
mod compile;
mod error;
mod finalize;

pub use error::Error;
use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "bp-compile",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Compiles the application that the arguments name.
///
/// # Errors
/// The first thing that goes wrong.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = args::Options::parse(args)?;
    compile::run(&options, io)
}
