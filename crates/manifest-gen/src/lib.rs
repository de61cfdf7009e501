//! Writes one manifest to stdout: what `manifest.py` did for formulae.
//!
//! The rules are those of [`manifest::generate`]; here are the arguments, the environment, the
//! clock and the archive's checksums.

mod archive;
mod args;
mod error;

use std::io::Write as _;

use location::{Location, Role};
use manifest::generate::{self, Context, Request};
use tool::{Failure, Io, Tool};

pub use error::Error;

/// The program.
pub const TOOL: Tool = Tool {
    name: "manifest-gen",
    version: env!("CARGO_PKG_VERSION"),
    help: include_str!("help.txt"),
    run,
};

fn run(args: tool::Args, io: &mut Io) -> Result<(), Failure> {
    let arguments = args::parse(args)?;
    let mut request = match &arguments.input {
        args::Input::Positional(texts) => Request::from_args(texts).map_err(Error::Request)?,
        args::Input::Stdin => Request::from_json(io.read_stdin()?).map_err(Error::Request)?,
    };
    for problem in request.problems() {
        if !arguments.lenient {
            return Err(Error::Request(problem).into());
        }
        io.say(format!("manifest-gen: warning: {problem}"));
    }
    if let Some(path) = &arguments.archive {
        request.facts = Some(archive::facts(&io.folder().join(path))?);
    }

    let stack = io.env("STACK").ok_or(Error::Missing { variable: "STACK" })?;
    let location = Location::from_env(Role::Own, &io.env_fn())
        .map_err(Error::Location)?
        .ok_or(Error::Missing { variable: "S3_BUCKET" })?;
    let now = io.env("NOW").unwrap_or_else(now);
    let dist_url = location.dist_url(&request.archive);
    let context = Context { stack: &stack, now: &now, dist_url: &dist_url };
    let manifest = generate::generate(request, &context).map_err(Error::Request)?;

    let bytes = manifest.to_bytes();
    if bytes.len() > manifest::MAX_BYTES {
        return Err(Error::TooLong.into());
    }
    io.stdout().write_all(&bytes).map_err(|source| Error::Stdout { source })?;
    Ok(())
}

/// The present time as manifests have it.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests;
