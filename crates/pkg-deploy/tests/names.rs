//! Records are input: what they name must be where packages are, or nothing is uploaded.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::path::Path;

use record::{Archive, Build, ManifestFile, Producer};
use test_kit::Site;

/// A build whose files are as the record says.
fn build(site: &Site, formula: &str, name: &str, manifest: &str) -> Build {
    let text = format!(
        r#"{{"name": "heroku-sys/{formula}", "version": "1", "type": "heroku-sys-program", "dist": {{"type": "heroku-sys-tar", "url": "https://dev.s3.amazonaws.com/p/{formula}.tar.gz"}}}}"#
    );
    let (archive, file) = (format!("{formula}.tar.gz"), format!("{formula}.json"));
    Build {
        formula: formula.to_owned(),
        name: name.to_owned(),
        build_path: "/app/".into(),
        archive: Some(Archive {
            path: site.workspace.write(Path::new(&archive), "archive"),
            size_bytes: 7,
            sha256: checksum::of_bytes("archive"),
        }),
        manifest: Some(ManifestFile {
            path: site.workspace.write(Path::new(&file), &text),
            name: manifest.to_owned(),
            sha256: checksum::of_bytes(&text),
            acl: None,
        }),
        dependencies: Some(Vec::new()),
        dependencies_file: None,
        seconds: 1.0,
        log: None,
        temporary: false,
    }
}

#[test]
fn other_names_are_refused_before_the_first_upload() {
    let manifest = "evil-1.composer.json";
    let cases = [
        ("name", "../other/evil-1", manifest),
        ("name", "a/../../evil-1", manifest),
        ("name", "/evil-1", manifest),
        ("name", "a//evil-1", manifest),
        ("name", "evil-1/", manifest),
        ("name", "", manifest),
        ("name", ".slipway/evil-1", manifest),
        ("name", "./.slipway/evil-1", manifest),
        ("name", "x/../.slipway/evil-1", manifest),
        ("name", ".slipway\\evil-1", manifest),
        ("name", "evil\n-1", manifest),
        ("manifest.name", "evil-1", "packages.json"),
        ("manifest.name", "evil-1", "packages-2026.json"),
        ("manifest.name", "evil-1", "evil-1.json"),
        ("manifest.name", "evil-1", ".composer.json"),
        ("manifest.name", "evil-1", "sub/evil-1.composer.json"),
        ("manifest.name", "evil-1", "../evil-1.composer.json"),
        ("manifest.name", "evil-1", ".slipway/generations/1.composer.json"),
        ("manifest.name", "evil-1", "\\evil-1.composer.json"),
        ("manifest.name", "evil-1", "evil\u{1b}[2J-1.composer.json"),
    ];
    for site in Site::both() {
        site.create_bucket("dev");
        let good = build(&site, "good-1", "good-1", "good-1.composer.json");
        for (field, name, manifest) in cases {
            let evil = build(&site, "evil-1", name, manifest);
            let mut bytes = Vec::new();
            let mut producer = Producer::start(&mut bytes, "bob-build", "0.1.0").unwrap();
            for build in [good.clone(), evil] {
                producer.write(build).unwrap();
            }
            producer.end(0).unwrap();
            let process = site.process(env!("CARGO_BIN_EXE_pkg-deploy"));
            let process = process.env("S3_BUCKET", "dev").env("S3_PREFIX", "p/");
            let output = process.args(["--publish", "--overwrite"]).input(bytes).run().expect(6);
            let said = format!("pkg-deploy: the record of evil-1: {field} ");
            assert!(output.stderr.starts_with(&said), "{name} {manifest}: {}", output.stderr);
            assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
            assert_eq!(site.keys("dev"), [""; 0], "{name} {manifest}");
        }
    }
}

#[test]
fn they_are_refused_before_the_build_too() {
    let site = Site::folder();
    site.create_bucket("dev");
    let process = site.process(env!("CARGO_BIN_EXE_pkg-deploy"));
    let process = process.env("S3_BUCKET", "dev").env("S3_PREFIX", "p/");
    let output = process.args(["--check", "../evil-1"]).run().expect(6);
    assert!(output.stderr.contains("\"../evil-1\" has '.' or '..'"), "{}", output.stderr);
}

#[test]
fn a_publish_that_readers_would_refuse_uploads_nothing() {
    for site in Site::both() {
        site.create_bucket("dev");
        let deploy = |name: &str, limit: usize| {
            let mut bytes = Vec::new();
            let mut producer = Producer::start(&mut bytes, "bob-build", "0.1.0").unwrap();
            let manifest = format!("{name}.composer.json");
            producer.write(build(&site, name, name, &manifest)).unwrap();
            producer.end(0).unwrap();
            let process = site.process(env!("CARGO_BIN_EXE_pkg-deploy"));
            let process = process.env("S3_BUCKET", "dev").env("S3_PREFIX", "p/");
            let process = process.env("SLIPWAY_MAX_INDEX", limit.to_string());
            process.args(["--publish"]).input(bytes).run()
        };
        deploy("a-1", 1 << 20).success();
        let (before, size) = (site.keys("dev"), site.index("dev", "p/").len());
        let output = deploy("b-1", size + 10).expect(6);
        assert!(output.stderr.contains("SLIPWAY_MAX_INDEX="), "{}", output.stderr);
        assert_eq!(site.keys("dev"), before);
        deploy("b-1", 4 * size).success();
    }
}
