//! Machines with other users: what they may write to, and what of theirs is not believed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use end_to_end::{DEVELOP, Place, STABLE, root, tools};
use test_kit::s3::Action;
use test_kit::writable_by_all;

/// A working day with the tools and the wrappers, under the umask 000. The shell writes no files.
fn day(place: &Place) {
    let bucket = &place.bucket;
    let sides = format!("{bucket} {STABLE} {bucket} {DEVELOP}");
    for script in [
        "deploy.sh --publish libraries/libtally-2.0.1 php-8.3.9",
        "bob-build -o out --records=built php-8.3.10 ext-counter-1.0.0_php-8.3",
        "pkg-deploy --records=deployed --publish built",
        "bob build php-8.4.2",
        "repo-mkrepo rollback --yes --records=rolled 1",
        "pkg-deploy --publish built",
        "repo-mkrepo --upload -c first --records=published < /dev/null",
        "mkrepo.sh --upload",
        &format!("repo-sync --yes -c first --records=synced {sides}"),
        "echo y | remove.sh php-8.3.9",
        &format!("echo y | sync.sh {sides}"),
        "pkg-remove --yes --records=removed ext-counter-1.0.0_php-8.3",
        &format!("repo-check --gc --older-than 0s --yes {bucket} {DEVELOP}"),
    ] {
        place.shell(&format!("umask 000; {script}")).run().success();
    }
    let buildpack = place.workspace.path("buildpack");
    let examples = root().join("buildpacks/examples");
    place.workspace.process("cp").arg("-r").arg(examples).arg(&buildpack).run().success();
    let new = format!("umask 000; bp-new --buildpack {} container my_own", buildpack.display());
    place.shell(&new).run().success();
}

#[test]
fn with_any_umask_nothing_is_for_all_users_to_write() {
    for place in [Place::folder(), Place::in_process()] {
        let meanwhile = Arc::new(Mutex::new(Vec::new()));
        if let Some(server) = place.server() {
            let (kept, folder) = (Arc::clone(&meanwhile), place.workspace.path(""));
            server.set_hook(move |_| {
                kept.lock().unwrap().extend(writable_by_all(&folder));
                Action::Serve
            });
        }
        day(&place);
        assert_eq!(writable_by_all(&place.workspace.path("")), [""; 0], "{}", place.kind);
        assert_eq!(*meanwhile.lock().unwrap(), [""; 0], "{}", place.kind);
        let made = [
            "out/php-8.3.10.tar.gz",
            "out/php-8.3.10.composer.json",
            "out/php-8.3.10.log",
            "built",
            "deployed",
            "published",
            "rolled",
            "synced",
            "removed",
            "packages.json",
            "build/bin/php",
            "buildpack/config/my_own.yml",
        ];
        let caches = ["home/.cache/slipway/archives", "home/.cache/slipway/manifests"];
        let folders = [
            "stores/.slipway/slipway-tests/lock",
            "stores/slipway-tests/dist-heroku-24-develop/packages.json",
            "stores/slipway-tests/dist-heroku-24-develop/.slipway",
        ];
        let more: &[&str] = if place.kind == "folder" { &folders } else { &caches };
        for name in made.iter().chain(more) {
            assert!(place.workspace.path(name).exists(), "{}: no {name}", place.kind);
        }
    }
}

/// A place with a package, and with filled caches.
fn place() -> Place {
    let place = Place::in_process();
    place.shell("deploy.sh --publish php-8.3.9 libraries/libtally-2.0.1").run().success();
    let build = "bob-build -o out ext-counter-1.0.0_php-8.3 2> said";
    place.shell(build).run().success();
    place
}

/// Everything that has a cache, and the folder of that.
fn users(place: &Place) -> Vec<(String, PathBuf)> {
    let bucket = &place.bucket;
    let manifests = place.workspace.path("home/.cache/slipway/manifests");
    let archives = place.workspace.path("home/.cache/slipway/archives");
    let sides = format!("{bucket} {STABLE} {bucket} {DEVELOP}");
    vec![
        ("repo-mkrepo --upload".to_owned(), manifests.clone()),
        (format!("repo-mkrepo {bucket} {DEVELOP}"), manifests.clone()),
        (format!("repo-check {bucket} {DEVELOP}"), manifests.clone()),
        (format!("repo-check --gc --dry-run {bucket} {DEVELOP}"), manifests.clone()),
        (format!("repo-sync --dry-run {sides}"), manifests.clone()),
        ("pkg-remove --dry-run php-8.3.9".to_owned(), manifests.clone()),
        (
            "bob-build --no-cache -o out php-8.3.10 | pkg-deploy --overwrite --publish".to_owned(),
            manifests,
        ),
        ("bob-build -o out ext-counter-1.0.0_php-8.3".to_owned(), archives),
    ]
}

/// All of it warns once of `cache` for this reason, and works.
fn warned(place: &Place, cache: &Path, reason: &str) {
    for (script, folder) in users(place) {
        let stderr = place.shell(&script).run().success().stderr;
        if folder != cache {
            assert!(!stderr.contains("WARNING"), "{script}: {stderr}");
            continue;
        }
        let warning = format!(
            "WARNING: the cache {} is not used: {reason}. Remove it, or name another folder.\n",
            cache.display()
        );
        assert_eq!(stderr.matches(&warning).count(), 1, "{script}: {stderr}");
        assert_eq!(stderr.matches("WARNING").count(), 1, "{script}: {stderr}");
    }
}

/// The caches, and a file in each.
fn caches(place: &Place) -> [(PathBuf, PathBuf); 2] {
    ["manifests", "archives"].map(|name| {
        let folder = place.workspace.path("home/.cache/slipway").join(name);
        let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        (folder, file)
    })
}

#[test]
fn caches_that_others_may_write_to_are_not_used() {
    let place = place();
    for (cache, file) in caches(&place) {
        for path in [&cache, &file] {
            let before = fs::metadata(path).unwrap().permissions();
            fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
            let reason = format!("other users may write to {} (mode 0777)", path.display());
            let content = fs::read(&file).unwrap();
            warned(&place, &cache, &reason);
            assert_eq!(fs::read(&file).unwrap(), content, "it is not written to either");
            fs::set_permissions(path, before).unwrap();
        }
    }
    for (script, _) in users(&place) {
        let stderr = place.shell(&script).run().success().stderr;
        assert!(!stderr.contains("WARNING"), "{script}: {stderr}");
    }
}

#[test]
fn caches_of_other_users_are_not_used() {
    let place = place();
    let [(cache, file), _] = caches(&place);
    // Only root may give files away. The judgement itself has tests for the others.
    if chown(&file, Some(12345), None).is_err() {
        return;
    }
    let reason = |path: &Path| format!("{} belongs to another user (uid 12345)", path.display());
    warned(&place, &cache, &reason(&file));
    chown(&cache, Some(12345), None).unwrap();
    warned(&place, &cache, &reason(&cache));
}

#[test]
fn a_credential_process_keeps_what_it_needs() {
    let mut place = Place::in_process();
    let (seen, config) = (place.workspace.path("seen"), place.workspace.path("config"));
    let answer = format!(
        r#"{{"Version":1,"AccessKeyId":"{}","SecretAccessKey":"{}"}}"#,
        test_kit::s3::ACCESS_KEY,
        test_kit::s3::SECRET_KEY
    );
    let script = format!("env > {}\necho '{answer}'\n", seen.display());
    let script = place.workspace.write("credentials", script).display().to_string();
    fs::write(&config, format!("[profile own]\ncredential_process = sh {script}\n")).unwrap();
    place
        .workspace
        .unset("AWS_ACCESS_KEY_ID")
        .unset("AWS_SECRET_ACCESS_KEY")
        .set("AWS_CONFIG_FILE", &config.display().to_string())
        .set("AWS_PROFILE", "own")
        .set("VAULT_TOKEN", "for-the-process");
    place.shell("deploy.sh --publish php-8.3.9").run().success();
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.contains("AWS_PROFILE=own\n") && seen.contains("VAULT_TOKEN=for-the-process\n"));
}

#[test]
fn a_store_whose_locks_stay_on_this_machine_is_warned_about_once() {
    let place = Place::folder();
    let mount = place.workspace.path("mount");
    fs::create_dir(&mount).unwrap();
    let on_fuse = |tool: &str, arguments: &[&str]| {
        let program = tools().join(tool);
        let process = place.workspace.process("python3").arg(root().join("tests/fuse.py"));
        let process = process.arg(&mount).arg(program).args(arguments);
        process.env("AWS_ENDPOINT_URL_S3", format!("file://{}", mount.display())).run()
    };
    let warning = format!(
        "WARNING: {} is on FUSE, which may keep locks to this machine. Let only one machine write to \
         this store at a time.\n",
        mount.display()
    );
    for (tool, arguments, expected) in [
        ("repo-mkrepo", &["--upload"][..], 1),
        ("repo-check", &["--gc", "--yes", &place.bucket, DEVELOP], 1),
        ("pkg-remove", &["--yes", "php-8.3.9"], 1),
        // Nothing is written.
        ("pkg-deploy", &["--check", "php-8.3.9"], 0),
        ("repo-mkrepo", &[&place.bucket, DEVELOP], 0),
    ] {
        let output = on_fuse(tool, arguments);
        // Not every machine lets us mount one. The judgement itself has tests for the others.
        if output.status == 77 {
            return;
        }
        // There is no bucket on it.
        assert_eq!(output.status, 7, "{tool}: {output:?}");
        assert_eq!(output.stderr.matches(&warning).count(), expected, "{tool}: {output:?}");
        assert_eq!(output.stderr.matches("WARNING").count(), expected, "{tool}: {output:?}");
    }
    let output = place.shell("deploy.sh --publish php-8.3.9").run().success();
    assert!(!output.stderr.contains("locks"), "{output:?}");
}
