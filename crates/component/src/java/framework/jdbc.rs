//! Drivers of databases whose services are bound.

use super::certificates::add_library;
use crate::base::{Dependency, VersionedDependencyComponent};
use crate::component::Context;
use crate::error::Error;
use crate::java::regex;

/// Brings a driver, if a service of its database is bound and the application has none.
pub(in crate::java) struct JdbcDriver {
    dependency: Dependency,
}

impl JdbcDriver {
    /// For MariaDB and MySQL.
    pub fn maria_db(context: Context) -> Result<Self, Error> {
        let drivers = ["mariadb-java-client", "mysql-connector-java"];
        Self::new(context, "MariaDbJDBC", &["mysql", "mariadb"], &drivers)
    }

    /// For PostgreSQL.
    pub fn postgresql(context: Context) -> Result<Self, Error> {
        Self::new(context, "PostgresqlJDBC", &["postgres"], &["postgresql-"])
    }

    /// `services` are parts of names, labels or tags; `drivers` how names of JARs begin.
    fn new(
        context: Context,
        class: &'static str,
        services: &[&str],
        drivers: &[&str],
    ) -> Result<Self, Error> {
        let mut bound = false;
        for service in services {
            let filter = regex(service)?;
            bound |= context.application.services().one_service(&filter, &["uri".into()]);
        }
        let is_driver = |name: &str| {
            name.ends_with(".jar") && drivers.iter().any(|driver| name.starts_with(driver))
        };
        let supports = bound && context.application.files(is_driver).is_empty();
        Ok(Self { dependency: Dependency::new(context, class, supports)? })
    }
}

impl VersionedDependencyComponent for JdbcDriver {
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
