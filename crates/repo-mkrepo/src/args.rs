//! The command line.

use std::path::PathBuf;

use location::Location;
use manifest::FILE_SUFFIX;
use repo_tool::Cache;
use repo_tool::open::Place;
use tool::{Args, Exit, Failure, Io};

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    /// An index from manifests.
    Make(Options),
    /// `log`: the generations.
    Log(Log),
    /// `diff`: what differs between two of them.
    Diff(Diff),
    /// `rollback`: back to one of them.
    Rollback(Rollback),
}

/// An index from manifests.
#[derive(Debug)]
pub struct Options {
    /// Publish.
    pub upload: bool,
    /// Also publish under this name; of no consequence where nothing is published.
    pub snapshot: Option<String>,
    /// Where records go instead of stdout.
    pub records: Option<PathBuf>,
    /// Write `packages.json` compressed or plain; as it was before, where nobody says.
    pub gzip: Option<bool>,
    /// Publish nothing that cannot be installed.
    pub check: bool,
    /// The manifest cache.
    pub cache: Cache,
    /// Bucket and prefix, where given.
    pub place: Named,
    /// Local manifests to use instead of the bucket's.
    pub manifests: Vec<PathBuf>,
}

/// `log`: the generations.
#[derive(Debug)]
pub struct Log {
    /// As JSON.
    pub json: bool,
    /// At most so many.
    pub count: Option<usize>,
    /// Bucket and prefix, where given.
    pub place: Named,
}

/// `diff`: what differs between two generations.
#[derive(Debug)]
pub struct Diff {
    /// As JSON.
    pub json: bool,
    /// The older one, as named; or the newer.
    pub from: String,
    /// The other one.
    pub to: String,
    /// Bucket and prefix, where given.
    pub place: Named,
}

/// `rollback`: back to a generation.
#[derive(Debug)]
pub struct Rollback {
    /// The generation, as named.
    pub to: String,
    /// Do not ask.
    pub yes: bool,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Where records go instead of stdout.
    pub records: Option<PathBuf>,
    /// The manifest cache.
    pub cache: Cache,
    /// Bucket and prefix, where given.
    pub place: Named,
}

/// Bucket and prefix, where given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named(Option<(String, String)>);

impl Command {
    /// Takes all arguments.
    pub fn parse(mut args: Args, io: &Io) -> Result<Self, Failure> {
        let upload = args.flag("--upload");
        let (gzip, plain) = (args.flag("--gzip"), args.flag("--no-gzip"));
        let check = args.flag("--check");
        let json = args.flag("--json");
        let yes = args.flag(["-y", "--yes"]);
        let dry_run = args.flag("--dry-run");
        let cache = Cache::take_switch(&mut args);
        let snapshot: Option<String> = args.value(["-c", "--snapshot"])?;
        let records: Option<PathBuf> = args.value("--records")?;
        let count: Option<usize> = args.value(["-n", "--max-count"])?;
        let cache = cache.take_value(&mut args)?;
        let rest = args.rest()?;

        let verb = Some(&rest).filter(|_| !upload).and_then(|rest| Verb::of(rest));
        let only = |given: bool, option: &str, verbs: &[&str]| {
            let name = verb.as_ref().map_or("generating", Verb::name);
            match given && !verbs.contains(&name) {
                true => Err(Failure::arguments(format!("{option} has no meaning with {name}"))),
                false => Ok(()),
            }
        };
        only(json, "--json", &["log", "diff"])?;
        only(count.is_some(), "-n", &["log"])?;
        only(yes, "--yes", &["rollback"])?;
        only(dry_run, "--dry-run", &["rollback"])?;
        only(snapshot.is_some(), "-c", &["generating"])?;
        if gzip && plain {
            return Err(Failure::usage("--gzip and --no-gzip exclude each other"));
        }
        if (gzip || plain) && !upload {
            let option = if gzip { "--gzip" } else { "--no-gzip" };
            return Err(Failure::arguments(format!("{option} has a meaning with --upload only")));
        }
        if check && !upload {
            return Err(Failure::usage("--check has a meaning with --upload only")
                .hint("'repo-check --resolve' checks what is published."));
        }
        let gzip = (gzip || plain).then_some(gzip);
        match verb {
            None => {
                let options = make(upload, snapshot, records, cache, &rest, io)?;
                Ok(Self::Make(Options { gzip, check, ..options }))
            }
            Some(Verb::Log(place)) => Ok(Self::Log(Log { json, count, place })),
            Some(Verb::Diff(from, to, place)) => Ok(Self::Diff(Diff { json, from, to, place })),
            Some(Verb::Rollback(to, place)) => {
                Ok(Self::Rollback(Rollback { to, yes, dry_run, records, cache, place }))
            }
        }
    }
}

/// A verb with its arguments.
enum Verb {
    Log(Named),
    Diff(String, String, Named),
    Rollback(String, Named),
}

impl Verb {
    /// The verb that the arguments begin with. They may also be a bucket of that name, a prefix and
    /// manifests: the one is told from the other by the count and by what looks like a prefix or a
    /// manifest. Anything else is meant as a generation, if there is none of that name.
    fn of(rest: &[String]) -> Option<Self> {
        let place = |rest: &[String]| match rest {
            [] => Some(Named(None)),
            [bucket, prefix] => Some(Named(Some((bucket.clone(), prefix.clone())))),
            _ => None,
        };
        let generation = |text: &String| {
            let other = text.is_empty() || text.contains('/') || text.ends_with(FILE_SUFFIX);
            (!other).then(|| text.clone())
        };
        match rest {
            [verb, rest @ ..] if verb == "log" => place(rest).map(Self::Log),
            [verb, from, to, rest @ ..] if verb == "diff" => {
                Some(Self::Diff(generation(from)?, generation(to)?, place(rest)?))
            }
            [verb, to, rest @ ..] if verb == "rollback" => {
                Some(Self::Rollback(generation(to)?, place(rest)?))
            }
            _ => None,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Log(_) => "log",
            Self::Diff(..) => "diff",
            Self::Rollback(..) => "rollback",
        }
    }
}

fn make(
    upload: bool,
    snapshot: Option<String>,
    records: Option<PathBuf>,
    cache: Cache,
    rest: &[String],
    io: &Io,
) -> Result<Options, Failure> {
    let is_file = |name: &String| io.folder().join(name).is_file();
    let (place, manifests) = match rest {
        [] => (None, &[][..]),
        // Two forms of old: a bucket and prefix first, or manifests only.
        [first, ..] if is_file(first) => (None, rest),
        [first, ..] if first.ends_with(FILE_SUFFIX) => {
            return Err(Failure::new(Exit::NotFound, format!("{first} does not exist")));
        }
        [verb] if ["diff", "rollback"].contains(&verb.as_str()) => {
            return Err(Failure::usage(format!("{verb} needs to know the generation"))
                .hint("'repo-mkrepo log' lists them."));
        }
        [bucket, prefix, manifests @ ..] => (Some((bucket.clone(), prefix.clone())), manifests),
        [bucket] => {
            return Err(Failure::usage(format!("bucket {bucket} is given without a prefix"))
                .hint("Use '' for none. See --help for usage and examples."));
        }
    };
    let manifests = manifests.iter().map(|name| io.folder().join(name)).collect();
    let (gzip, place) = (None, Named(place));
    Ok(Options { upload, snapshot, records, gzip, check: false, cache, place, manifests })
}

impl Named {
    /// Bucket and prefix as arguments.
    pub fn words(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flat_map(|(bucket, prefix)| [bucket, prefix])
    }

    /// The repository: as the arguments say, else as the environment does.
    pub fn location(&self, io: &Io) -> Result<Location, Failure> {
        match &self.0 {
            None => io.own_location(),
            Some((bucket, prefix)) => Place {
                bucket: bucket.clone(),
                prefix: prefix.clone(),
                region: io.env("S3_REGION"),
                ..Place::default()
            }
            .location(io),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(texts: &[&str]) -> Result<Command, Failure> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let io = Io::of_parts(b"", std::io::sink(), std::io::sink(), &[], folder);
        Command::parse(Args::new(texts.iter().map(Into::into).collect()), &io)
    }

    fn named(place: Option<(&str, &str)>) -> Named {
        Named(place.map(|(bucket, prefix)| (bucket.to_owned(), prefix.to_owned())))
    }

    #[test]
    fn a_bucket_is_what_is_no_file() {
        let check = |texts: &[&str], place: Option<(&str, &str)>, manifests: usize| {
            let Command::Make(options) = command(texts).unwrap() else { panic!("{texts:?}") };
            assert_eq!(options.place, named(place), "{texts:?}");
            assert_eq!(options.manifests.len(), manifests, "{texts:?}");
        };
        check(&[], None, 0);
        check(&["b", "p/"], Some(("b", "p/")), 0);
        check(&["b", ""], Some(("b", "")), 0);
        check(&["b", "p/", "Cargo.toml"], Some(("b", "p/")), 1);
        check(&["Cargo.toml", "src/lib.rs"], None, 2);
        // Buckets may be called as the verbs are.
        check(&["log", "p/"], Some(("log", "p/")), 0);
        check(&["diff", "p/"], Some(("diff", "p/")), 0);
        check(&["rollback", "p/"], Some(("rollback", "p/")), 0);
        check(&["rollback", ""], Some(("rollback", "")), 0);
        check(&["diff", "p/", "gone.composer.json"], Some(("diff", "p/")), 1);
        check(&["--upload", "rollback", "1"], Some(("rollback", "1")), 0);
    }

    #[test]
    fn verbs() {
        let place = Some(("b", "p/"));
        for (texts, expected) in [(&["log"][..], None), (&["log", "-n3", "b", "p/"], place)] {
            let Command::Log(log) = command(texts).unwrap() else { panic!("{texts:?}") };
            assert_eq!(log.place, named(expected));
            assert_eq!(log.count, (texts.len() > 1).then_some(3));
        }
        for (texts, expected) in [
            (&["diff", "1", "HEAD", "--json"][..], None),
            (&["diff", "HEAD~2", "0000000003-8f3a12bc34de", "b", "p/"], place),
            // Whatever is no prefix is meant as a generation: there is none of that name then.
            (&["diff", "head", "%s", "b", "p/"], place),
        ] {
            let Command::Diff(diff) = command(texts).unwrap() else { panic!("{texts:?}") };
            assert_eq!(diff.place, named(expected));
            assert_eq!([&diff.from, &diff.to], [texts[1], texts[2]]);
        }
        let Command::Rollback(back) = command(&["rollback", "7", "--yes"]).unwrap() else {
            panic!("it is one");
        };
        assert_eq!((back.to.as_str(), back.yes, back.dry_run), ("7", true, false));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let cases: &[(&[&str], Exit)] = &[
            (&["b"], Exit::Usage),
            (&["gone.composer.json"], Exit::NotFound),
            (&["--upload", "-c"], Exit::Usage),
            (&["-x"], Exit::Usage),
            (&["--json"], Exit::Usage),
            (&["--yes", "log"], Exit::Usage),
            (&["--upload", "--dry-run"], Exit::Usage),
            (&["rollback"], Exit::Usage),
            (&["diff"], Exit::Usage),
            (&["log", "-n", "x"], Exit::Usage),
            (&["rollback", "1", "-c", "x"], Exit::Usage),
        ];
        for (texts, exit) in cases {
            assert_eq!(command(texts).unwrap_err().exit, *exit, "{texts:?}");
        }
    }

    #[test]
    fn every_option_stands_in_the_help() {
        let cache = ["--no-cache", "--cache-dir"];
        for option in test_kit::options_in(include_str!("args.rs")).chain(cache) {
            assert!(crate::TOOL.help.contains(option), "{option}");
        }
    }
}
