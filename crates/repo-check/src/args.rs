//! The command line.

use std::path::PathBuf;

use archive::Limits;
use location::Location;
use repo_tool::Cache;
use repo_tool::open::Place;
use tool::{Age, Args, Failure, Io};

use crate::resolve::Resolve;

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    /// The repository, and how it is reached.
    pub target: Target,
    /// Write records instead of text.
    pub json: bool,
    /// Names that are no orphans.
    pub keep: Vec<String>,
    /// What to do.
    pub command: Command,
}

/// What to do with the repository.
#[derive(Debug)]
pub enum Command {
    /// Say what is wrong with it.
    Check(Check),
    /// Remove what nothing refers to.
    Gc(Box<Gc>),
    /// Ask what its service does.
    Service(Service),
}

/// How to ask the service.
#[derive(Debug)]
pub struct Service {
    /// Write more keys than a page of a listing has.
    pub thorough: bool,
}

/// How to check.
#[derive(Debug)]
pub struct Check {
    /// Read every archive.
    pub deep: bool,
    /// How much an archive may hold.
    pub limits: Limits,
    /// Archives may be elsewhere.
    pub allow_external: bool,
    /// Warnings count.
    pub strict: bool,
    /// Say all of it.
    pub all: bool,
    /// Ask the resolver.
    pub resolve: Option<Resolve>,
}

/// What to remove.
#[derive(Debug)]
pub struct Gc {
    /// Nothing younger.
    pub older_than: Age,
    /// How many snapshots stay; all, where it is not given.
    pub keep_snapshots: Option<usize>,
    /// How many generations of the history stay.
    pub keep_generations: usize,
    /// Lock files whose archives stay.
    pub locks: Vec<PathBuf>,
    /// Also archives that were deployed without a manifest.
    pub bare: bool,
    /// Do not ask.
    pub yes: bool,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Print the plan as JSON.
    pub plan: bool,
    /// Remove what a plan says.
    pub apply: Option<String>,
}

/// The repository, and how it is reached.
#[derive(Debug)]
pub struct Target {
    place: Option<(String, String)>,
    region: Option<String>,
    endpoint: Option<String>,
    /// Another URL under which readers know the bucket.
    public_url: Option<String>,
    /// Profile of the AWS configuration files.
    pub profile: Option<String>,
    /// The manifest cache.
    pub cache: Cache,
}

/// How many generations stay where nobody says: as many as a rollback is likely to go back.
pub const KEEP_GENERATIONS: usize = 100;

impl Options {
    /// Takes all arguments.
    pub fn parse(mut args: Args) -> Result<Self, Failure> {
        let (deep, strict) = (args.flag("--deep"), args.flag("--strict"));
        let allow_external = args.flag("--allow-external");
        let all = args.flag(["-a", "--all"]);
        let resolve = args.flag("--resolve");
        let stacks: Vec<String> = args.values("--stack")?;
        let against: Option<String> = args.value("--against")?;
        let is_gc = args.flag("--gc");
        let (is_service, thorough) = (args.flag("--service"), args.flag("--thorough"));
        let (bare, yes) = (args.flag("--bare"), args.flag(["-y", "--yes"]));
        let (dry_run, plan) = (args.flag(["-n", "--dry-run"]), args.flag("--plan"));
        let json = args.flag("--json");
        let cache = Cache::take_switch(&mut args);
        let older_than: Option<Age> = args.value("--older-than")?;
        let keep_snapshots: Option<usize> = args.value("--keep-snapshots")?;
        let keep_generations: Option<usize> = args.value("--keep-generations")?;
        let locks: Vec<PathBuf> = args.values("--lock")?;
        let apply: Option<String> = args.value("--apply")?;
        let keep = args.values("--keep")?;
        let (endpoint, profile) = (args.value("--endpoint")?, args.value("--profile")?);
        let region = args.value("--region")?;
        let public_url: Option<String> = args.value("--public-url")?;
        let cache = cache.take_value(&mut args)?;
        let limits = args.archive_limits()?;
        let place = match <[String; 2]>::try_from(args.rest()?) {
            Ok([bucket, prefix]) => Some((bucket, prefix)),
            Err(rest) if rest.is_empty() => None,
            Err(rest) if rest.len() == 1 => {
                return Err(Failure::arguments(format!(
                    "bucket {} is given without a prefix",
                    rest[0]
                ))
                .hint("Use '' for none. See --help for usage and examples."));
            }
            Err(rest) => {
                return Err(Failure::arguments(format!("unexpected argument {}", rest[2])));
            }
        };
        let given = [
            ("--older-than", older_than.is_some()),
            ("--keep-snapshots", keep_snapshots.is_some()),
            ("--keep-generations", keep_generations.is_some()),
            ("--lock", !locks.is_empty() && !resolve),
            ("--bare", bare),
            ("--yes", yes),
            ("--dry-run", dry_run),
            ("--plan", plan),
            ("--apply", apply.is_some()),
        ];
        let rules = &given[..5];
        let asked = [("--stack", !stacks.is_empty()), ("--against", against.is_some())];
        if let Some((name, _)) = asked.iter().find(|(_, given)| *given && !resolve) {
            return Err(Failure::arguments(format!(
                "{name} is for asking the resolver, with --resolve"
            )));
        }
        let other = [
            ("--deep", deep),
            ("--allow-external", allow_external),
            ("--strict", strict),
            ("--resolve", resolve),
        ];
        if thorough && !is_service {
            return Err(Failure::arguments("--thorough is for asking the service, with --service"));
        }
        let command = if is_service {
            let unasked = [("--gc", is_gc), ("--all", all), ("--keep", !keep.is_empty())];
            let mut unfit = given.iter().chain(&other).chain(&unasked);
            if let Some((name, _)) = unfit.find(|(_, given)| *given) {
                return Err(Failure::arguments(format!("{name} goes without --service")));
            }
            Command::Service(Service { thorough })
        } else if is_gc {
            if let Some((name, _)) = other.iter().find(|(_, given)| *given) {
                return Err(Failure::arguments(format!("{name} is for checking, without --gc")));
            }
            if plan && (json || dry_run || apply.is_some()) {
                return Err(Failure::arguments(
                    "--plan goes without --json, --dry-run and --apply",
                ));
            }
            let ruled = rules.iter().any(|(_, given)| *given) || !keep.is_empty();
            if apply.is_some() && ruled {
                return Err(Failure::arguments("with --apply, the plan says what is removed"));
            }
            Command::Gc(Box::new(Gc {
                older_than: older_than.unwrap_or_default(),
                keep_snapshots,
                keep_generations: keep_generations.unwrap_or(KEEP_GENERATIONS),
                locks,
                bare,
                yes,
                dry_run,
                plan,
                apply,
            }))
        } else {
            if let Some((name, _)) = given.iter().find(|(_, given)| *given) {
                return Err(Failure::arguments(format!("{name} is for removing, with --gc")));
            }
            let resolve = resolve.then_some(Resolve { stacks, locks, against });
            Command::Check(Check { deep, limits, allow_external, strict, all, resolve })
        };
        let target = Target { place, region, endpoint, public_url, profile, cache };
        Ok(Self { target, json, keep, command })
    }
}

impl Target {
    /// Another repository that is reached in the same way.
    pub fn beside(&self, io: &Io, bucket: &str, prefix: &str) -> Result<Location, Failure> {
        let place = Some((bucket.to_owned(), prefix.to_owned()));
        let (region, endpoint) = (self.region.clone(), self.endpoint.clone());
        let (public_url, cache) = (None, self.cache.clone());
        let profile = self.profile.clone();
        Self { place, region, endpoint, public_url, profile, cache }.location(io)
    }

    /// The repository: as the arguments say, else as the environment does.
    pub fn location(&self, io: &Io) -> Result<Location, Failure> {
        let mut location = self.place(io)?;
        let url = self.public_url.as_deref();
        location.known_as.extend(url.map(location::parse_public_url).transpose()?);
        Ok(location)
    }

    fn place(&self, io: &Io) -> Result<Location, Failure> {
        let plain = self.region.is_none() && self.endpoint.is_none() && self.profile.is_none();
        let (bucket, prefix) = match &self.place {
            None if plain => return io.own_location(),
            None => {
                let own = io.own_location()?;
                (own.bucket, own.prefix.to_string())
            }
            Some(place) => place.clone(),
        };
        let region = self.region.clone().or_else(|| io.env("S3_REGION"));
        let endpoint = self.endpoint.clone().map(|url| ("--endpoint", url));
        let profile = self.profile.clone();
        Place { bucket, prefix, region, endpoint, profile }.location(io)
    }
}

#[cfg(test)]
mod tests {
    use tool::Exit;

    use super::*;

    fn parse(texts: &[&str]) -> Result<Options, Failure> {
        Options::parse(Args::new(texts.iter().map(Into::into).collect()))
    }

    #[test]
    fn checking() {
        let options = parse(&["b", "p/", "--deep", "--keep", "x*", "--keep=y"]).unwrap();
        assert_eq!(options.target.place, Some(("b".to_owned(), "p/".to_owned())));
        assert_eq!(options.keep, ["x*", "y"]);
        assert!(matches!(options.command, Command::Check(Check { deep: true, strict: false, .. })));
        assert_eq!(parse(&[]).unwrap().target.place, None);
    }

    #[test]
    fn removing() {
        let texts =
            ["--gc", "--older-than", "36h", "--keep-snapshots=2", "--lock", "a", "--lock=b"];
        let Command::Gc(gc) = parse(&texts).unwrap().command else { panic!("{texts:?}") };
        assert_eq!(gc.older_than.to_string(), "36h");
        assert_eq!((gc.keep_snapshots, gc.keep_generations), (Some(2), KEEP_GENERATIONS));
        assert_eq!(gc.locks, [PathBuf::from("a"), PathBuf::from("b")]);
        let Command::Gc(gc) = parse(&["--gc"]).unwrap().command else { panic!() };
        assert_eq!(gc.older_than.to_string(), "7d");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let cases: &[&[&str]] = &[
            &["b"],
            &["b", "p/", "x"],
            &["--yes"],
            &["--older-than", "7d"],
            &["--lock", "x"],
            &["--gc", "--older-than", "7"],
            &["--gc", "--older-than", "-7d"],
            &["--gc", "--keep-snapshots", "x"],
            &["--gc", "--deep"],
            &["--gc", "--allow-external"],
            &["--gc", "--resolve"],
            &["--stack", "heroku-24"],
            &["--against", "b/p/"],
            &["--service", "--gc"],
            &["--service", "--deep"],
            &["--service", "--keep", "x"],
            &["--thorough"],
            &["--gc", "--plan", "--dry-run"],
            &["--gc", "--plan", "--json"],
            &["--gc", "--apply", "plan", "--bare"],
            &["--gc", "--apply", "plan", "--keep", "x"],
            &["--keep"],
            &["-x"],
        ];
        for texts in cases {
            assert_eq!(parse(texts).unwrap_err().exit, Exit::Usage, "{texts:?}");
        }
    }

    #[test]
    fn every_option_stands_in_the_help() {
        let cache = ["--no-cache", "--cache-dir"];
        for option in
            test_kit::options_in(include_str!("args.rs")).chain(cache).chain(tool::LIMIT_OPTIONS)
        {
            assert!(crate::TOOL.help.contains(option), "{option}");
        }
    }
}
