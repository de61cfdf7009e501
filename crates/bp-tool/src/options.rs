//! Options that all phases know.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tool::{Args, Failure, Io, Limits};

/// How long a component may take, without `--component-timeout`.
const TIMEOUT: f64 = 300.0;

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// Always: whoever stages applications shows the output on a terminal later.
    #[default]
    Always,
    /// Never.
    Never,
    /// On a terminal.
    Auto,
}

impl FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            "auto" => Ok(Self::Auto),
            _ => Err("expected always, never or auto".to_owned()),
        }
    }
}

/// What the command line says of every phase.
#[derive(Debug, Clone)]
pub struct Options {
    /// The buildpack's folder.
    pub buildpack: Option<PathBuf>,
    /// Whether the answer is JSON.
    pub json: bool,
    /// Whether components see the credentials of the environment.
    pub pass_credentials: bool,
    /// Whether output is coloured.
    pub colour: Option<Colour>,
    /// How long each phase of a component may take.
    pub timeout: Duration,
    /// How much an archive may hold; for the phase that unpacks any.
    pub limits: Limits,
}

impl Options {
    /// Takes the switches, which come before all values.
    pub fn take_switches(args: &mut Args) -> Self {
        let json = args.flag("--json");
        let pass_credentials = args.flag("--pass-credentials");
        let timeout = Duration::from_secs_f64(TIMEOUT);
        let limits = Limits::default();
        Self { buildpack: None, json, pass_credentials, colour: None, timeout, limits }
    }

    /// Takes the values.
    ///
    /// # Errors
    /// When one is not valid.
    pub fn take_values(mut self, args: &mut Args) -> Result<Self, Failure> {
        self.buildpack = args.value("--buildpack")?;
        self.colour = args.value("--color")?;
        if let Some(seconds) = args.value::<f64>("--component-timeout")? {
            self.timeout = Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|timeout| !timeout.is_zero())
                .ok_or_else(|| {
                    Failure::usage("--component-timeout must be a number of seconds above 0")
                })?;
        }
        Ok(self)
    }

    /// The buildpack: as named, else `$BUILDPACK_DIR`.
    ///
    /// # Errors
    /// When neither names one.
    pub fn buildpack(&self, io: &Io) -> Result<PathBuf, Failure> {
        let named = self.buildpack.clone().or_else(|| io.env("BUILDPACK_DIR").map(PathBuf::from));
        named.ok_or_else(|| {
            Failure::usage("no buildpack is named")
                .hint("Use --buildpack DIR, or set BUILDPACK_DIR.")
        })
    }

    /// Whether output is coloured: `NO_COLOR` counts, unless the command line says otherwise.
    #[must_use]
    pub fn colours(&self, io: &Io) -> bool {
        let unsaid = if io.env("NO_COLOR").is_some() { Colour::Never } else { Colour::default() };
        match self.colour.unwrap_or(unsaid) {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => io.stdout_is_terminal(),
        }
    }
}

/// The options above, for the tests that each stands in the help.
pub const NAMES: [&str; 5] =
    ["--buildpack", "--json", "--pass-credentials", "--color", "--component-timeout"];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Result<Options, Failure> {
        let mut args = Args::new(texts.iter().map(Into::into).collect());
        let options = Options::take_switches(&mut args).take_values(&mut args)?;
        args.none_left()?;
        Ok(options)
    }

    #[test]
    fn options() {
        let options = parse(&["--buildpack", "b", "--json", "--color=auto"]).unwrap();
        assert!(options.json);
        assert_eq!(options.buildpack.unwrap(), PathBuf::from("b"));
        assert_eq!(options.colour, Some(Colour::Auto));
        assert!(!options.pass_credentials);
        let options = parse(&["--component-timeout", "0.5", "--pass-credentials"]).unwrap();
        assert!(options.pass_credentials);
        assert_eq!(options.timeout, Duration::from_millis(500));
        for wrong in ["0", "-1", "x", "inf", "1e99"] {
            assert!(parse(&["--component-timeout", wrong]).is_err(), "{wrong}");
        }
        assert!(parse(&["--color", "red"]).is_err());
    }

    #[test]
    fn colours() {
        let io = |variables: &[(&str, &str)]| {
            Io::of_parts(b"", std::io::sink(), std::io::sink(), variables, "/".as_ref())
        };
        let options = |texts: &[&str]| parse(texts).unwrap();
        assert!(options(&[]).colours(&io(&[])));
        assert!(!options(&[]).colours(&io(&[("NO_COLOR", "1")])));
        assert!(options(&["--color=always"]).colours(&io(&[("NO_COLOR", "1")])));
        assert!(!options(&["--color=never"]).colours(&io(&[])));
        assert!(!options(&["--color=auto"]).colours(&io(&[])));
    }

    #[test]
    fn each_is_listed() {
        for name in NAMES {
            assert!(include_str!("options.rs").contains(&format!("(\"{name}\")")), "{name}");
        }
    }
}
