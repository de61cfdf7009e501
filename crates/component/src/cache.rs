//! The download cache: asks each time whether what it has is still right, and does without the
//! network where there is none.

mod entry;
mod http;
mod objects;

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use store::Patience;

use crate::application::Environment;
use crate::console::Console;
use crate::text::sanitize;
use crate::value::Map;
use entry::Entry;

/// So many tries, before the network counts as gone; without `AWS_MAX_ATTEMPTS`.
const TRIES: u32 = 6;
/// Of requests that nobody answers fewer are worth their time.
const SILENT_TRIES: u32 = 2;
/// Without `JBP_RETRY_BASE_SECONDS`; 0.5, 1, 2, 4 and 8 seconds.
const FIRST_PAUSE: f64 = 0.5;
/// No pause is longer.
const LONGEST_PAUSE: f64 = 60.0;
/// Without `JBP_TIMEOUT_SECONDS` and `SLIPWAY_TIMEOUT`.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be fetched, and no cache has it.
    #[error("Unable to find cached file for {uri}")]
    NotCached {
        /// Its address, without secrets.
        uri: String,
    },
    /// A setting of the cache is not valid.
    #[error("{what}")]
    Setting {
        /// Which one, and what it must be.
        what: String,
    },
    /// A file of the cache cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why one attempt to fetch failed.
#[derive(Debug)]
enum Trouble {
    /// Nothing of it reached anybody; asking again is no use.
    Connect(String),
    /// Nobody answered in time.
    Silent(String),
    /// The answer was an error, or broke off.
    Answer(String),
    /// It does not depend on the network: a disk, a key that cannot be.
    Other(String),
}

impl Trouble {
    fn into_message(self) -> String {
        match self {
            Self::Connect(text) | Self::Silent(text) | Self::Answer(text) | Self::Other(text) => {
                text
            }
        }
    }
}

/// What one attempt came to.
#[derive(Debug, PartialEq, Eq)]
enum Fetched {
    /// The file is new.
    Anew,
    /// The one that is there is still right.
    StillRight,
}

/// A file of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// Where it is; not to be changed.
    pub path: PathBuf,
    /// Whether it was fetched just now.
    pub downloaded: bool,
}

/// The cache: one folder that is written to, and one that is only read.
pub struct Downloads {
    mutable: PathBuf,
    fallback: PathBuf,
    environment: Environment,
    console: Console,
    available: Cell<bool>,
    first_pause: f64,
    patience: Patience,
    http: http::Client,
}

const WHO: &str = "DownloadCache";

impl Downloads {
    /// A cache in the folder `mutable`. `settings` is the configuration `cache`.
    ///
    /// # Errors
    /// When a setting is not valid.
    pub fn new(
        mutable: &Path,
        fallback: &Path,
        settings: &Map,
        environment: &Environment,
        console: Console,
    ) -> Result<Self, Error> {
        let remote = settings.get("remote_downloads").map(ToString::to_string);
        let patience = patience(environment)?;
        Ok(Self {
            mutable: mutable.to_owned(),
            fallback: fallback.to_owned(),
            environment: environment.clone(),
            available: Cell::new(remote.as_deref() != Some("disabled")),
            first_pause: seconds(environment, "JBP_RETRY_BASE_SECONDS", FIRST_PAUSE)?,
            http: http::Client::new(settings, environment, patience.clone(), console.clone())?,
            patience,
            console,
        })
    }

    /// The file behind an address: `http(s)://`, `s3://bucket/key` or `file:///path`.
    ///
    /// # Errors
    /// [`Error::NotCached`] when it cannot be had in any way.
    pub fn get(&self, uri: &str) -> Result<Cached, Error> {
        if self.available.get() {
            let entry = Entry::new(&self.mutable, uri);
            match self.refresh(uri, &entry) {
                Ok(fetched) => {
                    let path = entry.cached().to_owned();
                    return Ok(Cached { path, downloaded: fetched == Fetched::Anew });
                }
                Err(trouble) => self.console.warn(
                    WHO,
                    format!(
                        "Unable to download {} into cache {}: {}",
                        sanitize(uri),
                        self.mutable.display(),
                        trouble.into_message()
                    ),
                ),
            }
        }
        for folder in [&self.mutable, &self.fallback] {
            let entry = Entry::new(folder, uri);
            if entry.is_cached() {
                let found = format!("{} found in cache {}", sanitize(uri), folder.display());
                self.console.debug(WHO, &found);
                return Ok(Cached { path: entry.cached().to_owned(), downloaded: false });
            }
        }
        Err(Error::NotCached { uri: sanitize(uri) })
    }

    /// Makes the entry right, as long as there is hope.
    fn refresh(&self, uri: &str, entry: &Entry) -> Result<Fetched, Trouble> {
        entry.make_folder().map_err(|error| Trouble::Other(error.to_string()))?;
        if !uri.starts_with("http://") && !uri.starts_with("https://") {
            return objects::fetch(uri, entry, &self.environment);
        }
        let mut failures = 0;
        loop {
            let trouble = match self.http.fetch(uri, entry) {
                Ok(fetched) => return Ok(fetched),
                Err(trouble @ (Trouble::Connect(_) | Trouble::Other(_))) => return Err(trouble),
                Err(trouble) => trouble,
            };
            failures += 1;
            let most = match trouble {
                Trouble::Silent(_) => self.patience.connect_attempts,
                _ => self.patience.attempts,
            };
            let message = trouble.into_message();
            if failures >= most {
                self.available.set(false);
                let gone = format!("Internet availability set to false: Request failed: {message}");
                self.console.warn("InternetAvailability", &gone);
                return Err(Trouble::Answer(message));
            }
            let pause = self.pause(failures);
            let again =
                format!("Request failure {failures}, retrying after {pause}s.  Failure: {message}");
            self.console.warn(WHO, &again);
            std::thread::sleep(Duration::from_secs_f64(pause));
        }
    }

    /// The pause after a failure, counted from 1: each is twice as long as the one before.
    fn pause(&self, failures: u32) -> f64 {
        (self.first_pause * f64::from(1_u32 << (failures - 1).min(16))).min(LONGEST_PAUSE)
    }
}

/// How long and how often a service is tried: as everywhere, where the buildpack's own variable and
/// defaults do not say otherwise.
fn patience(environment: &Environment) -> Result<Patience, Error> {
    let usual = Patience {
        connect: TIMEOUT,
        idle: TIMEOUT,
        attempts: TRIES,
        connect_attempts: SILENT_TRIES,
        ..Patience::default()
    };
    let mut patience = usual
        .with_env(&|name: &str| environment.get(name).cloned())
        .map_err(|error| Error::Setting { what: error.to_string() })?;
    let limit = seconds(environment, "JBP_TIMEOUT_SECONDS", patience.idle.as_secs_f64())?;
    if limit == 0.0 {
        return Err(Error::Setting { what: "JBP_TIMEOUT_SECONDS must be more than 0".into() });
    }
    if environment.get("JBP_TIMEOUT_SECONDS").is_some_and(|text| !text.is_empty()) {
        patience.idle = Duration::from_secs_f64(limit);
        patience.connect = patience.idle;
    }
    Ok(patience)
}

fn seconds(environment: &Environment, variable: &str, default: f64) -> Result<f64, Error> {
    match environment.get(variable).filter(|text| !text.is_empty()) {
        None => Ok(default),
        Some(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() && (0.0..=86_400.0).contains(&number) => Ok(number),
            _ => Err(Error::Setting {
                what: format!("{variable} is {text:?}: expected a number of seconds"),
            }),
        },
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
