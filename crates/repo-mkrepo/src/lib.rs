//! Makes a repository's `packages.json` from its manifests.
//!
//! [`generate`] prints it or writes it to the working folder; [`upload`] publishes it.

mod args;
mod generate;
mod output;
mod upload;

use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "repo-mkrepo",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Generates, and publishes where asked to.
///
/// # Errors
/// The first thing that goes wrong; nothing is published then.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = args::Options::parse(args, io)?;
    if options.upload { upload::run(&options, io) } else { generate::run(&options, io) }
}
