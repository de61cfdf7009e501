//! Arguments: options in any order, an end of options with `--`, nothing left over.

use std::ffi::OsString;
use std::fmt::Display;
use std::str::FromStr;

use crate::Failure;

/// The arguments of a tool, taken piece by piece: switches first, then options with values, then
/// [`Args::rest`]. In another order an option would take a switch as its value.
#[derive(Debug)]
pub struct Args {
    options: pico_args::Arguments,
    /// What comes behind the last option and its value: it need not be looked through for each
    /// option, and there may be thousands of them.
    tail: Vec<OsString>,
    after_dashes: Vec<OsString>,
}

impl Args {
    /// Takes the arguments without the program's name.
    #[must_use]
    pub fn new(mut arguments: Vec<OsString>) -> Self {
        let mut after_dashes = Vec::new();
        if let Some(at) = arguments.iter().position(|argument| argument == "--") {
            after_dashes = arguments.split_off(at);
            after_dashes.remove(0);
        }
        let dash = |argument: &OsString| argument.as_encoded_bytes().starts_with(b"-");
        let options = arguments.iter().rposition(dash).map_or(0, |at| at + 2);
        let tail = arguments.split_off(options.min(arguments.len()));
        Self { options: pico_args::Arguments::from_vec(arguments), tail, after_dashes }
    }

    /// Takes a switch: `args.flag("--yes")`, `args.flag(["-h", "--help"])`. Given twice is given.
    pub fn flag(&mut self, keys: impl Into<pico_args::Keys>) -> bool {
        let keys = keys.into();
        let mut given = false;
        while self.options.contains(keys) {
            given = true;
        }
        given
    }

    /// Takes an option with a value: `--name X` or `--name=X`.
    ///
    /// # Errors
    /// When the value is missing, is not UTF-8, or does not parse.
    pub fn value<T>(&mut self, keys: impl Into<pico_args::Keys>) -> Result<Option<T>, Failure>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.options.opt_value_from_str(keys).map_err(wrong)
    }

    /// Takes every value of an option that may be repeated.
    ///
    /// # Errors
    /// As [`Args::value`].
    pub fn values<T>(&mut self, keys: impl Into<pico_args::Keys>) -> Result<Vec<T>, Failure>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.options.values_from_str(keys).map_err(wrong)
    }

    /// What is left: the positional arguments, in their order.
    ///
    /// # Errors
    /// When one looks like an option, since it is none that the tool knows, or is not UTF-8.
    pub fn rest(self) -> Result<Vec<String>, Failure> {
        let before = self.options.finish().into_iter().map(|argument| (argument, true));
        let after = self.tail.into_iter().chain(self.after_dashes);
        before
            .chain(after.map(|argument| (argument, false)))
            .map(|(argument, may_be_option)| {
                let text = argument.into_string().map_err(|argument| {
                    wrong(format!("argument {} is not UTF-8", argument.to_string_lossy()))
                })?;
                if may_be_option && text.len() > 1 && text.starts_with('-') {
                    return Err(wrong(format!("unknown option {text}")));
                }
                Ok(text)
            })
            .collect()
    }

    /// Requires that nothing is left.
    ///
    /// # Errors
    /// When something is.
    pub fn none_left(self) -> Result<(), Failure> {
        match self.rest()?.first() {
            None => Ok(()),
            Some(argument) => Err(wrong(format!("unexpected argument {argument}"))),
        }
    }
}

fn wrong(what: impl Display) -> Failure {
    Failure::arguments(what.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(texts: &[&str]) -> Args {
        Args::new(texts.iter().map(OsString::from).collect())
    }

    #[test]
    fn options_stand_anywhere_and_dashes_end_them() {
        let mut given = args(&["a", "--name=x y", "-n", "--dry-run", "b", "--", "--dry-run"]);
        assert!(given.flag(["-n", "--dry-run"]));
        assert_eq!(given.value::<String>("--name").unwrap().as_deref(), Some("x y"));
        assert_eq!(given.rest().unwrap(), ["a", "b", "--dry-run"]);
    }

    #[test]
    fn a_short_option_may_stand_with_its_value() {
        for texts in [&["-csnap"][..], &["-c", "snap"], &["-c=snap"]] {
            let mut given = args(texts);
            assert_eq!(given.value::<String>("-c").unwrap().as_deref(), Some("snap"));
            assert_eq!(given.rest().unwrap(), [""; 0]);
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (texts, message) in
            [(&["--nmae", "x"][..], "unknown option --nmae"), (&["-x"][..], "unknown option -x")]
        {
            let failure = args(texts).rest().unwrap_err();
            assert_eq!(failure.causes, [message]);
            assert_eq!(failure.exit, crate::Exit::Usage);
        }
        assert_eq!(args(&["-"]).rest().unwrap(), ["-"]);
        assert!(args(&["--jobs"]).value::<usize>("--jobs").is_err());
        assert!(args(&["--jobs", "many"]).value::<usize>("--jobs").is_err());
        assert!(args(&["x"]).none_left().is_err());
    }
}
