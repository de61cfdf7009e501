//! The streams, the environment and the terminal, as one value that tests can make too.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufRead, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use printable::Line;

use crate::{Exit, Failure, max_index_hint};

/// What stands behind stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A person.
    Terminal,
    /// A pipe, a socket or a file: data that a program may mean for us.
    Data,
    /// `/dev/null`, or closed.
    Nothing,
}

/// All that a tool sees of the world outside its files and the network.
pub struct Io {
    pub(crate) stdin: Box<dyn BufRead>,
    stdout: Out,
    notes: Notes,
    environment: HashMap<String, String>,
    folder: PathBuf,
    input: Input,
    stdout_is_terminal: bool,
    warnings: Mutex<BTreeSet<String>>,
    pub(crate) bob: bool,
}

impl Io {
    /// The streams and environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            stdin: Box::new(io::stdin().lock()),
            stdout: Out::new(io::BufWriter::new(io::stdout())),
            notes: Notes::to_stderr(),
            // What is not UTF-8 cannot be the name of a bucket or an endpoint of ours.
            environment: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            input: input_of_process(),
            stdout_is_terminal: io::stdout().is_terminal(),
            warnings: Mutex::default(),
            bob: false,
        }
    }

    /// For tests: streams and an environment that the caller gives. Stdout and stderr are written
    /// to `stdout` and `stderr`.
    pub fn of_parts(
        stdin: &[u8],
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
        environment: &[(&str, &str)],
        folder: &Path,
    ) -> Self {
        Self {
            stdin: Box::new(io::Cursor::new(stdin.to_vec())),
            stdout: Out::new(stdout),
            notes: Notes::new(Box::new(stderr), false),
            environment: environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            folder: folder.to_owned(),
            input: Input::Data,
            stdout_is_terminal: false,
            warnings: Mutex::default(),
            bob: false,
        }
    }

    /// A variable of the environment that is set to something.
    #[must_use]
    pub fn env(&self, name: &str) -> Option<String> {
        self.environment.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// The environment as the libraries take it. What the profile of the shared AWS files says about
    /// endpoints is in it.
    pub fn env_fn(&self) -> impl Fn(&str) -> Option<String> + use<> {
        self.env_of(None)
    }

    /// The same with the profile that an option names.
    pub fn env_of(&self, profile: Option<&str>) -> impl Fn(&str) -> Option<String> + use<> {
        let mut environment = self.environment.clone();
        let endpoints =
            store::aws::endpoints(&|name: &str| environment.get(name).cloned(), profile);
        environment.extend(endpoints.into_iter().map(|(name, value)| (name.to_owned(), value)));
        move |name| environment.get(name).cloned()
    }

    /// All variables of the environment, also empty ones, for what is handed on as a whole.
    pub fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The working folder at the start.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What stands behind stdin.
    #[must_use]
    pub fn input(&self) -> Input {
        self.input
    }

    /// Whether stdout is a terminal: for output that would only litter one.
    #[must_use]
    pub fn stdout_is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    /// Whether a wrapper of old stands before us (`--bob`): its name is the one that people know.
    #[must_use]
    pub fn is_bob(&self) -> bool {
        self.bob
    }

    /// Stdin, to be read to its end.
    pub fn stdin(&mut self) -> &mut dyn BufRead {
        &mut *self.stdin
    }

    /// Stdout for data, buffered; flushed when the tool ends, or by the caller. What people read
    /// goes through [`Io::show`].
    #[must_use]
    pub fn stdout(&self) -> Out {
        self.stdout.clone()
    }

    /// Says one line on stderr. A line break in it is escaped: it may come from others.
    pub fn say(&self, line: impl Into<Line>) {
        self.notes.say(line);
    }

    /// Says a warning on stderr, unless it has been said before.
    pub fn warn_once(&self, text: &str) {
        let mut said = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if said.insert(text.to_owned()) {
            self.say(format!("WARNING: {text}"));
        }
    }

    /// The folder of a cache, unless other users can have written to it: then it is not used, and a
    /// warning says why.
    #[must_use]
    pub fn cache(&self, folder: PathBuf) -> Option<PathBuf> {
        match scratch::trust(&folder) {
            Ok(()) => Some(folder),
            Err(distrust) => {
                self.warn_once(&format!(
                    "the cache {} is not used: {distrust}. Remove it, or name another folder.",
                    folder.display()
                ));
                None
            }
        }
    }

    /// The same for a cache that is written to, which is made: where that is not possible (a home that
    /// is read-only, or not ours), it is not used either.
    #[must_use]
    pub fn writable_cache(&self, folder: PathBuf) -> Option<PathBuf> {
        use rustix::fs::{Access, access};
        let folder = self.cache(folder)?;
        let made = scratch::make_private(&folder).and_then(|()| {
            access(&folder, Access::WRITE_OK | Access::EXEC_OK).map_err(io::Error::from)
        });
        match made {
            Ok(()) => Some(folder),
            Err(error) => {
                let folder = folder.display();
                self.warn_once(&format!(
                    "the cache {folder} is not used: cannot write it: {error}"
                ));
                None
            }
        }
    }

    /// Says one line on stderr, and leaves one empty.
    pub fn say_apart(&self, line: impl Into<Line>) {
        self.notes.lines([line.into(), Line::new()]);
    }

    /// The way to stderr, for other threads.
    #[must_use]
    pub fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// Shows one line to people, on stdout. A line break in it is escaped: it may come from others.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn show(&mut self, line: impl Into<Line>) -> Result<(), Failure> {
        self.data(&format!("{}\n", line.into()))
    }

    /// Writes data for programs to stdout, as it is.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn data(&mut self, text: &str) -> Result<(), Failure> {
        self.stdout.write_all(text.as_bytes()).map_err(|error| cannot_write(&error))
    }

    /// Flushes stdout.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.stdout.flush().map_err(|error| cannot_write(&error))
    }

    /// Reads all of stdin, up to [`Io::max_index`] bytes.
    ///
    /// # Errors
    /// When it cannot be read, or is longer.
    pub fn read_stdin(&mut self) -> Result<Vec<u8>, Failure> {
        let limit = self.max_index();
        read_all(&mut self.stdin, limit, "stdin")
    }

    /// Reads a document that [`Io::print_document`] has printed: a file (its path goes from the working
    /// folder), or stdin for `-`.
    ///
    /// # Errors
    /// When it cannot be read, or is longer than [`Io::max_index`].
    pub fn read_document(&mut self, from: &str) -> Result<Vec<u8>, Failure> {
        if from == "-" {
            return self.read_stdin();
        }
        let file = File::open(self.folder.join(from)).map_err(|error| {
            let exit = match error.kind() {
                io::ErrorKind::NotFound => Exit::NotFound,
                _ => Exit::LocalIo,
            };
            Failure::new(exit, format!("cannot read {from}: {error}"))
        })?;
        read_all(file, self.max_index(), from)
    }

    /// Writes a document to stdout that is to be read again: nothing, where it is longer than that
    /// reader would take.
    ///
    /// # Errors
    /// When it is too long, or stdout cannot be written.
    pub fn print_document(&mut self, text: &str) -> Result<(), Failure> {
        let limit = self.max_index();
        match text.len() as u64 > limit {
            true => Err(too_long("the document", limit)),
            false => self.data(text),
        }
    }
}

fn read_all(from: impl Read, limit: u64, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(Exit::LocalIo, format!("cannot read {name}: {error}")))?;
    match bytes.len() as u64 > limit {
        true => Err(too_long(name, limit)),
        false => Ok(bytes),
    }
}

fn too_long(what: &str, limit: u64) -> Failure {
    let message = format!("{what} is longer than {limit} bytes");
    Failure::new(Exit::BadInput, message).hint(max_index_hint())
}

/// The failure for stdout that cannot be written; that nobody reads any more is not told.
#[must_use]
pub fn cannot_write(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::silent(Exit::BrokenPipe);
    }
    Failure::new(Exit::LocalIo, format!("cannot write to stdout: {error}"))
}

/// The way to stdout, shared by those who write to it in turn.
#[derive(Clone)]
pub struct Out(Arc<Mutex<Box<dyn Write + Send>>>);

impl Out {
    fn new(out: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(out))))
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// The way to stderr: shared by threads, a whole line at a time.
#[derive(Clone)]
pub struct Notes {
    out: Arc<Mutex<Box<dyn Write + Send>>>,
    terminal: bool,
}

impl Notes {
    fn new(out: Box<dyn Write + Send>, terminal: bool) -> Self {
        Self { out: Arc::new(Mutex::new(out)), terminal }
    }

    fn to_stderr() -> Self {
        Self::new(Box::new(io::stderr()), io::stderr().is_terminal())
    }

    /// Whether a person watches.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Says one line. A line break in it is escaped: it may come from others.
    pub fn say(&self, line: impl Into<Line>) {
        self.lines([line.into()]);
    }

    /// Says lines, without those of other threads in between.
    pub fn lines(&self, lines: impl IntoIterator<Item: Into<Line>>) {
        let text: String = lines.into_iter().map(|line| format!("{}\n", line.into())).collect();
        self.pass(text.as_bytes());
    }

    /// Says the beginning of a line, which the reader goes on with.
    pub(crate) fn prompt(&self, question: &str) {
        self.pass(Line::from(question).shown().as_bytes());
    }

    /// Passes bytes on as they are: what a process of others says for itself, and what was made
    /// printable before.
    pub fn pass(&self, bytes: &[u8]) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // With stderr gone there is nobody left to tell; the exit status still says how it went.
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }
}

fn input_of_process() -> Input {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Input::Terminal;
    }
    match rustix::fs::fstat(&stdin) {
        Ok(status) => match rustix::fs::FileType::from_raw_mode(status.st_mode) {
            rustix::fs::FileType::CharacterDevice => Input::Nothing,
            _ => Input::Data,
        },
        Err(_) => Input::Nothing,
    }
}
