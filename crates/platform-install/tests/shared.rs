//! Machines with other users, and install scripts by other people.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use support::Lab;
use test_kit::Process;

#[test]
fn install_scripts_see_no_secrets_unless_asked() {
    let mut lab = Lab::new();
    let script = "#!/bin/sh\nenv > \"$1/seen\"\necho '[]'\n";
    let extra = r#""extra":{"install":"install.sh"}"#;
    lab.archive("php", "8.3.4", "heroku-sys-php", &[("install.sh", script)], extra);
    lab.require(r#""heroku-sys/php":"*""#);
    let seen = |options: &[&str]| {
        let _ = fs::remove_dir_all(lab.app("vendor"));
        let secrets = tool::SECRETS.map(|name| (name, format!("the-{name}")));
        lab.install()
            .args(options)
            .envs(secrets)
            .env("CNB_TARGET_OS", "linux")
            .env("CNB_TARGET_ARCH", "amd64")
            .run()
            .success();
        lab.read("seen")
    };
    let without = seen(&[]);
    assert!(!without.contains("the-"), "{without}");
    assert!(without.contains("CNB_TARGET_OS=linux\n"), "{without}");
    let with = seen(&["--pass-credentials"]);
    for name in tool::SECRETS {
        assert!(with.contains(&format!("{name}=the-{name}\n")), "{name}: {with}");
    }
}

#[test]
fn a_cache_that_others_may_write_to_is_not_used() {
    let mut lab = Lab::new();
    lab.archive("php", "8.3.4", "heroku-sys-php", &[("bin/php", "real")], "");
    lab.require(r#""heroku-sys/php":"*""#);
    let cache = lab.workspace.path("cache");
    let install = || -> (String, usize) {
        let _ = fs::remove_dir_all(lab.app("vendor"));
        let before = lab.server.requests().len();
        let output = lab.install().arg("--cache-dir").arg(&cache).run().success();
        let requests = lab.server.requests().split_off(before);
        let whole = |request: &&test_kit::web::Request| {
            request.target.ends_with(".tar.gz") && !request.headers.contains_key("if-none-match")
        };
        (output.stderr, requests.iter().filter(whole).count())
    };
    assert_eq!(install().1, 1);
    assert_eq!(install().1, 0, "the cache has it");

    // Each file and folder of it, when another user may write to it: the archive is fetched again.
    let list = Process::new("find").arg(&cache).run().success().stdout;
    let paths: Vec<&str> = list.lines().collect();
    assert_eq!(paths.len(), 7, "{list}");
    for path in paths {
        let before = fs::metadata(path).unwrap().permissions();
        let mode = before.mode() & 0o777 | 0o002;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let (stderr, fetched) = install();
        let reason = format!("other users may write to {path} (mode {mode:04o})");
        let warning = format!(
            "WARNING: the cache {} is not used: {reason}. Remove it, or name another folder.\n",
            cache.display()
        );
        assert_eq!(stderr.matches("WARNING").count(), 1, "{stderr}");
        assert!(stderr.contains(&warning), "{stderr}");
        assert_eq!(fetched, 1, "{path}");
        fs::set_permissions(path, before).unwrap();
    }
    assert_eq!(install().1, 0, "the cache is used again");
}

#[test]
fn with_any_umask_nothing_is_for_all_users_to_write() {
    let mut lab = Lab::new();
    let script = "#!/bin/sh\ntouch \"$1/made\"\necho '[]'\n";
    let files = [("bin/php", "#!/bin/sh\n"), ("p.sh", "P=1"), ("e.sh", "E=1"), ("i.sh", script)];
    let extra = r#""extra":{"profile":"p.sh","export":"e.sh","install":"i.sh"},
        "replace":{"heroku-sys/ext-x":"*"}"#;
    lab.archive("php", "8.3.4", "heroku-sys-php", &files, extra);
    let needs = r#""require":{"heroku-sys/php":"*"}"#;
    lab.archive("ext-a", "1.0.0", "heroku-sys-php-extension", &[("x/a.so", "a")], needs);
    lab.package("fill", "1.0.0", "metapackage", r#""provide":{"heroku-sys/ext-b":"1.0.0"}"#);
    lab.package("app", "1.0.0", "metapackage", r#""require":{"heroku-sys/ext-b":"*"}"#);
    lab.require(r#""heroku-sys/ext-a":"*","heroku-sys/fill":"*","heroku-sys/app":"*""#);
    let path = |name: &str| lab.workspace.path(name);
    for target in [&[][..], &[("CNB_TARGET_OS", "linux"), ("CNB_TARGET_ARCH", "amd64")]] {
        let _ = fs::remove_dir_all(lab.app("vendor"));
        lab.install()
            .arg("--cache-dir")
            .arg(path("caches/one"))
            .envs(target.iter().copied())
            .env("profile_dir_path", path("out/profile"))
            .env("export_file_path", path("out/export"))
            .env("layer_env_file_path", path("out/layer"))
            .env("providedextensionslog_file_path", path("out/provided"))
            .umask_000()
            .run()
            .success();
    }
    assert_eq!(test_kit::writable_by_all(&path("")), [""; 0]);
    let made = [
        "app/made",
        "app/composer.lock",
        "app/vendor/composer/installed.json",
        "app/etc/php/conf.d/100-ext-a.ini",
        "out/profile/100-php.sh",
        "out/export",
        "out/layer",
        "out/provided",
        "caches/one/sha256",
    ];
    for name in made {
        assert!(path(name).exists(), "{name} was not made");
    }
}
