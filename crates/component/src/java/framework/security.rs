//! `java.security`, as all components together want it.

use std::path::PathBuf;

use crate::base::BaseComponent;
use crate::component::{Component, Context};
use crate::error::Error;

/// Writes the file and has Java read it.
pub(in crate::java) struct JavaSecurity {
    base: BaseComponent,
}

impl JavaSecurity {
    pub fn new(context: Context) -> Self {
        Self { base: BaseComponent::new(context, "JavaSecurity") }
    }

    fn file(&self) -> PathBuf {
        self.base.in_sandbox("java.security")
    }
}

impl Component for JavaSecurity {
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        Ok(Some(vec![self.base.tag()]))
    }

    fn compile(&mut self) -> Result<(), Error> {
        let file = self.file();
        self.base.check_inside(&file)?;
        let members = self.base.droplet().members();
        let written = members
            .networking
            .write_to(&file)
            .and_then(|()| members.security_providers.write_to(&file));
        written.map_err(Error::io(format!("write {}", file.display())))
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let file = self.file();
        let mut members = self.base.droplet().members_mut();
        let extensions = members.extension_directories.as_paths();
        members
            .java_opts
            .add_system_property("java.ext.dirs", extensions)
            .add_system_property("java.security.properties", file);
        Ok(None)
    }
}
