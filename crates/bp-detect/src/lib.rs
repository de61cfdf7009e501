//! Says whether and by which components an application can be run.

mod args;
mod detect;

use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "bp-detect",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Detects the application that the arguments name.
///
/// # Errors
/// The first thing that goes wrong; without a word when no container can run the application.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = args::Options::parse(args)?;
    detect::run(&options, io)
}
