//! Exit statuses, and the errors that end a tool with them. `docs/exit-codes.md` is this table in
//! words.

use std::error::Error;

/// Why a tool ends, as its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Anything without a number of its own; also a question that nobody answered.
    Failure,
    /// Wrong arguments, a missing variable, no credentials.
    Usage,
    /// The source's `packages.json` is not what its manifests generate.
    SourceStale,
    /// A snapshot is not what it must equal.
    SnapshotDiffers,
    /// An archive of that name is there already.
    Exists,
    /// A manifest, record, formula or archive that is not valid.
    BadInput,
    /// A formula, archive, package or bucket that is not there.
    NotFound,
    /// The service refuses the credentials.
    AccessDenied,
    /// The destination has a snapshot of that name.
    SnapshotExists,
    /// The service cannot be reached, or does not answer as one.
    Unreachable,
    /// This machine's own files: disk full, no permission.
    LocalIo,
    /// Others kept changing the same thing; nothing was lost, try again.
    Conflict,
    /// `platform-gen`: a version of PHP is required by development packages only.
    RuntimeInDevOnly,
    /// `platform-gen`: no repository is given, or one that is no URL.
    NoRepository,
    /// `platform-install`: what is required cannot be had together.
    Unsolvable,
    /// A plan that is to be applied is not what is to be done any more.
    PlanMoved,
    /// A formula's own status (1 to 125), passed on.
    Formula(u8),
    /// Ended by a signal: 128 and its number.
    Signal(u8),
    /// A fault of the tool itself.
    Internal,
    /// Whoever read our output has gone, as after `| head`.
    BrokenPipe,
}

impl Exit {
    /// The status as the shell sees it.
    #[must_use]
    pub fn status(self) -> u8 {
        match self {
            Self::Failure => 1,
            Self::Usage => 2,
            Self::SourceStale => 3,
            Self::SnapshotDiffers => 4,
            Self::Exists => 5,
            Self::BadInput => 6,
            Self::NotFound => 7,
            Self::AccessDenied => 8,
            Self::SnapshotExists => 9,
            Self::Unreachable => 10,
            Self::LocalIo => 11,
            Self::Conflict => 12,
            Self::RuntimeInDevOnly => 3,
            Self::NoRepository => 4,
            Self::Unsolvable => 2,
            Self::PlanMoved => 13,
            Self::Formula(status) => status,
            Self::Signal(number) => 128_u8.saturating_add(number),
            Self::Internal => 70,
            Self::BrokenPipe => 141,
        }
    }
}

/// An error that knows how the tool ends because of it.
pub trait Fail: Error {
    /// The status to end with.
    fn exit(&self) -> Exit;

    /// What belongs to the message and takes lines of its own.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the user can do about it, as a sentence with its full stop.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// The hint of whoever uses a tool in a way that it does not know.
pub const SEE_HELP: &str = "See --help for usage and examples.";

/// Why a tool failed, ready to be told.
#[derive(Debug)]
pub struct Failure {
    /// The status to end with.
    pub exit: Exit,
    /// The error and its causes, outermost first. Empty: all has been said.
    pub causes: Vec<String>,
    /// Lines below the message.
    pub details: Vec<String>,
    /// What the user can do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with a message of its own.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, causes: vec![message.into()], details: Vec::new(), hint: None }
    }

    /// Ends the tool without a word: whatever there was to say has been said.
    #[must_use]
    pub fn silent(exit: Exit) -> Self {
        Self { exit, causes: Vec::new(), details: Vec::new(), hint: None }
    }

    /// Adds lines below the message.
    #[must_use]
    pub fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines);
        self
    }

    /// Adds the way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Wrong usage, of which the message says the way out.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Arguments that make no sense; the way out is the help.
    pub fn arguments(message: impl Into<String>) -> Self {
        Self::usage(message).hint(SEE_HELP)
    }
}

impl<E: Fail> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut causes = vec![error.to_string()];
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Some libraries repeat their cause in their own text.
            if !causes.iter().any(|said| said.contains(&text)) {
                causes.push(text);
            }
            source = cause.source();
        }
        Self { exit: error.exit(), causes, details: error.details(), hint: error.hint() }
    }
}
