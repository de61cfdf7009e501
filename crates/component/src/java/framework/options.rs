//! Options that users set.

use crate::base::BaseComponent;
use crate::component::{Component, Context};
use crate::error::Error;
use crate::text::split_words;
use crate::value::Value;

/// Adds the options of the configuration, and of `$JAVA_OPTS` at run time.
pub(in crate::java) struct JavaOpts {
    base: BaseComponent,
}

impl JavaOpts {
    pub fn new(context: Context) -> Self {
        Self { base: BaseComponent::new(context, "JavaOpts") }
    }

    fn configured(&self) -> Result<Vec<String>, Error> {
        let wrong = || Error::Value {
            component: self.base.name().to_owned(),
            key: "java_opts".to_owned(),
            expected: "one text with all options",
        };
        match self.base.configuration().get("java_opts") {
            None | Some(Value::Null | Value::Bool(false)) => Ok(Vec::new()),
            Some(Value::Text(text)) => Ok(split_words(text)?),
            Some(_) => Err(wrong()),
        }
    }
}

/// The option with what a shell would change escaped in its value, but for `$` and `\`: variables
/// are filled in at run time.
fn escaped(option: &str) -> String {
    // What comes before the first `=` is the key; an option does not begin with one.
    let key_end = option.char_indices().skip(1).find(|(_, letter)| *letter == '=');
    let Some((at, _)) = key_end else {
        return option.to_owned();
    };
    let (key, value) = (&option[..at], &option[at + 1..]);
    let mut text = format!("{key}=");
    for letter in value.chars() {
        let plain = letter.is_ascii_alphanumeric() || "_-.,:/@\n$\\".contains(letter);
        if !plain {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

impl Component for JavaOpts {
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        Ok(Some(vec![self.base.tag()]))
    }

    fn compile(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let options = self.configured()?;
        let from_environment =
            self.base.configuration().get("from_environment").is_some_and(Value::is_truthy);
        let mut members = self.base.droplet().members_mut();
        for option in options {
            members.java_opts.add_preformatted_options(escaped(&option));
        }
        if from_environment {
            members.java_opts.add_preformatted_options("$JAVA_OPTS");
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line: an option and what becomes of it, both as JSON.
    #[test]
    fn values_are_escaped() {
        for line in include_str!("../../../tests/data/options.tsv").lines() {
            let (option, expected) = line.split_once('\t').unwrap();
            let [option, expected]: [String; 2] =
                [option, expected].map(|text| serde_json::from_str(text).unwrap());
            assert_eq!(escaped(&option), expected, "{option:?}");
        }
    }

    #[test]
    fn nothing_is_lost_after_a_line_end() {
        assert_eq!(escaped("-Da=b\nc d"), "-Da=b\nc\\ d");
        assert_eq!(escaped("a\nb=c"), "a\nb=c");
    }
}
