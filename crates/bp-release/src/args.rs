//! The command line.

use std::path::PathBuf;

use tool::{Args, Failure};

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    /// What all phases know.
    pub common: bp_tool::Options,
    /// The folder of the download cache, in place of the temporary folder.
    pub cache: Option<PathBuf>,
    /// The application's folder.
    pub application: PathBuf,
}

impl Options {
    /// Takes all arguments.
    pub fn parse(mut args: Args) -> Result<Self, Failure> {
        let common = bp_tool::Options::take_switches(&mut args);
        let cache = args.value("--cache")?;
        let common = common.take_values(&mut args)?;
        match &args.rest()?[..] {
            [application] => Ok(Self { common, cache, application: application.into() }),
            _ => Err(Failure::usage("expected the application's folder")
                .hint("See --help for usage and examples.")),
        }
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
    fn one_application() {
        let options = parse(&["--cache", "c", "app", "--json"]).unwrap();
        assert_eq!(options.application, PathBuf::from("app"));
        assert!(options.common.json);
        for texts in [&[][..], &["a", "b"], &["--what", "a"]] {
            assert_eq!(parse(texts).unwrap_err().exit, Exit::Usage, "{texts:?}");
        }
    }

    #[test]
    fn every_option_stands_in_the_help() {
        for option in test_kit::options_in(include_str!("args.rs")).chain(bp_tool::NAMES) {
            assert!(crate::TOOL.help.contains(option), "{option}");
        }
    }
}
