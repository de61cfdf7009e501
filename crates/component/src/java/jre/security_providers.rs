//! The security providers that Java comes with.

use std::fs;
use std::path::PathBuf;

use crate::base::BaseComponent;
use crate::component::{Component, Context};
use crate::error::Error;
use crate::properties::Properties;

pub(super) struct SecurityProviders {
    base: BaseComponent,
}

impl SecurityProviders {
    pub fn new(context: Context) -> Self {
        Self { base: BaseComponent::new(context, "OpenJDKLikeSecurityProviders") }
    }

    /// Java's own `java.security`, wherever this Java has it.
    fn java_security(&self) -> Option<PathBuf> {
        let members = self.base.droplet().members();
        let home = &members.java_home;
        let modern = home.is_java_9_or_later().then_some("conf/security/java.security");
        let older = ["lib/security/java.security", "jre/lib/security/java.security"];
        let root = home.root.as_ref()?;
        modern.into_iter().chain(older).map(|name| root.join(name)).find(|path| path.exists())
    }
}

/// The number of `security.provider.7`.
fn number(key: &str) -> Option<u64> {
    let rest = key.strip_prefix("security.provider.")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

impl Component for SecurityProviders {
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        Ok(Some(vec![self.base.tag()]))
    }

    fn compile(&mut self) -> Result<(), Error> {
        let Some(path) = self.java_security() else {
            return Ok(());
        };
        let bytes = fs::read(&path).map_err(Error::io(format!("read {}", path.display())))?;
        let properties = Properties::parse(&String::from_utf8_lossy(&bytes));
        let mut providers: Vec<(u64, &str)> =
            properties.iter().filter_map(|(key, value)| Some((number(key)?, value))).collect();
        providers.sort_by_key(|(number, _)| *number);
        let mut members = self.base.droplet().members_mut();
        for (_, provider) in providers {
            members.security_providers.push(provider);
        }
        Ok(())
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        if self.base.droplet().members().java_home.is_java_9_or_later() {
            return Ok(None);
        }
        if let Some(path) = self.java_security() {
            let lib = path.parent().and_then(|security| security.parent()).unwrap_or(&path);
            self.base.droplet().members_mut().extension_directories.push(lib.join("ext"));
        }
        Ok(None)
    }
}
