//! What components are built on.
//!
//! - [`BaseComponent`]: the context under its own names, downloads, output. Every component has one.
//! - [`Versioned`]: a component with a dependency in a repository; it finds the version and detects
//!   by it.
//! - [`Modular`]: a component that is made of others.

mod expand;
mod modular;
mod versioned;

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use archive::Selection;
pub use modular::{Modular, ModularComponent};
pub use versioned::{Dependency, Versioned, VersionedDependencyComponent};

use crate::application::Application;
use crate::component::Context;
use crate::console::Console;
use crate::droplet::Droplet;
use crate::error::Error;
use crate::names;
use crate::paths;
use crate::text::{Style, sanitize};
use crate::value::Map;

/// What every component starts from.
#[derive(Clone)]
pub struct BaseComponent {
    /// All that the component was given.
    pub context: Context,
    class: &'static str,
    name: String,
}

impl BaseComponent {
    /// For the class of this name.
    #[must_use]
    pub fn new(context: Context, class: &'static str) -> Self {
        Self { context, class, name: names::display(class) }
    }

    /// The same under another name in messages.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The application, to look at.
    #[must_use]
    pub fn application(&self) -> &Rc<Application> {
        &self.context.application
    }

    /// The component's configuration.
    #[must_use]
    pub fn configuration(&self) -> &Map {
        &self.context.configuration
    }

    /// The droplet, to change.
    #[must_use]
    pub fn droplet(&self) -> &Droplet {
        &self.context.droplet
    }

    /// Where the component says what it does.
    #[must_use]
    pub fn console(&self) -> &Console {
        &self.context.console
    }

    /// The component's name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The component's name in detect tags.
    #[must_use]
    pub fn tag(&self) -> String {
        names::tag(self.class)
    }

    /// Fetches a file, saying so, and hands it on.
    ///
    /// # Errors
    /// When it cannot be had, and those of `then`.
    pub fn download<T>(
        &self,
        version: &str,
        uri: &str,
        name: Option<&str>,
        then: impl FnOnce(&Path) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let start = Instant::now();
        let console = self.console();
        let paint = console.paint();
        let downloading = console
            .arrow()
            .text(" Downloading ")
            .append(&paint.paint(name.unwrap_or(&self.name), &[Style::Blue, Style::Bold]))
            .text(" ")
            .append(&paint.paint(version, &[Style::Blue]))
            .text(&format!(" from {} ", sanitize(uri)));
        console.print(&downloading);
        let cached = match self.context.downloads.get(uri) {
            Ok(cached) => cached,
            Err(error) => {
                console.say("");
                return Err(error.into());
            }
        };
        if cached.downloaded {
            console.say(console.took(start.elapsed()));
        } else {
            console.say(paint.paint("(found in cache)", &[Style::Green, Style::Italic]));
        }
        then(&cached.path)
    }

    /// Fetches a single file to `target`. It may come alone in a `.tar.gz`, as packages do.
    ///
    /// # Errors
    /// When it cannot be had or written, or `target` is outside of the droplet.
    pub fn download_file(
        &self,
        version: &str,
        uri: &str,
        target: &Path,
        name: Option<&str>,
    ) -> Result<(), Error> {
        self.download(version, uri, name, |file| {
            self.make_folder(target.parent().unwrap_or(target))?;
            self.check_inside(target)?;
            let whose = name.unwrap_or(&self.name);
            let single = expand::single_file(file, uri, &self.context.limits, whose)?;
            let from = single.as_ref().map_or(file, expand::Single::path);
            let mut source =
                fs::File::open(from).map_err(Error::io(format!("read {}", from.display())))?;
            let what = format!("write {}", target.display());
            // A link that is there is replaced, never written through.
            if target.is_symlink() {
                fs::remove_file(target).map_err(Error::io(what.clone()))?;
            }
            let mut written = fs::File::create(target).map_err(Error::io(what.clone()))?;
            std::io::copy(&mut source, &mut written).map_err(Error::io(what))?;
            Ok(())
        })
    }

    /// Fetches a JAR into a folder, the sandbox by default.
    ///
    /// # Errors
    /// As [`BaseComponent::download_file`].
    pub fn download_jar(
        &self,
        version: &str,
        uri: &str,
        jar_name: &str,
        folder: Option<&Path>,
        name: Option<&str>,
    ) -> Result<(), Error> {
        let folder = folder.unwrap_or_else(|| self.droplet().sandbox_path());
        self.download_file(version, uri, &folder.join(jar_name), name)
    }

    /// Fetches a tar archive, whatever it is compressed with, and unpacks it over a folder, the
    /// sandbox by default; without its top folder if `strip` says so.
    ///
    /// # Errors
    /// When it cannot be had, is not safe to unpack, or the folder is outside of the droplet.
    pub fn download_tar(
        &self,
        version: &str,
        uri: &str,
        strip: bool,
        folder: Option<&Path>,
        name: Option<&str>,
    ) -> Result<(), Error> {
        self.download(version, uri, name, |file| {
            let folder = folder.unwrap_or_else(|| self.droplet().sandbox_path());
            let whose = name.unwrap_or(&self.name);
            self.expanding(whose, folder, || self.expand_tar(file, strip, &[], folder, whose))
        })
    }

    /// Fetches a ZIP archive and unpacks it over a folder, the sandbox by default. With `strip`,
    /// its first top folder becomes that folder, which must not be there yet.
    ///
    /// # Errors
    /// As [`BaseComponent::download_tar`].
    pub fn download_zip(
        &self,
        version: &str,
        uri: &str,
        strip: bool,
        folder: Option<&Path>,
        name: Option<&str>,
    ) -> Result<(), Error> {
        self.download(version, uri, name, |file| {
            let folder = folder.unwrap_or_else(|| self.droplet().sandbox_path());
            let whose = name.unwrap_or(&self.name);
            self.expanding(whose, folder, || {
                self.check_inside(folder)?;
                let parent = folder.parent().unwrap_or(folder);
                self.make_folder(if strip { parent } else { folder })?;
                expand::zip(file, strip, folder, &self.context.limits, whose)
            })
        })
    }

    /// Unpacks a tar archive over a folder, without what has one of the names `exclude`.
    ///
    /// # Errors
    /// When it is not safe to unpack, or the folder is outside of the droplet.
    pub fn expand_tar(
        &self,
        file: &Path,
        strip: bool,
        exclude: &[&str],
        folder: &Path,
        name: &str,
    ) -> Result<(), Error> {
        self.make_folder(folder)?;
        let selection = Selection {
            strip: usize::from(strip),
            exclude: exclude.iter().map(|name| (*name).to_owned()).collect(),
            plain: true,
        };
        expand::tar(file, &selection, folder, &self.context.limits, name)
    }

    /// Says that something is unpacked, does it, and says how long it took.
    ///
    /// # Errors
    /// Those of the work.
    pub fn expanding<T>(
        &self,
        name: &str,
        folder: &Path,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let place = paths::relative(folder, self.droplet().root_path());
        let caption = format!("Expanding {name} to {}", place.display());
        self.with_timing(&caption, false, work)
    }

    /// Says what is done, does it, and says how long it took.
    ///
    /// # Errors
    /// Those of the work.
    pub fn with_timing<T>(
        &self,
        caption: &str,
        arrow: bool,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.console().with_timing(caption, arrow, work)
    }

    /// Makes a folder of the droplet.
    ///
    /// # Errors
    /// When it cannot be made, or is outside.
    pub fn make_folder(&self, folder: &Path) -> Result<(), Error> {
        self.check_inside(folder)?;
        fs::create_dir_all(folder).map_err(Error::io(format!("make {}", folder.display())))
    }

    /// Writes a file of the droplet, with the folders above it.
    ///
    /// # Errors
    /// When it cannot be written, or is outside.
    pub fn write(&self, file: &Path, text: &str) -> Result<(), Error> {
        self.make_folder(file.parent().unwrap_or(file))?;
        self.check_inside(file)?;
        fs::write(file, text).map_err(Error::io(format!("write {}", file.display())))
    }

    /// Makes sure that what is written to a path stays in the droplet.
    ///
    /// # Errors
    /// When it would not.
    pub fn check_inside(&self, path: &Path) -> Result<(), Error> {
        self.droplet().check_inside(path).map_err(Error::io("leave the droplet"))
    }

    /// A path in the sandbox.
    #[must_use]
    pub fn in_sandbox(&self, name: impl AsRef<Path>) -> PathBuf {
        self.droplet().sandbox_path().join(name)
    }
}
