//! The command line.

use tool::{Args, Failure};

/// Every option that [`parse`] knows, for the test that the help text has them all.
#[cfg(test)]
pub(crate) const OPTIONS: [&str; 3] = ["--lenient", "--archive", "--sha256"];

/// What was asked for.
pub(crate) struct Arguments {
    /// Where the package's description comes from.
    pub(crate) input: Input,
    /// Let what no repository could use pass with a warning.
    pub(crate) lenient: bool,
    /// The finished archive, for its checksums and its size.
    pub(crate) archive: Option<String>,
}

/// Where the package's description comes from.
pub(crate) enum Input {
    /// The arguments in their order.
    Positional(Vec<String>),
    /// One JSON object on stdin.
    Stdin,
}

pub(crate) fn parse(mut args: Args) -> Result<Arguments, Failure> {
    let lenient = args.flag("--lenient");
    let archive = args.value("--archive")?;
    let sha256 = args.value("--sha256")?;
    let archive = match (archive, sha256) {
        (Some(one), Some(other)) if one != other => {
            return Err(Failure::usage("--archive and --sha256 name different files"));
        }
        (archive, sha256) => archive.or(sha256),
    };
    let positional = args.rest()?;
    let input = match positional.as_slice() {
        [dash] if dash == "-" => Input::Stdin,
        _ => Input::Positional(positional),
    };
    Ok(Arguments { input, lenient, archive })
}
