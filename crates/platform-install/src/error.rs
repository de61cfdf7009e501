//! What can go wrong, and the status for it.

use std::io;
use std::path::PathBuf;

use tool::{Exit, Fail};

/// Why the platform cannot be installed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("cannot {verb} {}", path.display())]
    Local {
        /// `read`, `write`, `make`, `run`.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is no JSON.
    #[error("{name} is not valid JSON")]
    Json {
        /// The file.
        name: String,
        /// The cause.
        source: php_json::Error,
    },
    /// `composer.json` is not one.
    #[error("composer.json")]
    Root(#[source] composer::root::Invalid),
    /// A repository of a type that is not read here.
    #[error("a repository of type '{kind}' ({url}) is not supported")]
    RepositoryKind {
        /// The type.
        kind: String,
        /// Its address.
        url: String,
    },
    /// The environment does not let us fetch anything.
    #[error(transparent)]
    Client(fetch::Error),
    /// A repository cannot be fetched.
    #[error("repository {url}")]
    Fetch {
        /// Its address.
        url: String,
        /// The cause.
        source: fetch::Error,
    },
    /// A repository is fetched, and is none.
    #[error("repository {url} is not valid")]
    Repository {
        /// Its address.
        url: String,
        /// The cause.
        source: composer::repository::Invalid,
    },
    /// The requirements cannot be met.
    #[error("{text}")]
    Unsolvable {
        /// That it is so, in Composer's words.
        text: String,
        /// The explanation, as Composer gives it, in lines.
        problems: Vec<String>,
    },
    /// The resolver cannot work with what it is given.
    #[error("cannot resolve")]
    Resolve(#[source] Box<composer::Error>),
    /// A package's archive cannot be fetched, or is not the right one.
    #[error("package {package}")]
    Download {
        /// Name and version.
        package: String,
        /// The cause, with the address.
        source: fetch::Error,
    },
    /// A package's archive is fetched, and cannot be unpacked.
    #[error("package {package} from {url}")]
    Archive {
        /// Name and version.
        package: String,
        /// Its address.
        url: String,
        /// The cause.
        source: archive::Error,
    },
    /// A package cannot be installed.
    #[error("package {package}: {problem}")]
    Package {
        /// Name and version.
        package: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The packages would put a file over a folder, or the other way round.
    #[error("{path} is a folder here and a file in the packages, or the other way round")]
    Clash {
        /// The path, below the folder.
        path: String,
    },
    /// The packages would put something where this program keeps its own.
    #[error("{path} in the packages is a name that platform-install keeps for itself")]
    Reserved {
        /// The path, below the folder.
        path: String,
    },
    /// Something else is installed.
    #[error("{package} is installed here already, in another version than {wanted}")]
    OtherVersion {
        /// Name and version of what is there.
        package: String,
        /// The version that is wanted.
        wanted: String,
    },
    /// An earlier run has left something to do, and the environment does not say where or how.
    #[error("an earlier run has left something to do for which {variable} must be set")]
    NotSet {
        /// The variable.
        variable: &'static str,
    },
    /// All files are in place, but not all is done outside the folder.
    #[error(transparent)]
    Unfinished(Box<Error>),
    /// What an earlier run has left to do cannot be read.
    #[error("cannot use {}: {problem}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An install script failed.
    #[error("the install script of {package} ended with {status}")]
    Script {
        /// Name and version.
        package: String,
        /// Its status.
        status: String,
    },
}

impl Error {
    /// For `map_err` on something about `path`.
    pub fn local(verb: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Local { verb, path, source }
    }

    /// The same, after all files are in place.
    pub fn unfinished(self) -> Self {
        Self::Unfinished(Box::new(self))
    }
}

fn fetch_exit(error: &fetch::Error) -> Exit {
    use fetch::Error as F;
    match error {
        F::NotFound { .. } => Exit::NotFound,
        F::AccessDenied { .. } => Exit::AccessDenied,
        F::Status { .. } | F::Unreachable { .. } | F::Truncated { .. } => Exit::Unreachable,
        F::TooLarge { .. } | F::Differs { .. } | F::Gzip { .. } | F::Forbidden { .. } => {
            Exit::BadInput
        }
        F::Address { .. } | F::Auth { .. } => Exit::Usage,
        F::Store(error) => error.exit(),
        F::Location(error) => error.exit(),
        F::Local { .. } => Exit::LocalIo,
    }
}

impl Fail for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Local { verb: "read", source, .. }
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Exit::NotFound
            }
            Self::Local { .. } => Exit::LocalIo,
            Self::Json { .. }
            | Self::Root(_)
            | Self::Repository { .. }
            | Self::Package { .. }
            | Self::Clash { .. }
            | Self::Record { .. }
            | Self::Reserved { .. } => Exit::BadInput,
            Self::Client(source) | Self::Fetch { source, .. } | Self::Download { source, .. } => {
                fetch_exit(source)
            }
            Self::RepositoryKind { .. } | Self::OtherVersion { .. } | Self::NotSet { .. } => {
                Exit::Usage
            }
            Self::Unfinished(error) => error.exit(),
            Self::Unsolvable { .. } => Exit::Unsolvable,
            Self::Resolve(_) => Exit::BadInput,
            Self::Archive { source, .. } => source.exit(),
            Self::Script { .. } => Exit::Failure,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Unsolvable { problems, .. } => {
                std::iter::once(String::new()).chain(problems.iter().cloned()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Fetch { source: fetch::Error::TooLarge { .. }, .. } => {
                return Some(format!("Nothing was installed. {}", tool::max_index_hint()));
            }
            Self::Fetch { source, .. } | Self::Download { source, .. } => match source {
                fetch::Error::Store(error) => return error.hint(),
                fetch::Error::Differs { .. } => {
                    "Nothing was installed. The repository's packages.json and its archives do \
                     not belong together; publish it anew."
                }
                fetch::Error::AccessDenied { .. } => {
                    "Nothing was installed. Credentials for that host can be in COMPOSER_AUTH or \
                     auth.json, as for Composer, or in the repository's address."
                }
                _ => "Nothing was installed.",
            },
            Self::Archive { source, .. } => {
                let nothing = "Nothing was installed.";
                return Some(match source.hint() {
                    Some(hint) => format!("{nothing} {hint}"),
                    None => nothing.to_owned(),
                });
            }
            Self::OtherVersion { .. } => "Install into an empty folder.",
            Self::Unfinished(_) => {
                "The packages are in place. Correct that, and run it again: it does what is left \
                 to do."
            }
            Self::Record { .. } => {
                "Install into an empty folder, or remove the file and do without the scripts and \
                 variables that it has for packages."
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
