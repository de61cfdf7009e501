//! The check as a program, on both stores.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::process::Command;

use record::{Check, CheckSummary, Record, Severity, Stream};
use test_kit::s3::Action;
use test_kit::{Output, Site};

const BUCKET: &str = "php-dev";
const PREFIX: &str = "dist-heroku-24-amd64-develop/";
const TIME: &str = "2026-01-01 00:00:00";

/// Both stores, with a published repository of three packages.
fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, PREFIX);
        for name in ["ext-demo-2.0.0", "php-8.4.10", "php-8.4.6"] {
            package(site, name, &tar_gz(&[("bin/x", name.as_bytes())]));
        }
        site.publish(BUCKET, PREFIX);
    }
    sites
}

/// An archive of GNU tar.
fn tar_gz(files: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = scratch::Folder::new("check-test-").unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(folder.path()).args(["-czf", "-"]).args(files.iter().map(|(name, _)| name));
    let output = tar.output().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// A package that says what its archive holds.
fn package(site: &Site, name: &str, archive: &[u8]) {
    let (package, version) = name.rsplit_once('-').unwrap();
    let url = site.url(BUCKET, &key(&format!("{name}.tar.gz")));
    let sha256 = checksum::of_bytes(archive);
    let size = archive.len();
    site.put(BUCKET, &key(&format!("{name}.tar.gz")), archive);
    let text = format!(
        r#"{{"dist": {{"type": "heroku-sys-tar", "url": "{url}"}}, "extra": {{"sha256": "{sha256}", "size": {size}}}, "name": "heroku-sys/{package}", "require": {{}}, "time": "{TIME}", "type": "heroku-sys-library", "version": "{version}"}}"#
    );
    site.put(BUCKET, &key(&format!("{name}.composer.json")), text);
}

fn run(site: &Site, arguments: &[&str]) -> Output {
    let output = site.process(env!("CARGO_BIN_EXE_repo-check")).args(arguments).run();
    assert!(site.workspace.litter().is_empty(), "{:?}", site.workspace.litter());
    output
}

/// The findings and the summary, by way of the records.
fn json(site: &Site, arguments: &[&str], status: i32) -> (Vec<Check>, CheckSummary) {
    let output = run(site, &[&["--json"], arguments].concat()).expect(status);
    assert!(output.stdout.lines().all(|line| line.len() < 4096));
    let stream = Stream::read(output.stdout.as_bytes()).unwrap();
    assert_eq!(i32::from(stream.producers[0].status), status);
    let mut checks = Vec::new();
    let mut summary = None;
    for record in stream.records {
        match record {
            Record::Check(check) => checks.push(check),
            Record::CheckSummary(one) => assert!(summary.replace(one).is_none()),
            other => panic!("{other:?}"),
        }
    }
    (checks, summary.unwrap())
}

#[track_caller]
fn expect(site: &Site, arguments: &[&str], status: i32, expected: &[(&str, &str)]) {
    let (checks, summary) = json(site, arguments, status);
    let found: Vec<(&str, &str)> = checks
        .iter()
        .map(|check| (check.finding.as_str(), check.key.strip_prefix(PREFIX).unwrap()))
        .collect();
    assert_eq!(found, expected);
    let count = |severity| checks.iter().filter(|check| check.severity == severity).count() as u64;
    assert_eq!(summary.errors, count(Severity::Error));
    assert_eq!(summary.warnings, count(Severity::Warning));
    assert_eq!(summary.infos, count(Severity::Info));
}

#[test]
fn a_clean_repository() {
    for site in sites() {
        site.put(BUCKET, &key("packages-one.json"), site.index(BUCKET, PREFIX));
        for arguments in [&[][..], &["--deep"], &["--strict"], &[BUCKET, PREFIX]] {
            let output = run(&site, arguments).success();
            assert_eq!(output.stderr, "");
            let text = site.masked(&output.stdout);
            let head = "s3://php-dev/dist-heroku-24-amd64-develop/: 3 manifests, 3 archives (";
            assert!(text.starts_with(head), "{text}");
            assert!(text.contains("1 snapshot\n\nNothing is wrong"), "{text}");
        }
        let (checks, summary) = json(&site, &["--deep"], 0);
        assert_eq!(checks, []);
        assert_eq!((summary.manifests, summary.archives, summary.snapshots), (3, 3, 1));
        assert!(summary.deep && summary.etag.is_some());
    }
}

#[test]
fn everything_that_can_be_wrong() {
    for site in sites() {
        site.put(BUCKET, &key("packages-old.json"), site.index(BUCKET, PREFIX));
        site.put(BUCKET, &key("packages-bad.json"), "{\"packages\": 7}");
        site.delete(BUCKET, &key("php-8.4.6.tar.gz"));
        site.delete(BUCKET, &key("php-8.4.10.composer.json"));
        site.put(BUCKET, &key("broken-1.composer.json"), "{\"name\": ");
        site.put(BUCKET, &key("broken-2.composer.json"), "\u{1}\u{2}");
        site.put(BUCKET, &key("orphan.tar.gz"), "x");
        site.put(BUCKET, &key("ext-demo-2.0.0.tar.gz"), "something else");
        site.manifest(BUCKET, PREFIX, "else-1", TIME, "https://example.com/else-1.tar.gz");
        site.put(BUCKET, &key("index.html"), "x");
        site.put(BUCKET, &key(".slipway/probe-1"), "x");
        site.put(BUCKET, &key("inner/packages.json"), "x");
        site.put(BUCKET, &key("inner/x.tar.gz"), "x");
        expect(
            &site,
            &[],
            1,
            &[
                ("stale-index", "packages.json"),
                ("stale-index", "packages.json"),
                ("unreadable-snapshot", "packages-bad.json"),
                ("broken-manifest", "broken-1.composer.json"),
                ("broken-manifest", "broken-2.composer.json"),
                ("missing-archive", "php-8.4.6.tar.gz"),
                ("orphaned-manifest", "php-8.4.6.composer.json"),
                ("wrong-size", "ext-demo-2.0.0.tar.gz"),
                ("orphaned-archive", "orphan.tar.gz"),
                ("external-url", "else-1.composer.json"),
                ("snapshot-only", "packages-old.json"),
                ("leftover", ".slipway/probe-1"),
                ("nested-repository", "inner/"),
                ("other-object", "index.html"),
            ],
        );
        let text = run(&site, &["--all"]).expect(1).stdout;
        for line in [
            "  packages.json lacks heroku-sys/else 1 of else-1.composer.json",
            "  packages.json lists heroku-sys/php 8.4.10, for which there is no manifest",
            "  php-8.4.6.composer.json names php-8.4.6.tar.gz, which is not there",
            "  orphan.tar.gz is named by nothing",
            "  index.html is left alone",
            "10 errors, 2 warnings, 2 for information.",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
        assert!(!text.contains('\x1b') && !text.contains('\x01'), "{text:?}");
    }
}

#[test]
fn what_makes_the_status() {
    for site in sites() {
        site.manifest(BUCKET, PREFIX, "else-1", TIME, "https://example.com/else-1.tar.gz");
        site.publish(BUCKET, PREFIX);
        expect(&site, &[], 1, &[("external-url", "else-1.composer.json")]);
        expect(&site, &["--allow-external"], 0, &[]);
        site.put(BUCKET, &key("libraries/z-1.tar.gz"), "x");
        expect(
            &site,
            &["--strict", "--keep", "libraries/*"],
            1,
            &[("external-url", "else-1.composer.json")],
        );
        run(&site, &[BUCKET, "nowhere/"]).expect(7);
        run(&site, &["no-such-bucket", ""]).expect(7);
        run(&site, &[BUCKET]).expect(2);
        run(&site, &["--nonsense"]).expect(2);
        let output = site.process(env!("CARGO_BIN_EXE_repo-check")).without("S3_BUCKET").run();
        assert!(output.expect(2).stderr.contains("S3_BUCKET"));
    }
}

#[test]
fn reading_every_archive() {
    let whole = tar_gz(&[("bin/x", &[7; 5000]), ("lib/y", b"y")]);
    let hostile = {
        let folder = scratch::Folder::new("check-test-").unwrap();
        std::fs::write(folder.path().join("x"), "x").unwrap();
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(folder.path()).args(["-P", "--transform=s,^,../,", "-czf", "-", "x"]);
        tar.output().unwrap().stdout
    };
    for site in sites() {
        let bad = [
            ("truncated-1", whole[..whole.len() - 20].to_vec()),
            ("damaged-1", {
                let mut bytes = whole.clone();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                bytes
            }),
            ("hostile-1", hostile.clone()),
            ("trailing-1", [&whole[..], b"garbage"].concat()),
            ("web-1", b"<html>503</html>".to_vec()),
            ("empty-1", Vec::new()),
        ];
        for (name, bytes) in &bad {
            package(&site, name, bytes);
        }
        site.publish(BUCKET, PREFIX);
        // Their sizes and checksums are as their manifests say.
        expect(&site, &[], 0, &[]);
        let damaged = |name: &str| ("damaged-archive", format!("{name}-1.tar.gz"));
        let names = ["damaged", "empty", "hostile", "trailing", "truncated", "web"];
        let expected: Vec<_> = names.into_iter().map(damaged).collect();
        let expected: Vec<_> = expected.iter().map(|(kind, name)| (*kind, name.as_str())).collect();
        expect(&site, &["--deep"], 1, &expected);
        let (checks, _) = json(&site, &["--deep"], 1);
        assert!(checks[2].message.contains("`../x` is refused"), "{checks:?}");
        let (checks, _) = json(&site, &["--deep", "--max-members", "0"], 1);
        let limited = checks.iter().filter(|check| check.message.contains("limit of 0 members"));
        assert!(limited.count() > 0, "{checks:?}");

        // Composer's own checksum.
        let url = site.url(BUCKET, &key("ext-demo-2.0.0.tar.gz"));
        let text = format!(
            r#"{{"dist": {{"shasum": "{}", "type": "heroku-sys-tar", "url": "{url}"}}, "name": "heroku-sys/ext-demo", "version": "2.0.0"}}"#,
            "0".repeat(40)
        );
        site.put(BUCKET, &key("ext-demo-2.0.0.composer.json"), text);
        site.publish(BUCKET, PREFIX);
        assert_eq!(json(&site, &[], 0).0, []);
        let (checks, _) = json(&site, &["--deep"], 1);
        assert_eq!(checks[0].finding, "wrong-checksum");
        assert!(checks[0].message.contains("has the SHA-1 "), "{checks:?}");
        assert_eq!(checks[0].key, key("ext-demo-2.0.0.tar.gz"));

        // Other bytes of the same length.
        let mut other = site.get(BUCKET, &key("php-8.4.6.tar.gz")).unwrap();
        let at = other.len() - 1;
        other[at] ^= 1;
        site.put(BUCKET, &key("php-8.4.6.tar.gz"), other);
        let (checks, _) = json(&site, &["--deep"], 1);
        assert_eq!(checks[1].finding, "wrong-checksum");
        assert!(checks[1].message.contains("has the SHA-256 "), "{checks:?}");
        assert_eq!(checks[1].key, key("php-8.4.6.tar.gz"));
    }
}

#[test]
fn an_archive_of_another_form_is_only_hashed() {
    for site in sites() {
        site.put(BUCKET, &key("a-1.zip"), "zip");
        let url = site.url(BUCKET, &key("a-1.zip"));
        site.manifest(BUCKET, PREFIX, "a-1", TIME, &url);
        site.publish(BUCKET, PREFIX);
        expect(&site, &["--deep"], 0, &[("unchecked-archive", "a-1.zip")]);
    }
}

#[test]
fn a_service_that_stumbles() {
    let [_, site] = sites();
    let server = site.server().unwrap();
    let mut seen = std::collections::HashSet::new();
    // Each request fails once, and archives break off in the middle.
    server.set_hook(move |request| match seen.insert((request.line(), request.query.clone())) {
        true if request.path.ends_with(".tar.gz") && request.method == "GET" => {
            Action::Truncate(50)
        }
        true => Action::Answer(503, "SlowDown"),
        false => Action::Serve,
    });
    expect(&site, &["--deep"], 0, &[]);
    server.set_hook(|_| Action::Answer(403, "AccessDenied"));
    run(&site, &[]).expect(8);
}

/// Composer undoes the encoding, and then neither the checksum nor `tar -xzf` fits.
#[test]
fn archives_that_are_stored_encoded() {
    let [_, site] = sites();
    let server = site.server().unwrap();
    let again = |name: &str, encoding: &str| {
        let object = server.object(BUCKET, &key(name)).unwrap();
        let attributes = test_kit::s3::Attributes {
            content_encoding: Some(encoding.to_owned()),
            ..object.attributes
        };
        server.put(BUCKET, &key(name), object.bytes, attributes);
    };
    again("php-8.4.6.tar.gz", "gzip");
    again("php-8.4.10.tar.gz", "gzip,aws-chunked");
    again("ext-demo-2.0.0.tar.gz", "aws-chunked");
    again("packages.json", "identity");
    let encoded = |name| ("encoded-archive", name);
    let expected = [encoded("php-8.4.10.tar.gz"), encoded("php-8.4.6.tar.gz")];
    expect(&site, &[], 1, &expected);
    expect(&site, &["--deep"], 1, &expected);
    let text = run(&site, &[]).expect(1).stdout;
    for line in [
        "encoded-archive",
        "php-8.4.6.tar.gz is stored with 'Content-Encoding: gzip', which Composer undoes",
        "Deploy the package again with --overwrite",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn requests_are_few() {
    let [_, site] = sites();
    let server = site.server().unwrap();
    for number in 0..50 {
        let name = format!("lib{number}-1");
        site.package(BUCKET, PREFIX, &name, TIME);
    }
    site.publish(BUCKET, PREFIX);
    run(&site, &[]).success();
    server.forget_requests();
    run(&site, &[]).success();
    let lines: Vec<String> = server.requests().iter().map(|request| request.line()).collect();
    // The bucket is looked at, the index is asked for its public URL, the prefix is listed; the
    // manifests are cached; each archive has headers.
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(count("HEAD /php-dev/"), 1 + 53, "{lines:?}");
    assert_eq!(lines.len(), 4 + 53, "{lines:?}");
}

#[test]
fn a_check_only_reads() {
    let [_, site] = sites();
    site.server().unwrap().set_hook(|request| match request.method.as_str() {
        "GET" | "HEAD" => Action::Serve,
        _ => Action::Answer(403, "AccessDenied"),
    });
    site.package(BUCKET, PREFIX, "new-1", TIME);
    run(&site, &["--deep", "--no-cache"]).expect(1);
    let requests = site.server().unwrap().requests();
    let reads = |method: &str| ["GET", "HEAD"].contains(&method);
    assert!(requests.iter().all(|request| reads(&request.method)));
}

#[test]
fn a_large_archive_is_read_in_little_memory() {
    const MEGABYTES: usize = 48;
    let [site, _] = sites();
    let file = "head -c $1 /dev/urandom > \"$2/large\" && tar -C \"$2\" -czf - large";
    let folder = scratch::Folder::new("check-test-").unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", file, "sh", &(MEGABYTES << 20).to_string()]).arg(folder.path());
    package(&site, "large-1", &shell.output().unwrap().stdout);
    site.publish(BUCKET, PREFIX);
    let measure = "import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let process = site.process("python3").args(["-c", measure, env!("CARGO_BIN_EXE_repo-check")]);
    let output = process.arg("--deep").run().success();
    let kilobytes: usize = output.stdout.lines().last().unwrap().parse().unwrap();
    assert!(kilobytes < MEGABYTES * 1024, "{kilobytes} kB");
    assert_eq!(site.workspace.litter(), [""; 0]);
}

#[test]
fn a_repository_that_is_being_changed_is_looked_at_again() {
    let [_, site] = sites();
    let index = site.index(BUCKET, PREFIX);
    let site = std::sync::Arc::new(site);
    let other = std::sync::Arc::downgrade(&site);
    let mut done = false;
    // A deploy comes between the listing and the index.
    site.server().unwrap().set_hook(move |request| {
        if !done && request.line().starts_with("GET /php-dev/dist") {
            done = true;
            let site = other.upgrade().unwrap();
            site.package(BUCKET, PREFIX, "new-1", TIME);
            site.publish(BUCKET, PREFIX);
        }
        Action::Serve
    });
    let (checks, summary) = json(&site, &["--no-cache"], 0);
    assert_eq!((checks, summary.manifests), (vec![], 4));
    assert_ne!(site.index(BUCKET, PREFIX), index);
}

#[test]
fn another_host_of_this_place_is_named() {
    for site in sites() {
        let cdn = format!("https://cdn.example/x/{}", key("a-1.tar.gz"));
        site.manifest(BUCKET, PREFIX, "a-1", TIME, &cdn);
        site.put(BUCKET, &key("a-1.tar.gz"), tar_gz(&[("bin/a", b"a")]));
        site.publish(BUCKET, PREFIX);
        let check = run(&site, &["--allow-external"]).success();
        assert!(check.stdout.contains("--public-url https://cdn.example/x"), "{}", check.stdout);
        run(&site, &["--allow-external", "--strict"]).expect(1);
        run(&site, &["--public-url", "https://cdn.example/x", "--strict"]).success();
        // Garbage it is under no name.
        run(&site, &["--gc", "--yes", "--older-than", "0s"]).success();
        assert!(site.get(BUCKET, &key("a-1.tar.gz")).is_some());
    }
}
