//! The command line.

use std::path::PathBuf;

use repo_tool::Cache;
use tool::{Args, Failure};

/// What the command line asks for.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Options {
    /// Make `packages.json` anew.
    pub publish: bool,
    /// Do not ask.
    pub yes: bool,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Print the plan as JSON.
    pub plan: bool,
    /// Apply the plan in this file.
    pub apply: Option<String>,
    /// Also publish under this name.
    pub snapshot: Option<String>,
    /// Where records go instead of stdout.
    pub records: Option<PathBuf>,
    /// The manifest cache.
    pub cache: Cache,
    /// Names of manifests, wildcards included.
    pub names: Vec<String>,
}

impl Options {
    /// Takes all arguments.
    pub fn parse(mut args: Args) -> Result<Self, Failure> {
        let publish = !args.flag("--no-publish");
        let yes = args.flag(["-y", "--yes"]);
        let dry_run = args.flag(["-n", "--dry-run"]);
        let plan = args.flag("--plan");
        let cache = Cache::take_switch(&mut args);
        let snapshot: Option<String> = args.value(["-c", "--snapshot"])?;
        let records = args.value("--records")?;
        let apply: Option<String> = args.value("--apply")?;
        let cache = cache.take_value(&mut args)?;
        let names = args.rest()?;
        if apply.is_some() {
            if !names.is_empty() || !publish || plan || snapshot.is_some() {
                return Err(Failure::arguments("with --apply, the plan says what is removed"));
            }
        } else if names.is_empty() {
            return Err(Failure::arguments("no manifest is named"));
        }
        if snapshot.is_some() && !publish {
            return Err(Failure::usage("a snapshot cannot be made with --no-publish"));
        }
        Ok(Self { publish, yes, dry_run, plan, apply, snapshot, records, cache, names })
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
    fn options_and_names() {
        let options = parse(&["-c", "snap", "a", "--yes", "b*"]).unwrap();
        assert_eq!(options.snapshot.as_deref(), Some("snap"));
        assert!(options.yes && options.publish && !options.dry_run);
        assert_eq!(options.names, ["a", "b*"]);
        assert!(!parse(&["--no-publish", "a"]).unwrap().publish);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for texts in [
            &[][..],
            &["--no-publish", "-c", "x", "a"],
            &["-z", "a"],
            &["a", "-c"],
            &["--apply"],
            &["--apply", "plan.json", "a"],
            &["--apply", "plan.json", "--no-publish"],
        ] {
            assert_eq!(parse(texts).unwrap_err().exit, Exit::Usage, "{texts:?}");
        }
    }

    #[test]
    fn every_option_stands_in_the_help() {
        let cache = ["--no-cache", "--cache-dir"];
        for option in test_kit::options_in(include_str!("args.rs")).chain(cache) {
            assert!(crate::TOOL.help.contains(option), "{option}");
        }
    }
}
