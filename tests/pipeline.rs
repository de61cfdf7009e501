//! Formula → package → repository as a pipeline, on every kind of store.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::fs;

use end_to_end::{DEVELOP, Place, STABLE};
use record::{Record, Stream};
use test_kit::{s3, seaweed};

/// The records of a file: whole, of known kinds, nothing else.
fn kinds(place: &Place, file: &str) -> Vec<&'static str> {
    let text = fs::read(place.workspace.path(file)).unwrap();
    let stream = Stream::read(text.as_slice()).unwrap();
    assert_eq!(stream.failed(&[]), None);
    stream.records.iter().map(Record::kind).collect()
}

/// Builds, deploys, publishes, promotes and removes; returns what is in the bucket then.
fn run(place: &Place) -> Vec<(String, String)> {
    let script = "printf '%s\\n' libraries/libtally-2.0.1 php-8.3.9 php-8.3.10 |
        xargs -n1 bob-build | tee built | pkg-deploy | tee deployed |
        repo-mkrepo --upload > published";
    place.shell(script).run().success();
    assert_eq!(kinds(place, "built"), ["build.v1"; 3]);
    assert_eq!(kinds(place, "deployed"), ["deploy.v1"; 3]);
    assert_eq!(kinds(place, "published"), ["publish.v1"]);

    // Several producers on one pipe, and a formula that needs the highest 8.3.
    let script = "printf '%s\\n' ext-counter-1.0.0_php-8.3 php-8.4.2 |
        xargs -P2 -n1 bob-build | tee built | pkg-deploy --publish > deployed";
    place.shell(script).run().success();
    let text = fs::read(place.workspace.path("built")).unwrap();
    let used: Vec<String> = Stream::read(text.as_slice())
        .unwrap()
        .records
        .into_iter()
        .filter_map(|record| match record {
            Record::Build(build) => build.dependencies,
            _ => None,
        })
        .flatten()
        .map(|dependency| dependency.key)
        .collect();
    assert_eq!(
        used,
        [
            format!("{DEVELOP}php-8.3.10.tar.gz"),
            format!("{DEVELOP}libraries/libtally-2.0.1.tar.gz")
        ]
    );
    assert_eq!(kinds(place, "deployed"), ["deploy.v1", "deploy.v1", "publish.v1"]);

    let sync =
        format!("repo-sync --yes -c first {bucket} {STABLE} > synced", bucket = place.bucket);
    place.shell(&sync).run().expect(4);
    place.shell("repo-mkrepo --upload -c first > published < /dev/null").run().success();
    place.shell(&sync).run().success();
    place.shell("pkg-remove --yes php-8.3.9 > removed").run().success();
    assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    place.contents()
}

#[test]
fn all_stores_end_with_the_same() {
    let folder = run(&Place::folder());
    let keys: Vec<&str> = folder.iter().map(|(key, _)| key.as_str()).collect();
    let stable: Vec<&str> = keys.iter().filter_map(|key| key.strip_prefix(STABLE)).collect();
    assert_eq!(
        stable,
        [
            "ext-counter-1.0.0_php-8.3.composer.json",
            "ext-counter-1.0.0_php-8.3.tar.gz",
            "packages-first.json",
            "packages.json",
            "php-8.3.10.composer.json",
            "php-8.3.10.tar.gz",
            "php-8.3.9.composer.json",
            "php-8.3.9.tar.gz",
            "php-8.4.2.composer.json",
            "php-8.4.2.tar.gz",
        ]
    );
    assert!(!keys.contains(&format!("{DEVELOP}php-8.3.9.composer.json").as_str()));
    // Its archive is in a snapshot still.
    assert!(keys.contains(&format!("{DEVELOP}php-8.3.9.tar.gz").as_str()));
    assert!(keys.contains(&format!("{DEVELOP}libraries/libtally-2.0.1.tar.gz").as_str()));

    assert_eq!(run(&Place::in_process()), folder);
    assert_eq!(run(&Place::seaweed()), folder);
}

#[test]
fn a_producer_that_died_stops_the_pipeline() {
    let place = Place::folder();
    place.workspace.write("work/dies-1", "kill -9 $PPID; sleep 5");
    place.workspace.write("work/fine-1", "touch $1/x");
    let formulae = place.workspace.path("work").display().to_string();
    let script = "printf '%s\\n' fine-1 dies-1 | xargs -n1 bob-build | pkg-deploy > deployed";
    let output = place.shell(script).env("WORKSPACE_DIR", formulae).run();
    assert_ne!(output.status, 0);
    assert!(
        output.stderr.contains("pkg-deploy: the records of bob-build do not end"),
        "{}",
        output.stderr
    );
    assert_eq!(place.contents(), []);
}

#[test]
fn a_failure_anywhere_is_the_last_programs_too() {
    let place = Place::folder();
    let fine = "touch $1/x; echo '{\"name\":\"a/b\",\"version\":\"1\"}' > fine-1.composer.json";
    place.workspace.write("work/fine-1", fine);
    place.workspace.write("work/fails-1", "exit 12");
    let formulae = place.workspace.path("work").display().to_string();
    let run = |script: &str| place.shell(script).env("WORKSPACE_DIR", &formulae).run();
    run("bob-build fine-1 | pkg-deploy").success();
    let before = place.contents();
    for (script, culprit) in [
        (
            "bob-build fails-1 | pkg-deploy | repo-mkrepo --upload",
            "bob-build failed with status 12",
        ),
        ("bob-build nosuch | pkg-deploy | repo-mkrepo --upload", "bob-build failed with status 7"),
        ("bob-build --nosuch | pkg-deploy | repo-mkrepo --upload", "there are no build records"),
        ("bob-build fine-1 | pkg-deploy | repo-mkrepo --upload", "already exists"),
        ("bob-build fine-1 | S3_BUCKET= pkg-deploy | repo-mkrepo --upload", "S3_BUCKET"),
        (
            "printf '%s\\n' nosuch fine-1 | xargs -n1 bob-build | pkg-deploy --overwrite",
            "bob-build failed with status 7",
        ),
    ] {
        let output = run(script);
        assert_ne!(output.status, 0, "{script}: {}", output.stderr);
        assert!(output.stderr.contains(culprit), "{script}: {}", output.stderr);
        assert_eq!(place.contents(), before, "{script}");
    }
}

#[test]
fn a_private_upstream_is_read_anonymously() {
    let server = s3::Server::start();
    server.create_bucket("upstream");
    server.set_public("upstream", true);
    let upstream_of = |place: &mut Place, endpoint: &str, bucket: &str| {
        place
            .workspace
            .set("UPSTREAM_S3_ENDPOINT_URL", endpoint)
            .set("UPSTREAM_S3_BUCKET", bucket)
            .set("UPSTREAM_S3_PREFIX", "stable/");
    };
    let archive = |place: &Place| {
        let script = "mkdir t; echo up > t/up; tar -C t -czf up.tar.gz up";
        place.shell(script).run().success();
        fs::read(place.workspace.path("up.tar.gz")).unwrap()
    };
    let build = |place: &Place| {
        place.workspace.write("work/needs-1", "# Build Deps: up-*\ncat $1/up > $1/seen");
        let formulae = place.workspace.path("work").display().to_string();
        let run = place.shell("bob-build -o out needs-1 > built").env("WORKSPACE_DIR", formulae);
        let output = run.run().success();
        assert!(output.stderr.contains("trying UPSTREAM_S3_BUCKET"), "{}", output.stderr);
        assert!(output.stderr.contains("anonymously"), "{}", output.stderr);
        assert_eq!(fs::read_to_string(place.workspace.path("build/seen")).unwrap(), "up\n");
    };

    // No credentials at all: the own store is a folder, which needs none.
    let mut place = Place::folder();
    let bytes = archive(&place);
    server.put("upstream", "stable/up-1.tar.gz", bytes, s3::Attributes::default());
    upstream_of(&mut place, &server.endpoint(), "upstream");
    place.workspace.set("AWS_EC2_METADATA_DISABLED", "true");
    build(&place);

    // Credentials that the upstream service does not know.
    let mut place = Place::seaweed();
    upstream_of(&mut place, &server.endpoint(), "upstream");
    build(&place);

    // And a real service that refuses.
    let weed = seaweed::Server::shared();
    let bucket = weed.create_public_bucket();
    let mut filled = Place::seaweed();
    let bytes = archive(&filled);
    filled.bucket.clone_from(&bucket);
    let upload = store::Upload::new("application/gzip");
    filled.store().put("stable/up-1.tar.gz", &bytes, &upload).unwrap();
    let mut place = Place::in_process();
    upstream_of(&mut place, &weed.endpoint(), &bucket);
    build(&place);
}

/// As the helpers of 2016 had it. What the environment says is for all else.
#[test]
fn the_upload_command_of_a_formula_says_who_may_read_its_manifest() {
    for (command, acl) in [
        ("s3cmd --ssl --acl-public -m application/json put", Some("public-read")),
        ("s5cmd cp --acl bucket-owner-read", Some("bucket-owner-read")),
        ("s5cmd cp", None),
    ] {
        for usual in [None, Some("authenticated-read")] {
            let mut place = Place::in_process();
            let manifest =
                r#"{"name": "heroku-sys/x", "version": "1", "type": "heroku-sys-library"}"#;
            let script = format!(
                "# Build Path: {}\necho '{manifest}' > x.composer.json\n\
                 echo \"{command} $PWD/x.composer.json s3://$S3_BUCKET/${{S3_PREFIX}}x.composer.json\" \
                 > \"$MANIFEST_CMD\"",
                place.workspace.path("build").display()
            );
            place.workspace.formula("x", &script);
            let formulae = place.workspace.path("formulae").display().to_string();
            place.workspace.set("WORKSPACE_DIR", &formulae);
            place.workspace.set("S3_ACL", usual.unwrap_or_default());
            place.shell("bob-build x | pkg-deploy").run().success();
            let acl_of = |name: &str| {
                let server = place.server().unwrap();
                server.object(&place.bucket, &format!("{DEVELOP}{name}")).unwrap().attributes.acl
            };
            assert_eq!(acl_of("x.composer.json").as_deref(), acl.or(usual), "{command}");
            assert_eq!(acl_of("x.tar.gz").as_deref(), usual, "{command}");
        }
    }
}
