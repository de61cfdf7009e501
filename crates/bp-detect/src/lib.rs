//! Says whether and by which components an application can be run.

mod detect;

use bp_tool::Look;
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
    let look = Look::parse(args)?;
    detect::run(&look, io)
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
