//! The components that are built in: those of Java applications.
//!
//! To build another one in, add a line to [`make`]. To add one without building anything, put an
//! executable file into the buildpack: `docs/extending.md`.

mod container;
mod framework;
mod jre;
mod main_class;

use crate::base::{Modular, Versioned};
use crate::component::{Component, Context, Kind};
use crate::error::Error;
use crate::names;

type Made = Result<Box<dyn Component>, Error>;

/// The component of a class name, if it is one of ours.
pub(crate) fn make(class: &str, kind: Kind, context: Context) -> Option<Made> {
    let simple = names::simple(class);
    if class != simple && class != format!("JavaBuildpack::{}::{simple}", kind.module()) {
        return None;
    }
    Some(match (kind, simple) {
        (Kind::Container, "JavaMain") => boxed(container::JavaMain::new(context)),
        (Kind::Container, "Tomcat") => {
            boxed(Modular::new(container::Tomcat::new(context.clone()), &context))
        }
        (Kind::Container, "SpringBootCLI") => {
            boxed(container::SpringBootCli::new(context).map(Versioned))
        }
        (Kind::Jre, "OpenJdkJRE") => boxed(jre::open_jdk_like(context, "OpenJdkJRE")),
        (Kind::Jre, "ZuluJRE") => boxed(jre::open_jdk_like(context, "ZuluJRE")),
        (Kind::Framework, "ClientCertificateMapper") => {
            boxed(framework::ClientCertificateMapper::new(context).map(Versioned))
        }
        (Kind::Framework, "ContainerSecurityProvider") => {
            boxed(framework::ContainerSecurityProvider::new(context).map(Versioned))
        }
        (Kind::Framework, "Debug") => boxed(Ok(framework::Debug::new(context))),
        (Kind::Framework, "Jmx") => boxed(Ok(framework::Jmx::new(context))),
        (Kind::Framework, "MariaDbJDBC") => {
            boxed(framework::JdbcDriver::maria_db(context).map(Versioned))
        }
        (Kind::Framework, "PostgresqlJDBC") => {
            boxed(framework::JdbcDriver::postgresql(context).map(Versioned))
        }
        (Kind::Framework, "JavaSecurity") => boxed(Ok(framework::JavaSecurity::new(context))),
        (Kind::Framework, "JavaOpts") => boxed(Ok(framework::JavaOpts::new(context))),
        _ => return None,
    })
}

fn boxed<T: Component + 'static>(made: Result<T, Error>) -> Made {
    made.map(|component| Box::new(component) as Box<dyn Component>)
}

/// A regular expression of ours.
fn regex(text: &str) -> Result<regex::Regex, Error> {
    regex::Regex::new(text).map_err(|error| Error::Droplet { what: format!("{text}: {error}") })
}
