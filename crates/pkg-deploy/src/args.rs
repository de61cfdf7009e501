//! The command line.

use std::path::PathBuf;

use tool::{Args, Failure};

/// What was asked for.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Options {
    /// Record files; names with `--check` and without `--publish`.
    pub arguments: Vec<String>,
    pub overwrite: bool,
    pub manifest: bool,
    pub publish: bool,
    pub resume: bool,
    pub keep_going: bool,
    pub keep: bool,
    pub checksums: bool,
    /// Before a build: could it be deployed? With `--publish`: can it be installed?
    pub check: bool,
    pub dry_run: bool,
    pub records: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(mut args: Args) -> Result<Self, Failure> {
        let mut options = Self {
            overwrite: args.flag("--overwrite"),
            manifest: !args.flag("--no-manifest"),
            publish: args.flag("--publish"),
            resume: args.flag("--resume"),
            keep_going: args.flag("--keep-going"),
            keep: args.flag("--keep"),
            checksums: args.flag("--checksums"),
            check: args.flag("--check"),
            dry_run: args.flag(["-n", "--dry-run"]),
            records: args.value("--records")?,
            arguments: Vec::new(),
        };
        options.arguments = args.rest()?;
        let wrong = if options.check && !options.publish && options.arguments.is_empty() {
            "--check needs the name of a package"
        } else {
            return Ok(options);
        };
        Err(Failure::arguments(wrong))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_option_stands_in_the_help() {
        let known: Vec<&str> = test_kit::options_in(include_str!("args.rs")).collect();
        assert!(known.len() > 7, "{known:?}");
        for option in known {
            assert!(include_str!("help.txt").contains(option), "{option} is not in the help");
        }
    }
}
