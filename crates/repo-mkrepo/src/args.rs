//! The command line.

use std::path::PathBuf;

use location::Location;
use repo_tool::Cache;
use repo_tool::open::Place;
use tool::{Args, Exit, Failure, Io};

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    /// Publish.
    pub upload: bool,
    /// Also publish under this name.
    pub snapshot: Option<String>,
    /// Where records go instead of stdout.
    pub records: Option<PathBuf>,
    /// The manifest cache.
    pub cache: Cache,
    /// Bucket and prefix, where given.
    pub place: Option<(String, String)>,
    /// Local manifests to use instead of the bucket's.
    pub manifests: Vec<PathBuf>,
}

impl Options {
    /// Takes all arguments.
    pub fn parse(mut args: Args, io: &Io) -> Result<Self, Failure> {
        let upload = args.flag("--upload");
        let cache = Cache::take_switch(&mut args);
        let snapshot = args.value(["-c", "--snapshot"])?;
        let records = args.value("--records")?;
        let cache = cache.take_value(&mut args)?;
        let rest = args.rest()?;
        if snapshot.is_some() && !upload {
            return Err(Failure::usage("a snapshot is made with --upload only"));
        }

        let is_file = |name: &String| io.folder().join(name).is_file();
        let (place, manifests) = match rest.as_slice() {
            [] => (None, &[][..]),
            // Two forms of old: a bucket and prefix first, or manifests only.
            [first, ..] if is_file(first) => (None, rest.as_slice()),
            [first, ..] if first.ends_with(manifest::FILE_SUFFIX) => {
                return Err(Failure::new(Exit::NotFound, format!("{first} does not exist")));
            }
            [bucket, prefix, manifests @ ..] => (Some((bucket.clone(), prefix.clone())), manifests),
            [bucket] => {
                return Err(Failure::usage(format!("bucket {bucket} is given without a prefix"))
                    .hint("Use '' for none. See --help for usage and examples."));
            }
        };
        let manifests = manifests.iter().map(|name| io.folder().join(name)).collect();
        Ok(Self { upload, snapshot, records, cache, place, manifests })
    }

    /// The repository: as the arguments say, else as the environment does.
    pub fn location(&self, io: &Io) -> Result<Location, Failure> {
        match &self.place {
            None => io.own_location(),
            Some((bucket, prefix)) => Place {
                bucket: bucket.clone(),
                prefix: prefix.clone(),
                region: io.env("S3_REGION"),
                endpoint: None,
            }
            .location(io),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Result<Options, Failure> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let io = Io::of_parts(b"", std::io::sink(), std::io::sink(), &[], folder);
        Options::parse(Args::new(texts.iter().map(Into::into).collect()), &io)
    }

    #[test]
    fn a_bucket_is_what_is_no_file() {
        let check = |texts: &[&str], place: Option<(&str, &str)>, manifests: usize| {
            let options = parse(texts).unwrap();
            let place = place.map(|(bucket, prefix)| (bucket.to_owned(), prefix.to_owned()));
            assert_eq!(options.place, place, "{texts:?}");
            assert_eq!(options.manifests.len(), manifests, "{texts:?}");
        };
        check(&[], None, 0);
        check(&["b", "p/"], Some(("b", "p/")), 0);
        check(&["b", ""], Some(("b", "")), 0);
        check(&["b", "p/", "Cargo.toml"], Some(("b", "p/")), 1);
        check(&["Cargo.toml", "src/lib.rs"], None, 2);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let cases: &[(&[&str], Exit)] = &[
            (&["b"], Exit::Usage),
            (&["gone.composer.json"], Exit::NotFound),
            (&["-c", "snap"], Exit::Usage),
            (&["--upload", "-c"], Exit::Usage),
            (&["-x"], Exit::Usage),
        ];
        for (texts, exit) in cases {
            assert_eq!(parse(texts).unwrap_err().exit, *exit, "{texts:?}");
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
