//! What can go wrong, and the status for it.

use tool::{Exit, Fail};

/// Why there is no platform `composer.json`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No repository is given.
    #[error("no platform repositories given")]
    NoRepository,
    /// A repository's URL is none, or has no host.
    #[error("could not parse platform repository URL '{url}'")]
    Url {
        /// The argument, its password left out.
        url: String,
    },
    /// The URL's query cannot be written as JSON.
    #[error("platform repository URL '{url}': {name} {problem}")]
    Query {
        /// The argument, its password and query left out.
        url: String,
        /// The part of the query.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {name}")]
    Read {
        /// The file, as named by the environment.
        name: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A file is no JSON.
    #[error("{name} is not valid JSON")]
    Json {
        /// The file.
        name: String,
        /// The cause.
        source: php_json::Error,
    },
    /// A file holds JSON, but not what it should.
    #[error("{name}: {problem}")]
    Content {
        /// The file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The lock is none that a platform could be made for.
    #[error(transparent)]
    Lock(#[from] platform::Error),
    /// `NOW` is no time.
    #[error("NOW: '{value}' does not begin with a day as YYYY-MM-DD")]
    Now {
        /// Its value.
        value: String,
    },
}

impl Fail for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoRepository | Self::Url { .. } | Self::Query { .. } => Exit::NoRepository,
            Self::Lock(platform::Error::RuntimeInDevOnly { .. }) => Exit::RuntimeInDevOnly,
            Self::Read { .. } | Self::Json { .. } | Self::Content { .. } | Self::Lock(_) => {
                Exit::Failure
            }
            Self::Now { .. } => Exit::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoRepository => Some(tool::SEE_HELP.to_owned()),
            Self::Url { .. } => {
                Some("It needs a scheme and a host, as https://host/packages.json.".to_owned())
            }
            Self::Lock(platform::Error::VeryOld { .. }) => {
                Some("Run 'composer update --lock' with Composer 2.".to_owned())
            }
            Self::Lock(platform::Error::RuntimeInDevOnly { json }) => {
                Some(format!("Require a version of php in the 'require' section of {json}."))
            }
            Self::Query { .. }
            | Self::Read { .. }
            | Self::Json { .. }
            | Self::Content { .. }
            | Self::Lock(platform::Error::Content { .. })
            | Self::Now { .. } => None,
        }
    }
}
