//! Applications of Groovy scripts. Built on [`Dependency`].

use std::fs;
use std::path::{Path, PathBuf};

use crate::base::{Dependency, VersionedDependencyComponent};
use crate::component::Context;
use crate::error::Error;
use crate::java::container::java_main::with_root_libraries;
use crate::java::regex;
use crate::paths;

const CLASS: &str = "SpringBootCLI";

/// Runs Groovy scripts with the Spring Boot CLI.
pub(in crate::java) struct SpringBootCli {
    dependency: Dependency,
}

impl SpringBootCli {
    pub fn new(context: Context) -> Result<Self, Error> {
        let supports = supports(&context)?;
        Ok(Self { dependency: Dependency::new(context, CLASS, supports)? })
    }
}

fn groovy_files(context: &Context) -> Vec<PathBuf> {
    context.application.files(|name| name.ends_with(".groovy"))
}

/// Whether all scripts are classes or beans, and nothing that runs by itself.
fn supports(context: &Context) -> Result<bool, Error> {
    let class = regex(r"class [A-Za-z0-9_]+[\sA-Za-z0-9_]*\{")?;
    let beans = regex(r"beans\s*\{")?;
    let mut scripts = groovy_files(context);
    // Logback's configuration is a script, but none of the application.
    scripts.retain(|path| !path.to_string_lossy().contains("ch/qos/logback/"));
    if scripts.is_empty() || context.application.exists("WEB-INF") {
        return Ok(false);
    }
    let mut fits = true;
    for path in &scripts {
        match read(path) {
            Ok(text) => {
                fits &= class.is_match(&text) || beans.is_match(&text);
                fits &= !text.contains("static void main(") && !text.contains("#!");
            }
            // What cannot be read speaks neither for nor against it.
            Err(why) => {
                let message = format!("{}: {why}", path.display());
                context.console.warn(CLASS, &message);
            }
        }
    }
    Ok(fits)
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "invalid byte sequence in UTF-8".to_owned())
}

impl VersionedDependencyComponent for SpringBootCli {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        self.dependency.download_tar(true, None)
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let droplet = self.dependency.droplet();
        let application = self.dependency.application();
        let mut members = droplet.members_mut();
        members
            .environment_variables
            .add_environment_variable("JAVA_OPTS", "$JAVA_OPTS")
            .add_environment_variable("SERVER_PORT", "$PORT");
        // Without libraries this is empty, and its place is left.
        let class_path = with_root_libraries(
            members.additional_libraries.as_classpath().unwrap_or_default(),
            members.root_libraries.qualified_paths(),
        );
        let scripts = groovy_files(&self.dependency.context);
        let scripts = scripts
            .iter()
            .map(|path| paths::relative(path, application.root()).display().to_string());
        let parts = [
            members.environment_variables.as_env_vars(),
            members.java_home.as_env_var().ok_or(Error::NoJre)?,
            "exec".to_owned(),
            droplet.qualify(&self.dependency.in_sandbox("bin/spring")),
            "run".to_owned(),
            class_path,
        ];
        Ok(Some(parts.into_iter().chain(scripts).collect::<Vec<_>>().join(" ")))
    }
}
