//! The command line.

use std::path::PathBuf;

use archive::{Effort, Limits};
use tool::{Args, Failure};

/// What was asked for.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Options {
    pub formulae: Vec<String>,
    pub name: Option<String>,
    pub output: Option<PathBuf>,
    pub archive: bool,
    pub archive_file: Option<PathBuf>,
    pub manifest: bool,
    pub require_manifest: bool,
    pub pass_credentials: bool,
    pub cache: Option<PathBuf>,
    pub no_cache: bool,
    pub records: Option<PathBuf>,
    pub dry_run: bool,
    pub limits: Limits,
    pub effort: Effort,
}

impl Options {
    pub(crate) fn parse(mut args: Args) -> Result<Self, Failure> {
        let mut options = Self {
            archive: !args.flag("--no-archive"),
            manifest: !args.flag("--no-manifest"),
            require_manifest: args.flag("--require-manifest"),
            pass_credentials: args.flag("--pass-credentials"),
            no_cache: args.flag("--no-cache"),
            dry_run: args.flag(["-n", "--dry-run"]),
            name: args.value("--name")?,
            output: args.value(["-o", "--output"])?,
            archive_file: args.value("--archive")?,
            cache: args.value("--cache-dir")?,
            records: args.value("--records")?,
            limits: args.archive_limits()?,
            effort: effort(args.value("--compression")?)?,
            formulae: Vec::new(),
        };
        options.formulae = args.rest()?;
        let wrong = if options.formulae.is_empty() {
            "no formula is named"
        } else if options.name.is_some() && options.formulae.len() > 1 {
            "--name goes with one formula"
        } else if options.name.as_deref().is_some_and(|name| !is_below(name)) {
            "--name is a path below the prefix, without \"..\", and not one that ends in a slash"
        } else if options.archive_file.is_some() && options.formulae.len() > 1 {
            "--archive goes with one formula"
        } else if options.archive_file.is_some() && !options.archive {
            "--archive and --no-archive exclude each other"
        } else if options.archive_file.is_some() && options.output.is_none() {
            "--archive goes with --output, for the manifest and the log"
        } else if options.require_manifest && !options.manifest {
            "--require-manifest and --no-manifest exclude each other"
        } else {
            return Ok(options);
        };
        Err(Failure::arguments(wrong))
    }
}

fn effort(value: Option<String>) -> Result<Effort, Failure> {
    match value.as_deref() {
        None | Some("normal") => Ok(Effort::Normal),
        Some("best") => Ok(Effort::Best),
        Some(_) => Err(Failure::arguments("--compression is normal or best")),
    }
}

/// Whether files of that name stay below the folder, and keys below the prefix, that they go to.
fn is_below(name: &str) -> bool {
    name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_below_its_folder() {
        let parse = |name: &str| {
            Options::parse(Args::new(["--name", name, "x-1"].map(Into::into).to_vec()))
        };
        for name in ["../x", "/abs/x", "a/../../x", "a//x", "./x", "x/"] {
            assert_eq!(parse(name).unwrap_err().exit, tool::Exit::Usage, "{name}");
        }
        for name in ["x", "a/x-1.0+b", "..x"] {
            assert_eq!(parse(name).unwrap().name.as_deref(), Some(name));
        }
    }

    #[test]
    fn a_file_for_the_archive_goes_with_one_formula_and_a_folder() {
        let parse = |rest: &[&str]| {
            let all = ["--archive=x.tar.gz"].iter().chain(rest);
            Options::parse(Args::new(all.map(Into::into).collect()))
        };
        for rest in
            [&["--output=out", "x-1", "y-1"][..], &["x-1"], &["--no-archive", "-oout", "x-1"]]
        {
            assert_eq!(parse(rest).unwrap_err().exit, tool::Exit::Usage, "{rest:?}");
        }
        let options = parse(&["--output=out", "x-1"]).unwrap();
        assert_eq!(options.archive_file, Some("x.tar.gz".into()));
    }

    #[test]
    fn every_option_stands_in_the_help() {
        let known = test_kit::options_in(include_str!("args.rs"));
        let known: Vec<&str> = known.chain(tool::LIMIT_OPTIONS).collect();
        assert!(known.len() > 10, "{known:?}");
        for option in known {
            assert!(include_str!("help.txt").contains(option), "{option} is not in the help");
        }
    }
}
