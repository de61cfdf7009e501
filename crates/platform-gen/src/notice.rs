//! What is worth knowing, on stderr. Wording and colour are those of the generator of old, for
//! scripts that look for them.

use platform::{Level, Notices};
use tool::Io;

/// Writes notices to stderr, in yellow unless `NO_COLOR` is set.
pub struct Printer {
    notes: tool::Notes,
    coloured: bool,
}

impl Printer {
    /// The stderr of `io`.
    pub fn new(io: &Io) -> Self {
        Self { notes: io.notes(), coloured: io.env("NO_COLOR").is_none() }
    }
}

impl Notices for Printer {
    fn tell(&self, level: Level, text: &str) {
        let word = match level {
            Level::Notice => "NOTICE:",
            Level::Warning => "WARNING:",
        };
        if self.coloured {
            self.notes.say(&format!("\x1b[1;33m{word}\x1b[0m {text}"));
        } else {
            self.notes.say(&format!("{word} {text}"));
        }
    }

    fn line(&self, text: &str) {
        self.notes.say(text);
    }
}
