//! An agent that ends a Java without memory, and says what filled it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::base::{Dependency, VersionedDependencyComponent};
use crate::component::Context;
use crate::error::Error;
use crate::java::regex;

pub(super) struct JvmkillAgent {
    dependency: Dependency,
}

impl JvmkillAgent {
    pub fn new(context: Context) -> Result<Self, Error> {
        Ok(Self { dependency: Dependency::new(context, "JvmkillAgent", true)? })
    }

    fn agent(&self) -> Result<PathBuf, Error> {
        let version = &self.dependency.item()?.version;
        Ok(self.dependency.in_sandbox(format!("bin/jvmkill-{version}")))
    }

    /// Where the heap is dumped to: the volume of a service that is meant for it.
    fn heap_dump_path(&self) -> Result<Option<String>, Error> {
        let filter = regex("heap-dump")?;
        let application = self.dependency.application();
        let services = application.services();
        if !services.one_volume_service(&filter) {
            return Ok(None);
        }
        let service = services.find_volume_service(&filter);
        let volume =
            service.and_then(|service| service["volume_mounts"][0]["container_dir"].as_str());
        let Some(volume) = volume else {
            return Err(Error::Droplet {
                what: "the service for heap dumps has a volume without container_dir".to_owned(),
            });
        };
        let details = application.details();
        let text = |key: &str| details[key].as_str().unwrap_or_default();
        let short = |key: &str| text(key).chars().take(8).collect::<String>();
        Ok(Some(format!(
            "{volume}/{}-{}/{}-{}/$CF_INSTANCE_INDEX-%FT%T%z-${{CF_INSTANCE_GUID:0:8}}.hprof",
            text("space_name"),
            short("space_id"),
            text("application_name"),
            short("application_id"),
        )))
    }
}

impl VersionedDependencyComponent for JvmkillAgent {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        let agent = self.agent()?;
        self.dependency.download_file(&agent)?;
        fs::set_permissions(&agent, fs::Permissions::from_mode(0o755))
            .map_err(Error::io(format!("make {} executable", agent.display())))?;
        if let Some(path) = self.heap_dump_path()? {
            self.dependency.console().say(format!("       Write terminal heap dumps to {path}"));
        }
        Ok(())
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let (agent, heap_dump) = (self.agent()?, self.heap_dump_path()?);
        let mut properties = vec![("printHeapHistogram", Some("1"))];
        if let Some(path) = &heap_dump {
            properties.push(("heapDumpPath", Some(path)));
        }
        let mut members = self.dependency.droplet().members_mut();
        members.java_opts.add_agentpath_with_props(&agent, &properties);
        Ok(None)
    }
}
