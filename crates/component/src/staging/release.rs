//! The answer of the release phase.

/// How the application is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The command, for a shell.
    pub command: String,
}

impl Release {
    /// As the buildpack API wants it. The command is quoted, so that it is read as it is.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        // JSON texts are YAML texts.
        let command = serde_json::Value::from(self.command.as_str()).to_string();
        let command = printable::json(&command);
        format!(
            "---\naddons: []\nconfig_vars: {{}}\ndefault_process_types:\n  web: {command}\n  \
             task: {command}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn what_is_written_is_read_back() {
        for command in [
            "JAVA_OPTS=\"-Da=b\\\\ c\" && eval exec $PWD/x",
            "a\nb: c # d",
            "yes",
            "é\t",
            "x\u{85}y\u{9b}z\u{202e}",
        ] {
            let yaml = Release { command: command.to_owned() }.to_yaml();
            let value = yaml::parse(&yaml).unwrap().unwrap();
            let types = value.as_map().unwrap().get("default_process_types").unwrap();
            for key in ["web", "task"] {
                assert_eq!(types.as_map().unwrap().get(key).unwrap().as_str(), Some(command));
            }
        }
    }
}
