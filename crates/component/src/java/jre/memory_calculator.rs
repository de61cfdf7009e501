//! A program that divides the memory of a container among the parts of Java.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::class_count;
use crate::base::{Dependency, VersionedDependencyComponent};
use crate::component::Context;
use crate::error::Error;
use crate::value::Value;

/// The name of the program in its archive.
const PROGRAM: &str = if cfg!(target_os = "macos") {
    "java-buildpack-memory-calculator-darwin"
} else {
    "java-buildpack-memory-calculator-linux"
};

pub(super) struct MemoryCalculator {
    dependency: Dependency,
}

impl MemoryCalculator {
    pub fn new(context: Context) -> Result<Self, Error> {
        let class = "OpenJDKLikeMemoryCalculator";
        Ok(Self { dependency: Dependency::new(context, class, true)? })
    }

    fn calculator(&self) -> Result<PathBuf, Error> {
        let version = &self.dependency.item()?.version;
        Ok(self.dependency.in_sandbox(format!("bin/java-buildpack-memory-calculator-{version}")))
    }

    /// How many classes are loaded: as configured, else estimated.
    fn class_count(&self) -> Result<String, Error> {
        if let Some(count) = self.setting("class_count") {
            return Ok(count);
        }
        let droplet = self.dependency.droplet();
        let is_9 = droplet.members().java_home.is_java_9_or_later();
        let classes = class_count::classes(droplet.root_path())
            .map_err(Error::io("count the classes of the application"))?;
        Ok(class_count::loaded(classes, is_9).to_string())
    }

    fn setting(&self, key: &str) -> Option<String> {
        let value = self.dependency.configuration().get(key)?;
        (*value != Value::Null).then(|| value.to_string())
    }

    fn threads(&self) -> String {
        self.setting("stack_threads").unwrap_or_default()
    }

    /// The JRE's part of the command.
    pub fn command(&self) -> Result<String, Error> {
        let droplet = self.dependency.droplet();
        let calculator = droplet.qualify(&self.calculator()?);
        let pool =
            if droplet.members().java_home.is_java_8_or_later() { "metaspace" } else { "permgen" };
        let head_room =
            self.setting("headroom").map(|room| format!(" -headRoom={room}")).unwrap_or_default();
        Ok(format!(
            "CALCULATED_MEMORY=$({calculator} -totMemory=$MEMORY_LIMIT{head_room} \
             -loadedClasses={} -poolType={pool} -stackThreads={} -vmOptions=\"$JAVA_OPTS\") && \
             echo JVM Memory Configuration: $CALCULATED_MEMORY && \
             JAVA_OPTS=\"$JAVA_OPTS $CALCULATED_MEMORY\"",
            self.class_count()?,
            self.threads(),
        ))
    }
}

impl VersionedDependencyComponent for MemoryCalculator {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        let item = self.dependency.item()?;
        let calculator = self.calculator()?;
        if item.version.is_at_least([2, 0, 0], "") {
            let bin = self.dependency.in_sandbox("bin");
            let name = self.dependency.name();
            self.dependency.download(item.version.as_str(), &item.uri, None, |file| {
                self.dependency.expand_tar(file, false, &[], &bin, name)
            })?;
            let program = bin.join(PROGRAM);
            fs::rename(&program, &calculator)
                .map_err(Error::io(format!("find {PROGRAM} in the archive of the {name}")))?;
        } else {
            self.dependency.download_file(&calculator)?;
        }
        fs::set_permissions(&calculator, fs::Permissions::from_mode(0o755))
            .map_err(Error::io(format!("make {} executable", calculator.display())))?;
        let line =
            format!("       Loaded Classes: {}, Threads: {}", self.class_count()?, self.threads());
        self.dependency.console().say(&line);
        Ok(())
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let mut members = self.dependency.droplet().members_mut();
        members.environment_variables.add_environment_variable("MALLOC_ARENA_MAX", "2");
        Ok(None)
    }
}
