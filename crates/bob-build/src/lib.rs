//! Builds formulae into archives and manifests.
//!
//! [`formula`] finds a formula, [`header`] is what its header says, [`order`] puts several in order,
//! [`dependencies`] finds and unpacks what it needs, [`build_path`] guards where it is installed,
//! [`process`] runs it, [`manifest_file`] finds the manifest that it wrote, with what [`command`]
//! says, and [`output`] puts
//! archive, manifest and log where the records say.

mod args;
mod build;
mod build_path;
mod cache;
pub mod command;
mod dependencies;
mod error;
mod formula;
pub mod header;
mod manifest_file;
mod order;
mod output;
mod process;
mod source;

pub use error::Error;
use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "bob-build",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Builds what the arguments name.
///
/// # Errors
/// The first thing that goes wrong; formulae that were built before it have their records.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = args::Options::parse(args)?;
    build::run(&options, io)
}
