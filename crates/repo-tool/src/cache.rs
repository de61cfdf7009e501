//! The options of the manifest cache.

use std::path::PathBuf;

use tool::{Args, Failure, Io};

/// Whether and where manifests are cached: `--no-cache`, `--cache-dir DIR`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cache {
    off: bool,
    folder: Option<PathBuf>,
}

impl Cache {
    /// Takes the switch; call it with the other switches, before options with values.
    pub fn take_switch(args: &mut Args) -> Self {
        Self { off: args.flag("--no-cache"), folder: None }
    }

    /// Takes the option with a value.
    ///
    /// # Errors
    /// When the value is missing.
    pub fn take_value(self, args: &mut Args) -> Result<Self, Failure> {
        Ok(Self { folder: args.value("--cache-dir")?, ..self })
    }

    /// The folder, if manifests are to be cached, and no other user can have written to it.
    #[must_use]
    pub fn folder(&self, io: &Io) -> Option<PathBuf> {
        if self.off {
            return None;
        }
        let folder = match &self.folder {
            Some(folder) => Some(io.folder().join(folder)),
            None => repository::cache::default_folder(&io.env_fn()),
        };
        io.cache(folder?)
    }
}
