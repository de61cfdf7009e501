//! Brings one repository to the state of another.
//!
//! [`places`] finds the two, [`sides`] reads them, [`sync`] plans and carries out; [`ops`] is the historical planner on
//! local folders.

mod args;
mod error;
mod ops;
mod places;
mod sides;
mod sync;

pub use error::Error;
use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "repo-sync",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Does what the arguments ask for.
///
/// # Errors
/// The first thing that goes wrong.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    match args::Command::parse(args)? {
        args::Command::Sync(options) => sync::run(&options, io),
        args::Command::Operations(options) => ops::run(&options, io),
    }
}
