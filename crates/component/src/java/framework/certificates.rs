//! Certificates of clients and of the container.

use crate::base::{Dependency, VersionedDependencyComponent};
use crate::component::Context;
use crate::error::Error;

/// Hands the certificates of clients on to the application.
pub(in crate::java) struct ClientCertificateMapper {
    dependency: Dependency,
}

impl ClientCertificateMapper {
    pub fn new(context: Context) -> Result<Self, Error> {
        Ok(Self { dependency: Dependency::new(context, "ClientCertificateMapper", true)? })
    }
}

impl VersionedDependencyComponent for ClientCertificateMapper {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        self.dependency.download_jar(None, None)?;
        add_library(&self.dependency)
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        add_library(&self.dependency).map(|()| None)
    }
}

/// Puts the dependency's JAR on the class path.
pub(super) fn add_library(dependency: &Dependency) -> Result<(), Error> {
    let jar = dependency.in_sandbox(dependency.jar_name()?);
    dependency.droplet().members_mut().additional_libraries.push(jar);
    Ok(())
}

/// Has Java use the certificates of the container.
pub(in crate::java) struct ContainerSecurityProvider {
    dependency: Dependency,
}

impl ContainerSecurityProvider {
    pub fn new(context: Context) -> Result<Self, Error> {
        Ok(Self { dependency: Dependency::new(context, "ContainerSecurityProvider", true)? })
    }

    /// From Java 9 on it is a library, before a folder of extensions.
    fn add_root_library(&self) -> Result<bool, Error> {
        let jar = self.dependency.in_sandbox(self.dependency.jar_name()?);
        let mut members = self.dependency.droplet().members_mut();
        let is_9 = members.java_home.is_java_9_or_later();
        if is_9 {
            members.root_libraries.push(jar);
        }
        Ok(is_9)
    }
}

impl VersionedDependencyComponent for ContainerSecurityProvider {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        self.dependency.download_jar(None, None)?;
        let provider = "org.cloudfoundry.security.CloudFoundryContainerProvider";
        self.dependency.droplet().members_mut().security_providers.insert(1, provider);
        self.add_root_library().map(|_| ())
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let is_9 = self.add_root_library()?;
        let mut members = self.dependency.droplet().members_mut();
        if !is_9 {
            members.extension_directories.push(self.dependency.droplet().sandbox_path());
        }
        for (key, property) in [
            ("key_manager_enabled", "org.cloudfoundry.security.keymanager.enabled"),
            ("trust_manager_enabled", "org.cloudfoundry.security.trustmanager.enabled"),
        ] {
            if let Some(value) = self.dependency.configuration().get(key) {
                members.java_opts.add_system_property(property, value.to_string());
            }
        }
        Ok(None)
    }
}
