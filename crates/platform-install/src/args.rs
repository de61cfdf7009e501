//! The command line.

use std::path::PathBuf;

use archive::Limits;
use tool::{Args, Failure};

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    /// Leave out what is required for development only.
    pub no_dev: bool,
    /// Only say what would be installed.
    pub dry_run: bool,
    /// Say it as JSON, on stdout.
    pub json: bool,
    /// Then try the real extensions in place of polyfills.
    pub native: bool,
    /// Let install scripts see the credentials of the environment.
    pub pass_credentials: bool,
    /// Where archives are kept.
    pub cache_dir: Option<PathBuf>,
    /// How many archives are read at once.
    pub jobs: usize,
    /// How much an archive may hold.
    pub limits: Limits,
}

impl Options {
    /// Takes all arguments.
    pub fn parse(mut args: Args) -> Result<Self, Failure> {
        let no_dev = args.flag("--no-dev");
        let dry_run = args.flag(["-n", "--dry-run"]);
        let json = args.flag("--json");
        let native = args.flag("--native");
        let pass_credentials = args.flag("--pass-credentials");
        let cache_dir = args.value("--cache-dir")?;
        let jobs: Option<usize> = args.value(["-j", "--jobs"])?;
        let limits = args.archive_limits()?;
        args.none_left()?;
        let jobs = jobs.unwrap_or(12);
        if jobs == 0 {
            return Err(Failure::usage("--jobs must be at least 1"));
        }
        Ok(Self { no_dev, dry_run, json, native, pass_credentials, cache_dir, jobs, limits })
    }
}

#[cfg(test)]
mod tests {
    use tool::Exit;

    use super::*;

    fn parse(texts: &[&str]) -> Result<Options, Failure> {
        Options::parse(Args::new(texts.iter().map(Into::into).collect()))
    }

    #[test]
    fn options() {
        let options = parse(&["--no-dev", "-n", "--cache-dir", "/c", "-j", "3"]).unwrap();
        assert!(options.no_dev && options.dry_run && !options.json && !options.native);
        assert_eq!((options.cache_dir, options.jobs), (Some("/c".into()), 3));
        for texts in [&["x"][..], &["--jobs", "0"], &["--jobs", "x"], &["--cache-dir"]] {
            assert_eq!(parse(texts).unwrap_err().exit, Exit::Usage, "{texts:?}");
        }
    }

    #[test]
    fn every_option_stands_in_the_help() {
        for option in test_kit::options_in(include_str!("args.rs")).chain(tool::LIMIT_OPTIONS) {
            assert!(crate::TOOL.help.contains(option), "{option}");
        }
    }
}
