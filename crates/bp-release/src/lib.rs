//! Says how an application is run.

mod release;

use bp_tool::Look;
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
    let look = Look::parse(args)?;
    release::run(&look, io)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_option_stands_in_the_help() {
        for option in bp_tool::NAMES.into_iter().chain(["--cache"]) {
            assert!(super::TOOL.help.contains(option), "{option}");
        }
    }
}
