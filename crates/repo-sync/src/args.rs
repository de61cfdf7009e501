//! The command line.

use std::path::PathBuf;

use repo_tool::Cache;
use tool::{Args, Failure};

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    /// A sync of two repositories.
    Sync(Box<Options>),
    /// `ops`: the planner on two folders.
    Operations(Operations),
}

/// A sync of two repositories.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Options {
    /// Keep what only the destination has.
    pub keep: bool,
    /// Do not ask.
    pub yes: bool,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Sync nothing that cannot be installed.
    pub check: bool,
    /// Print the plan as JSON.
    pub plan: bool,
    /// Apply the plan in this file.
    pub apply: Option<String>,
    /// Also publish under this name.
    pub snapshot: Option<String>,
    /// A folder that stands in for the destination.
    pub destination_folder: Option<PathBuf>,
    /// A folder that stands in for the source's manifests.
    pub source_folder: Option<PathBuf>,
    /// Where records go instead of stdout.
    pub records: Option<PathBuf>,
    /// The manifest cache.
    pub cache: Cache,
    /// The destination, as named.
    pub destination: Named,
    /// The source, as named; bucket and prefix may be left to the environment.
    pub source: Named,
}

/// One side as the command line names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Bucket and prefix.
    pub place: Option<(String, String)>,
    /// Region or historical host label.
    pub region: Option<String>,
    /// URL of the service.
    pub endpoint: Option<String>,
    /// Profile of the AWS configuration files.
    pub profile: Option<String>,
}

/// `ops`: the planner on two folders.
#[derive(Debug)]
pub struct Operations {
    /// Leave the destination's folder alone.
    pub dry_run: bool,
    /// Region, bucket, prefix and folder of the source.
    pub source: [String; 4],
    /// The same of the destination.
    pub destination: [String; 4],
}

const VERB: &str = "ops";

impl Command {
    /// Takes all arguments.
    pub fn parse(mut args: Args) -> Result<Self, Failure> {
        let keep = args.flag("--no-remove");
        let yes = args.flag(["-y", "--yes"]);
        let dry_run = args.flag(["-n", "--dry-run"]);
        let plan = args.flag("--plan");
        let check = args.flag("--check");
        let cache = Cache::take_switch(&mut args);
        let snapshot = args.value(["-c", "--snapshot"])?;
        let destination_folder = args.value(["-d", "--dest-dir"])?;
        let source_folder = args.value(["-s", "--source-dir"])?;
        let records = args.value("--records")?;
        let apply: Option<String> = args.value("--apply")?;
        let cache = cache.take_value(&mut args)?;
        let mut destination = Named {
            endpoint: args.value("--dest-endpoint")?,
            profile: args.value("--dest-profile")?,
            ..Named::default()
        };
        let mut source = Named {
            endpoint: args.value("--source-endpoint")?,
            profile: args.value("--source-profile")?,
            ..Named::default()
        };
        let rest = args.rest()?;
        // A bucket may be called "ops"; its sync has six arguments at most.
        if let [verb, rest @ ..] = rest.as_slice()
            && verb == VERB
            && rest.len() > 5
        {
            return operations(rest, dry_run);
        }
        if apply.is_some() {
            let elsewhere = !rest.is_empty()
                || keep
                || plan
                || snapshot.is_some()
                || destination_folder.is_some()
                || source_folder.is_some()
                || destination.endpoint.is_some()
                || source.endpoint.is_some();
            if elsewhere {
                return Err(Failure::arguments("with --apply, the plan says where and what"));
            }
        } else {
            place(&rest, &mut destination, &mut source)?;
        }
        Ok(Self::Sync(Box::new(Options {
            keep,
            yes,
            dry_run,
            check,
            plan,
            apply,
            snapshot,
            destination_folder,
            source_folder,
            records,
            cache,
            destination,
            source,
        })))
    }
}

fn operations(arguments: &[String], dry_run: bool) -> Result<Command, Failure> {
    let wrong = || Failure::arguments("ops takes eight arguments");
    let (source, destination) = arguments.split_at_checked(4).ok_or_else(wrong)?;
    Ok(Command::Operations(Operations {
        dry_run,
        source: source.to_vec().try_into().map_err(|_| wrong())?,
        destination: destination.to_vec().try_into().map_err(|_| wrong())?,
    }))
}

/// Two to six arguments, destination first.
fn place(rest: &[String], destination: &mut Named, source: &mut Named) -> Result<(), Failure> {
    let pair = |bucket: &String, prefix: &String| Some((bucket.clone(), prefix.clone()));
    match rest {
        [bucket, prefix] => destination.place = pair(bucket, prefix),
        [bucket, prefix, region] => {
            destination.place = pair(bucket, prefix);
            destination.region = Some(region.clone());
        }
        [bucket, prefix, from_bucket, from_prefix] => {
            destination.place = pair(bucket, prefix);
            source.place = pair(from_bucket, from_prefix);
        }
        [bucket, prefix, region, from_bucket, from_prefix, from_region @ ..]
            if from_region.len() <= 1 =>
        {
            destination.place = pair(bucket, prefix);
            destination.region = Some(region.clone());
            source.place = pair(from_bucket, from_prefix);
            source.region = from_region.first().cloned();
        }
        _ => return Err(Failure::arguments("two to six arguments are expected")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tool::Exit;

    use super::*;

    fn parse(texts: &[&str]) -> Result<Command, Failure> {
        Command::parse(Args::new(texts.iter().map(Into::into).collect()))
    }

    fn sides(texts: &[&str]) -> (Named, Named) {
        match parse(texts).unwrap() {
            Command::Sync(options) => (options.destination, options.source),
            Command::Operations(_) => panic!("{texts:?} is a sync"),
        }
    }

    fn named(place: Option<(&str, &str)>, region: Option<&str>) -> Named {
        let place = place.map(|(bucket, prefix)| (bucket.to_owned(), prefix.to_owned()));
        Named { place, region: region.map(str::to_owned), ..Named::default() }
    }

    #[test]
    fn all_forms() {
        let (d, s) = (Some(("d", "dp/")), Some(("s", "sp/")));
        let cases: &[(&[&str], Named, Named)] = &[
            (&["d", "dp/"], named(d, None), named(None, None)),
            (&["d", "dp/", "eu"], named(d, Some("eu")), named(None, None)),
            (&["d", "dp/", "s", "sp/"], named(d, None), named(s, None)),
            (&["d", "dp/", "eu", "s", "sp/"], named(d, Some("eu")), named(s, None)),
            (&["d", "dp/", "eu", "s", "sp/", "us"], named(d, Some("eu")), named(s, Some("us"))),
            (&["d", "dp/", "s", ""], named(d, None), named(Some(("s", "")), None)),
            (&["ops", "p/"], named(Some(("ops", "p/")), None), named(None, None)),
        ];
        for (texts, destination, source) in cases {
            let (found_destination, found_source) = sides(texts);
            assert_eq!((&found_destination, &found_source), (destination, source), "{texts:?}");
        }
    }

    #[test]
    fn services_of_either_side() {
        let (destination, source) =
            sides(&["--dest-endpoint=file:///a", "--source-profile", "two", "d", "p/"]);
        assert_eq!(destination.endpoint.as_deref(), Some("file:///a"));
        assert_eq!(source.profile.as_deref(), Some("two"));
    }

    #[test]
    fn the_planner_takes_eight() {
        let texts = ["ops", "--dry-run", "r1", "b1", "p1/", "d1", "r2", "b2", "p2/", "d2"];
        match parse(&texts).unwrap() {
            Command::Operations(Operations { dry_run, source, destination }) => {
                assert!(dry_run);
                assert_eq!(source, ["r1", "b1", "p1/", "d1"]);
                assert_eq!(destination, ["r2", "b2", "p2/", "d2"]);
            }
            Command::Sync(_) => panic!("it is the planner"),
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let cases: &[&[&str]] = &[
            &[],
            &["d"],
            &["a", "b", "c", "d", "e", "f", "g"],
            &["ops", "1", "2", "3", "4", "5", "6", "7"],
            &["ops", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            &["d", "p/", "-c"],
            &["d", "p/", "-x"],
            &["--apply"],
            &["--apply", "plan.json", "d", "p/"],
            &["--apply", "plan.json", "-c", "snap"],
            &["--apply", "plan.json", "--plan"],
        ];
        for texts in cases {
            assert_eq!(parse(texts).unwrap_err().exit, Exit::Usage, "{texts:?}");
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
