//! Applications with a main class. Built on [`BaseComponent`].

use std::path::{Path, PathBuf};

use crate::base::BaseComponent;
use crate::component::{Component, Context};
use crate::error::Error;
use crate::java::main_class::{is_spring_boot, main_class, manifest, spring_boot_lib};
use crate::paths;

/// Runs a main class with `java`.
pub(in crate::java) struct JavaMain {
    base: BaseComponent,
}

impl JavaMain {
    pub fn new(context: Context) -> Result<Self, Error> {
        Ok(Self { base: BaseComponent::new(context, "JavaMain") })
    }

    fn main_class(&self) -> Result<Option<String>, Error> {
        main_class(self.base.application(), self.base.configuration())
    }

    /// The entries of the manifest's class path.
    fn class_path(&self) -> Result<Vec<PathBuf>, Error> {
        let manifest = manifest(self.base.application())?;
        let entries = manifest.get("Class-Path").unwrap_or_default().split_ascii_whitespace();
        let root = self.base.droplet().root_path();
        Ok(entries.map(|entry| paths::entry_of(root, Path::new(entry))).collect())
    }
}

impl Component for JavaMain {
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        Ok(self.main_class()?.map(|_| vec![self.base.tag()]))
    }

    fn compile(&mut self) -> Result<(), Error> {
        if !is_spring_boot(self.base.application())? {
            return Ok(());
        }
        // Spring Boot's launcher finds what lies in its own folder only.
        let droplet = self.base.droplet();
        let folder = spring_boot_lib(self.base.application(), droplet)?;
        self.base.check_inside(&folder)?;
        let linked = droplet.members().additional_libraries.link_to(&folder);
        linked.map_err(Error::io("link the libraries"))
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let main_class = self.main_class()?.unwrap_or_default();
        let class_path = self.class_path()?;
        let is_boot = is_spring_boot(self.base.application())?;
        let mut members = self.base.droplet().members_mut();
        for path in class_path {
            members.additional_libraries.push(path);
        }
        if is_boot {
            members.environment_variables.add_environment_variable("SERVER_PORT", "$PORT");
        } else {
            members.additional_libraries.push(self.base.droplet().root_path());
        }
        let class_path = match members.additional_libraries.as_classpath() {
            Some(class_path) if !is_boot => class_path,
            _ => "-cp $PWD/.".to_owned(),
        };
        let class_path = with_root_libraries(class_path, members.root_libraries.qualified_paths());
        let home = members.java_home.qualified_root().ok_or(Error::NoJre)?;
        let arguments = self.base.configuration().get("arguments");
        let mut parts = vec![
            members.environment_variables.as_env_vars(),
            "eval".to_owned(),
            "exec".to_owned(),
            format!("{home}/bin/java"),
            "$JAVA_OPTS".to_owned(),
            class_path,
            main_class,
        ];
        parts.extend(arguments.map(ToString::to_string));
        Ok(Some(parts.join(" ")))
    }
}

/// A class path goes on with the libraries of the root.
pub(super) fn with_root_libraries(class_path: String, libraries: Vec<String>) -> String {
    [class_path].into_iter().chain(libraries).collect::<Vec<_>>().join(":")
}
