//! What goes into `java.security`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// How long names of hosts are remembered, in seconds or as Java has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networking {
    /// Those that were found.
    pub networkaddress_cache_ttl: Option<String>,
    /// Those that were not.
    pub networkaddress_cache_negative_ttl: Option<String>,
}

impl Networking {
    /// Appends what is set to a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_to(&self, file: &Path) -> io::Result<()> {
        let lines = [
            ("networkaddress.cache.ttl", &self.networkaddress_cache_ttl),
            ("networkaddress.cache.negative.ttl", &self.networkaddress_cache_negative_ttl),
        ];
        let lines = lines.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        append(file, &lines.map(|(key, value)| format!("{key}={value}\n")).collect::<String>())
    }
}

/// The names of security providers, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityProviders(Vec<String>);

impl SecurityProviders {
    /// Adds one at the end.
    pub fn push(&mut self, provider: impl Into<String>) {
        self.0.push(provider.into());
    }

    /// Puts one at a place. Where there are too few before it, empty ones fill up.
    pub fn insert(&mut self, at: usize, provider: impl Into<String>) {
        while self.0.len() < at {
            self.0.push(String::new());
        }
        self.0.insert(at, provider.into());
    }

    /// All of them.
    #[must_use]
    pub fn providers(&self) -> &[String] {
        &self.0
    }

    /// Appends all to a file, counted from 1.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_to(&self, file: &Path) -> io::Result<()> {
        let lines = self.0.iter().enumerate();
        let line =
            |(at, provider): (usize, &String)| format!("security.provider.{}={provider}\n", at + 1);
        append(file, &lines.map(line).collect::<String>())
    }
}

fn append(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().create(true).append(true).open(file)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_append() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/java.security");
        let mut networking = Networking::default();
        networking.write_to(&file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "");
        networking.networkaddress_cache_ttl = Some("20".to_owned());
        networking.networkaddress_cache_negative_ttl = Some("0".to_owned());
        networking.write_to(&file).unwrap();
        let mut providers = SecurityProviders::default();
        providers.insert(1, "X");
        providers.push("Y");
        providers.write_to(&file).unwrap();
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            "networkaddress.cache.ttl=20\nnetworkaddress.cache.negative.ttl=0\n\
             security.provider.1=\nsecurity.provider.2=X\nsecurity.provider.3=Y\n"
        );
    }
}
