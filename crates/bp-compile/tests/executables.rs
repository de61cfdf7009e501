//! Components that are programs of their own: the examples, the template, and those that misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

#[path = "support/examples.rs"]
mod examples;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use examples::Site;
use test_kit::Process;

#[test]
fn the_examples_use_every_part_of_the_droplet() {
    let site = Site::new();
    let detect = site.run("detect", &[]).success();
    assert_eq!(
        detect.stdout,
        "java-buildpack=examples local-java python-runner shell-agent=1.0.0\n"
    );
    let compile = site.run("compile", &[]).success();
    for text in ["The machine's own Java is used", "shell_agent is at work", "       1 libraries\n"]
    {
        assert!(compile.stdout.contains(text), "{}", compile.stdout);
    }
    assert!(compile.stderr.contains("[Shell Agent]                    WARN  this is an example"));
    let sandbox = ".java-buildpack/shell_agent";
    assert_eq!(
        site.read(&format!("{sandbox}/java.security")),
        "networkaddress.cache.ttl=20\nnetworkaddress.cache.negative.ttl=0\n\
         security.provider.1=com.example.First\nsecurity.provider.2=com.example.Agent\n"
    );
    assert_eq!(site.read(&format!("{sandbox}/agent.conf")), "level=default\n");
    assert_eq!(site.read(".java-buildpack/python_runner/main"), "a.B");
    let link = fs::read_link(site.path("app/lib/agent.jar")).unwrap();
    assert_eq!(link, Path::new("../.java-buildpack/shell_agent/agent.jar"));
    assert!(site.path("app/root-lib/root.jar").is_symlink());
    let mode = fs::metadata(site.path("app").join(sandbox).join("agent.sh")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o755);

    let release = site.run("release", &["--json"]).success();
    let release: serde_json::Value = serde_json::from_str(&release.stdout).unwrap();
    let s = "$PWD/.java-buildpack/shell_agent";
    assert_eq!(
        release["command"],
        format!(
            "JAVA_OPTS=\"-Djava.io.tmpdir=$TMPDIR -javaagent:{s}/agent.jar \
             -javaagent:{s}/agent.jar=level=info,quiet= -agentpath:{s}/agent.so \
             -agentpath:{s}/agent.so=level=1,quiet -Xbootclasspath/p:{s}/boot.jar \
             -Dagent.conf={s}/agent.conf -XX:AgentLog=off -Dplain\" && AGENT_HOME={s} \
             AGENT_LEVEL=info SERVER_PORT=$PORT eval exec $PWD/.java-buildpack/local_java/bin/java \
             $JAVA_OPTS -cp $PWD/.:{s}/agent.jar:{s}/root.jar a.B "
        )
    );
}

#[test]
fn one_file_and_one_line_add_a_component() {
    let site = Site::new();
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../buildpacks/template");
    let lib = site.path("buildpack/lib/java_buildpack/container/my_container");
    fs::copy(template.join("my_container"), lib).unwrap();
    let list = site.path("buildpack/config/components.yml");
    let text = fs::read_to_string(&list).unwrap().replace("PythonRunner", "MyContainer");
    fs::write(list, text).unwrap();
    assert_eq!(site.run("detect", &[]).expect(1).stdout, "");
    site.write("app/my-application", "#!/bin/sh\necho started\n");
    assert!(site.run("detect", &[]).success().stdout.contains(" my-container "));
    site.run("compile", &[]).success();
    assert_eq!(site.read(".java-buildpack/my_container/ready"), "yes");
    let release = site.run("release", &[]).success();
    assert!(release.stdout.contains(" && exec ./my-application\""), "{}", release.stdout);
}

/// What is said when the container's script answers so.
fn said(site: &Site, script: &str, phase: &str, options: &[&str]) -> String {
    let detect = r#"[ "$1" = detect ] && { echo '{"tags": "x"}'; exit; }"#;
    let script = if phase == "detect" { script.to_owned() } else { format!("{detect}\n{script}") };
    site.component("container", "python_runner", &script);
    let output = site.run(phase, options).expect(1);
    let message = output.stderr.lines().last().unwrap_or_default().to_owned();
    assert!(output.stderr.contains("[Buildpack]                      ERROR "), "{}", output.stderr);
    message
}

#[test]
fn what_misbehaves_is_named() {
    let site = Site::without_framework();
    for (script, phase, message) in [
        ("exit 3", "detect", "component Python Runner: detect failed (exit status: 3)"),
        ("kill -9 $$", "detect", "component Python Runner: detect failed (signal: 9 (SIGKILL))"),
        (
            "echo rubbish",
            "detect",
            "component Python Runner: the answer to detect is not valid: it is no JSON object, but begins with \"rubbish\"",
        ),
        (
            "echo '[\"x\"]'",
            "detect",
            "component Python Runner: the answer to detect is not valid: it is no JSON object",
        ),
        (
            "echo '{\"tags\": 5}'",
            "detect",
            "component Python Runner: the answer to detect is not valid: tags are a text, a list of texts",
        ),
        (
            "echo '{\"command\": {}}'",
            "release",
            "component Python Runner: the answer to release is not valid: a command is a text",
        ),
        (
            "echo '{\"changes\": [{\"change\": \"write-file\", \"path\": \".\", \"text\": \"\"}]}'",
            "compile",
            "component Python Runner: cannot ",
        ),
        (
            "true",
            "detect",
            "component Python Runner: the answer to detect is not valid: it is empty",
        ),
        (
            "echo '{}' '{}'",
            "detect",
            "component Python Runner: the answer to detect is not valid: ",
        ),
        (
            "printf '\\377'",
            "detect",
            "component Python Runner: the answer to detect is not valid: it is not UTF-8",
        ),
        (
            "echo '{\"tags\": \"a b\"}'",
            "detect",
            "component Python Runner: the answer to detect is not valid: the tag \"a b\" is empty or has a space in it",
        ),
        (
            "echo '{\"changes\": [{\"change\": \"nonsense\"}]}'",
            "compile",
            "component Python Runner: the answer to compile is not valid: unknown variant `nonsense`",
        ),
        (
            "echo '{\"changes\": [{\"change\": \"set-java-home\", \"root\": \"x\"}]}'",
            "compile",
            "component Python Runner: only a JRE may set the Java home",
        ),
        (
            "echo '{\"changes\": [{\"change\": \"write-file\", \"path\": \"x\", \"text\": \"\"}]}'",
            "release",
            "component Python Runner: files are changed by compile only",
        ),
        (
            "echo '{\"changes\": [{\"change\": \"download-jar\"}]}'",
            "compile",
            "component Python Runner: a download needs a uri and a version",
        ),
        (
            "echo '{\"changes\": [{\"change\": \"download-jar\", \"uri\": \"file:///a/b/c\", \"version\": \"../1\"}]}'",
            "compile",
            "component Python Runner: \"../1\" is no version of a download",
        ),
    ] {
        let found = said(&site, script, phase, &[]);
        assert!(found.starts_with(message), "{script}\n{found}");
    }
}

#[test]
fn nothing_leads_out_of_the_droplet() {
    let site = Site::without_framework();
    site.write("outside/secret", "secret");
    symlink("../outside", site.path("app/link")).unwrap();
    for change in [
        r#"{"change": "write-file", "path": "../outside/secret", "text": "x"}"#,
        r#"{"change": "write-file", "path": "link/secret", "text": "x"}"#,
        r#"{"change": "write-file", "path": "/etc/x", "text": "x"}"#,
        r#"{"change": "copy-resources", "to": "link/x"}"#,
        r#"{"change": "link-root-libraries", "to": "a/../../outside"}"#,
        r#"{"change": "add-additional-library", "path": "../outside/secret"}"#,
        r#"{"change": "add-javaagent", "path": "/etc/passwd"}"#,
        r#"{"change": "add-system-property", "name": "x", "path": ".."}"#,
        r#"{"change": "write-networking", "to": "link/secret"}"#,
    ] {
        let script = format!("echo '{{\"changes\": [{change}]}}'");
        let found = said(&site, &script, "compile", &[]);
        assert!(found.starts_with("component Python Runner: "), "{change}: {found}");
        assert!(found.ends_with(" is outside of the droplet"), "{change}: {found}");
    }
    assert_eq!(fs::read_to_string(site.path("outside/secret")).unwrap(), "secret");
    assert_eq!(fs::read_dir(site.path("outside")).unwrap().count(), 1);
}

#[test]
fn what_hangs_is_ended_with_all_it_has_started() {
    let site = Site::without_framework();
    let start = Instant::now();
    let script = format!("sleep 600 & echo $! > {}; wait", site.path("pid").display());
    let found = said(&site, &script, "compile", &["--component-timeout", "1"]);
    assert_eq!(found, "component Python Runner: compile took longer than 1 s and was ended");
    assert!(start.elapsed() < Duration::from_secs(300));
    let pid = fs::read_to_string(site.path("pid")).unwrap();
    let gone = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        stat.map_or(true, |stat| stat.contains(") Z "))
    };
    // The kernel takes a moment.
    for _ in 0..1000 {
        if gone() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{pid} still runs");
}

#[test]
fn a_file_that_cannot_be_run_says_how() {
    let site = Site::new();
    let path = site.path("buildpack/lib/java_buildpack/container/python_runner");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let output = site.run("detect", &[]).expect(1);
    assert!(output.stderr.contains("is not executable; run 'chmod +x' on it"), "{}", output.stderr);
}

#[test]
fn a_dependency_in_a_repository() {
    for root in ["file://FOLDER/repository/x", "s3://repository/x/"] {
        let site = Site::new();
        site.write("repository/x/index.yml", "1.0.0: x-1.jar\n1.2.0: x-2.jar\n");
        site.write("repository/x/x-2.jar", "jar");
        let root = root.replace("FOLDER", &site.path("").display().to_string());
        let config = format!("version: 1.+\nrepository_root: {root}\n");
        site.write("buildpack/config/python_runner.yml", &config);
        let script = r#"case $1 in
            detect) echo '{"dependency": true}';;
            compile) echo '{"changes": [{"change": "download-jar"},
                {"change": "download-jar", "file": "y.jar", "to": "lib"}]}';;
            release) echo '{"command": "run"}';;
            esac"#;
        site.component("container", "python_runner", script);
        let detect = site.run("detect", &[]).success();
        assert!(detect.stdout.contains(" python-runner=1.2.0 "), "{}", detect.stdout);
        let compile = site.run("compile", &[]).success();
        let says = format!(
            "Downloading Python Runner 1.2.0 from {}/x-2.jar (",
            root.trim_end_matches('/')
        );
        assert!(compile.stdout.contains(&says), "{}", compile.stdout);
        assert_eq!(site.read(".java-buildpack/python_runner/python_runner-1.2.0.jar"), "jar");
        assert_eq!(site.read("lib/y.jar"), "jar");
    }
}

#[test]
fn archives_stay_in_their_folder() {
    let site = Site::without_framework();
    site.write("work/inner", "x");
    let tar = std::process::Command::new("tar")
        .args(["-czf", "../evil.tar.gz", "--transform", "s,^,top/../../../evil/,", "inner"])
        .current_dir(site.path("work"))
        .status();
    assert!(tar.unwrap().success());
    let uri = format!("file://{}", site.path("evil.tar.gz").display());
    let script = format!(
        "echo '{{\"changes\": [{{\"change\": \"download-tar\", \"uri\": \"{uri}\", \"version\": \"1\"}}]}}'"
    );
    let found = said(&site, &script, "compile", &[]);
    assert!(found.starts_with("cannot expand Python Runner: archive member "), "{found}");
    let evil = |name: &str| site.path(name).join("evil").exists();
    assert!(!evil("") && !evil("app") && !evil("app/.java-buildpack"));
}

#[test]
fn odd_names_are_no_trouble() {
    use std::os::unix::ffi::OsStrExt as _;
    let site = Site::without_framework();
    let odd = site.path("app").join(std::ffi::OsStr::from_bytes(b"\xff\n\"odd"));
    fs::write(odd, "").unwrap();
    site.run("detect", &[]).success();
    // A class name leads nowhere but into the buildpack.
    site.write("elsewhere/x", "#!/bin/sh\necho '{\"tags\": true}'\n");
    for class in ["../../elsewhere::X", "../../elsewhere/x", "/bin::Sh", "A:", ""] {
        let list = format!("containers: [\"{class}\"]\njres: []\nframeworks: []\n");
        site.write("buildpack/config/components.yml", &list);
        let output = site.run("detect", &[]).expect(1);
        assert!(output.stderr.contains("which is no class name"), "{class}: {}", output.stderr);
    }
}

#[test]
fn finalize_and_json() {
    let site = Site::new();
    let run = |arguments: &[&str]| {
        Process::new(env!("CARGO_BIN_EXE_bp-compile"))
            .env("BUILDPACK_DIR", site.path("buildpack"))
            .env("NO_COLOR", "1")
            .folder(site.path(""))
            .args(arguments)
            .run()
    };
    let output = run(&["--json", "--finalize", "app", "cache", "deps", "0"]).success();
    let answer: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(answer["kind"], "compile.v1");
    assert_eq!(answer["components"][0]["class"], "JavaBuildpack::Container::PythonRunner");
    assert!(output.stderr.starts_with("-----> Java Buildpack examples\n"), "{}", output.stderr);
    let config = fs::read_to_string(site.path("deps/0/config.yml")).unwrap();
    assert_eq!(config, "---\nname: java\nconfig: {}\nversion: \"examples\"\n");
    assert!(run(&["app"]).expect(2).stderr.contains("expected the application's folder"));
}
