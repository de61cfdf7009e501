//! Prepared builds, repositories and what must hold of them, for tests with many processes.

use std::time::Duration;

use manifest::Index;
use record::{Archive, Build, ManifestFile, Producer};
use store::Upload;
use test_kit::{Output, Process};

use crate::{DEVELOP, Place};

/// The prefix that [`sync`] reads.
pub const STAGE: &str = "stage/";
/// A time for packages.
pub const DAY: &str = "2026-01-01 00:00:00";

fn manifest(place: &Place, prefix: &str, name: &str, time: &str) -> String {
    let url = place.location().dist_url(&format!("{prefix}{name}.tar.gz"));
    let (package, version) = name.rsplit_once('-').unwrap();
    format!(
        r#"{{"dist": {{"type": "heroku-sys-tar", "url": "{url}"}}, "name": "heroku-sys/{package}", "require": {{}}, "time": "{time}", "type": "heroku-sys-library", "version": "{version}"}}"#
    )
}

/// The records of a build of `name` with this content, as `bob-build --output` leaves it.
fn built(place: &Place, name: &str, content: &str) -> Vec<u8> {
    let folder = format!("built/{}", checksum::of_bytes(format!("{name} {content}")));
    let archive = place.workspace.write(format!("{folder}/a.tar.gz"), content);
    let time = format!("2026-01-01 00:00:{:02}", content.len() % 60);
    let text = manifest(place, DEVELOP, name, &time);
    let path = place.workspace.write(format!("{folder}/m.composer.json"), &text);
    let build = Build {
        formula: name.to_owned(),
        name: name.to_owned(),
        build_path: "/app".into(),
        archive: Some(Archive {
            path: archive,
            size_bytes: content.len() as u64,
            sha256: checksum::of_bytes(content),
        }),
        manifest: Some(ManifestFile {
            path,
            name: format!("{name}.composer.json"),
            sha256: checksum::of_bytes(&text),
            acl: None,
        }),
        dependencies: None,
        dependencies_file: None,
        seconds: 0.5,
        log: None,
        temporary: false,
    };
    let mut records = Vec::new();
    let mut producer = Producer::start(&mut records, "bob-build", "0.1.0").unwrap();
    producer.write(build).unwrap();
    producer.end(0).unwrap();
    records
}

/// `pkg-deploy --publish` of a build of `name` with this content.
///
/// # Panics
/// When the build cannot be put in place.
#[must_use]
pub fn deploy(place: &Place, name: &str, content: &str) -> Process {
    place.tool("pkg-deploy").arg("--publish").input(built(place, name, content))
}

/// `repo-sync --yes` from the stage.
#[must_use]
pub fn sync(place: &Place, options: &[&str], destination: &str) -> Process {
    let bucket = &place.bucket;
    let sync = place.tool("repo-sync").arg("--yes").args(options);
    sync.args([bucket, destination, bucket, STAGE])
}

/// Puts packages in place behind the tools' back, and publishes them.
///
/// # Panics
/// When it cannot be written.
pub fn put(place: &Place, prefix: &str, packages: &[(&str, &str)]) {
    let store = place.store();
    for (name, time) in packages {
        let archive = format!("archive of {name} of {time}");
        let upload = Upload::new("application/gzip");
        store.put(&format!("{prefix}{name}.tar.gz"), archive.as_bytes(), &upload).unwrap();
        let text = manifest(place, prefix, name, time);
        let upload = Upload::new("application/json");
        let key = format!("{prefix}{name}.composer.json");
        store.put(&key, text.as_bytes(), &upload).unwrap();
    }
    publish(place, prefix);
}

/// Publishes what lies there.
fn publish(place: &Place, prefix: &str) {
    let tool = place.tool("repo-mkrepo").args(["--upload", &place.bucket, prefix]);
    let _ = tool.run().success();
}

/// Starts all, then waits for all.
///
/// # Panics
/// When one of them takes too long.
#[must_use]
pub fn at_once(processes: Vec<Process>) -> Vec<Output> {
    let limit = Duration::from_secs(600);
    let running: Vec<_> = processes.into_iter().map(|one| one.limit(limit).spawn()).collect();
    running.into_iter().map(test_kit::Running::wait).collect()
}

/// How they ended, sorted.
#[must_use]
pub fn statuses(outputs: &[Output]) -> Vec<i32> {
    let mut statuses: Vec<i32> = outputs.iter().map(|output| output.status).collect();
    statuses.sort_unstable();
    statuses
}

/// Every process ended with one of these statuses.
///
/// # Panics
/// When one ended otherwise.
pub fn check(place: &Place, outputs: &[Output], allowed: &[i32]) {
    for output in outputs {
        let Output { status, stdout, stderr } = output;
        let said = format!("{stdout}{stderr}");
        assert!(allowed.contains(status), "{}: status {status}: {said}", place.kind);
    }
}

/// An object that must be there.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn bytes(place: &Place, key: &str) -> Vec<u8> {
    place.store().get(key).unwrap().unwrap_or_else(|| panic!("{key} is missing")).bytes
}

/// The keys below a prefix, without what the tools keep for themselves.
///
/// # Panics
/// When they cannot be listed.
#[must_use]
pub fn keys(place: &Place, prefix: &str) -> Vec<String> {
    let objects = place.store().list(prefix).unwrap().into_iter();
    let names = objects.map(|object| object.key.strip_prefix(prefix).unwrap().to_owned());
    let mut keys: Vec<String> = names.filter(|name| !name.starts_with(".slipway/")).collect();
    keys.sort();
    keys
}

/// The archives that `packages.json` names, without folder and ending.
///
/// # Panics
/// When there is no index.
#[must_use]
pub fn published(place: &Place, prefix: &str) -> Vec<String> {
    let index = Index::parse(bytes(place, &format!("{prefix}packages.json"))).unwrap();
    let urls = index.manifests().filter_map(manifest::Manifest::dist_url);
    let mut names: Vec<String> = urls
        .map(|url| {
            let key = place.location().relative(url).unwrap();
            key.rsplit('/').next().unwrap().strip_suffix(".tar.gz").unwrap().to_owned()
        })
        .collect();
    names.sort();
    // An extension that comes with PHP has the same archive.
    names.dedup();
    names
}

/// `packages.json` is what the manifests generate, and nothing that it or a snapshot names is missing.
///
/// # Panics
/// When it is not so.
pub fn check_whole(place: &Place, prefix: &str) {
    let names = keys(place, prefix);
    if !names.iter().any(|name| name.ends_with(".composer.json")) {
        // Whoever takes the last package may take the index with it; else it must name nothing.
        let index = names.iter().any(|name| name == "packages.json");
        assert!(!index || published(place, prefix).is_empty(), "{}: {names:?}", place.kind);
        return;
    }
    let generated = place.tool("repo-mkrepo").args(["--no-cache", &place.bucket, prefix]);
    let generated = generated.run().success().stdout;
    let index = bytes(place, &format!("{prefix}packages.json"));
    assert_eq!(String::from_utf8(index).unwrap(), generated, "{}", place.kind);
    check_readable(place, prefix, "at the end");
}

/// What a reader sees: all that the index and the snapshots name is there.
///
/// # Panics
/// When something is missing.
pub fn check_readable(place: &Place, prefix: &str, when: &str) {
    let store = place.store();
    let location = place.location();
    let names = keys(place, prefix);
    assert!(names.contains(&"packages.json".to_owned()), "{}, {when}: {names:?}", place.kind);
    for name in names {
        if !name.starts_with("packages") || name.ends_with(".composer.json") {
            continue;
        }
        let text = bytes(place, &format!("{prefix}{name}"));
        let index = Index::parse(&text).unwrap();
        for url in index.manifests().filter_map(manifest::Manifest::dist_url) {
            let archive = location.relative(url).unwrap();
            let found = store.head(&archive).unwrap().is_some();
            assert!(found, "{}, {when}: {name} names {archive}, which is not there", place.kind);
        }
    }
}

/// No errors; what warns or informs is for people.
///
/// # Panics
/// When there are errors.
pub fn check_clean(place: &Place, prefix: &str) {
    let _ = place.tool("repo-check").args([&place.bucket, prefix]).run().success();
}
