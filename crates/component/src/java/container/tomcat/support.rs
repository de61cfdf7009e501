//! What is added to Tomcat.

use crate::base::{BaseComponent, Dependency, VersionedDependencyComponent};
use crate::component::{Component, Context};
use crate::error::Error;

/// Writes the access log to stdout.
pub(super) struct AccessLogging {
    dependency: Dependency,
}

impl AccessLogging {
    pub fn new(context: Context) -> Result<Self, Error> {
        Ok(Self { dependency: Dependency::new(context, "TomcatAccessLoggingSupport", true)? })
    }
}

impl VersionedDependencyComponent for AccessLogging {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        let jar = format!("tomcat_access_logging_support-{}.jar", self.dependency.item()?.version);
        let lib = self.dependency.in_sandbox("lib");
        self.dependency.download_jar(Some(&jar), Some(&lib))
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let setting = self.dependency.configuration().get("access_logging");
        let enabled = setting.and_then(|value| value.as_str()) == Some("enabled");
        let members = &mut self.dependency.droplet().members_mut();
        members.java_opts.add_system_property("access.logging.enabled", enabled);
        Ok(None)
    }
}

/// Ends Tomcat when the application does not start.
pub(super) struct Lifecycle {
    dependency: Dependency,
}

impl Lifecycle {
    pub fn new(context: Context) -> Result<Self, Error> {
        Ok(Self { dependency: Dependency::new(context, "TomcatLifecycleSupport", true)? })
    }
}

impl VersionedDependencyComponent for Lifecycle {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        let jar = format!("tomcat_lifecycle_support-{}.jar", self.dependency.item()?.version);
        let lib = self.dependency.in_sandbox("lib");
        self.dependency.download_jar(Some(&jar), Some(&lib))
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

/// Writes the log to stdout and stderr.
pub(super) struct Logging {
    dependency: Dependency,
}

impl Logging {
    pub fn new(context: Context) -> Result<Self, Error> {
        Ok(Self { dependency: Dependency::new(context, "TomcatLoggingSupport", true)? })
    }
}

impl VersionedDependencyComponent for Logging {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        let jar = format!("tomcat_logging_support-{}.jar", self.dependency.item()?.version);
        let bin = self.dependency.in_sandbox("bin");
        self.dependency.download_jar(Some(&jar), Some(&bin))?;
        // Logging starts before Tomcat's own class loaders: it belongs to the class path.
        self.dependency.droplet().members_mut().root_libraries.push(bin.join(jar));
        Ok(())
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

/// Overlays a configuration of the operator's.
pub(super) struct ExternalConfiguration {
    dependency: Dependency,
}

impl ExternalConfiguration {
    pub fn new(context: Context) -> Result<Self, Error> {
        Ok(Self { dependency: Dependency::new(context, "TomcatExternalConfiguration", true)? })
    }
}

impl VersionedDependencyComponent for ExternalConfiguration {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        self.dependency.download_tar(true, None)
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

/// Hands the libraries of the root to Tomcat's own class path.
pub(super) struct Setenv {
    base: BaseComponent,
}

impl Setenv {
    pub fn new(context: Context) -> Self {
        Self { base: BaseComponent::new(context, "TomcatSetenv") }
    }
}

impl Component for Setenv {
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        Ok(Some(vec![self.base.tag()]))
    }

    fn compile(&mut self) -> Result<(), Error> {
        let libraries = self.base.droplet().members().root_libraries.qualified_paths().join(":");
        let script = format!("#!/bin/sh\n\nCLASSPATH=$CLASSPATH:{libraries}\n");
        self.base.write(&self.base.in_sandbox("bin/setenv.sh"), &script)
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}
