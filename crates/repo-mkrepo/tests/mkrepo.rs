//! The program, on both stores: streams, statuses, and what is in the bucket afterwards.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;

use test_kit::s3::Quirks;
use test_kit::{Output, Process, Site};

const BUCKET: &str = "php-dev";
const PREFIX: &str = "dist/";
const TIME: &str = "2026-01-01 00:00:00";
const START: &str = r#"{"kind":"start.v1","producer":"p1","tool":"pkg-deploy","version":"0.1.0"}"#;
const DEPLOY: &str = r#"{"kind":"deploy.v1","producer":"p1","formula":"a-1","name":"a-1","bucket":"php-dev","prefix":"dist/","archive":{"key":"dist/a-1.tar.gz","etag":"e1","size-bytes":12,"sha256":"ab","upload":"new"},"manifest":null}"#;
const END: &str = r#"{"kind":"end.v1","producer":"p1","records":1,"status":0}"#;

/// Both stores, with a repository of two packages that is not published.
fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, PREFIX);
        site.package(BUCKET, PREFIX, "a-1", TIME);
        site.package(BUCKET, PREFIX, "b-1.2.10+build2", TIME);
    }
    sites
}

fn mkrepo(site: &Site) -> Process {
    site.process(env!("CARGO_BIN_EXE_repo-mkrepo"))
}

fn run(site: &Site, arguments: &[&str], input: &str) -> Output {
    mkrepo(site).args(arguments).input(input).run()
}

fn packages_json(site: &Site) -> Option<Vec<u8>> {
    site.get(BUCKET, "dist/packages.json")
}

#[test]
fn to_a_pipe() {
    for site in sites() {
        let index = String::from_utf8(site.index(BUCKET, PREFIX)).unwrap();
        let expected = "-----> Fetching manifests... \n-----> Generating packages.json...\n";
        let output = run(&site, &[], "").success();
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (index.as_str(), expected));
        // The two arguments of old say the same.
        site.workspace.write("elsewhere/.keep", "");
        let named = mkrepo(&site).env("S3_BUCKET", "other").args([BUCKET, "dist"]).run().success();
        assert_eq!(named.stdout, index);
        assert_eq!(packages_json(&site), None);
        assert!(!site.workspace.path("packages.json").exists());
    }
}

#[test]
fn local_manifests_need_no_bucket() {
    let site = Site::folder();
    for name in ["a-1", "a-2"] {
        site.manifest("local", "", name, TIME, "https://example.com/x.tar.gz");
    }
    let files = ["stores/local/a-2.composer.json", "stores/local/a-1.composer.json"];
    let output = run(&site, &files, "").success();
    assert_eq!(output.stdout.as_bytes(), site.index("local", ""));
    assert_eq!(output.stderr, "-----> Generating packages.json...\n");
}

#[test]
fn publishing() {
    for site in sites() {
        let output = run(&site, &["--upload", "-c", "snap1"], "").success();
        let expected = "\
-----> Fetching manifests... 
-----> Generating packages.json...
-----> Uploading packages.json...
-----> Snapshotting to packages-snap1.json...
-----> Done.
";
        assert_eq!(output.stderr, expected);
        let index = site.index(BUCKET, PREFIX);
        assert_eq!(packages_json(&site), Some(index.clone()));
        assert_eq!(site.get(BUCKET, "dist/packages-snap1.json"), Some(index.clone()));
        assert_eq!(fs::read(site.workspace.path("packages.json")).unwrap(), index);
        assert!(site.workspace.litter().is_empty());
        let lines: Vec<&str> = output.stdout.lines().collect();
        assert_eq!(lines.len(), 3, "{}", output.stdout);
        assert!(
            lines[1].contains(r#""kind":"publish.v1""#) && lines[1].contains(r#""changed":true"#)
        );

        let again = run(&site, &["--upload", "--records", "out.ndjson"], "").success();
        assert_eq!(again.stdout, "");
        let records = fs::read_to_string(site.workspace.path("out.ndjson")).unwrap();
        assert!(records.contains(r#""changed":false"#), "{records}");
    }
}

#[test]
fn at_the_end_of_a_pipeline() {
    for site in sites() {
        run(&site, &["--upload"], &format!("{START}\n{DEPLOY}\n{END}\n")).success();
        assert_eq!(packages_json(&site), Some(site.index(BUCKET, PREFIX)));
    }
}

#[test]
fn records_that_are_not_whole_publish_nothing() {
    for site in sites() {
        let elsewhere = DEPLOY.replace("php-dev", "php-other");
        let beside = DEPLOY.replace(r#""prefix":"dist/""#, r#""prefix":"other/""#);
        let outside = DEPLOY.replace("dist/a-1.tar.gz", "dist/../a-1.tar.gz");
        let own = DEPLOY.replace("dist/a-1.tar.gz", "dist/.slipway/a-1.tar.gz");
        let index = r#""manifest":{"key":"dist/packages-1.json","etag":"e1","size-bytes":12,"sha256":"ab","upload":"new"}"#;
        let index = DEPLOY.replace(r#""manifest":null"#, index);
        let failed = END.replace(r#""status":0"#, r#""status":5"#);
        let build = r#"{"kind":"publish.v1","producer":"p1","bucket":"b","prefix":"p/","key":"p/packages.json","etag":"e3","sha256":"ef","packages":2,"versions":3,"changed":true}"#;
        let cases = [
            (format!("{START}\n{DEPLOY}\n"), 6, "do not end"),
            (format!("{START}\n{DEPLOY}\n{failed}\n"), 1, "pkg-deploy failed with status 5"),
            (format!("{START}\n{elsewhere}\n{END}\n"), 6, "php-other"),
            (format!("{START}\n{beside}\n{END}\n"), 6, "other/"),
            (format!("{START}\n{outside}\n{END}\n"), 6, "record of a-1: archive.key"),
            (format!("{START}\n{own}\n{END}\n"), 6, "record of a-1: archive.key"),
            (format!("{START}\n{index}\n{END}\n"), 6, "record of a-1: manifest.key"),
            (format!("{START}\n{build}\n{END}\n"), 6, "publish.v1"),
            ("prose\n".to_owned(), 6, "line 1"),
        ];
        for (input, status, message) in cases {
            let output = run(&site, &["--upload"], &input).expect(status);
            assert!(output.stderr.contains(message), "{message}: {}", output.stderr);
            assert_eq!(packages_json(&site), None);
            assert!(!site.workspace.path("packages.json").exists());
        }
    }
}

#[test]
fn a_skipped_formula_is_no_failure() {
    for site in sites() {
        let skipped = r#"{"kind":"end.v1","producer":"p1","records":0,"status":9}"#;
        run(&site, &["--upload"], &format!("{START}\n{skipped}\n")).success();
        assert!(packages_json(&site).is_some());
    }
}

#[test]
fn local_manifests_can_be_published() {
    for site in sites() {
        let text = r#"{"name": "x/y", "version": "3", "type": "library"}"#;
        site.workspace.write("y.composer.json", text);
        run(&site, &["--upload", "y.composer.json"], "").success();
        let index = String::from_utf8(packages_json(&site).unwrap()).unwrap();
        assert_eq!(index, format!(r#"{{"packages": {{"x/y": [{}]}}}}"#, sorted(text)));
    }
}

fn sorted(text: &str) -> String {
    let manifest = manifest::Manifest::parse(text).unwrap();
    String::from_utf8(manifest.to_bytes()).unwrap()
}

#[test]
fn what_goes_wrong_is_named() {
    for site in sites() {
        let output = run(&site, &["--upload", BUCKET, "mistyped/"], "").expect(7);
        assert!(output.stderr.contains("mistyped/"), "{}", output.stderr);
        let output = run(&site, &["no-such-bucket", "dist/"], "").expect(7);
        assert!(output.stderr.contains("no-such-bucket"), "{}", output.stderr);
        assert_eq!(output.stdout, "");

        site.put(BUCKET, "dist/broken-1.composer.json", "{\n  oops");
        let output = run(&site, &["--upload"], "").expect(6);
        assert!(output.stderr.contains("dist/broken-1.composer.json"), "{}", output.stderr);
        assert!(output.stderr.contains("line 2 column 3"), "{}", output.stderr);
        assert_eq!(packages_json(&site), None);
        assert!(!site.workspace.path("packages.json").exists());
    }
    let site = Site::folder();
    let output = run(&site, &["--upload"], "").expect(2);
    assert!(output.stderr.contains("S3_BUCKET"), "{}", output.stderr);
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut plain).unwrap();
    plain
}

#[test]
fn a_compressed_index() {
    let [folder, site] = sites();
    let refused = run(&folder, &["--upload", "--gzip"], "").expect(2);
    assert!(refused.stderr.contains("--gzip is for S3"), "{}", refused.stderr);
    assert_eq!(packages_json(&folder), None);
    run(&folder, &["--gzip"], "").expect(2);
    run(&folder, &["--upload", "--gzip", "--no-gzip"], "").expect(2);

    let server = site.server().unwrap();
    let object = || server.object(BUCKET, "dist/packages.json").unwrap();
    let compressed = |is: bool| {
        let object = object();
        let encoding = object.attributes.content_encoding.as_deref();
        assert_eq!(encoding, is.then_some("gzip"));
        assert_eq!(object.attributes.content_type.as_deref(), Some("application/json"));
        let plain = if is { gunzip(&object.bytes) } else { object.bytes.to_vec() };
        assert_eq!(plain, site.index(BUCKET, PREFIX));
        let log = run(&site, &["log", "--json", "-n1"], "").success().stdout;
        assert!(log.contains(&checksum::of_bytes(&plain)), "{log}");
        let sha256 = object.attributes.metadata.get("sha256");
        assert_eq!(sha256, Some(&checksum::of_bytes(&object.bytes)));
        object.etag
    };
    let says = |output: Output, changed: bool| {
        assert!(output.stdout.contains(&format!("\"changed\":{changed}")), "{}", output.stdout);
    };
    says(run(&site, &["--upload", "--gzip", "-c", "one"], "").success(), true);
    let first = compressed(true);
    let local = fs::read(site.workspace.path("packages.json")).unwrap();
    assert_eq!(local, site.index(BUCKET, PREFIX));
    assert_eq!(site.get(BUCKET, "dist/packages-one.json").unwrap(), local);

    // Nothing is new: nothing is written. What is new is written the same way.
    says(run(&site, &["--upload"], "").success(), false);
    says(run(&site, &["--upload", "--gzip"], "").success(), false);
    assert_eq!(compressed(true), first);
    site.package(BUCKET, PREFIX, "c-1", TIME);
    says(run(&site, &["--upload"], "").success(), true);
    compressed(true);
    says(run(&site, &["--upload", "--no-gzip"], "").success(), true);
    compressed(false);
    says(run(&site, &["--upload"], "").success(), false);
    says(run(&site, &["--upload", "--gzip"], "").success(), true);
    compressed(true);
    // Some services keep the encoding of the upload, too.
    for (number, encoding) in ["gzip, aws-chunked", "aws-chunked,gzip"].iter().enumerate() {
        let mut object = object();
        object.attributes.content_encoding = Some((*encoding).to_owned());
        server.put(BUCKET, "dist/packages.json", object.bytes, object.attributes);
        says(run(&site, &["--upload"], "").success(), false);
        site.package(BUCKET, PREFIX, &format!("chunked-{number}"), TIME);
        says(run(&site, &["--upload"], "").success(), true);
        compressed(true);
    }
    let log = run(&site, &["log"], "").success();
    assert!(!log.stdout.contains("outside"), "{}", log.stdout);
    assert!(!site.keys(BUCKET).iter().any(|key| key.contains("probe")));
}

#[test]
fn a_service_that_drops_the_encoding_gets_a_plain_index() {
    let [_, site] = sites();
    site.server().unwrap().set_quirks(Quirks { drop_encoding: true, ..Quirks::default() });
    let output = run(&site, &["--upload", "--gzip"], "").success();
    assert!(output.stderr.contains("packages.json is written plain"), "{}", output.stderr);
    assert_eq!(packages_json(&site), Some(site.index(BUCKET, PREFIX)));
}

/// Whether the service supports conditional writes is asked once.
#[test]
fn without_a_cache_the_service_is_asked_again() {
    let [_, site] = sites();
    let server = site.server().unwrap();
    for (name, arguments, asks) in [
        ("c-1", &["--upload"][..], true),
        ("d-1", &["--upload"], false),
        ("e-1", &["--upload", "--no-cache"], true),
    ] {
        site.package(BUCKET, PREFIX, name, TIME);
        server.forget_requests();
        run(&site, arguments, "").success();
        let asked = server.requests().iter().any(|request| request.path.contains("/probe-"));
        assert_eq!(asked, asks, "{arguments:?}");
    }
}

#[test]
fn a_bomb_in_place_of_the_index() {
    let [_, site] = sites();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..120 {
        std::io::Write::write_all(&mut encoder, &vec![0; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let attributes = test_kit::s3::Attributes {
        content_encoding: Some("gzip".to_owned()),
        ..Default::default()
    };
    site.server().unwrap().put(BUCKET, "dist/packages.json", bomb, attributes);
    let limited = mkrepo(&site).env("SLIPWAY_MAX_INDEX", "100M").arg("--upload");
    let output = limited.run().expect(6);
    assert!(output.stderr.contains("larger than 104857600 bytes"), "{}", output.stderr);
}

#[test]
fn where_the_folder_cannot_be_written_nothing_is_published() {
    let site = Site::folder();
    site.create_bucket(BUCKET);
    site.package(BUCKET, PREFIX, "a-1", TIME);
    let script = r#"mkdir gone && cd gone && rmdir ../gone && exec "$0" --upload"#;
    let shell = site.process("sh").env("S3_BUCKET", BUCKET).env("S3_PREFIX", PREFIX);
    let output = shell.args(["-c", script, env!("CARGO_BIN_EXE_repo-mkrepo")]).run().expect(11);
    assert!(output.stderr.contains("cannot write ./packages.json"), "{}", output.stderr);
    assert_eq!(packages_json(&site), None);
}

/// Services whose ETags do not tell the states of an object apart.
#[test]
fn etags_that_are_worth_nothing() {
    let unlisted = Quirks { unlisted_etags: true, ..Quirks::default() };
    let other = Quirks { other_etags: true, ..Quirks::default() };
    let constant = Quirks { constant_etags: true, ..Quirks::default() };
    for (quirks, said) in [
        (unlisted, "do not have the ETags of the objects"),
        (other, "do not have the ETags of the objects"),
        (constant, "gives objects with other contents the same ETag"),
    ] {
        let mut site = Site::s3();
        // Before anything is there: what a test writes has the same tags.
        site.server().unwrap().set_quirks(quirks);
        site.create_bucket(BUCKET);
        site.workspace.repository(BUCKET, PREFIX);
        for name in ["a-1", "longer-2"] {
            site.package(BUCKET, PREFIX, name, TIME);
        }
        let output = run(&site, &["--upload"], "").success();
        assert_eq!(output.stderr.matches(said).count(), 1, "{}", output.stderr);
        assert_eq!(packages_json(&site), Some(site.index(BUCKET, PREFIX)));
        // Nothing to do is seen to be that, and one that was overwritten is published.
        run(&site, &["--upload"], "").success();
        site.package(BUCKET, PREFIX, "a-1", "2027-07-07 07:07:07 and longer");
        run(&site, &["--upload"], "").success();
        assert_eq!(packages_json(&site), Some(site.index(BUCKET, PREFIX)));
    }
}

/// An error that a write without a condition meets too says nothing of conditions.
#[test]
fn an_error_of_the_probe_is_no_verdict() {
    let [_, site] = sites();
    let server = site.server().unwrap();
    site.package(BUCKET, PREFIX, "c-1", TIME);
    server.set_hook(|request| match request.path.contains("/probe-") {
        true => test_kit::s3::Action::Answer(400, "QuotaExceeded"),
        false => test_kit::s3::Action::Serve,
    });
    let output = run(&site, &["--upload"], "").expect(8);
    assert!(output.stderr.contains("QuotaExceeded"), "{}", output.stderr);
    assert!(!output.stderr.contains("WARNING"), "{}", output.stderr);
    server.clear_hook();
    // Nothing was remembered.
    server.forget_requests();
    let output = run(&site, &["--upload"], "").success();
    assert!(!output.stderr.contains("WARNING"), "{}", output.stderr);
    assert!(server.requests().iter().any(|request| request.path.contains("/probe-")));
}
