//! The command line of the phases that only look at an application.

use std::path::PathBuf;

use tool::{Args, Failure};

use crate::Options;

/// What the command line of `bp-detect` and `bp-release` asks for.
#[derive(Debug)]
pub struct Look {
    /// What all phases know.
    pub common: Options,
    /// The folder of the download cache.
    pub cache: Option<PathBuf>,
    /// The application's folder.
    pub application: PathBuf,
}

impl Look {
    /// Takes all arguments.
    ///
    /// # Errors
    /// When they are not options and one folder.
    pub fn parse(mut args: Args) -> Result<Self, Failure> {
        let common = Options::take_switches(&mut args);
        let cache = args.value("--cache")?;
        let common = common.take_values(&mut args)?;
        match &args.rest()?[..] {
            [application] => Ok(Self { common, cache, application: application.into() }),
            _ => Err(Failure::arguments("expected the application's folder")),
        }
    }
}

#[cfg(test)]
mod tests {
    use tool::Exit;

    use super::*;

    fn parse(texts: &[&str]) -> Result<Look, Failure> {
        Look::parse(Args::new(texts.iter().map(Into::into).collect()))
    }

    #[test]
    fn one_folder() {
        let options = parse(&["--cache", "c", "app", "--json"]).unwrap();
        assert_eq!(options.application, PathBuf::from("app"));
        assert_eq!(options.cache, Some(PathBuf::from("c")));
        assert_eq!(parse(&["app"]).unwrap().cache, None);
        assert!(options.common.json);
        for texts in [&[][..], &["a", "b"], &["--what", "a"]] {
            assert_eq!(parse(texts).unwrap_err().exit, Exit::Usage, "{texts:?}");
        }
    }
}
