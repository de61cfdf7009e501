//! The command line.

use std::path::PathBuf;

use tool::{Args, Failure};

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    /// What all phases know.
    pub common: bp_tool::Options,
    /// The application's folder.
    pub application: PathBuf,
    /// The folder of the download cache.
    pub cache: PathBuf,
    /// The folder of all buildpacks' dependencies, and the place of this one's there.
    pub finalize: Option<(PathBuf, String)>,
}

impl Options {
    /// Takes all arguments.
    pub fn parse(mut args: Args) -> Result<Self, Failure> {
        let common = bp_tool::Options::take_switches(&mut args);
        let finalize = args.flag("--finalize");
        let mut common = common.take_values(&mut args)?;
        common.limits = args.archive_limits()?;
        let rest = args.rest()?;
        let (application, cache, finalize) = match (&rest[..], finalize) {
            ([application, cache], false) => (application, cache, None),
            ([application, cache, deps, index], true) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                if index.is_empty() || !index.chars().all(plain) {
                    return Err(Failure::arguments(format!("{index:?} is no place in a folder")));
                }
                (application, cache, Some((deps.into(), index.clone())))
            }
            (_, false) => {
                return Err(Failure::arguments(
                    "expected the application's folder and that of the cache",
                ));
            }
            (_, true) => {
                return Err(Failure::arguments(
                    "--finalize needs four arguments: the application's folder, that of the \
                     cache, that of the dependencies, and an index",
                ));
            }
        };
        Ok(Self { common, application: application.into(), cache: cache.into(), finalize })
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
    fn two_folders_or_four_arguments() {
        let options = parse(&["app", "cache"]).unwrap();
        assert_eq!(options.cache, PathBuf::from("cache"));
        assert_eq!(options.finalize, None);
        for texts in [
            ["app", "cache", "--finalize", "deps", "0"],
            ["--finalize", "app", "cache", "deps", "0"],
        ] {
            let options = parse(&texts).unwrap();
            assert_eq!(options.finalize, Some((PathBuf::from("deps"), "0".to_owned())));
        }
        for texts in [
            &["app"][..],
            &["a", "b", "c"],
            &["--finalize", "a", "b"],
            &["--finalize", "a", "b", "c", "../x"],
        ] {
            assert_eq!(parse(texts).unwrap_err().exit, Exit::Usage, "{texts:?}");
        }
    }

    #[test]
    fn every_option_stands_in_the_help() {
        for option in test_kit::options_in(include_str!("args.rs"))
            .chain(bp_tool::NAMES)
            .chain(tool::LIMIT_OPTIONS)
        {
            assert!(crate::TOOL.help.contains(option), "{option}");
        }
    }
}
