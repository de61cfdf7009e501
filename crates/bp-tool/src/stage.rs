//! A phase, from the command line to its failure.

use std::io::{self, Write};
use std::path::Path;

use component::component::Kind;
use component::console::{Console, Level};
use component::executable::{Guard, Rules};
use component::text::Paint;
use component::{Error, Settings, Staging};
use serde_json::{Value as Json, json};
use tool::{Exit, Failure, Io, Notes, Out};

use crate::Options;

/// A phase, as failures name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Is it for the application?
    Detect,
    /// Change its files.
    Compile,
    /// The same, as the last of several buildpacks.
    Finalize,
    /// How is it run?
    Release,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Detect => "Detect",
            Self::Compile => "Compile",
            Self::Finalize => "Finalize",
            Self::Release => "Release",
        }
    }
}

/// Makes all components and does the work of a phase. Without a `cache`, or with one to which other
/// users can have written, downloads go when it ends. What components say goes to `out`; their log
/// to stderr. A failure is told here, as the platform's logs have it, and ends the tool with 1.
///
/// # Errors
/// Wrong usage; else a failure of which all has been said.
pub fn run<T>(
    options: &Options,
    io: &Io,
    phase: Phase,
    application: &Path,
    cache: Option<&Path>,
    work: impl FnOnce(&mut Staging) -> Result<T, Error>,
) -> Result<T, Failure> {
    let buildpack = options.buildpack(io)?;
    let paint = Paint { colours: options.colours(io) };
    let notes = io.notes();
    // With --json stdout is for the answer alone.
    let out: Box<dyn Write> = if options.json {
        Box::new(ToNotes(notes.clone()))
    } else {
        Box::new(Flushed(io.stdout()))
    };
    let console = Console::new(out, Box::new(ToNotes(notes.clone())), Level::Info, paint);
    let environment =
        io.environment().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let guard = Guard { started: |pid| tool::guard_child(pid, true), ended: tool::release_child };
    let hides = if options.pass_credentials { |_: &str| false } else { tool::is_secret };
    let settings = Settings {
        buildpack: io.folder().join(buildpack),
        application: io.folder().join(application),
        cache: cache.and_then(|cache| io.writable_cache(io.folder().join(cache))),
        environment,
        console: console.clone(),
        rules: Rules { timeout: options.timeout, guard: Some(guard), hides },
        limits: options.limits.clone(),
    };
    let done = Staging::new(&settings).and_then(|mut staging| work(&mut staging));
    done.map_err(|error| {
        let message = told(&error);
        let name = phase.name();
        let line = format!("{name} failed with exception #<RuntimeError: {message}>");
        console.log("Buildpack", Level::Error, &line);
        notes.say(&message);
        Failure::silent(Exit::Failure)
    })
}

/// The components that a phase has found, for programs.
#[must_use]
pub fn found(staging: &Staging) -> Json {
    let found = staging.found().iter().map(|found| {
        let kind = match found.kind {
            Kind::Container => "container",
            Kind::Jre => "jre",
            Kind::Framework => "framework",
        };
        json!({"type": kind, "class": found.class, "tags": found.tags})
    });
    Json::Array(found.collect())
}

/// An error with its causes, as far as it does not tell them itself.
fn told(error: &Error) -> String {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        source = cause.source();
    }
    message
}

/// Stdout, line by line: whoever watches sees what happens when it happens.
struct Flushed(Out);

impl Write for Flushed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

struct ToNotes(Notes);

impl Write for ToNotes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.pass(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
