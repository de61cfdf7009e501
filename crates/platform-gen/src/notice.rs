//! What is worth knowing, on stderr. Wording and colour are those of the generator of old, for
//! scripts that look for them.

use platform::{Level, Notices};
use tool::{Io, Line};

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
        let style = if self.coloured { "1;33" } else { "" };
        self.notes.say(Line::new().styled(style, word).text(" ").text(text));
    }

    fn line(&self, text: &str) {
        self.notes.say(text);
    }
}
