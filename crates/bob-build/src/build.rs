//! The run from formulae to records.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use archive::{Limits, PackOptions};
use location::{Location, Role};
use record::Build;
use tool::{Failure, Input, Io, Notes, Records};

use crate::args::Options;
use crate::build_path::{BuildPath, Guarded};
use crate::cache::Cache;
use crate::dependencies::{Built, Sources};
use crate::formula::Formula;
use crate::output::Output;
use crate::process::Run;
use crate::source::Source;
use crate::{Error, TOOL, manifest_file, order};

/// Where formulae are installed unless they or the environment say otherwise.
const BUILD_PATH: &str = "/app/.heroku/";

/// A session: everything that the builds of one run share.
struct Session<'a> {
    options: &'a Options,
    own: Location,
    workspace: PathBuf,
    default_build_path: String,
    home: Option<PathBuf>,
    pack: PackOptions,
    cache: Cache,
    input: Input,
    /// Whether the formula's words go to stdout, which carries no records then.
    words_to_stdout: bool,
    notes: Notes,
}

pub(crate) fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    if options.dry_run {
        return with(options, io, None);
    }
    // Whatever goes wrong, the reader of the records is to know.
    io.with_records(&TOOL, options.records.as_deref(), |io, records| {
        with(options, io, Some(records))
    })
}

/// Builds; without records, only says what would be built.
fn with(options: &Options, io: &mut Io, records: Option<&mut Records>) -> Result<(), Failure> {
    let own = io.own_location()?;
    let folder = io.folder().to_owned();
    let workspace = folder.join(io.env("WORKSPACE_DIR").unwrap_or_else(|| "workspace".to_owned()));
    let formulae = options
        .formulae
        .iter()
        .map(|argument| Formula::find(argument, &workspace, &folder))
        .collect::<Result<Vec<_>, _>>()?;
    let formulae = order::sort(formulae)?;
    let session = Session {
        options,
        workspace,
        default_build_path: io.env("DEFAULT_BUILD_PATH").unwrap_or_else(|| BUILD_PATH.to_owned()),
        home: io.env("HOME").map(PathBuf::from),
        pack: pack_options(options, io)?,
        cache: Cache::open(cache_folder(options, io), io),
        input: io.input(),
        words_to_stdout: options.records.is_some(),
        notes: io.notes(),
        own: own.clone(),
    };
    let env = io.env_fn();
    let open = |location| {
        Source::open(location, &io.store_options(), &env, io.notes()).map_err(Error::from)
    };
    // Without dependencies there is no need for a network, nor for credentials.
    let sources = match formulae.iter().any(|formula| !formula.header.dependencies.is_empty()) {
        false => None,
        true => Some(Sources {
            own: open(own)?,
            upstream: Location::from_env(Role::Upstream, &env)?.map(open).transpose()?,
            cache: &session.cache,
            limits: options.limits.clone(),
            notes: io.notes(),
        }),
    };
    match records {
        None => session.dry_run(&formulae, sources.as_ref()),
        Some(records) => Ok(session.build_all(&formulae, sources.as_ref(), records)?),
    }
}

impl Session<'_> {
    fn build_all(
        &self,
        formulae: &[Formula],
        sources: Option<&Sources<'_>>,
        records: &mut Records,
    ) -> Result<(), Error> {
        let mut built = Built::new();
        for formula in formulae {
            let output = Output::new(self.options.output.as_deref())?;
            let build = self.build(formula, sources, &built, &output)?;
            let archive = build.archive.clone();
            let key = self.own.key(&format!("{}.tar.gz", build.name));
            write(records, build, &output)?;
            if self.keeps_files() {
                output.hand_over();
            }
            if let Some(archive) = archive {
                built.insert(key, (archive.path, archive.sha256));
            }
        }
        Ok(())
    }

    /// Whether a build leaves files. Only to build, and to be told of it, leaves none.
    fn keeps_files(&self) -> bool {
        self.options.archive || self.options.output.is_some()
    }

    /// Builds one formula into `output`.
    fn build(
        &self,
        formula: &Formula,
        sources: Option<&Sources<'_>>,
        built: &Built,
        output: &Output,
    ) -> Result<Build, Error> {
        let say = |line: &str| self.notes.say(line);
        let given = formula.header.build_path.as_deref().unwrap_or(&self.default_build_path);
        let guarded = Guarded { workspace: &self.workspace, home: self.home.clone() };
        let build_path = BuildPath::prepare(given, &guarded, || {
            say(&format!("Waiting for another build in {given}..."));
        })?;
        let mut dependencies = Vec::new();
        if let Some(sources) = sources.filter(|_| !formula.header.dependencies.is_empty()) {
            let found = sources.find(&formula.header.dependencies, built)?;
            dependencies = sources.unpack(&found, &build_path.real)?;
            say("");
        }

        let folder = scratch::Folder::new("bob-").map_err(Error::local("TMPDIR"))?;
        say(&format!("Building formula {} in {}:", formula.name, folder.path().display()));
        say("");
        let name = self.options.name.as_deref().unwrap_or(&formula.name);
        let (log_path, log) = output.log(name)?;
        let command_folder = manifest_file::command_folder().map_err(Error::local("TMPDIR"))?;
        let command_file = command_folder.path().join("command");
        let started = Instant::now();
        let words: Box<dyn Write + Send> = match self.words_to_stdout {
            true => Box::new(std::io::stdout()),
            false => Box::new(std::io::stderr()),
        };
        let run = Run {
            formula: &formula.path,
            build_path: &build_path.given,
            name: self.options.name.as_deref(),
            folder: folder.path(),
            prefix: self.own.prefix.as_str(),
            manifest_cmd: self.options.manifest.then_some(command_file.as_path()),
            pass_credentials: self.options.pass_credentials,
            input: self.input,
        };
        run.to_end(log, words)?;
        let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        say("");
        say(&format!("Build complete: {}", build_path.given));

        let manifest = match self.options.manifest {
            true => manifest_file::find(&formula.name, folder.path(), &command_file)?,
            false => None,
        };
        if self.options.require_manifest && manifest.is_none() {
            return Err(Error::NoManifest { name: formula.name.clone() });
        }
        let archive = match self.options.archive {
            true => match self.pack(&build_path.real, name, output) {
                Ok(archive) => Some(archive),
                Err(error) => {
                    self.keep(&build_path.given, folder);
                    return Err(error);
                }
            },
            false => None,
        };
        if !self.options.manifest {
            leave_manifests(folder);
        }
        Ok(Build {
            formula: formula.name.clone(),
            name: name.to_owned(),
            build_path: build_path.given.into(),
            archive,
            manifest: manifest
                .filter(|_| self.keeps_files())
                .map(|written| output.keep_manifest(&written))
                .transpose()?,
            dependencies: Some(dependencies),
            dependencies_file: None,
            seconds,
            log: self.keeps_files().then_some(log_path),
            temporary: output.is_temporary(),
        })
    }

    fn pack(&self, tree: &Path, name: &str, output: &Output) -> Result<record::Archive, Error> {
        self.notes.say("Archiving.");
        let named = self.options.archive_file.as_deref();
        let (archive, packed) = output.pack(tree, name, named, &self.pack)?;
        for socket in &packed.sockets {
            self.notes.say(format!(
                "WARNING: {} is a socket, which no archive can hold: it is left out.",
                socket.display()
            ));
        }
        if let Some((what, limit)) = Limits::default().exceeded_by(&packed) {
            let option = tool::limit_option(what).unwrap_or_default();
            self.notes.say(format!(
                "WARNING: the archive has more than {limit} {what}: to unpack it, {option} has to be \
                 given."
            ));
        }
        self.notes.say(format!("Created: {}", archive.path.display()));
        Ok(archive)
    }

    /// Says what is left of a build that cannot be packed: nothing of an hour's work is lost.
    fn keep(&self, build_path: &str, folder: scratch::Folder) {
        self.notes.say(format!("What was built is still in {build_path}, until the next build."));
        if let Some(folder) = leave_manifests(folder) {
            self.notes.say(format!("Its manifest is in {}.", folder.display()));
        }
    }

    fn dry_run(&self, formulae: &[Formula], sources: Option<&Sources<'_>>) -> Result<(), Failure> {
        // What would be built before it counts as being there.
        let mut built = Built::new();
        for formula in formulae {
            let found = match sources {
                Some(sources) => sources.find(&formula.header.dependencies, &built)?,
                None => Vec::new(),
            };
            let path = formula.header.build_path.as_deref().unwrap_or(&self.default_build_path);
            self.notes.say(format!("Would build formula {} into {path}", formula.name));
            for found in found {
                self.notes.say(format!("  with {}", found.describe()));
            }
            let name = self.options.name.as_deref().unwrap_or(&formula.name);
            built.insert(self.own.key(&format!("{name}.tar.gz")), Default::default());
        }
        Ok(())
    }
}

/// Writes a record; dependencies that do not fit in a line go to a file beside the archive.
fn write(records: &mut Records, mut build: Build, output: &Output) -> Result<(), Error> {
    match records.write(build.clone()) {
        Err(record::Error::TooLong { .. }) => {}
        other => return Ok(other?),
    }
    let path = output.place(&format!("{}.dependencies.json", build.name))?;
    let unfit =
        |source: serde_json::Error| Error::Local { path: path.clone(), source: source.into() };
    let bytes = serde_json::to_vec(&build.dependencies.take()).map_err(unfit)?;
    fs::write(&path, bytes).map_err(Error::local(&path))?;
    build.dependencies_file = Some(path);
    Ok(records.write(build)?)
}

/// Leaves only the manifests of a working folder, and says where: the formula has told the user to
/// upload them.
fn leave_manifests(folder: scratch::Folder) -> Option<PathBuf> {
    let is_manifest = |path: &Path| {
        path.to_str().is_some_and(|path| path.ends_with(manifest::FILE_SUFFIX)) && path.is_file()
    };
    let paths: Vec<PathBuf> = fs::read_dir(folder.path())
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    if !paths.iter().any(|path| is_manifest(path)) {
        return None;
    }
    for path in paths.iter().filter(|path| !is_manifest(path)) {
        // What cannot be removed stays beside the manifest.
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
    }
    Some(folder.keep())
}

fn pack_options(options: &Options, io: &Io) -> Result<PackOptions, Error> {
    let mut pack = PackOptions { effort: options.effort, ..PackOptions::default() };
    if let Some(value) = io.env("SOURCE_DATE_EPOCH") {
        let seconds = value.parse().map_err(|_| Error::Epoch { value })?;
        pack.mtime_limit = Some(seconds);
    }
    Ok(pack)
}

/// The folder of downloaded archives: as given, else where the user's caches are.
fn cache_folder(options: &Options, io: &Io) -> Option<PathBuf> {
    if options.no_cache {
        return None;
    }
    let user = || {
        let home = || Some(PathBuf::from(io.env("HOME")?).join(".cache"));
        let caches = io.env("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)?;
        caches.is_absolute().then(|| caches.join("slipway/archives"))
    };
    options.cache.clone().map(|folder| io.folder().join(folder)).or_else(user)
}
