//! Web applications. Built on [`ModularComponent`].

mod instance;
mod redis;
mod support;

use crate::base::{BaseComponent, ModularComponent, Versioned};
use crate::component::{Component, Context};
use crate::error::Error;
use crate::java::main_class::configured_main_class;
use crate::value::Value;

/// Runs a web application in Tomcat.
pub(in crate::java) struct Tomcat {
    base: BaseComponent,
}

impl Tomcat {
    pub fn new(context: Context) -> Self {
        Self { base: BaseComponent::new(context, "Tomcat") }
    }
}

impl ModularComponent for Tomcat {
    fn supports(&self) -> Result<bool, Error> {
        let context = &self.base.context;
        if !context.application.exists("WEB-INF") {
            return Ok(false);
        }
        let main_class = configured_main_class(&context.application, &context.configurations)?;
        Ok(main_class.is_none())
    }

    fn sub_components(&mut self, context: &Context) -> Result<Vec<Box<dyn Component>>, Error> {
        let part = |key: &str| context.sub_configuration(key);
        let mut parts: Vec<Box<dyn Component>> = vec![
            Box::new(Versioned(instance::TomcatInstance::new(part("tomcat"))?)),
            Box::new(Versioned(support::AccessLogging::new(part("access_logging_support"))?)),
            Box::new(Versioned(support::Lifecycle::new(part("lifecycle_support"))?)),
            Box::new(Versioned(support::Logging::new(part("logging_support"))?)),
            Box::new(Versioned(redis::RedisStore::new(part("redis_store"))?)),
            Box::new(support::Setenv::new(context.clone())),
        ];
        let tomcat = context.sub_configuration("tomcat").configuration;
        if tomcat.get("external_configuration_enabled").is_some_and(Value::is_truthy) {
            let external = support::ExternalConfiguration::new(part("external_configuration"))?;
            parts.push(Box::new(Versioned(external)));
        }
        Ok(parts)
    }

    fn command(&mut self) -> Result<Option<String>, Error> {
        let droplet = self.base.droplet();
        let mut members = droplet.members_mut();
        members.environment_variables.add_environment_variable("JAVA_OPTS", "$JAVA_OPTS");
        members.java_opts.add_system_property("http.port", "$PORT");
        let parts = [
            members.environment_variables.as_env_vars(),
            members.java_home.as_env_var().ok_or(Error::NoJre)?,
            "exec".to_owned(),
            droplet.qualify(&self.base.in_sandbox("bin/catalina.sh")),
            "run".to_owned(),
        ];
        Ok(Some(parts.join(" ")))
    }
}
