//! Variables that stand before the command.

use std::path::{Path, PathBuf};

use super::Setting;

/// Variables, in the order in which they were added. Nothing is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentVariables {
    root: PathBuf,
    variables: Vec<String>,
}

impl EnvironmentVariables {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), variables: Vec::new() }
    }

    /// Adds `key=value`.
    pub fn add_environment_variable(&mut self, key: &str, value: impl Into<Setting>) -> &mut Self {
        let value = value.into().qualified(&self.root);
        self.variables.push(format!("{key}={value}"));
        self
    }

    /// All of them.
    #[must_use]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// All of them as one text.
    #[must_use]
    pub fn as_env_vars(&self) -> String {
        self.variables.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_in_their_order() {
        let mut variables = EnvironmentVariables::new(Path::new("/app"));
        assert_eq!(variables.as_env_vars(), "");
        variables
            .add_environment_variable("B", "a b")
            .add_environment_variable("A", Path::new("/app/x"))
            .add_environment_variable("N", None);
        assert_eq!(variables.as_env_vars(), "B=a b A=$PWD/x N=");
    }
}
