//! The whole way with a real Java: formulae are built and deployed, a sample application is staged
//! with the wrappers of the buildpack API, and what is released runs.
//!
//! Needs `/usr/lib/jvm/default-java`, which `.ci/setup test` installs, and the other tools beside
//! this one (`cargo build`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use test_kit::{Output, Process};

fn checkout(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name).canonicalize().unwrap()
}

#[test]
fn what_bob_built_runs_an_application() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("tmp")).unwrap();
    let tools = test_kit::binary("bob-build").parent().unwrap().to_owned();
    let run = |program: PathBuf| {
        Process::new(program)
            .path_first(&tools)
            .env("TMPDIR", path("tmp"))
            .env("NO_COLOR", "1")
            .limit(Duration::from_secs(900))
    };
    let built =
        run(checkout("buildpacks/java/build-repository")).arg(path("store")).run().success();
    let root = built.stdout.trim().to_owned();
    assert!(root.ends_with("/store/java"), "{root}");

    let copied = Command::new("cp")
        .arg("-r")
        .arg(checkout("buildpacks/java/samples/main"))
        .arg(path("app"))
        .status();
    assert!(copied.unwrap().success());
    // The folder, and the same as a bucket of the embedded store.
    let phase = |name: &str, root: &str| {
        run(checkout("buildpacks/java").join("bin").join(name))
            .env("AWS_ENDPOINT_URL_S3", format!("file://{}", path("store").display()))
            .env("JBP_CONFIG_REPOSITORY", format!("{{default_repository_root: \"{root}\"}}"))
            .env("JBP_CONFIG_JAVA_MAIN", "{arguments: 'you'}")
            .env("JBP_CONFIG_JAVA_OPTS", "{java_opts: \"-Dgreeting='good day'\"}")
            .arg(path("app"))
    };
    let detect: [Output; 2] =
        [root.as_str(), "s3://java"].map(|root| phase("detect", root).run().success());
    assert_eq!(detect[0].stdout, detect[1].stdout);
    assert!(detect[0].stdout.contains(" java-main "), "{}", detect[0].stdout);

    let compile = phase("compile", &root).arg(path("cache")).run().success();
    assert!(compile.stdout.contains("Expanding Open Jdk JRE to .java-buildpack/open_jdk_jre ("));
    let again = phase("release", "s3://java").run().success();
    let release = phase("release", &root).run().success();
    assert_eq!(release.stdout, again.stdout);

    let yaml = component::yaml::parse(&release.stdout).unwrap().unwrap();
    let types = yaml.as_map().unwrap().get("default_process_types").unwrap();
    let command = types.as_map().unwrap().get("web").unwrap().as_str().unwrap().to_owned();
    let output = Process::new("bash")
        .folder(path("app"))
        .env("MEMORY_LIMIT", "1g")
        .env("PORT", "1")
        .env("TMPDIR", path("tmp"))
        .args(["-c", &command])
        .limit(Duration::from_secs(300))
        .run()
        .success();
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("JVM Memory Configuration: -X"), "{}", output.stdout);
    assert_eq!(lines[1], "Hello, you!");
    let home = path("app/.java-buildpack/open_jdk_jre").canonicalize().unwrap();
    let found = lines[2].strip_prefix("java.home ").unwrap();
    assert_eq!(Path::new(found).canonicalize().unwrap(), home);
    assert_eq!(lines[3], "greeting good day");
}
