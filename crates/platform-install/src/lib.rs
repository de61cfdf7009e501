//! Installs an application's platform: what `composer install` does in the folder of a platform
//! `composer.json`, without PHP and without Composer.
//!
//! - [`project`]: `composer.json`, the lock and the repositories
//! - [`resolve`]: which packages, in which order
//! - [`download`]: their archives, side by side
//! - [`stage`]: all of them over each other in a folder beside, activated
//! - [`merge`]: that folder into the present one, or nothing
//! - [`unfinished`]: what a run leaves that was killed on the way, or failed
//! - [`activate`]: what makes a package work: INI files, scripts for the shell, the environment
//! - [`effects`]: what of that lies outside the folder
//! - [`pending`]: that, written down before it is done, and done once
//! - [`lock`]: what Composer wants to find afterwards
//!
//! Nothing is written to the folder before every archive is there, verified and unpacked.

mod activate;
mod args;
mod content_hash;
mod download;
mod dump;
mod effects;
mod error;
mod install;
mod installed;
mod installer;
mod lock;
mod merge;
mod native;
mod pending;
mod project;
mod relocate;
mod report;
mod resolve;
mod settings;
mod stage;
mod unfinished;

pub use error::Error;
use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "platform-install",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Installs.
///
/// # Errors
/// The first thing that goes wrong; the folder is as it was then, unless the error says otherwise.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = args::Options::parse(args)?;
    install::run(&options, io)
}
