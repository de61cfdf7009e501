//! Sessions in a Redis service.

use serde_json::Value as Json;

use super::instance::change_xml;
use crate::base::{Dependency, VersionedDependencyComponent};
use crate::component::Context;
use crate::error::Error;
use crate::java::regex;
use crate::services::Credential;
use crate::xml::Element;

const CREDENTIALS: [Credential<'_>; 3] =
    [Credential::Any(&["hostname", "host"]), Credential::One("port"), Credential::One("password")];

pub(super) struct RedisStore {
    dependency: Dependency,
    /// The credentials of the service, if there is exactly one.
    credentials: Option<Json>,
}

impl RedisStore {
    pub fn new(context: Context) -> Result<Self, Error> {
        let filter = regex("session-replication")?;
        let services = context.application.services();
        let credentials = if services.one_service(&filter, &CREDENTIALS) {
            let service = services.find_service(&filter, &CREDENTIALS);
            service.and_then(|service| service.get("credentials")).cloned()
        } else {
            None
        };
        let dependency = Dependency::new(context, "TomcatRedisStore", credentials.is_some())?;
        Ok(Self { dependency, credentials })
    }
}

impl VersionedDependencyComponent for RedisStore {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        let Some(credentials) = &self.credentials else {
            return Ok(());
        };
        let jar = format!("redis_store-{}.jar", self.dependency.item()?.version);
        let lib = self.dependency.in_sandbox("lib");
        self.dependency.download_jar(Some(&jar), Some(&lib))?;
        self.dependency.console().say("       Adding Redis-based Session Replication");

        let credential = |key: &str| match credentials.get(key) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
        };
        let configured =
            |key: &str| self.dependency.configuration().get(key).map(ToString::to_string);
        let attributes = [
            ("className", Some("com.gopivotal.manager.redis.RedisStore".to_owned())),
            ("host", credential("hostname").or_else(|| credential("host"))),
            ("port", credential("port")),
            ("database", configured("database")),
            ("password", credential("password")),
            ("timeout", configured("timeout")),
            ("connectionPoolSize", configured("connection_pool_size")),
        ];
        let mut store = Element::new("Store");
        for (name, value) in attributes {
            if let Some(value) = value {
                store.set_attribute(name, &value);
            }
        }
        change_xml(&self.dependency, "conf/context.xml", "Context", |context| {
            let valve = "com.gopivotal.manager.SessionFlushValve";
            context.push(Element::new("Valve").with("className", valve));
            let mut manager = Element::new("Manager")
                .with("className", "org.apache.catalina.session.PersistentManager");
            manager.push(store);
            context.push(manager);
        })
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}
