//! Several deploys at once, deploys that died, and services that heed no conditions.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::thread;
use std::time::Duration;

use record::{Archive, Build, ManifestFile, Producer, Record, Stream, Upload};
use test_kit::s3::{Action, Quirks};
use test_kit::{Output, Site};

const BUCKET: &str = "dev";
const PREFIX: &str = "p/";
const TIME: &str = "2026-01-01 00:00:00";

fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, PREFIX);
    }
    sites
}

/// The records of a build of `name` with this content, whose files stay.
fn built(site: &Site, name: &str, content: &str) -> Vec<u8> {
    records(&[build(site, name, content)])
}

fn build(site: &Site, name: &str, content: &str) -> Build {
    let folder = format!("built/{}", checksum::of_bytes(format!("{name} {content}")));
    let archive = site.workspace.write(format!("{folder}/a.tar.gz"), content);
    let url = site.url(BUCKET, &format!("{PREFIX}{name}.tar.gz"));
    let (package, version) = name.rsplit_once('-').unwrap();
    let text = format!(
        r#"{{"dist": {{"type": "heroku-sys-tar", "url": "{url}"}}, "name": "heroku-sys/{package}", "time": "{TIME}", "type": "heroku-sys-library", "version": "{version}"}}"#
    );
    let manifest = site.workspace.write(format!("{folder}/m.composer.json"), &text);
    Build {
        formula: name.to_owned(),
        name: name.to_owned(),
        build_path: "/app".into(),
        archive: Some(Archive {
            size_bytes: content.len() as u64,
            sha256: checksum::of_bytes(content),
            path: archive,
        }),
        manifest: Some(ManifestFile {
            name: format!("{name}.composer.json"),
            sha256: checksum::of_bytes(&text),
            path: manifest,
            acl: None,
        }),
        dependencies: None,
        dependencies_file: None,
        seconds: 0.5,
        log: None,
        temporary: false,
    }
}

fn records(builds: &[Build]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut producer = Producer::start(&mut out, "bob-build", "0.1.0").unwrap();
    for build in builds {
        producer.write(build.clone()).unwrap();
    }
    producer.end(0).unwrap();
    out
}

fn deploy(site: &Site, arguments: &[&str], records: &[u8]) -> Output {
    site.process(env!("CARGO_BIN_EXE_pkg-deploy")).args(arguments).input(records).run()
}

fn uploads(output: &Output) -> Vec<Upload> {
    let records = Stream::read(output.stdout.as_bytes()).unwrap().records;
    let deploys = records.into_iter().filter_map(|record| match record {
        Record::Deploy(deploy) => Some(deploy.archive.upload),
        _ => None,
    });
    deploys.collect()
}

fn statuses(site: &Site, arguments: &[&str], inputs: &[Vec<u8>]) -> Vec<i32> {
    let mut statuses: Vec<i32> = thread::scope(|scope| {
        let mut runs = Vec::new();
        for input in inputs {
            runs.push(scope.spawn(move || deploy(site, arguments, input).status));
        }
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    statuses
}

#[test]
fn of_sixteen_deploys_of_one_name_one_wins() {
    for site in sites() {
        let one_wins: Vec<i32> = [0].into_iter().chain([5; 15]).collect();
        // The same build sixteen times, then sixteen builds.
        let same = vec![built(&site, "same-1", "one archive"); 16];
        assert_eq!(statuses(&site, &[], &same), one_wins);
        let published = vec![built(&site, "other-1", "one archive"); 16];
        assert_eq!(statuses(&site, &["--publish"], &published), one_wins);
        let differing: Vec<Vec<u8>> =
            (0..16).map(|number| built(&site, "differs-1", &format!("archive {number}"))).collect();
        assert_eq!(statuses(&site, &["--publish"], &differing), one_wins);

        let winner = site.get(BUCKET, "p/differs-1.tar.gz").unwrap();
        assert!(String::from_utf8(winner).unwrap().starts_with("archive "));
        assert_eq!(site.packages(BUCKET).len(), 7, "{:?}", site.packages(BUCKET));
        assert_eq!(site.get(BUCKET, "p/packages.json").unwrap(), site.index(BUCKET, PREFIX));
    }
}

#[test]
fn sixteen_deploys_of_different_packages_are_all_published() {
    for site in sites() {
        for round in 0..2 {
            let all: Vec<Vec<u8>> = (0..16)
                .map(|number| built(&site, &format!("p{number}-{round}"), &format!("{number}")))
                .collect();
            assert_eq!(statuses(&site, &["--publish"], &all), [0; 16]);
            let index = site.get(BUCKET, "p/packages.json").unwrap();
            assert_eq!(index, site.index(BUCKET, PREFIX));
            let text = String::from_utf8(index).unwrap();
            assert_eq!(text.matches("\"version\"").count(), 16 * (round + 1));
        }
    }
}

#[test]
fn wherever_a_deploy_ends_the_next_one_completes_it() {
    let mut ended = 0;
    for number in 1..30 {
        let [_, site] = sites();
        site.package(BUCKET, PREFIX, "old-1", TIME);
        site.publish(BUCKET, PREFIX);
        let server = site.server().unwrap();
        server.forget_requests();
        server.set_hook(move |request| match request.number < number {
            true => Action::Serve,
            false => Action::Answer(403, "AccessDenied"),
        });
        let all = records(&[build(&site, "x-1", "x"), build(&site, "y-1", "y")]);
        let output = deploy(&site, &["--publish"], &all);
        server.clear_hook();
        if output.status != 0 {
            ended += 1;
            let again = deploy(&site, &["--publish"], &all);
            // Where only tidying was left to do, it is there.
            assert!([0, 5].contains(&again.status), "ended at {number}: {}", again.stderr);
        }
        let index = site.get(BUCKET, "p/packages.json").unwrap();
        assert_eq!(index, site.index(BUCKET, PREFIX), "ended at {number}");
        assert_eq!(site.packages(BUCKET).len(), 7, "ended at {number}");
    }
    assert!(ended > 8, "{ended} of these deploys ended early");
}

#[test]
fn what_is_complete_is_refused_whoever_has_brought_it() {
    for site in sites() {
        let [x, y] = ["x-1", "y-1"].map(|name| build(&site, name, name));
        deploy(&site, &[], &records(std::slice::from_ref(&x))).success();
        deploy(&site, &[], &records(std::slice::from_ref(&x))).expect(5);
        // A run of two died between them: the next one goes on.
        let both = deploy(&site, &["--publish"], &records(&[x.clone(), y.clone()])).success();
        assert_eq!(uploads(&both), [Upload::Resumed, Upload::New]);
        deploy(&site, &["--publish"], &records(&[x.clone(), y])).expect(5);
        // Not published yet, so that is what is left to do.
        site.publish(BUCKET, PREFIX);
        deploy(&site, &["--publish"], &records(std::slice::from_ref(&x))).expect(5);
        site.put(BUCKET, "p/packages.json", r#"{"packages": {}}"#);
        deploy(&site, &[], &records(std::slice::from_ref(&x))).expect(5);
        let late = deploy(&site, &["--publish"], &records(&[x])).success();
        assert_eq!(uploads(&late), [Upload::Resumed]);
        assert_eq!(site.get(BUCKET, "p/packages.json").unwrap(), site.index(BUCKET, PREFIX));
    }
}

#[test]
fn an_archive_that_is_removed_meanwhile_is_brought_again() {
    let [_, site] = sites();
    let site = std::sync::Arc::new(site);
    let all = built(&site, "x-1", "x");
    deploy(&site, &[], &all).success();
    site.delete(BUCKET, "p/x-1.composer.json");
    // Somebody who removes the package has seen no manifest, and removes the archive now.
    let other = std::sync::Arc::downgrade(&site);
    let server = site.server().unwrap();
    server.set_hook(move |request| {
        if request.line() == "PUT /dev/p/x-1.composer.json" {
            other.upgrade().unwrap().delete(BUCKET, "p/x-1.tar.gz");
        }
        Action::Serve
    });
    deploy(&site, &["--publish"], &all).success();
    server.clear_hook();
    assert_eq!(site.get(BUCKET, "p/x-1.tar.gz").unwrap(), b"x");
}

/// The same bytes with an encoding are another archive to Composer.
#[test]
fn an_archive_that_is_stored_encoded_is_not_taken_for_ours() {
    let [_, site] = sites();
    let server = site.server().unwrap();
    let all = built(&site, "x-1", "x");
    deploy(&site, &[], &all).success();
    let object = || server.object(BUCKET, "p/x-1.tar.gz").unwrap();
    let encoding = || object().attributes.content_encoding;
    assert_eq!(encoding(), None);
    let mut encoded = object();
    encoded.attributes.content_encoding = Some("gzip".to_owned());
    server.put(BUCKET, "p/x-1.tar.gz", encoded.bytes, encoded.attributes);
    // As if a deploy had died before the manifest.
    site.delete(BUCKET, "p/x-1.composer.json");
    let check = deploy(&site, &["--check", "x-1"], b"").expect(5);
    assert!(check.stderr.contains("already exists"), "{}", check.stderr);
    deploy(&site, &[], &all).expect(5);
    deploy(&site, &["--overwrite"], &all).success();
    assert_eq!(encoding(), None);
}

#[test]
fn the_archive_of_a_package_that_is_removed_meanwhile_stays_away() {
    // The whole package is removed once it is published, or while its archive is brought again.
    for (moment, gone) in [
        ("PUT /dev/p/packages.json", &["x-1.composer.json", "x-1.tar.gz"][..]),
        ("PUT /dev/p/x-1.tar.gz", &["x-1.composer.json"][..]),
    ] {
        let [_, site] = sites();
        let site = std::sync::Arc::new(site);
        let all = built(&site, "x-1", "x");
        deploy(&site, &[], &built(&site, "y-1", "y")).success();
        let again = moment.ends_with(".tar.gz");
        let other = std::sync::Arc::downgrade(&site);
        let server = site.server().unwrap();
        server.set_hook(move |request| {
            let site = other.upgrade().unwrap();
            let remove = |name: &&str| {
                let key = format!("{PREFIX}{name}");
                if site.get(BUCKET, &key).is_some() {
                    site.delete(BUCKET, &key);
                }
            };
            if again && request.line() == "PUT /dev/p/packages.json" {
                remove(&"x-1.tar.gz");
            }
            let manifest = || site.get(BUCKET, "p/x-1.composer.json").is_some();
            if request.line() == moment && manifest() {
                gone.iter().for_each(remove);
            }
            Action::Serve
        });
        deploy(&site, &["--publish"], &all).success();
        server.clear_hook();
        assert_eq!(site.get(BUCKET, "p/x-1.composer.json"), None, "{moment}");
        assert_eq!(site.get(BUCKET, "p/x-1.tar.gz"), None, "{moment}");
    }
}

#[test]
fn a_manifest_that_comes_at_the_last_moment_stays() {
    let [_, site] = sites();
    let site = std::sync::Arc::new(site);
    let other = std::sync::Arc::downgrade(&site);
    let server = site.server().unwrap();
    server.set_hook(move |request| {
        if request.line() == "PUT /dev/p/x-1.composer.json" {
            other.upgrade().unwrap().put(BUCKET, "p/x-1.composer.json", "theirs");
        }
        Action::Serve
    });
    deploy(&site, &["--publish"], &built(&site, "x-1", "x")).expect(5);
    server.clear_hook();
    assert_eq!(site.get(BUCKET, "p/x-1.composer.json").unwrap(), b"theirs");
}

#[test]
fn an_archive_of_which_the_service_keeps_a_part_is_told() {
    let [_, site] = sites();
    let server = site.server().unwrap();
    let input = built(&site, "x-1", "all of it");
    // The service has taken all of it, and shows less ever after.
    server.set_hook(|request| match request.line().as_str() {
        "HEAD /dev/p/x-1.tar.gz" => Action::TooShort(2),
        _ => Action::Serve,
    });
    let output = deploy(&site, &[], &input).expect(10);
    assert!(output.stderr.contains("7 of its 9 bytes arrived"), "{}", output.stderr);
    // It is none that a deploy could go on from.
    site.delete(BUCKET, "p/x-1.composer.json");
    deploy(&site, &[], &input).expect(5);
    server.clear_hook();
    deploy(&site, &["--overwrite"], &input).success();
}

#[test]
fn of_several_one_wins_where_no_conditions_are_heeded() {
    for quirks in [
        Quirks { ignore_conditions: true, ..Quirks::default() },
        Quirks { refuse_conditions: true, ..Quirks::default() },
    ] {
        let [_, site] = sites();
        site.server().unwrap().set_quirks(quirks);
        let one_wins: Vec<i32> = [0].into_iter().chain([5; 7]).collect();
        // The same build eight times, then eight builds.
        let same = vec![built(&site, "same-1", "one archive"); 8];
        assert_eq!(statuses(&site, &["--publish"], &same), one_wins);
        let differing: Vec<Vec<u8>> =
            (0..8).map(|number| built(&site, "differs-1", &format!("archive {number}"))).collect();
        assert_eq!(statuses(&site, &["--publish"], &differing), one_wins);
        assert_eq!(site.get(BUCKET, "p/packages.json").unwrap(), site.index(BUCKET, PREFIX));
    }
}

#[test]
fn services_that_heed_no_conditions() {
    for quirks in [
        Quirks { ignore_conditions: true, ..Quirks::default() },
        Quirks { refuse_conditions: true, ..Quirks::default() },
    ] {
        let [_, site] = sites();
        site.server().unwrap().set_quirks(quirks);
        let first = deploy(&site, &["--publish"], &built(&site, "x-1", "one")).success();
        assert!(first.stderr.contains("WARNING: the service of "), "{}", first.stderr);
        deploy(&site, &["--publish"], &built(&site, "x-1", "two")).expect(5);
        assert_eq!(site.get(BUCKET, "p/x-1.tar.gz").unwrap(), b"one");
        let all: Vec<Vec<u8>> =
            (0..8).map(|number| built(&site, &format!("w{number}-1"), "w")).collect();
        assert_eq!(statuses(&site, &["--publish"], &all), [0; 8]);
        assert_eq!(site.get(BUCKET, "p/packages.json").unwrap(), site.index(BUCKET, PREFIX));
        // The verdict was written down for the others.
        let probes = site.server().unwrap().requests();
        let probes = probes.iter().filter(|request| request.path.contains("/probe-")).count();
        assert!((2..=8).contains(&probes), "{probes}");
    }
}

#[test]
fn an_upload_in_parts_is_given_back_on_ctrl_c() {
    let [_, site] = sites();
    let server = site.server().unwrap();
    let content = "0123456789abcdef".repeat(33 * 1024 * 1024 / 16);
    let input = built(&site, "large-1", &content);
    let (arrived, arrivals) = std::sync::mpsc::channel();
    server.set_hook(move |request| {
        if request.query.contains("partNumber=2") {
            arrived.send(()).unwrap();
            return Action::Delay(Duration::from_secs(600));
        }
        Action::Serve
    });
    let process = site.process(env!("CARGO_BIN_EXE_pkg-deploy")).input(&input).spawn();
    arrivals.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(server.open_uploads(BUCKET), ["p/large-1.tar.gz"]);
    process.interrupt();
    assert_eq!(process.wait().status, 130);
    assert_eq!(server.open_uploads(BUCKET), [""; 0]);
    assert!(site.packages(BUCKET).is_empty());
    assert!(site.workspace.litter().is_empty());
}
