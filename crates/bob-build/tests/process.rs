//! `bob-build` as a process: arguments, streams and statuses, whole.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use record::{Build, Record, Stream};
use test_kit::{Process, Workspace};

/// A workspace with a bucket, whose builds go to `app/`.
fn workspace() -> Workspace {
    let mut workspace = Workspace::new();
    workspace.repository("b", "p/");
    workspace.create_bucket("b");
    let app = workspace.path("app").display().to_string();
    workspace.set("DEFAULT_BUILD_PATH", &app);
    workspace
}

fn bob_build(workspace: &Workspace) -> Process {
    workspace.process(env!("CARGO_BIN_EXE_bob-build"))
}

fn builds(stdout: &str) -> Vec<Build> {
    let stream = Stream::read(stdout.as_bytes()).unwrap();
    let build = |record| match record {
        Record::Build(build) => build,
        other => panic!("{other:?}"),
    };
    stream.records.into_iter().map(build).collect()
}

/// Deploys an archive with one file by hand.
fn archive(workspace: &Workspace, key: &str, file: &str, content: &str) {
    let tree = workspace.path("hand");
    fs::create_dir_all(&tree).unwrap();
    fs::write(tree.join(file), content).unwrap();
    let target = workspace.path("stores").join(key);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    let status =
        Command::new("tar").arg("-czf").arg(target).arg("-C").arg(&tree).arg(file).status();
    assert!(status.unwrap().success());
    fs::remove_dir_all(tree).unwrap();
}

fn listing(archive: &Path) -> String {
    let output = Command::new("tar").arg("-tzf").arg(archive).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_build_is_a_record_with_its_files() {
    let workspace = workspace();
    let formula = "echo said; echo loud >&2; mkdir -p $1/bin; echo hi > $1/bin/hi; pwd > $1/cwd\n\
                   echo '{\"name\":\"heroku-sys/hi\",\"version\":\"1\"}' > hi-1.composer.json";
    workspace.formula("libraries/hi-1", formula);
    let output = bob_build(&workspace).arg("libraries/hi-1").run().success();
    let [build] = builds(&output.stdout).try_into().unwrap();
    let folder = fs::read_to_string(workspace.path("app/cwd")).unwrap();
    let app = workspace.path("app").display().to_string();
    let archive = build.archive.unwrap();
    assert_eq!(
        output.stderr,
        format!(
            "Building formula libraries/hi-1 in {}:\n\nsaid\nloud\n\nBuild complete: {app}\n\
             Archiving.\nCreated: {}\n",
            folder.trim(),
            archive.path.display()
        )
    );
    assert_eq!(listing(&archive.path), "bin/\nbin/hi\ncwd\n");
    assert_eq!(archive.size_bytes, fs::metadata(&archive.path).unwrap().len());
    assert_eq!(archive.sha256, checksum::of_file(&archive.path).unwrap());
    let manifest = build.manifest.unwrap();
    assert_eq!(manifest.name, "hi-1.composer.json");
    assert_eq!(manifest.sha256, checksum::of_file(&manifest.path).unwrap());
    assert_eq!(fs::read_to_string(build.log.unwrap()).unwrap(), "said\nloud\n");
    assert_eq!((build.formula.as_str(), build.name.as_str()), ("libraries/hi-1", "libraries/hi-1"));
    assert!(build.temporary);
    // The working folder is gone; what the record names waits for its reader.
    assert!(!Path::new(folder.trim()).exists());
    assert_eq!(workspace.litter().len(), 1);
}

#[test]
fn two_builds_give_the_same_bytes() {
    let workspace = workspace();
    workspace
        .formula("x-1", "mkdir -p $1/a; date +%N > /dev/null; echo x > $1/a/x; ln -s x $1/a/y");
    let build = || {
        let output = bob_build(&workspace).arg("x-1").run().success();
        builds(&output.stdout)[0].archive.clone().unwrap().sha256
    };
    let first = build();
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(build(), first);
}

#[test]
fn more_time_makes_smaller_archives() {
    let workspace = workspace();
    workspace.formula("x-1", "mkdir -p $1; seq 1 300000 | sha256sum > $1/x; seq 1 300000 > $1/y");
    let size = |how: &str| {
        let output = bob_build(&workspace).args(["--compression", how, "x-1"]).run().success();
        builds(&output.stdout)[0].archive.clone().unwrap().size_bytes
    };
    let (normal, best) = (size("normal"), size("best"));
    assert!(best < normal, "{best} {normal}");
    let output = bob_build(&workspace).args(["--compression=9", "x-1"]).run().expect(2);
    assert!(output.stderr.contains("--compression is normal or best"), "{}", output.stderr);
}

#[test]
fn dependencies_come_from_the_bucket_and_from_upstream() {
    let mut workspace = workspace();
    archive(&workspace, "b/p/php-8.3.9.tar.gz", "php", "8.3.9");
    archive(&workspace, "b/p/php-8.3.10.tar.gz", "php", "8.3.10");
    archive(&workspace, "up/q/zlib-1.tar.gz", "zlib", "up");
    workspace.set("UPSTREAM_S3_BUCKET", "up").set("UPSTREAM_S3_PREFIX", "q");
    workspace.formula(
        "ext-1",
        "# Build Deps: php-8.3.*, zlib-1\ncat $1/php $1/zlib > $1/both; rm $1/php $1/zlib",
    );
    for _ in 0..2 {
        // The second time from the cache.
        let output = bob_build(&workspace).args(["--output", "out", "ext-1"]).run().success();
        let begin = "Fetching dependencies... found 2:\n  - php-8.3.*\n  - zlib-1\n    Not found in \
                     S3_BUCKET, trying UPSTREAM_S3_BUCKET...\n\nBuilding formula ext-1 in ";
        assert!(output.stderr.starts_with(begin), "{}", output.stderr);
        assert_eq!(fs::read_to_string(workspace.path("app/both")).unwrap(), "8.3.10up");
        assert_eq!(listing(&workspace.path("out/ext-1.tar.gz")), "both\n");
        let [build] = builds(&output.stdout).try_into().unwrap();
        let used = build.dependencies.unwrap();
        let keys: Vec<_> =
            used.iter().map(|used| (used.bucket.as_str(), used.key.as_str())).collect();
        assert_eq!(keys, [("b", "p/php-8.3.10.tar.gz"), ("up", "q/zlib-1.tar.gz")]);
        let file = workspace.path("stores/b/p/php-8.3.10.tar.gz");
        assert_eq!(used[0].sha256, checksum::of_file(&file).unwrap());
        assert!(!build.temporary);
    }
    assert_eq!(workspace.litter(), [""; 0]);
}

#[test]
fn dependencies_hold_no_more_than_is_allowed() {
    let workspace = workspace();
    archive(&workspace, "b/p/big-1.tar.gz", "big", &"0".repeat(2 << 20));
    workspace.formula("x-1", "# Build Deps: big-1\ntest -s $1/big");
    for (option, value, enough) in [
        ("--max-unpacked", "1M", "2M"),
        ("--max-members", "0", "1"),
        ("--max-ratio", "100", "2000"),
    ] {
        let build = || bob_build(&workspace).args(["--no-archive", option]);
        let output = build().args([value, "x-1"]).run().expect(6);
        assert!(output.stderr.contains("big-1.tar.gz"), "{}", output.stderr);
        assert!(output.stderr.contains(option), "the way out: {}", output.stderr);
        assert!(!workspace.path("app/big").exists());
        build().args([enough, "x-1"]).run().success();
    }
    assert_eq!(workspace.litter(), [""; 0]);
}

#[test]
fn several_formulae_use_each_other() {
    let workspace = workspace();
    workspace.formula("b-1", "# Build Deps: a-*\ncat $1/a; echo b > $1/b");
    workspace.formula("a-1", "echo from a > $1/a");
    let output = bob_build(&workspace).args(["b-1", "a-1", "--output=out"]).run().success();
    let names: Vec<String> = builds(&output.stdout).into_iter().map(|build| build.name).collect();
    assert_eq!(names, ["a-1", "b-1"]);
    assert!(output.stderr.contains("\n\nfrom a\n\n"), "{}", output.stderr);
}

#[test]
fn failures_have_their_status_and_leave_nothing() {
    let mut workspace = workspace();
    workspace.formula("fail-12", "echo failing; exit 12");
    workspace.formula("skip-1", "exit 9");
    workspace.formula("killed-1", "kill -TERM $$; sleep 5");
    workspace.formula("needs-1", "# Build Deps: gone-*\ntrue");
    workspace.formula("danger-1", "# Build Path: /\ntrue");
    workspace.formula("broken-1", "echo '{\"a\":1,}' > broken-1.composer.json");
    let end = |stdout: &str| stdout.lines().last().unwrap_or_default().to_owned();
    let cases = [
        ("fail-12", 12, "bob-build: Formula exited with return code 12.\n"),
        ("skip-1", 9, "bob-build: Formula exited with return code 9.\n"),
        ("killed-1", 143, "bob-build: Formula terminated by signal SIGTERM.\n"),
        (
            "needs-1",
            7,
            "bob-build: Archive p/gone-*.tar.gz does not exist.\nbob-build: Please deploy it to continue.\n",
        ),
        ("broken-1", 6, "line 1 column 8\n"),
        ("nosuch", 7, "bob-build: Formula nosuch doesn't exist.\n"),
    ];
    for (formula, status, said) in cases {
        let output = bob_build(&workspace).arg(formula).run().expect(status);
        assert!(output.stderr.ends_with(said), "{}", output.stderr);
        let last = end(&output.stdout);
        assert!(last.contains(&format!(r#""records":0,"status":{status}}}"#)), "{last}");
        assert_eq!(workspace.litter(), [""; 0], "{formula}");
    }
    let output = bob_build(&workspace).arg("danger-1").run().expect(2);
    assert!(output.stderr.contains("build path \"/\" is refused"), "{}", output.stderr);
    let output = bob_build(&workspace).arg("--bob").arg("fail-12").run().expect(12);
    assert!(output.stderr.ends_with("failing\n\nERROR: Formula exited with return code 12.\n\n"));
    workspace.unset("S3_BUCKET");
    let output = bob_build(&workspace).arg("fail-12").run().expect(2);
    assert_eq!(
        output.stderr,
        "bob-build: The environment variable S3_BUCKET must be set to the bucket name\n"
    );
}

#[test]
fn formulae_see_no_credentials_unless_asked() {
    let mut workspace = workspace();
    for name in tool::SECRETS {
        workspace.set(name, &format!("the-{name}"));
    }
    workspace.formula("env-1", "env > $1/env");
    let env = |arguments: &[&str]| {
        let _ =
            bob_build(&workspace).args(arguments).args(["--no-archive", "env-1"]).run().success();
        fs::read_to_string(workspace.path("app/env")).unwrap()
    };
    let seen = env(&[]);
    assert!(!seen.contains("the-"), "{seen}");
    assert!(seen.contains("S3_BUCKET=b"), "{seen}");
    let seen = env(&["--pass-credentials"]);
    for name in tool::SECRETS {
        assert!(seen.contains(&format!("{name}=the-{name}\n")), "{name}: {seen}");
    }
}

#[test]
fn without_dependencies_no_service_is_asked() {
    let mut workspace = workspace();
    workspace.set("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1");
    workspace.formula("x-1", "touch $1/x");
    let _ = bob_build(&workspace).args(["--output", "out", "x-1"]).run().success();
}

#[test]
fn bob_has_the_words_on_stdout_and_the_manifest_to_itself() {
    let workspace = workspace();
    workspace.formula("x-1", "echo out; echo err >&2; echo cmd=$MANIFEST_CMD; echo name=$2; echo '{}' > x.composer.json; touch rest");
    let output = bob_build(&workspace)
        .args([
            "--bob",
            "--no-manifest",
            "--no-archive",
            "--records=/dev/null",
            "--name",
            "n-1",
            "x-1",
        ])
        .run()
        .success();
    assert_eq!(output.stdout, "out\nerr\ncmd=\nname=n-1\n");
    let [folder] = workspace.litter().try_into().unwrap();
    let left: Vec<_> = fs::read_dir(workspace.path("tmp").join(folder)).unwrap().collect();
    assert_eq!(left.len(), 1, "only the manifest is left: {left:?}");
}

#[test]
fn ctrl_c_ends_the_formula_and_leaves_nothing() {
    let workspace = workspace();
    let started = workspace.path("started");
    workspace.formula("slow-1", &format!(": > {}; sleep 3600; touch $1/never", started.display()));
    for group in [true, false] {
        let mut running = bob_build(&workspace).arg("slow-1").spawn();
        while !started.exists() {
            assert!(!running.ended(), "the formula did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        if group {
            running.interrupt();
        } else {
            running.signal(rustix::process::Signal::TERM);
        }
        let output = running.wait();
        assert_eq!(output.status, if group { 130 } else { 143 }, "{output:?}");
        assert_eq!(workspace.litter(), [""; 0]);
        assert!(!workspace.path("app/never").exists());
        fs::remove_file(&started).unwrap();
    }
}

#[test]
fn a_full_disk_is_one_clear_message() {
    let workspace = workspace();
    workspace.formula("big-1", "head -c 3000000 /dev/urandom > $1/big");
    // A limit on the size of files stands in for a disk: writing past it fails just the same.
    let program =
        format!("trap '' XFSZ; ulimit -f 1000; exec {} big-1", env!("CARGO_BIN_EXE_bob-build"));
    let script = format!("mkdir -p app; {program}");
    workspace.formula("big-1", "for i in 1 2 3 4; do head -c 900000 /dev/urandom > $1/$i; done");
    let output = workspace.process("bash").args(["-c", &script]).run().expect(11);
    let last = output.stderr.lines().last().unwrap_or_default();
    assert!(last.contains("cannot write the archive"), "{}", output.stderr);
    assert_eq!(workspace.litter(), [""; 0]);
    // The build itself is not lost.
    let kept = format!("What was built is still in {}", workspace.path("app").display());
    assert!(output.stderr.contains(&kept), "{}", output.stderr);
    assert!(workspace.path("app/4").is_file());
}

/// Whatever a formula leaves is packed, and what is packed can be a dependency.
#[test]
fn what_is_built_can_be_installed() {
    let workspace = workspace();
    let formula = "mkdir -p $1/log $1/run; ln -s /dev/stdout $1/log/access.log; mkfifo $1/run/pipe
        ln -s /etc/ssl/certs/ca-certificates.crt $1/cacerts; ln -s ../../elsewhere $1/up
        python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(\"s\")' && mv s $1/run/s";
    workspace.formula("lib-1", formula);
    workspace.formula("user-1", "# Build Deps: lib-1\ncp -a $1/log/access.log $1/copy");
    workspace.formula("zeros-1", "truncate -s 600M $1/zeros");
    let formulae = ["lib-1", "user-1", "zeros-1", "-o", "out"];
    let output = bob_build(&workspace).args(formulae).run().success();
    let socket = workspace.path("app/run/s");
    for says in [
        format!("WARNING: {} is a socket, which no archive can hold", socket.display()),
        "more than 200 unpacked bytes a packed byte: to unpack it, --max-ratio has".to_owned(),
    ] {
        assert!(output.stderr.contains(&says), "{says}:\n{}", output.stderr);
    }
    let names = listing(&workspace.path("out/user-1.tar.gz"));
    assert_eq!(names, "cacerts\ncopy\nlog/\nlog/access.log\nrun/\nrun/pipe\nup\n");
}

#[test]
fn a_dry_run_says_what_would_be_used() {
    let workspace = workspace();
    archive(&workspace, "b/p/php-8.3.9.tar.gz", "php", "8.3.9");
    workspace.formula("ext-1", "# Build Deps: php-8.3.*\nexit 1");
    let output = bob_build(&workspace).args(["-n", "ext-1"]).run().success();
    assert!(output.stderr.ends_with("  with b: p/php-8.3.9.tar.gz\n"), "{}", output.stderr);
    assert_eq!(output.stdout, "");
    assert!(!workspace.path("app").exists());
}

#[test]
fn a_stream_that_is_full_is_told_as_such() {
    let workspace = workspace();
    workspace.formula("a-1", "echo said");
    let tool = env!("CARGO_BIN_EXE_bob-build");
    let full = r#"exec "$0" --no-archive --records /dev/null a-1 >/dev/full"#;
    let output = workspace.process("bash").args(["-c", full, tool]).run().expect(11);
    assert!(output.stderr.contains("cannot pass on what the formula says"), "{}", output.stderr);
}

/// On a service whose ETags are all the same, a library that was built again is not taken from the
/// cache.
#[test]
fn a_rebuilt_dependency_is_seen_where_all_etags_are_the_same() {
    let server = test_kit::s3::Server::start();
    server.set_quirks(test_kit::s3::Quirks { constant_etags: true, ..Default::default() });
    server.create_bucket("libraries");
    let mut workspace = workspace();
    workspace.repository("libraries", "p/");
    workspace.use_s3(server.env());
    workspace.formula("x-1", "# Build Deps: lib-1\ncp $1/lib $1/used");
    for content in ["old", "new, and longer"] {
        archive(&workspace, "b/p/lib-1.tar.gz", "lib", content);
        let bytes = fs::read(workspace.path("stores/b/p/lib-1.tar.gz")).unwrap();
        server.put("libraries", "p/lib-1.tar.gz", bytes, test_kit::s3::Attributes::default());
        bob_build(&workspace).args(["--no-archive", "x-1"]).run().success();
        assert_eq!(fs::read_to_string(workspace.path("app/used")).unwrap(), content);
    }
}
