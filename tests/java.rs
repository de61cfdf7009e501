//! The Java buildpack with a real Java: `bp-compile` installs what `bob-build` built and
//! `pkg-deploy` deployed, and the released command runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::path::Path;
use std::time::Duration;

use end_to_end::{root, tools};
use test_kit::{Output, Process, Workspace};

/// Packing a Java runtime and unpacking it takes its time, with programs that are not optimised.
const LIMIT: Duration = Duration::from_secs(300);

/// A copy of a sample application.
fn application(workspace: &Workspace, sample: &str) {
    let from = root().join("buildpacks/java/samples").join(sample);
    let copy = workspace.process("cp").arg("-R").arg(from).arg(workspace.path("app"));
    copy.run().success();
}

fn buildpack(workspace: &Workspace, phase: &str, repository: &str) -> Process {
    workspace
        .process(root().join("buildpacks/java/bin").join(phase))
        .path_first(tools())
        .env("JBP_DEFAULT_REPOSITORY", format!("{{default_repository_root: \"{repository}\"}}"))
        .env("NO_COLOR", "1")
        .limit(LIMIT)
}

/// Runs the command that `release` prints, as the platform does.
fn start(workspace: &Workspace, release: &Output, options: &str) -> Output {
    let web = release.stdout.lines().find_map(|line| line.strip_prefix("  web: ")).unwrap();
    let command: String = serde_json::from_str(web).unwrap();
    workspace
        .process("bash")
        .args(["-c", &command])
        .folder(workspace.path("app"))
        .env("MEMORY_LIMIT", "768M")
        .env("TMPDIR", workspace.path(""))
        .env("JAVA_OPTS", options)
        .limit(LIMIT)
        .run()
}

fn repository(workspace: &Workspace) -> String {
    let script = root().join("buildpacks/java/build-repository");
    let run = |folder: &Path| {
        let process = workspace.process(&script).arg(folder).path_first(tools());
        process.env("XDG_CACHE_HOME", workspace.path("downloads")).limit(LIMIT).run().success()
    };
    let first = run(&workspace.path("java"));
    // Nothing is built anew.
    let again = run(&workspace.path("java"));
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), (first.stdout.as_str(), ""));
    first.stdout.trim_end().to_owned()
}

#[test]
fn a_plain_application_runs_on_a_java_that_we_packed() {
    let workspace = Workspace::new();
    let repository = repository(&workspace);
    application(&workspace, "main");
    let (app, cache) = (workspace.path("app"), workspace.path("cache"));

    let detected = buildpack(&workspace, "detect", &repository).arg(&app).run().success();
    for tag in ["java-main", "open-jdk-like-jre=", "jvmkill-agent=1.0.0"] {
        assert!(detected.stdout.contains(tag), "{detected:?}");
    }
    let compile = || buildpack(&workspace, "compile", &repository).arg(&app).arg(&cache);
    let compiled = compile().run().success();
    assert!(compiled.stdout.contains("Expanding Open Jdk JRE to .java-buildpack/open_jdk_jre"));
    let release = || buildpack(&workspace, "release", &repository).arg(&app).run().success();
    let released = release();

    let output = start(&workspace, &released, "-Dgreeting=hi").success();
    let lines: Vec<&str> = output.stdout.lines().collect();
    let home = format!("java.home {}", app.join(".java-buildpack/open_jdk_jre").display());
    assert_eq!(lines[1..4], ["Hello, world!", &home, "greeting hi"], "{output:?}");
    assert!(lines[0].starts_with("JVM Memory Configuration: "), "{output:?}");
    // What the memory calculator left of 768M.
    let heap = lines[4].strip_prefix("heap ").and_then(|heap| heap.strip_suffix('M')).unwrap();
    assert!((50..500).contains(&heap.parse::<u32>().unwrap()), "{output:?}");

    // A container that is too small for it is not started.
    let output = start(&workspace, &released, "-XX:MaxMetaspaceSize=2G").expect(1);
    assert!(output.stderr.contains("are too little"), "{output:?}");

    // Out of memory: the agent ends it, so that the platform starts another one.
    let java = app.join(".java-buildpack/open_jdk_jre/bin/java");
    let agent = "-agentpath:.java-buildpack/open_jdk_jre/bin/jvmkill-1.0.0";
    let exhausted = workspace.process(java).folder(&app).args([agent, "-Xmx16M", "-cp", "."]);
    let output = exhausted.args(["Greeter", "exhaust"]).limit(LIMIT).run().expect(137);
    assert!(output.stderr.contains("jvmkill: out of heap"), "{output:?}");
}

#[test]
fn what_is_missing_is_named() {
    let workspace = Workspace::new();
    application(&workspace, "main");
    let nowhere = format!("file://{}", workspace.path("nowhere").display());
    let output = buildpack(&workspace, "detect", &nowhere).arg(workspace.path("app")).run();
    let output = output.expect(1);
    assert!(output.stderr.contains("nowhere/jvmkill/"), "{output:?}");
}
