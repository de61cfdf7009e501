//! Where components say what they do: output for people, and a log.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use printable::Line;

use crate::text::{Paint, Style, duration};

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For finding out why.
    Debug,
    /// For the record.
    Info,
    /// Something was left out or taken otherwise.
    Warn,
    /// It ends here.
    Error,
    /// Nothing goes any more.
    Fatal,
}

impl Level {
    /// Reads a level's name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "DEBUG" => Some(Self::Debug),
            "INFO" => Some(Self::Info),
            "WARN" => Some(Self::Warn),
            "ERROR" => Some(Self::Error),
            "FATAL" => Some(Self::Fatal),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// A stream that may be written to.
pub type Stream = Box<dyn Write>;

struct Streams {
    out: Stream,
    log: Stream,
    file: Option<File>,
}

/// The way to both streams; a clone leads to the same ones.
#[derive(Clone)]
pub struct Console {
    streams: Rc<RefCell<Streams>>,
    level: Level,
    paint: Paint,
}

impl Console {
    /// Over two streams: for people, and for the log.
    #[must_use]
    pub fn new(out: Stream, log: Stream, level: Level, paint: Paint) -> Self {
        Self { streams: Rc::new(RefCell::new(Streams { out, log, file: None })), level, paint }
    }

    /// The same streams, from another level on.
    #[must_use]
    pub fn with_level(&self, level: Level) -> Self {
        Self { level, ..self.clone() }
    }

    /// Keeps all of the log in a file too.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn log_to(&self, path: &Path) -> std::io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        self.streams.borrow_mut().file = Some(file);
        Ok(())
    }

    /// How texts are set off.
    #[must_use]
    pub fn paint(&self) -> Paint {
        self.paint
    }

    /// Passes on to people what a program of others says for itself, as it is.
    pub fn pass(&self, text: &str) {
        let out = &mut self.streams.borrow_mut().out;
        // Whether anybody still reads is told when the stream is closed.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Writes the beginning of a line for people.
    pub fn print(&self, line: &Line) {
        self.pass(&line.shown());
    }

    /// Writes a line for people. A line break in it is escaped: it may come from others.
    pub fn say(&self, line: impl Into<Line>) {
        self.pass(&format!("{}\n", line.into()));
    }

    /// Writes a line to the log, under the name of who says it.
    pub fn log(&self, who: &str, level: Level, message: impl Into<Line>) {
        let streams = &mut *self.streams.borrow_mut();
        let head = Line::from(format!("{:<32} {:<5} ", format!("[{who}]"), level.name()));
        let line = format!("{}\n", head.append(&message.into()));
        if level >= self.level {
            let _ = streams.log.write_all(line.as_bytes()).and_then(|()| streams.log.flush());
        }
        if let Some(file) = &mut streams.file {
            let time = jiff::Zoned::now().strftime("%FT%T.%2f%z").to_string();
            let _ = file.write_all(format!("{time} {line}").as_bytes());
        }
    }

    /// A line at [`Level::Debug`].
    pub fn debug(&self, who: &str, message: impl Into<Line>) {
        self.log(who, Level::Debug, message);
    }

    /// A line at [`Level::Warn`].
    pub fn warn(&self, who: &str, message: impl Into<Line>) {
        self.log(who, Level::Warn, message);
    }

    /// The arrow before what is important.
    #[must_use]
    pub fn arrow(&self) -> Line {
        self.paint.paint("----->", &[Style::Red, Style::Bold])
    }

    /// `(0.1s)`, set off.
    #[must_use]
    pub fn took(&self, took: Duration) -> Line {
        self.paint.paint(&format!("({})", duration(took)), &[Style::Green, Style::Italic])
    }

    /// Says what is done, does it, and says how long it took.
    ///
    /// # Errors
    /// That of the work.
    pub fn with_timing<T, E>(
        &self,
        caption: &str,
        arrow: bool,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let start = Instant::now();
        let lead = if arrow { self.arrow() } else { Line::from("      ") };
        self.print(&lead.text(" ").text(caption).text(" "));
        let done = work()?;
        self.say(self.took(start.elapsed()));
        Ok(done)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A stream whose content a test can look at.
    #[derive(Clone, Default)]
    pub(crate) struct Kept(Rc<RefCell<Vec<u8>>>);

    impl Kept {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// A console, and what goes to people and to the log.
    pub(crate) fn kept(colours: bool) -> (Console, Kept, Kept) {
        let (out, log) = (Kept::default(), Kept::default());
        let paint = Paint { colours };
        let console =
            Console::new(Box::new(out.clone()), Box::new(log.clone()), Level::Info, paint);
        (console, out, log)
    }

    #[test]
    fn log_lines_have_columns() {
        let (console, out, log) = kept(false);
        console.warn("VersionResolver", "x");
        console.debug("Droplet", "not shown");
        console.with_level(Level::Debug).debug("Droplet", "shown");
        assert_eq!(
            log.text(),
            "[VersionResolver]                WARN  x\n[Droplet]                        DEBUG shown\n"
        );
        assert_eq!(out.text(), "");
    }

    #[test]
    fn timings() {
        let (console, out, _) = kept(true);
        console.with_timing("Expanding X to y", false, || Ok::<_, ()>(())).unwrap();
        console.with_timing("Z", true, || Ok::<_, ()>(())).unwrap();
        assert_eq!(
            out.text(),
            "       Expanding X to y \u{1b}[3m\u{1b}[32m(0.0s)\u{1b}[0m\u{1b}[23m\n\
             \u{1b}[1m\u{1b}[31m----->\u{1b}[0m\u{1b}[22m Z \u{1b}[3m\u{1b}[32m(0.0s)\u{1b}[0m\u{1b}[23m\n"
        );
        assert!(console.with_timing("Z", true, || Err::<(), _>(1)).is_err());
        assert!(out.text().ends_with("Z "));
    }
}
