//! A plan from two folders of manifests: nothing goes that the result needs, and once it is carried
//! out, only what was left alone is left to do.
//!
//! The input is lines, each a manifest: `<` and a name is one of the source, `>` one of the
//! destination, the text behind a tab.

use location::{Location, Prefix, Region, Service};
use manifest::Manifest;
use manifest::plan::{Entry, Options, Place, Planner, Side};
use repository::sync::LocationUrls;

/// Takes one input.
pub fn run(data: &[u8]) {
    let (mut source, mut destination) = (Vec::new(), Vec::new());
    for line in String::from_utf8_lossy(data).lines() {
        let side = match line.as_bytes().first() {
            Some(b'<') => &mut source,
            Some(b'>') => &mut destination,
            _ => continue,
        };
        let Some((name, text)) = line[1..].split_once('\t') else {
            continue;
        };
        let Ok(manifest) = Manifest::parse(text) else {
            continue;
        };
        let file_name = format!("{name}{}", manifest::FILE_SUFFIX);
        side.push(Entry { file_name, manifest, modified: jiff::Timestamp::UNIX_EPOCH });
    }

    let at = [at("here", "p/"), at("there", "q/")];
    let urls = at.each_ref().map(LocationUrls);
    let side = |number: usize| Side {
        place: Place {
            region: "us-east-1".to_owned(),
            bucket: at[number].bucket.clone(),
            prefix: at[number].prefix.as_str().to_owned(),
        },
        urls: &urls[number],
    };
    let planner = Planner { source: side(0), destination: side(1), options: Options::default() };
    let first = planner.plan(&source, &destination);
    let result = first.result(&destination);
    for (name, manifest) in &result {
        let archive = manifest.dist_url().and_then(|url| at[1].relative(url));
        let goes = archive.is_some_and(|path| first.archives_to_remove.contains(&path));
        assert!(!goes, "the archive of {name} goes");
    }
    let modified = jiff::Timestamp::UNIX_EPOCH;
    let entry = |(file_name, manifest)| Entry { file_name, manifest, modified };
    let result: Vec<Entry> = result.into_iter().map(entry).collect();
    let second = planner.plan(&source, &result);
    assert!(second.is_empty(), "not done: {:?}", second.changes);
    assert!(second.archives_to_remove.is_empty());
}

fn at(bucket: &str, prefix: &str) -> Location {
    let service = Service::Aws { region: Region::default() };
    let prefix = Prefix::parse(prefix).expect("a prefix");
    Location::new(service, bucket, prefix).expect("a bucket")
}
