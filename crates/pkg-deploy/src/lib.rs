//! Uploads archives and manifests.
//!
//! [`input`] reads the build records, [`there`] looks at what is in the bucket, [`upload`] brings one
//! package there, [`check`] asks before a build what would stop an upload after it.

mod again;
mod args;
mod check;
mod deploy;
mod error;
mod input;
mod there;
mod upload;

pub use error::Error;
use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "pkg-deploy",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Deploys, or checks, what the arguments and records name.
///
/// # Errors
/// The first thing that goes wrong; packages that were deployed before it have their records.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = args::Options::parse(args)?;
    if options.check && !options.publish {
        check::run(&options, io)
    } else {
        deploy::run(&options, io)
    }
}
