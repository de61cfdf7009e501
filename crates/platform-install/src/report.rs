//! What is done, for people: lines such as `- php (8.3.4)`, and how far the downloads are.
//!
//! They go to stderr, or to the file descriptor that the caller names.

use std::fs::File;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tool::{Failure, Io, Line, Notes, Progress};

/// The way to whoever watches.
pub struct Report {
    notes: Notes,
    /// The caller's descriptor.
    display: Option<Arc<Mutex<File>>>,
    indent: String,
    coloured: bool,
}

impl Report {
    /// As the environment says.
    pub fn new(io: &Io) -> Result<Self, Failure> {
        let number = |name: &str| -> Result<Option<u32>, Failure> {
            let Some(text) = io.env(name) else { return Ok(None) };
            text.parse()
                .map(Some)
                .map_err(|_| Failure::usage(format!("{name}: '{text}' is not a number")))
        };
        let display = match number("PHP_PLATFORM_INSTALLER_DISPLAY_OUTPUT_FDNO")? {
            // Ours already.
            None | Some(2) => None,
            Some(number) => {
                // Opened anew by its name, so that it is written at its end whatever it is.
                let file = File::options().append(true).open(format!("/proc/self/fd/{number}"));
                let file = file.map_err(|error| {
                    let name = "PHP_PLATFORM_INSTALLER_DISPLAY_OUTPUT_FDNO";
                    Failure::usage(format!("{name}: cannot write to descriptor {number}: {error}"))
                })?;
                Some(Arc::new(Mutex::new(file)))
            }
        };
        let indent = number("PHP_PLATFORM_INSTALLER_DISPLAY_OUTPUT_INDENT")?.unwrap_or(0).min(200);
        Ok(Self {
            notes: io.notes(),
            display,
            indent: " ".repeat(indent as usize),
            coloured: io.env("NO_COLOR").is_none(),
        })
    }

    /// Says that something is done: `what` without its dash.
    pub fn done(&self, what: &str) {
        let line = Line::from(format!("{}- {what}", self.indent));
        match &self.display {
            None => self.notes.say(line),
            Some(display) => put(display, &format!("{line}\n")),
        }
    }

    /// Says something about the run, on stderr.
    pub fn say(&self, text: &str) {
        self.notes.say(text);
    }

    /// Shows how many of `total` archives are there.
    pub fn downloads(&self, total: usize) -> Downloads {
        let bar = match &self.display {
            Some(display) if self.coloured && total > 0 => Bar::Display {
                display: Arc::clone(display),
                indent: self.indent.clone(),
                total,
                count: Mutex::new(0),
            },
            Some(_) => Bar::None,
            None => Bar::Terminal(self.notes.progress(total)),
        };
        Downloads(bar)
    }
}

/// Whoever stopped reading misses nothing that the exit status would not say.
fn put(display: &Mutex<File>, text: &str) {
    let _ = display.lock().unwrap_or_else(PoisonError::into_inner).write_all(text.as_bytes());
}

/// How far the downloads are; gone when it is dropped.
pub struct Downloads(Bar);

enum Bar {
    None,
    Terminal(Progress),
    Display { display: Arc<Mutex<File>>, indent: String, total: usize, count: Mutex<usize> },
}

impl Downloads {
    /// One more is there.
    pub fn step(&self, name: &str) {
        match &self.0 {
            Bar::None => {}
            Bar::Terminal(progress) => progress.step(name),
            Bar::Display { display, indent, total, count } => {
                let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
                *count += 1;
                let filled = *count * 28 / total;
                let bar = format!("{:-<28}", format!("{}>", "=".repeat(filled.saturating_sub(1))));
                let percent = *count * 100 / total;
                let text =
                    format!("\r\x1b[2K{indent}Downloaded {count}/{total} [{bar}] {percent:>3}%");
                put(display, &text);
            }
        }
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        if let Bar::Display { display, .. } = &self.0 {
            put(display, "\r\x1b[2K");
        }
    }
}
