//! Makes a repository's `packages.json` from its manifests.
//!
//! [`generate`] prints it or writes it to the working folder; [`upload`] publishes it. [`log`],
//! [`diff`] and [`rollback`] show what was published, and bring it back.

mod args;
mod diff;
mod generate;
mod log;
mod output;
mod rollback;
mod upload;

use args::Command;
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
    match args::Command::parse(args, io)? {
        Command::Make(options) if options.upload => upload::run(&options, io),
        Command::Make(options) => generate::run(&options, io),
        Command::Log(options) => log::run(&options, io),
        Command::Diff(options) => diff::run(&options, io),
        Command::Rollback(options) => rollback::run(&options, io),
    }
}
