//! Says how an application is run.

mod args;
mod release;

use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "bp-release",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Releases the application that the arguments name.
///
/// # Errors
/// The first thing that goes wrong.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = args::Options::parse(args)?;
    release::run(&options, io)
}
