//! The Java that runs the application.

use std::path::{Path, PathBuf};

use crate::paths;
use crate::version::Version;

/// Where Java is and which one it is, once a JRE has said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JavaHome {
    droplet: PathBuf,
    /// Its folder.
    pub root: Option<PathBuf>,
    /// Its version.
    pub version: Option<Version>,
}

impl JavaHome {
    pub(super) fn new(droplet: &Path) -> Self {
        Self { droplet: droplet.to_owned(), root: None, version: None }
    }

    /// Its folder as the released command writes it.
    #[must_use]
    pub fn qualified_root(&self) -> Option<String> {
        self.root.as_ref().map(|root| paths::qualify(root, &self.droplet))
    }

    /// `JAVA_HOME=$PWD/…`
    #[must_use]
    pub fn as_env_var(&self) -> Option<String> {
        self.qualified_root().map(|root| format!("JAVA_HOME={root}"))
    }

    fn is_at_least(&self, numbers: [u32; 3]) -> bool {
        self.version.as_ref().is_some_and(|version| version.is_at_least(numbers, ""))
    }

    /// Whether it is Java 8 or later.
    #[must_use]
    pub fn is_java_8_or_later(&self) -> bool {
        self.is_at_least([1, 8, 0])
    }

    /// Whether it is Java 9 or later.
    #[must_use]
    pub fn is_java_9_or_later(&self) -> bool {
        self.is_at_least([9, 0, 0])
    }

    /// Whether it is Java 10 or later.
    #[must_use]
    pub fn is_java_10_or_later(&self) -> bool {
        self.is_at_least([10, 0, 0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations() {
        let mut home = JavaHome::new(Path::new("/app"));
        assert!(!home.is_java_8_or_later());
        assert_eq!(home.as_env_var(), None);
        home.root = Some("/app/.java-buildpack/open_jdk_jre".into());
        assert_eq!(home.as_env_var().unwrap(), "JAVA_HOME=$PWD/.java-buildpack/open_jdk_jre");
        for (version, from) in [
            ("1.7.0_80", [false, false, false]),
            ("1.8.0", [true, false, false]),
            ("1.8.0_412", [true, false, false]),
            ("9.0.4", [true, true, false]),
            ("10.0.0", [true, true, true]),
            ("11.0.23_10", [true, true, true]),
        ] {
            home.version = Some(Version::parse(version).unwrap());
            let found =
                [home.is_java_8_or_later(), home.is_java_9_or_later(), home.is_java_10_or_later()];
            assert_eq!(found, from, "{version}");
        }
    }
}
