//! Components that are programs of their own: one JSON document in, one JSON document out.
//! `docs/components.md` is the contract.

mod change;
mod document;
mod process;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::application::Environment;
use crate::base::{BaseComponent, Dependency};
use crate::component::{Component, Context, Kind};
use crate::error::Error as StagingError;
use crate::names;
use change::Change;

/// What an executable component did wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not a file that can be run.
    #[error("component {name}: {} is not executable; run 'chmod +x' on it", path.display())]
    NotExecutable {
        /// The component's name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// It cannot be started or talked to.
    #[error("component {name}: cannot run {} {phase}: {source}", path.display())]
    Run {
        /// The component's name.
        name: String,
        /// The file.
        path: PathBuf,
        /// `detect`, `compile` or `release`.
        phase: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended with an error.
    #[error("component {name}: {phase} failed ({status})")]
    Failed {
        /// The component's name.
        name: String,
        /// The phase.
        phase: &'static str,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// It did not end in time.
    #[error("component {name}: {phase} took longer than {} s and was ended", limit.as_secs_f64())]
    Timeout {
        /// The component's name.
        name: String,
        /// The phase.
        phase: &'static str,
        /// How long it could take.
        limit: Duration,
    },
    /// It said more than an answer can be.
    #[error("component {name}: {phase} printed more than {limit} bytes")]
    TooMuch {
        /// The component's name.
        name: String,
        /// The phase.
        phase: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Its answer is no JSON document, or not one of the protocol.
    #[error("component {name}: the answer to {phase} is not valid: {detail}")]
    Answer {
        /// The component's name.
        name: String,
        /// The phase.
        phase: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// It asks for something that it may not.
    #[error("component {name}: {detail}")]
    Refused {
        /// The component's name.
        name: String,
        /// What, and why not.
        detail: String,
    },
}

/// What has a child process end before we do, when a signal ends us: called with its id when it
/// starts, and when it has ended.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// It has started, as the leader of a process group.
    pub started: fn(u32),
    /// It has ended.
    pub ended: fn(u32),
}

/// How executable components are run.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long each phase may take.
    pub timeout: Duration,
    /// For signals.
    pub guard: Option<Guard>,
    /// Which variables of the environment components do not get.
    pub hides: fn(&str) -> bool,
}

/// An executable component.
pub struct Executable {
    name: String,
    class: String,
    kind: Kind,
    path: PathBuf,
    dependency: Dependency,
    rules: Rules,
}

/// The answer to `detect`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detected {
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    dependency: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(
    untagged,
    expecting = "tags are a text, a list of texts, true for the component's own name, or null"
)]
enum Tags {
    #[default]
    None,
    Yes(bool),
    One(String),
    Several(Vec<String>),
}

/// The answer to `compile` and `release`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Changed {
    #[serde(default)]
    changes: Vec<Change>,
    #[serde(default)]
    command: Command,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged, expecting = "a command is a text, a list of texts, or null")]
enum Command {
    #[default]
    None,
    One(String),
    Parts(Vec<String>),
}

impl Executable {
    /// The component `class` whose program is `path`.
    ///
    /// # Errors
    /// When the file cannot be run.
    pub fn new(
        context: Context,
        class: &str,
        kind: Kind,
        path: &Path,
        rules: Rules,
    ) -> Result<Self, Error> {
        use std::os::unix::fs::PermissionsExt as _;
        let name = names::display(class);
        let executable = path
            .metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0);
        if !executable {
            return Err(Error::NotExecutable { name, path: path.to_owned() });
        }
        let base = BaseComponent::new(context, "Executable").named(&name);
        Ok(Self {
            name,
            class: class.to_owned(),
            kind,
            path: path.to_owned(),
            dependency: Dependency::later(base),
            rules,
        })
    }

    /// Those of the variables that it may see.
    fn shown<'a>(&self, variables: &'a Environment) -> BTreeMap<&'a str, &'a str> {
        let all = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| !(self.rules.hides)(name)).collect()
    }

    fn ask(&self, phase: &'static str) -> Result<String, Error> {
        let document = document::document(self, phase);
        process::run(self, phase, &document.to_string())
    }

    fn read<T: for<'d> Deserialize<'d>>(
        &self,
        phase: &'static str,
        answer: &str,
    ) -> Result<T, Error> {
        let wrong = |detail: String| Error::Answer { name: self.name.clone(), phase, detail };
        if answer.trim().is_empty() {
            return Err(wrong("it is empty; answer {} when there is nothing to say".to_owned()));
        }
        if !answer.trim_start().starts_with('{') {
            let start: String = answer.trim().chars().take(40).collect();
            return Err(wrong(format!("it is no JSON object, but begins with {start:?}")));
        }
        serde_json::from_str(answer).map_err(|error| wrong(error.to_string()))
    }

    fn changed(&mut self, phase: &'static str) -> Result<Changed, StagingError> {
        let answer = self.ask(phase)?;
        let changed: Changed = self.read(phase, &answer)?;
        for change in &changed.changes {
            change.apply(self, phase).map_err(|error| self.blamed(error))?;
        }
        Ok(changed)
    }

    fn refused(&self, detail: impl Into<String>) -> Error {
        Error::Refused { name: self.name.clone(), detail: detail.into() }
    }

    /// The library knows what cannot be done, and not for whom.
    fn blamed(&self, error: StagingError) -> StagingError {
        match error {
            StagingError::Io { .. } | StagingError::Droplet { .. } => {
                self.refused(error.to_string()).into()
            }
            error => error,
        }
    }

    fn base(&self) -> &BaseComponent {
        &self.dependency
    }
}

impl Component for Executable {
    fn detect(&mut self) -> Result<Option<Vec<String>>, StagingError> {
        let answer = self.ask("detect")?;
        let detected: Detected = self.read("detect", &answer)?;
        let tags = match detected.tags {
            Tags::None | Tags::Yes(false) if !detected.dependency => return Ok(None),
            // Detected under its own name.
            Tags::Yes(true) if !detected.dependency => vec![names::tag(&self.class)],
            Tags::None | Tags::Yes(_) => Vec::new(),
            Tags::One(tag) => vec![tag],
            Tags::Several(tags) => tags,
        };
        let mut tags = self.printable(tags)?;
        if detected.dependency {
            self.dependency.resolve(&|_| Ok(()))?;
            if let Some(version) = self.dependency.version() {
                tags.push(format!("{}={version}", names::tag(&self.class)));
            }
        }
        Ok(Some(tags))
    }

    fn compile(&mut self) -> Result<(), StagingError> {
        self.changed("compile").map(|_| ())
    }

    fn release(&mut self) -> Result<Option<String>, StagingError> {
        let changed = self.changed("release")?;
        Ok(match changed.command {
            Command::None => None,
            Command::One(command) => Some(command),
            Command::Parts(parts) => Some(parts.join(" ")),
        })
    }
}

impl Executable {
    /// Tags stand in one line, between spaces.
    fn printable(&self, tags: Vec<String>) -> Result<Vec<String>, Error> {
        match tags.iter().find(|tag| tag.contains(char::is_whitespace) || tag.is_empty()) {
            Some(tag) => Err(Error::Answer {
                name: self.name.clone(),
                phase: "detect",
                detail: format!("the tag {tag:?} is empty or has a space in it"),
            }),
            None => Ok(tags),
        }
    }
}
