//! Machines with other users, and components by other people.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

#[path = "support/examples.rs"]
mod examples;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use examples::Site;
use serde_json::Value as Json;

/// A container that leaves its environment and its document beside the application, for each phase.
const CURIOUS: &str = r#"
    env > "$SEEN/env-$1"
    cat > "$SEEN/document-$1"
    [ "$1" = detect ] && echo '{"tags": "curious"}' || echo '{"changes": []}'
"#;

const SERVICES: &str =
    r#"{"user-provided": [{"name": "db", "credentials": {"uri": "db://u:bound@h"}}]}"#;

const PHASES: [&str; 3] = ["detect", "compile", "release"];

fn curious() -> Site {
    let site = Site::without_framework();
    site.component("container", "python_runner", CURIOUS);
    fs::create_dir(site.path("seen")).unwrap();
    site
}

/// Runs a phase with every secret in the environment; what the component got: its environment, and
/// its document.
fn seen(site: &Site, phase: &str, options: &[&str]) -> (String, Json) {
    let secrets = tool::SECRETS.map(|name| (name, format!("secret-of-{name}")));
    let process = site.process(phase, options).envs(secrets);
    process
        .env("SEEN", site.path("seen"))
        .env("VCAP_SERVICES", SERVICES)
        .env("DATABASE_URL", "db://theirs")
        .run()
        .success();
    let read =
        |name: &str| fs::read_to_string(site.path("seen").join(format!("{name}-{phase}"))).unwrap();
    (read("env"), serde_json::from_str(&read("document")).unwrap())
}

#[test]
fn components_see_no_secrets_unless_asked() {
    let site = curious();
    for phase in PHASES {
        let (environment, document) = seen(&site, phase, &[]);
        assert!(!environment.contains("secret-of-"), "{phase}: {environment}");
        assert!(!document.to_string().contains("secret-of-"), "{phase}: {document}");
        // What is the application's stays, and services are in the document.
        assert!(environment.contains("DATABASE_URL=db://theirs"), "{environment}");
        assert!(environment.contains(&format!("VCAP_SERVICES={SERVICES}\n")), "{environment}");
        let application = &document["application"];
        assert_eq!(application["environment"]["DATABASE_URL"], "db://theirs");
        assert_eq!(application["services"][0]["credentials"]["uri"], "db://u:bound@h");
    }
}

#[test]
fn components_get_all_secrets_when_asked() {
    let site = curious();
    for phase in PHASES {
        let (environment, document) = seen(&site, phase, &["--pass-credentials"]);
        for name in tool::SECRETS {
            let secret = format!("secret-of-{name}");
            assert!(environment.contains(&format!("{name}={secret}\n")), "{phase}: {name}");
            assert_eq!(document["application"]["environment"][name], secret, "{phase}");
        }
    }
}

/// A site whose container has a dependency in a repository.
fn downloading() -> Site {
    let site = Site::without_framework();
    let answer = r#"cat > /dev/null
        case $1 in
            detect) echo '{"dependency": true}' ;;
            compile) echo '{"changes": [{"change": "download-jar"}]}' ;;
            *) echo '{}' ;;
        esac"#;
    site.component("container", "python_runner", answer);
    site.write("repository/index.yml", "1.0.0: thing.jar\n");
    site.write("repository/thing.jar", "a thing");
    let root = site.path("repository").display().to_string();
    let settings = format!("version: 1.+\nrepository_root: \"file://{root}\"\n");
    site.write("buildpack/config/python_runner.yml", &settings);
    fs::create_dir(site.path("tmp")).unwrap();
    site
}

#[test]
fn detect_and_release_keep_nothing_they_are_not_asked_to_keep() {
    let site = downloading();
    for phase in ["detect", "release"] {
        let run = |options: &[&str]| {
            site.process(phase, options).env("TMPDIR", site.path("tmp")).run().success()
        };
        // What another user may have put there is not even looked at.
        fs::set_permissions(site.path("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        let output = run(&[]);
        assert!(!output.stderr.contains("WARNING"), "{}", output.stderr);
        assert_eq!(fs::read_dir(site.path("tmp")).unwrap().count(), 0, "{phase}");
        let kept = site.path(&format!("kept-by-{phase}"));
        run(&["--cache", kept.to_str().unwrap()]);
        assert!(fs::read_dir(&kept).unwrap().count() > 0);
        assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn a_cache_that_others_may_write_to_is_not_used() {
    let site = downloading();
    site.run("compile", &[]).success();
    // Another user has put another index there, and kept the service's name of it.
    let cache = site.path("cache");
    let names = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> =
        names.filter(|path| path.extension().is_some_and(|e| e == "cached")).collect();
    assert_eq!(files.len(), 2);
    let before: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let index =
        files.iter().find(|file| fs::read(file).unwrap().ends_with(b"thing.jar\n")).unwrap();
    fs::write(index, "1.6.6: /etc/passwd\n").unwrap();
    let warned = |phase: &str, options: &[&str], path: &std::path::Path, mode: &str| {
        let output = site.process(phase, options).env("TMPDIR", site.path("tmp")).run().success();
        let warning = format!(
            "WARNING: the cache {} is not used: other users may write to {} (mode {mode}). Remove it, \
             or name another folder.\n",
            cache.display(),
            path.display()
        );
        assert_eq!(output.stderr.matches(&warning).count(), 1, "{phase}: {}", output.stderr);
        assert!(!output.stdout.contains("1.6.6"), "{phase}: {}", output.stdout);
        output.stdout
    };
    let named = ["--cache", cache.to_str().unwrap()];
    for (path, mode) in [(index, 0o646), (&cache, 0o777)] {
        let kept = fs::metadata(path).unwrap().permissions();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let shown = format!("{mode:04o}");
        let stdout = warned("detect", &named, path, &shown);
        assert!(stdout.contains("python-runner=1.0.0"), "{stdout}");
        let stdout = warned("compile", &[], path, &shown);
        assert!(stdout.contains("Downloading"), "{stdout}");
        fs::set_permissions(path, kept).unwrap();
    }
    // Nothing of it was used, and nothing of it was changed.
    let after: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    assert_eq!(changed, 1);
    assert_eq!(fs::read_dir(site.path("tmp")).unwrap().count(), 0);
}

#[test]
fn with_any_umask_nothing_is_for_all_users_to_write() {
    let examples = Site::new();
    let downloading = downloading();
    let log = "default_log_level: DEBUG\nenable_log_file: true\n";
    for site in [&examples, &downloading] {
        site.write("buildpack/config/logging.yml", log);
        fs::remove_dir(site.path("cache")).unwrap();
        let _ = fs::create_dir(site.path("tmp"));
        for phase in PHASES {
            let tmp = site.path("tmp");
            site.process(phase, &[]).env("TMPDIR", tmp).umask_000().run().success();
        }
        // The template's own files come with their modes.
        assert_eq!(test_kit::writable_by_all(&site.path("")), [""; 0]);
        assert!(site.path("app/.java-buildpack.log").is_file());
        assert!(site.path("app/.java-buildpack/python_runner").is_dir());
    }
    assert!(downloading.path("cache").is_dir());
}
