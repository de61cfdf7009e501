//! The command line.

use tool::{Args, Failure};

use crate::Error;

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    /// Say which repositories are used.
    pub list_repositories: bool,
    /// The installer's folder, then URLs of repositories.
    places: Vec<String>,
}

impl Options {
    /// Takes all arguments.
    pub fn parse(mut args: Args) -> Result<Self, Failure> {
        let list_repositories = args.flag("--list-repositories");
        Ok(Self { list_repositories, places: args.rest()? })
    }

    /// The installer's folder and the repositories.
    pub fn split(&self) -> Result<(&str, &[String]), Error> {
        match self.places.as_slice() {
            [installer, urls @ ..] if !urls.is_empty() => Ok((installer, urls)),
            _ => Err(Error::NoRepository),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Options {
        Options::parse(Args::new(texts.iter().map(Into::into).collect())).unwrap()
    }

    #[test]
    fn the_installer_comes_first() {
        let options = parse(&["../installer", "--list-repositories", "https://a/", "https://b/"]);
        assert!(options.list_repositories);
        let (installer, urls) = options.split().unwrap();
        assert_eq!((installer, urls.len()), ("../installer", 2));
        assert!(parse(&["../installer"]).split().is_err());
        assert!(parse(&[]).split().is_err());
    }

    #[test]
    fn every_option_stands_in_the_help() {
        for option in test_kit::options_in(include_str!("args.rs")) {
            assert!(crate::TOOL.help.contains(option), "{option}");
        }
    }
}
