//! `pkg-deploy` as a process, on the folder store and on S3: arguments, streams, statuses, and what
//! is in the bucket before and after.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use record::{Archive, Build, Deploy, ManifestFile, Producer, Publish, Record, Stream, Upload};
use test_kit::{Process, Workspace, s3};

/// A service to deploy to.
enum Service {
    Folder,
    S3(s3::Server),
}

impl Service {
    fn both() -> [Self; 2] {
        [Self::Folder, Self::S3(s3::Server::start())]
    }

    fn workspace(&self) -> Workspace {
        let mut workspace = Workspace::new();
        match self {
            Self::Folder => {
                workspace.create_bucket("dev");
            }
            Self::S3(server) => {
                server.create_bucket("dev");
                workspace.use_s3(server.env());
            }
        }
        workspace.repository("dev", "p/");
        workspace
    }

    fn object(&self, workspace: &Workspace, key: &str) -> Option<Vec<u8>> {
        match self {
            Self::Folder => fs::read(workspace.path("stores/dev").join(key)).ok(),
            Self::S3(server) => server.object("dev", key).map(|stored| stored.bytes.to_vec()),
        }
    }

    fn remove(&self, workspace: &Workspace, key: &str) {
        match self {
            Self::Folder => fs::remove_file(workspace.path("stores/dev").join(key)).unwrap(),
            Self::S3(server) => {
                let variables = server.env();
                let env = |name: &str| variables.get(name).cloned();
                let service = location::Service::from_env(&env, location::Region::default());
                let options = store::Options::default();
                let store = store::Store::open(&service.unwrap(), "dev", options, &env).unwrap();
                store.delete_many(&[key.to_owned()]).unwrap();
            }
        }
    }
}

fn pkg_deploy(workspace: &Workspace) -> Process {
    workspace.process(env!("CARGO_BIN_EXE_pkg-deploy"))
}

fn manifest(name: &str, archive: &str) -> String {
    format!(
        r#"{{"name": "heroku-sys/{name}", "version": "1", "type": "heroku-sys-program", "dist": {{"type": "heroku-sys-tar", "url": "https://dev.s3.amazonaws.com/p/{archive}.tar.gz"}}}}"#
    )
}

/// A build as `bob-build` hands it over; without a manifest for a bare library.
fn build(workspace: &Workspace, name: &str, content: &str, manifest: Option<&str>) -> Build {
    let folder = workspace.path("tmp").join(format!("bob-build-{}", name.replace('/', "_")));
    let write = |file: &str, content: &str| {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    };
    Build {
        formula: name.to_owned(),
        name: name.to_owned(),
        build_path: "/app/".into(),
        archive: Some(Archive {
            path: write(&format!("{name}.tar.gz"), content),
            size_bytes: content.len() as u64,
            sha256: checksum::of_bytes(content),
        }),
        manifest: manifest.map(|text| {
            let file = format!("{}.composer.json", name.replace('/', "-"));
            let sha256 = checksum::of_bytes(text);
            ManifestFile { path: write(&file, text), name: file, sha256, acl: None }
        }),
        dependencies: Some(Vec::new()),
        dependencies_file: None,
        seconds: 1.0,
        log: Some(write("log", "")),
        temporary: true,
    }
}

fn records(builds: &[Build], status: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut producer = Producer::start(&mut bytes, "bob-build", "0.1.0").unwrap();
    for build in builds {
        producer.write(build.clone()).unwrap();
    }
    producer.end(status).unwrap();
    bytes
}

fn deployed(stdout: &str) -> Vec<Deploy> {
    let stream = Stream::read(stdout.as_bytes()).unwrap();
    stream
        .records
        .into_iter()
        .filter_map(|record| match record {
            Record::Deploy(deploy) => Some(deploy),
            _ => None,
        })
        .collect()
}

#[test]
fn archive_and_manifest_go_up_and_the_build_is_removed() {
    for service in Service::both() {
        let workspace = service.workspace();
        let text = manifest("x", "x-1");
        let builds = [
            build(&workspace, "x-1", "archive", Some(&text)),
            build(&workspace, "lib/y-1", "bare", None),
        ];
        let output = pkg_deploy(&workspace).input(records(&builds, 0)).run().success();
        let [x, y] = deployed(&output.stdout).try_into().unwrap();
        assert_eq!(x.archive.key, "p/x-1.tar.gz");
        assert_eq!(x.archive.upload, Upload::New);
        assert_eq!(x.manifest.unwrap().key, "p/x-1.composer.json");
        assert_eq!((y.archive.key.as_str(), y.manifest), ("p/lib/y-1.tar.gz", None));
        assert_eq!(service.object(&workspace, "p/x-1.tar.gz").unwrap(), b"archive");
        assert_eq!(service.object(&workspace, "p/x-1.composer.json").unwrap(), text.as_bytes());
        assert_eq!(service.object(&workspace, "p/lib/y-1.tar.gz").unwrap(), b"bare");
        assert_eq!(workspace.litter(), [""; 0]);
        assert!(
            output
                .stderr
                .ends_with("NOTICE: lib/y-1 has no manifest, so no repository will list it.\n")
        );
        assert!(output.stderr.starts_with("Deploying.\nUploading to: "), "{}", output.stderr);
        assert!(
            output
                .stderr
                .contains("/x-1.tar.gz\nUpload complete!\n\nUploading manifest...\nDeploying.\n")
        );
    }
}

#[test]
fn manifests_say_what_their_archives_are_where_asked_to() {
    for service in Service::both() {
        let workspace = service.workspace();
        let builds = [build(&workspace, "x-1", "archive", Some(&manifest("x", "x-1")))];
        let process = pkg_deploy(&workspace).args(["--checksums", "--keep"]);
        let output = process.input(records(&builds, 0)).run().success();
        let text = service.object(&workspace, "p/x-1.composer.json").unwrap();
        assert_eq!(
            String::from_utf8(text.clone()).unwrap(),
            format!(
                r#"{{"dist": {{"shasum": "ebfb55f4432b592119a10592e4f26272cc72359e", "type": "heroku-sys-tar", "url": "https://dev.s3.amazonaws.com/p/x-1.tar.gz"}}, "extra": {{"sha256": "{}", "size": 7}}, "name": "heroku-sys/x", "type": "heroku-sys-program", "version": "1"}}"#,
                checksum::of_bytes("archive")
            )
        );
        let [x] = deployed(&output.stdout).try_into().unwrap();
        assert_eq!(x.manifest.unwrap().sha256, checksum::of_bytes(&text));
    }
}

#[test]
fn a_name_that_is_taken_is_refused_without_overwrite() {
    for service in Service::both() {
        let workspace = service.workspace();
        let text = manifest("x", "x-1");
        let deploy = |content: &str, arguments: &[&str]| {
            let build = build(&workspace, "x-1", content, Some(&text));
            pkg_deploy(&workspace).args(arguments).input(records(&[build], 0)).run()
        };
        let _ = deploy("one", &[]).success();
        let output = deploy("one", &["--bob"]).expect(5);
        let error = "\nERROR: Archive p/x-1.tar.gz already exists.\nUse the --overwrite flag to continue.\n\n";
        assert!(output.stderr.ends_with(error), "{}", output.stderr);
        assert!(output.stdout.contains(r#""records":0,"status":5"#));
        assert_eq!(service.object(&workspace, "p/x-1.tar.gz").unwrap(), b"one");
        let output = deploy("two", &["--overwrite"]).success();
        assert_eq!(deployed(&output.stdout)[0].archive.upload, Upload::Replaced);
        assert_eq!(service.object(&workspace, "p/x-1.tar.gz").unwrap(), b"two");
        assert_eq!(workspace.litter(), [""; 0]);
        // Asked before a build, the same.
        let check =
            |arguments: &[&str]| pkg_deploy(&workspace).arg("--check").args(arguments).run().status;
        assert_eq!(check(&["x-1"]), 5);
        assert_eq!(check(&["x-2"]), 0);
        assert_eq!(check(&["--overwrite", "x-1"]), 0);
        // Another package's manifest of the same name is not replaced either.
        let other = manifest("x", "other-1");
        let mut build = build(&workspace, "z-1", "z", Some(&other));
        build.manifest.as_mut().unwrap().name = "x-1.composer.json".to_owned();
        let output = pkg_deploy(&workspace).input(records(&[build], 0)).run().expect(5);
        assert!(output.stderr.contains("manifest p/x-1.composer.json already exists"));
        assert_eq!(service.object(&workspace, "p/z-1.tar.gz"), None);
    }
}

#[test]
fn a_deploy_that_died_after_the_archive_is_completed() {
    for service in Service::both() {
        let workspace = service.workspace();
        let text = manifest("x", "x-1");
        let deploy = |content: &str| {
            let build = build(&workspace, "x-1", content, Some(&text));
            pkg_deploy(&workspace).input(records(&[build], 0)).run()
        };
        let _ = deploy("one").success();
        service.remove(&workspace, "p/x-1.composer.json");
        let check = pkg_deploy(&workspace).args(["--check", "x-1"]).run();
        assert_eq!(check.status, 0, "{check:?}");
        assert_eq!(deploy("two").status, 5);
        let output = deploy("one").success();
        assert_eq!(deployed(&output.stdout)[0].archive.upload, Upload::Resumed);
        assert_eq!(service.object(&workspace, "p/x-1.composer.json").unwrap(), text.as_bytes());
    }
}

#[test]
fn publish_puts_it_into_the_repository() {
    for service in Service::both() {
        let workspace = service.workspace();
        let build = build(&workspace, "x-1", "archive", Some(&manifest("x", "x-1")));
        let output =
            pkg_deploy(&workspace).arg("--publish").input(records(&[build], 0)).run().success();
        let stream = Stream::read(output.stdout.as_bytes()).unwrap();
        let Some(Record::Publish(Publish { packages, versions, changed, .. })) =
            stream.records.last()
        else {
            panic!("{stream:?}")
        };
        assert_eq!((*packages, *versions, *changed), (1, 1, true));
        let index = service.object(&workspace, "p/packages.json").unwrap();
        assert!(String::from_utf8(index).unwrap().contains("heroku-sys/x"));
    }
}

#[test]
fn bad_input_changes_nothing() {
    let service = Service::Folder;
    let workspace = service.workspace();
    let good = || build(&workspace, "x-1", "archive", None);
    let mut cut = records(&[good()], 0);
    cut.truncate(cut.iter().rposition(|byte| *byte == b'{').unwrap());
    let mut changed = good();
    changed.archive.as_mut().unwrap().sha256 = "0".repeat(64);
    let mut longer = good();
    longer.archive.as_mut().unwrap().size_bytes += 1;
    let mut broken = build(&workspace, "m-1", "archive", Some("{\"name\": 1}"));
    broken.temporary = false;
    let cases: [(Vec<u8>, i32, &str); 7] = [
        (Vec::new(), 6, "pkg-deploy: there are no build records in stdin\n"),
        (
            cut,
            6,
            "pkg-deploy: the records of bob-build do not end: it died, or its output was cut\n",
        ),
        (
            records(&[good()], 12),
            1,
            "pkg-deploy: bob-build failed with status 12, so nothing is deployed\n",
        ),
        (records(&[changed], 0), 6, "is not the file that was built: its checksum differs\n"),
        (records(&[longer], 0), 6, "is not the file that was built: its size differs\n"),
        (records(&[broken], 0), 6, "is not a manifest: "),
        (b"{}\n".to_vec(), 6, "pkg-deploy: line 1 of the records has no \"kind\"\n"),
    ];
    for (input, status, said) in cases {
        let _ = good();
        let output = pkg_deploy(&workspace).input(input).run().expect(status);
        assert!(output.stderr.contains(said), "{}", output.stderr);
        assert_eq!(fs::read_dir(workspace.path("stores/dev")).unwrap().count(), 0);
    }
    let output = pkg_deploy(&workspace).arg("--keep-going").input(records(&[good()], 12)).run();
    assert_eq!(output.status, 0, "{output:?}");
    let skipped = pkg_deploy(&workspace).input(records(&[], 9)).run().success();
    assert!(skipped.stdout.contains(r#""records":0,"status":0"#));
}

#[test]
fn a_record_never_has_other_files_removed() {
    let workspace = Service::Folder.workspace();
    let mut build = build(&workspace, "x-1", "archive", None);
    let elsewhere = workspace.write("home/bob-build-mine/x-1.tar.gz", "archive");
    build.archive.as_mut().unwrap().path = elsewhere.clone();
    let _ = pkg_deploy(&workspace).input(records(&[build], 0)).run().success();
    assert!(elsewhere.exists());
}

#[test]
fn ctrl_c_leaves_no_build_behind_while_others_are_awaited() {
    let workspace = Service::Folder.workspace();
    let build = build(&workspace, "x-1", "archive", None);
    let folder = workspace.path("tmp/bob-build-x-1");
    // Whoever writes the records does not end before this file is dropped.
    let pipe = workspace.path("records");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut writer = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    let mut running = pkg_deploy(&workspace).arg(&pipe).spawn();
    // The pipe is empty once all of it has been read; once more is read, the first has been heeded.
    for part in [records(&[build], 0), records(&[], 0)] {
        writer.write_all(&part).unwrap();
        while rustix::io::ioctl_fionread(&writer).unwrap() > 0 {
            assert!(!running.ended(), "it does not wait for the others");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert!(folder.exists());
    running.interrupt();
    assert_eq!(running.wait().status, 130);
    assert!(!folder.exists());
}

#[test]
fn troubles_of_the_service_have_their_statuses() {
    let server = s3::Server::start();
    server.create_bucket("dev");
    let check = |change: &dyn Fn(&mut Workspace)| {
        let mut workspace = Workspace::new();
        workspace.use_s3(server.env()).repository("dev", "p/");
        change(&mut workspace);
        let output = pkg_deploy(&workspace).args(["--check", "x-1"]).run();
        assert_eq!(workspace.litter(), [""; 0]);
        (output.status, output.stderr)
    };
    assert_eq!(check(&|_| {}).0, 0);
    let (status, said) = check(&|workspace| {
        workspace.unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY");
    });
    assert_eq!(status, 2);
    assert!(said.starts_with("pkg-deploy: Deploy requires valid AWS credentials."), "{said}");
    let (status, said) = check(&|workspace| {
        workspace.set("AWS_SECRET_ACCESS_KEY", "a-wrong-secret");
    });
    assert_eq!(status, 8, "{said}");
    assert!(!said.contains("a-wrong-secret"), "{said}");
    let (status, said) = check(&|workspace| {
        workspace.repository("nosuch", "p/");
    });
    assert_eq!((status, said.contains("nosuch")), (7, true), "{said}");
    let (status, said) = check(&|workspace| {
        workspace.set("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1");
    });
    assert_eq!((status, said.contains("http://127.0.0.1:1")), (10, true), "{said}");
    let (status, said) = check(&|workspace| {
        workspace.unset("S3_BUCKET");
    });
    assert_eq!((status, said.contains("S3_BUCKET")), (2, true), "{said}");
}
