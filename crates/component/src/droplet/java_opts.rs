//! Options for the JVM.

use std::path::{Path, PathBuf};

use crate::paths;

/// The value of a property or an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// A text, as it is.
    Text(String),
    /// A path in the droplet, to be found at run time.
    Path(PathBuf),
    /// Nothing: `-Dkey=`.
    Nothing,
}

impl Setting {
    /// As the released command writes it.
    #[must_use]
    pub fn qualified(&self, root: &Path) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Path(path) => paths::qualify(path, root),
            Self::Nothing => String::new(),
        }
    }
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Setting {
    fn from(value: bool) -> Self {
        Self::Text(value.to_string())
    }
}

impl From<&Path> for Setting {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl From<PathBuf> for Setting {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<Option<String>> for Setting {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

/// The options, in the order in which they were added. Nothing is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JavaOpts {
    root: PathBuf,
    options: Vec<String>,
}

/// Properties of an agent: keys, and values if they have any.
pub type Properties<'a> = &'a [(&'a str, Option<&'a str>)];

impl JavaOpts {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), options: Vec::new() }
    }

    /// Adds a text as it is.
    pub fn add_preformatted_options(&mut self, option: impl Into<String>) -> &mut Self {
        self.options.push(option.into());
        self
    }

    /// `-javaagent:PATH`
    pub fn add_javaagent(&mut self, path: &Path) -> &mut Self {
        let path = paths::qualify(path, &self.root);
        self.add_preformatted_options(format!("-javaagent:{path}"))
    }

    /// `-javaagent:PATH=key=value,key=`
    pub fn add_javaagent_with_props(&mut self, path: &Path, props: Properties<'_>) -> &mut Self {
        let pairs: Vec<String> = props
            .iter()
            .map(|(key, value)| format!("{key}={}", value.unwrap_or_default()))
            .collect();
        let path = paths::qualify(path, &self.root);
        self.add_preformatted_options(format!("-javaagent:{path}={}", pairs.join(",")))
    }

    /// `-agentpath:PATH`
    pub fn add_agentpath(&mut self, path: &Path) -> &mut Self {
        let path = paths::qualify(path, &self.root);
        self.add_preformatted_options(format!("-agentpath:{path}"))
    }

    /// `-agentpath:PATH=key=value,key`
    pub fn add_agentpath_with_props(&mut self, path: &Path, props: Properties<'_>) -> &mut Self {
        let pairs: Vec<String> = props
            .iter()
            .map(|(key, value)| match value {
                Some(value) => format!("{key}={value}"),
                None => (*key).to_owned(),
            })
            .collect();
        let path = paths::qualify(path, &self.root);
        self.add_preformatted_options(format!("-agentpath:{path}={}", pairs.join(",")))
    }

    /// `-Xbootclasspath/p:PATH`
    pub fn add_bootclasspath_p(&mut self, path: &Path) -> &mut Self {
        let path = paths::qualify(path, &self.root);
        self.add_preformatted_options(format!("-Xbootclasspath/p:{path}"))
    }

    /// `-Dkey=value`
    pub fn add_system_property(&mut self, key: &str, value: impl Into<Setting>) -> &mut Self {
        let value = value.into().qualified(&self.root);
        self.add_preformatted_options(format!("-D{key}={value}"))
    }

    /// `key=value`
    pub fn add_option(&mut self, key: &str, value: impl Into<Setting>) -> &mut Self {
        let value = value.into().qualified(&self.root);
        self.add_preformatted_options(format!("{key}={value}"))
    }

    /// All options.
    #[must_use]
    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// `JAVA_OPTS="…"`, as the released command begins.
    #[must_use]
    pub fn as_env_var(&self) -> String {
        format!("JAVA_OPTS=\"{}\"", self.options.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_in_their_order() {
        let mut opts = JavaOpts::new(Path::new("/app"));
        assert_eq!(opts.as_env_var(), "JAVA_OPTS=\"\"");
        let path = Path::new("/app/.java-buildpack/x/a.jar");
        opts.add_javaagent(path)
            .add_javaagent_with_props(path, &[("k", Some("v")), ("n", None)])
            .add_agentpath(path)
            .add_agentpath_with_props(path, &[("k", Some("v")), ("flag", None)])
            .add_bootclasspath_p(path)
            .add_system_property("p", path)
            .add_system_property("t", "a \"b\"")
            .add_system_property("n", None)
            .add_system_property("b", false)
            .add_option("-XX:X", path.to_owned())
            .add_preformatted_options("-verbose");
        let p = "$PWD/.java-buildpack/x/a.jar";
        assert_eq!(
            opts.options(),
            [
                format!("-javaagent:{p}"),
                format!("-javaagent:{p}=k=v,n="),
                format!("-agentpath:{p}"),
                format!("-agentpath:{p}=k=v,flag"),
                format!("-Xbootclasspath/p:{p}"),
                format!("-Dp={p}"),
                "-Dt=a \"b\"".to_owned(),
                "-Dn=".to_owned(),
                "-Db=false".to_owned(),
                format!("-XX:X={p}"),
                "-verbose".to_owned(),
            ]
        );
        assert!(opts.as_env_var().ends_with(" -verbose\""));
    }
}
