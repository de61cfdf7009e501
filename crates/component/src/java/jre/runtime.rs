//! Java itself.

use crate::base::{BaseComponent, Dependency, VersionedDependencyComponent};
use crate::component::Context;
use crate::error::Error;

pub(super) struct Runtime {
    dependency: Dependency,
}

impl Runtime {
    /// `name` is the JRE's own, for messages.
    pub fn new(context: Context, name: &str) -> Self {
        let base = BaseComponent::new(context, "OpenJDKLikeJre").named(name);
        let sandbox = base.droplet().sandbox_path().to_owned();
        base.droplet().members_mut().java_home.root = Some(sandbox);
        Self { dependency: Dependency::later(base) }
    }
}

impl VersionedDependencyComponent for Runtime {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        self.dependency.resolve(&|_| Ok(()))?;
        let version = self.dependency.version().cloned();
        self.dependency.droplet().members_mut().java_home.version = version;
        Ok(self.dependency.id().map(|id| vec![id]))
    }

    fn compile(&mut self) -> Result<(), Error> {
        self.dependency.download_tar(true, None)?;
        self.dependency.droplet().copy_resources(None).map_err(Error::io("copy the resources"))
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let mut members = self.dependency.droplet().members_mut();
        members.java_opts.add_system_property("java.io.tmpdir", "$TMPDIR");
        // Older ones do not know the option and would not start.
        let knows = self.dependency.version().is_some_and(|v| v.is_at_least([1, 8, 0], "191"));
        if knows {
            members.java_opts.add_preformatted_options("-XX:ActiveProcessorCount=$(nproc)");
        }
        Ok(None)
    }
}
