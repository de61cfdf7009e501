//! Many processes in one repository at once, and processes that are killed at any moment: nothing is
//! lost, nothing half-done is left, and readers never notice. On every kind of store.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::thread;
use std::time::{Duration, Instant};

use end_to_end::{DEVELOP, Place, STABLE};
use manifest::Index;
use record::{Archive, Build, ManifestFile, Producer};
use store::Upload;
use test_kit::{Output, Process};

const STAGE: &str = "stage/";
const DAY: &str = "2026-01-01 00:00:00";
/// How many deploy at once.
const MANY: usize = 16;

fn places() -> [Place; 3] {
    [Place::folder(), Place::in_process(), Place::seaweed()]
}

/// Is everything to be run as often as it can be asked for, on all stores?
fn full() -> bool {
    std::env::var_os("SLIPWAY_TEST_RACES").is_some_and(|value| value == "full")
}

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

fn deploy(place: &Place, name: &str, content: &str) -> Process {
    place.tool("pkg-deploy").arg("--publish").input(built(place, name, content))
}

fn sync(place: &Place, options: &[&str], destination: &str) -> Process {
    let bucket = &place.bucket;
    let sync = place.tool("repo-sync").arg("--yes").args(options);
    sync.args([bucket, destination, bucket, STAGE])
}

/// Puts packages in place behind the tools' back, and publishes them.
fn put(place: &Place, prefix: &str, packages: &[(&str, &str)]) {
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

fn publish(place: &Place, prefix: &str) {
    let tool = place.tool("repo-mkrepo").args(["--upload", &place.bucket, prefix]);
    let _ = tool.run().success();
}

/// Starts all, then waits for all.
fn at_once(processes: Vec<Process>) -> Vec<Output> {
    let limit = Duration::from_secs(180);
    let running: Vec<_> = processes.into_iter().map(|one| one.limit(limit).spawn()).collect();
    running.into_iter().map(test_kit::Running::wait).collect()
}

fn statuses(outputs: &[Output]) -> Vec<i32> {
    let mut statuses: Vec<i32> = outputs.iter().map(|output| output.status).collect();
    statuses.sort_unstable();
    statuses
}

/// Every process ended with one of these statuses.
fn check(place: &Place, outputs: &[Output], allowed: &[i32]) {
    for output in outputs {
        let Output { status, stdout, stderr } = output;
        let said = format!("{stdout}{stderr}");
        assert!(allowed.contains(status), "{}: status {status}: {said}", place.kind);
    }
}

fn bytes(place: &Place, key: &str) -> Vec<u8> {
    place.store().get(key).unwrap().unwrap_or_else(|| panic!("{key} is missing")).bytes
}

/// The keys below a prefix, without what the tools keep for themselves.
fn keys(place: &Place, prefix: &str) -> Vec<String> {
    let objects = place.store().list(prefix).unwrap().into_iter();
    let names = objects.map(|object| object.key.strip_prefix(prefix).unwrap().to_owned());
    let mut keys: Vec<String> = names.filter(|name| !name.starts_with(".slipway/")).collect();
    keys.sort();
    keys
}

/// The archives that `packages.json` names, without folder and ending.
fn published(place: &Place, prefix: &str) -> Vec<String> {
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
fn check_whole(place: &Place, prefix: &str) {
    let generated = place.tool("repo-mkrepo").args(["--no-cache", &place.bucket, prefix]);
    let generated = generated.run().success().stdout;
    let index = bytes(place, &format!("{prefix}packages.json"));
    assert_eq!(String::from_utf8(index).unwrap(), generated, "{}", place.kind);
    check_readable(place, prefix, "at the end");
}

/// What a reader sees: all that the index and the snapshots name is there.
fn check_readable(place: &Place, prefix: &str, when: &str) {
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
fn check_clean(place: &Place, prefix: &str) {
    let _ = place.tool("repo-check").args([&place.bucket, prefix]).run().success();
}

#[test]
fn parallel_deploys_lose_nothing() {
    for place in places() {
        let rounds = if full() || place.kind == "in-process S3" { 8 } else { 2 };
        let mut expected = Vec::new();
        for round in 0..rounds {
            let names: Vec<String> =
                (0..MANY).map(|number| format!("p{number:02}-{round}")).collect();
            let all = names.iter().map(|name| deploy(&place, name, name)).collect();
            check(&place, &at_once(all), &[0]);
            expected.extend(names);
            expected.sort();
            assert_eq!(published(&place, DEVELOP), expected, "{}, round {round}", place.kind);
        }
        assert_eq!(expected.len(), MANY * rounds);
        check_whole(&place, DEVELOP);
        check_clean(&place, DEVELOP);
        assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    }
}

#[test]
fn deploys_and_removals_and_syncs_at_once() {
    for place in places() {
        let old: Vec<String> = (0..6).map(|number| format!("old{number}-1")).collect();
        let packages: Vec<(&str, &str)> = old.iter().map(|name| (name.as_str(), DAY)).collect();
        put(&place, DEVELOP, &packages);
        put(&place, STAGE, &[("synced0-1", DAY), ("synced1-1", DAY), ("old5-1", DAY)]);

        // None of these stands in another's way: all must succeed, and all must be heeded.
        let remove = |name: &str| place.tool("pkg-remove").args(["--yes", name]);
        let mut all = Vec::new();
        for (number, name) in old.iter().take(4).enumerate() {
            all.push(remove(name));
            all.push(deploy(&place, &format!("new{number}-1"), "first"));
            all.push(sync(&place, &["--no-remove"], DEVELOP));
        }
        check(&place, &at_once(all), &[0]);
        let expected =
            ["new0-1", "new1-1", "new2-1", "new3-1", "old4-1", "old5-1", "synced0-1", "synced1-1"];
        assert_eq!(published(&place, DEVELOP), expected, "{}", place.kind);
        check_whole(&place, DEVELOP);
        check_clean(&place, DEVELOP);

        // These do: a sync removes what is deployed, a removal what is synced, a deploy replaces it.
        // Whoever is last is right, but whatever that is, it is whole.
        for round in 0..if full() { 8 } else { 2 } {
            let mut all = Vec::new();
            for (number, name) in ["synced0-1", "synced1-1", "old5-1", "late0-1"].iter().enumerate()
            {
                let content = format!("{number} of round {round}");
                all.push(sync(&place, &[], DEVELOP));
                all.push(deploy(&place, &format!("late{number}-1"), &content).arg("--overwrite"));
                all.push(remove(name));
                all.push(deploy(&place, name, &content).arg("--overwrite"));
            }
            let outputs = at_once(all);
            // A removal finds nothing to remove, it or a sync something that is replaced meanwhile.
            let (others, deploys): (Vec<_>, Vec<_>) =
                outputs.into_iter().enumerate().partition(|(number, _)| number % 2 == 0);
            for (number, output) in others {
                check(&place, &[output], if number % 4 == 0 { &[0, 12] } else { &[0, 7, 12] });
            }
            for (_, output) in deploys {
                check(&place, &[output], &[0]);
            }
            check_whole(&place, DEVELOP);

            // And then it can be brought to order.
            check(&place, &at_once(vec![sync(&place, &[], DEVELOP)]), &[0]);
            assert_eq!(published(&place, DEVELOP), published(&place, STAGE), "{}", place.kind);
            check_whole(&place, DEVELOP);
            check_clean(&place, DEVELOP);
        }
        assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    }
}

#[test]
fn of_sixteen_deploys_of_one_name_one_wins() {
    for place in places() {
        let contents: Vec<String> =
            (0..MANY).map(|number| format!("archive {}", "x".repeat(number))).collect();
        let all = contents.iter().map(|content| deploy(&place, "same-1", content)).collect();
        let outputs = at_once(all);
        let one_wins: Vec<i32> = [0].into_iter().chain([5; MANY - 1]).collect();
        assert_eq!(statuses(&outputs), one_wins, "{}: {outputs:#?}", place.kind);
        let winner = outputs.iter().position(|output| output.status == 0).unwrap();
        let content = &contents[winner];
        assert_eq!(bytes(&place, &format!("{DEVELOP}same-1.tar.gz")), content.as_bytes());
        // Each build has a time of its own.
        let time = format!("2026-01-01 00:00:{:02}", content.len());
        let found = bytes(&place, &format!("{DEVELOP}same-1.composer.json"));
        let found = String::from_utf8(found).unwrap();
        assert!(found.contains(&time), "{}: expected {time} in {found}", place.kind);
        assert_eq!(
            keys(&place, DEVELOP),
            ["packages.json", "same-1.composer.json", "same-1.tar.gz"],
            "{}",
            place.kind
        );
        check_whole(&place, DEVELOP);
        check_clean(&place, DEVELOP);
    }
}

#[test]
fn wrappers_at_once() {
    for place in places() {
        let formulae = ["php-8.3.9", "php-8.3.10", "php-8.4.2", "programs/oldtimer-0.9.0"];
        // Nobody builds in another's folder.
        let deploys = formulae.iter().map(|formula| {
            let folder = place.workspace.path(format!("build-{formula}")).display().to_string();
            let wrapper = place.wrapper("deploy.sh").args(["--publish", formula]);
            // All of them are for this stack.
            wrapper.env("DEFAULT_BUILD_PATH", folder).env("STACK", "heroku-18")
        });
        let deploys: Vec<Process> = deploys.collect();
        check(&place, &at_once(deploys), &[0]);
        let expected = ["oldtimer-0.9.0", "php-8.3.10", "php-8.3.9", "php-8.4.2"];
        assert_eq!(published(&place, DEVELOP), expected, "{}", place.kind);
        check_whole(&place, DEVELOP);
        check_clean(&place, DEVELOP);
        assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    }
}

/// The next of a fixed series of numbers below 1.
struct Series(u64);

impl Series {
    fn next(&mut self) -> f64 {
        // The generator of Knuth's MMIX.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }
}

/// Kills a process after a part of the time that it takes; was it still there?
fn killed(process: Process, after: Duration) -> bool {
    let running = process.spawn();
    thread::sleep(after);
    running.kill();
    let output = running.wait();
    assert!([0, 5, 137].contains(&output.status), "{}: {}", output.status, output.stderr);
    output.status == 137
}

#[test]
fn killed_at_any_moment() {
    for (place, rounds) in [(Place::folder(), 20), (Place::seaweed(), 10)] {
        let mut series = Series(7);
        // What each takes when nobody disturbs it, in the end of the round before.
        let (mut deploying, mut syncing) = (Duration::from_millis(200), Duration::from_millis(200));
        let (mut deploys, mut syncs) = (0, 0);
        put(&place, STAGE, &[("kept-1", DAY), ("gone0-1", DAY), ("new-1", DAY)]);
        let snapshot = place.tool("repo-mkrepo").args(["--upload", "-c", "before"]);
        let _ = snapshot.args([&place.bucket, STAGE]).run().success();
        let _ = sync(&place, &["-c", "before"], STABLE).run().success();
        for round in 0..rounds {
            // One comes, one changes, one goes.
            let (coming, going) = (format!("gone{}-1", round + 1), format!("gone{round}-1"));
            let later = format!("2026-02-01 00:00:{round:02}");
            place
                .store()
                .delete_many(&[
                    format!("{STAGE}{going}.composer.json"),
                    format!("{STAGE}{going}.tar.gz"),
                ])
                .unwrap();
            put(&place, STAGE, &[(&coming, DAY), ("new-1", &later)]);
            let run = || sync(&place, &[], STABLE);
            let when = format!("sync {round}");
            syncs += usize::from(killed(run(), syncing.mul_f64(series.next())));
            check_readable(&place, STABLE, &when);
            let begin = Instant::now();
            let _ = run().run().success();
            syncing = begin.elapsed();
            assert_eq!(published(&place, STABLE), published(&place, STAGE), "{}", place.kind);
            // The snapshot still names what went first.
            let mut expected = keys(&place, STAGE);
            expected.push("gone0-1.tar.gz".to_owned());
            expected.sort();
            assert_eq!(keys(&place, STABLE), expected, "{}, {when}", place.kind);
            for name in ["new-1.tar.gz", &format!("{coming}.tar.gz")] {
                let [there, here] = [STABLE, STAGE].map(|at| bytes(&place, &format!("{at}{name}")));
                assert_eq!(there, here, "{}, {when}: {name}", place.kind);
            }

            let name = format!("p{round}-1");
            let when = format!("deploy {round}");
            let run = || deploy(&place, &name, &name);
            deploys += usize::from(killed(run(), deploying.mul_f64(series.next())));
            if round > 0 {
                check_readable(&place, DEVELOP, &when);
            }
            let begin = Instant::now();
            let again = run().run();
            // Killed when it was complete.
            check(&place, std::slice::from_ref(&again), &[0, 5]);
            if again.status == 0 {
                deploying = begin.elapsed();
            }
            assert_eq!(published(&place, DEVELOP).len(), round + 1, "{}, {when}", place.kind);
            assert_eq!(keys(&place, DEVELOP).len(), 2 * (round + 1) + 1, "{}, {when}", place.kind);
        }
        check_whole(&place, STABLE);
        check_whole(&place, DEVELOP);
        check_clean(&place, STABLE);
        check_clean(&place, DEVELOP);
        // Most of them were under way; a test that only ever comes too late is none.
        assert!(deploys > 0 && syncs > 0, "{}: {deploys} and {syncs} killed", place.kind);
    }
}
