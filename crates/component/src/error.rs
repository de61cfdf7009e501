//! What can go wrong while an application is staged.

use std::io;

use crate::{application, cache, configuration, executable, repository, text};

/// What can go wrong while an application is staged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No container has detected the application.
    #[error(
        "No container can run this application. It must be a JAR with a Main-Class, a WAR, Groovy \
         scripts, or what another container of the buildpack looks for; see docs/components.md."
    )]
    NoContainer,
    /// No JRE has detected the application, or none is configured.
    #[error("No JRE can run this application. List one below 'jres' in config/components.yml.")]
    NoJre,
    /// Several components want to be the only one.
    #[error("Application can be run by more than one {kind}: {}", names.join(", "))]
    MoreThanOne {
        /// `container` or `JRE`.
        kind: &'static str,
        /// Their names.
        names: Vec<String>,
    },
    /// The list of components is missing or not one.
    #[error("config/components.yml {detail}")]
    Components {
        /// What is wrong with it.
        detail: String,
    },
    /// A component is listed that is not there.
    #[error(
        "config/components.yml lists {class}, which is neither built in nor an executable file \
         {path} in the buildpack"
    )]
    Unknown {
        /// The class name.
        class: String,
        /// Where a file would be looked for.
        path: String,
    },
    /// A component's dependency cannot be found.
    #[error("{component} error: {source}")]
    Dependency {
        /// The component's name.
        component: String,
        /// Why.
        #[source]
        source: repository::Error,
    },
    /// A configuration cannot be read.
    #[error(transparent)]
    Configuration(#[from] configuration::Error),
    /// A value of a configuration is not what it must be.
    #[error("{component} error: the configuration's '{key}' must be {expected}")]
    Value {
        /// The component's name.
        component: String,
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The application cannot be looked at.
    #[error(transparent)]
    Application(#[from] application::Error),
    /// A file cannot be had.
    #[error(transparent)]
    Download(#[from] cache::Error),
    /// An archive cannot be unpacked.
    #[error("cannot expand {name}: {detail}")]
    Expand {
        /// Whose archive it is.
        name: String,
        /// Why.
        detail: String,
    },
    /// A file of the droplet cannot be read or written.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was to be done.
        what: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file of the droplet is not what it must be.
    #[error("{what}")]
    Droplet {
        /// What is wrong.
        what: String,
    },
    /// Options cannot be told apart.
    #[error(transparent)]
    Words(#[from] text::UnmatchedQuote),
    /// An executable component failed.
    #[error(transparent)]
    Executable(#[from] executable::Error),
}

impl Error {
    /// A failure with a file: `what` goes on after "cannot".
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |source| Self::Io { what, source }
    }
}
