//! Turns an application's `composer.lock` into the platform's `composer.json`.
//!
//! The crate `platform` is the pure core: lock, arguments, day and stack in, JSON and notices out. This
//! is how these come in: [`args`], [`repositories`] (the URLs with their [`query`]), [`input`] (the
//! two files), [`blackfire`] (a program that may be there already).

mod args;
mod blackfire;
mod error;
mod input;
mod notice;
mod query;
mod repositories;

pub use error::Error;
use tool::{Args, Failure, Io, Tool};

/// The program.
pub const TOOL: Tool = Tool {
    name: "platform-gen",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

/// Writes the platform's `composer.json` to stdout, and notices to stderr.
///
/// # Errors
/// The first thing that goes wrong; nothing is written to stdout then.
pub fn run(args: Args, io: &mut Io) -> Result<(), Failure> {
    let options = args::Options::parse(args)?;
    let say = notice::Printer::new(io);
    let (installer, urls) = options.split()?;
    let repositories = repositories::read(urls, options.list_repositories, &say)?;

    let env = io.env_fn();
    let names = input::names(&env);
    let files = input::read(io.folder(), &names)?;
    let settings = platform::Settings {
        names: &names,
        installer,
        repositories: &repositories,
        stack: io.env("STACK"),
        day: input::day(&env)?,
        default_php: io.env("HEROKU_PHP_DEFAULT_RUNTIME_VERSION"),
        // Set to nothing is set.
        dev: env("HEROKU_PHP_INSTALL_DEV").is_some(),
    };
    let mut platform = platform::generate(files, &settings, &say).map_err(Error::from)?;
    if let Some(version) = blackfire::version(&io.env("PATH").unwrap_or_default(), &say) {
        platform.replace("heroku-sys/blackfire", &version);
    }
    io.data(&platform.into_text())
}
