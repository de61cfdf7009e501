//! What is installed, and what makes it work.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use support::Lab;

const PHP: &str = "heroku-sys-php";
const EXTENSION: &str = "heroku-sys-php-extension";

/// A PHP with everything that is done for one.
fn php(lab: &mut Lab) {
    lab.archive(
        "php",
        "8.3.4",
        PHP,
        &[
            ("bin/php", "#!/bin/sh\n"),
            ("etc/php/conf.d/000-first.ini", ""),
            ("bin/profile.sh", "export PHP=1\n"),
            ("bin/export.sh", "export PHP=2\n"),
        ],
        r#""extra":{"profile":"bin/profile.sh","export":"./bin/export.sh"},
           "replace":{"heroku-sys/ext-mbstring.native":"self.version"}"#,
    );
}

#[test]
fn extensions_are_enabled_in_their_order() {
    let mut lab = Lab::new();
    php(&mut lab);
    let needs = |extra: &str| format!(r#""require":{{"heroku-sys/php":"*"}},"extra":{{{extra}}}"#);
    lab.archive("ext-a", "1.0.0", EXTENSION, &[("x/a.so", "a")], &needs(""));
    lab.archive("ext-b", "1.0.0", EXTENSION, &[("x/b.so", "b")], &needs(r#""config":"other.so""#));
    lab.archive("ext-c", "1.0.0", EXTENSION, &[("x/c.so", "c")], &needs(r#""config":"x/c.so""#));
    lab.archive("ext-d", "1.0.0", EXTENSION, &[("x/d.so", "d")], &needs(r#""config":false"#));
    let ini = "extension=e.so\ne.x=1\n";
    lab.archive(
        "ext-E",
        "1.0.0",
        EXTENSION,
        &[("x/e.so", "e"), ("etc/e.ini", ini)],
        &needs(r#""config":"etc/e.ini""#),
    );
    lab.package(
        "ext-gd",
        "8.3.4",
        EXTENSION,
        &format!(
            r#""dist":{{"type":"heroku-sys-php-bundled-extension","url":"x://y?extension=gd"}},{}"#,
            needs("")
        ),
    );
    let names = ["a", "b", "c", "d", "e", "gd"];
    let require: Vec<String> =
        names.iter().map(|name| format!(r#""heroku-sys/ext-{name}":"*""#)).collect();
    lab.require(&require.join(","));
    let output = lab.install().run().success();
    assert_eq!(
        output.stderr,
        "- php (8.3.4)\n- ext-a (1.0.0)\n- ext-b (1.0.0)\n- ext-c (1.0.0)\n- ext-d (1.0.0)\n\
         - ext-E (1.0.0)\n- ext-gd (bundled with php)\n"
    );
    let folder = "etc/php/conf.d";
    let picture = lab.picture();
    let found: Vec<(&str, &str)> = picture
        .iter()
        .filter_map(|(name, text)| Some((name.strip_prefix(folder)?, text.as_str())))
        .collect();
    assert_eq!(
        found,
        [
            ("/000-first.ini", ""),
            ("/100-ext-a.ini", "extension=a.so\n"),
            ("/110-ext-b.ini", "extension=other.so\n"),
            ("/120-ext-c.ini", "extension=x/c.so\n"),
            // 130 was for the one that wants none.
            ("/140-ext-e.ini", ini),
            ("/150-ext-gd.ini", "extension=gd.so\n"),
        ]
    );
    assert!(!lab.app("etc/e.ini").exists());
    // No variable said where scripts go: they stay.
    assert_eq!(lab.read("bin/profile.sh"), "export PHP=1\n");
}

#[test]
fn scripts_go_where_the_environment_says() {
    let mut lab = Lab::new();
    php(&mut lab);
    lab.archive(
        "apache",
        "2.4.58",
        "heroku-sys-webserver",
        &[("bin/httpd", "")],
        r#""require":{"heroku-sys/php":"*"},
           "extra":{"profile":{"PATH":"$HOME/x:$PATH","Z":"1"},"export":{"A":"a b"}}"#,
    );
    lab.archive("lib", "1.0.0", "heroku-sys-library", &[("lib/l.so", "")], "");
    lab.require(r#""heroku-sys/php":"*","heroku-sys/apache":"*","heroku-sys/lib":"*""#);
    lab.workspace.write("export", "before\n");
    let layer_env = lab.workspace.path("env/layer.json");
    lab.workspace.write("profile/100-other.sh", "");
    let run = |lab: &Lab| {
        lab.install()
            .env("profile_dir_path", lab.workspace.path("profile"))
            .env("export_file_path", lab.workspace.path("export"))
            .env("layer_env_file_path", &layer_env)
            .run()
            .success()
    };
    run(&lab);
    let read = |name: &str| fs::read_to_string(lab.workspace.path(name)).unwrap();
    assert_eq!(read("profile/110-php.sh"), "export PHP=1\n");
    assert_eq!(read("profile/120-apache.sh"), "export PATH=\"$HOME/x:$PATH\"\nexport Z=\"1\"");
    assert_eq!(read("export"), "before\n\nexport PHP=2\n\n\nexport A=\"a b\"\n");
    assert_eq!(fs::read_dir(lab.workspace.path("profile")).unwrap().count(), 3);
    assert_eq!(lab.files(), ["bin/httpd", "bin/php", "etc/php/conf.d/000-first.ini", "lib/l.so"]);
    // Nothing changes the environment: a reader of the file finds that.
    assert_eq!(read("env/layer.json"), "[]");
    // Once more: nothing is left to do.
    assert_eq!(run(&lab).stderr, "Nothing to install.\n");
    assert_eq!(read("export").matches("PHP").count(), 1);
}

/// A script is moved as it is: whatever its bytes are, and with its mode.
#[test]
fn scripts_need_not_be_utf_8() {
    let mut lab = Lab::new();
    let tree = lab.workspace.path("tree");
    fs::create_dir(&tree).unwrap();
    let script = b"export NAME=\"Caf\xe9\"\n";
    for name in ["profile.sh", "export.sh"] {
        fs::write(tree.join(name), script).unwrap();
        let mode = fs::Permissions::from_mode(0o750);
        fs::set_permissions(tree.join(name), mode).unwrap();
    }
    let extra = r#""extra":{"profile":"profile.sh","export":"export.sh"}"#;
    lab.bytes("lib", "1.0.0", "heroku-sys-library", &support::pack(&tree), extra);
    lab.require(r#""heroku-sys/lib":"*""#);
    let folder = lab.workspace.path("profile");
    let export = lab.workspace.path("export");
    lab.install().env("profile_dir_path", &folder).env("export_file_path", &export).run().success();
    let moved = folder.join("100-lib.sh");
    assert_eq!(fs::read(&moved).unwrap(), script);
    assert_eq!(fs::metadata(moved).unwrap().permissions().mode() & 0o777, 0o750);
    assert_eq!(fs::read(export).unwrap(), [b"\n", &script[..], b"\n"].concat());
    assert_eq!(lab.files(), [""; 0]);
}

#[test]
fn old_runtimes_bring_extensions_themselves() {
    let mut lab = Lab::new();
    lab.archive(
        "php",
        "5.6.40",
        PHP,
        &[("bin/php", "")],
        r#""replace":{"heroku-sys/ext-curl":"5.6.40","heroku-sys/ext-bcmath":"5.6.40",
            "heroku-sys/ext-json":"1.2","heroku-sys/ext-xsl":"5.6.40","heroku-sys/ext-soap":"1"},
           "extra":{"shared":{"heroku-sys/ext-BCMATH":true,"heroku-sys/ext-curl":true,
            "heroku-sys/ext-xsl":false,"heroku-sys/ext-soap":true}}"#,
    );
    lab.package(
        "app",
        "1.0.0",
        "metapackage",
        r#""require":{"heroku-sys/ext-curl":"*","heroku-sys/ext-json":"*","heroku-sys/ext-xsl":"*"}"#,
    );
    lab.require(r#""heroku-sys/php":"*","heroku-sys/app":"*","heroku-sys/ext-bcmath":"*""#);
    let output = lab.install().run().success();
    assert_eq!(
        output.stderr,
        "- php (5.6.40)\n- ext-bcmath (bundled with php)\n- ext-curl (bundled with php)\n"
    );
    assert_eq!(
        lab.files(),
        ["bin/php", "etc/php/conf.d/100-ext-bcmath.ini", "etc/php/conf.d/110-ext-curl.ini"]
    );
}

#[test]
fn real_extensions_in_place_of_polyfills() {
    let mut lab = Lab::new();
    php(&mut lab);
    let native = |name: &str, php: &str| {
        format!(
            r#""require":{{"heroku-sys/php":"{php}"}},"replace":{{"heroku-sys/ext-{name}.native":"self.version"}}"#
        )
    };
    lab.archive("ext-apcu", "5.1.23", EXTENSION, &[("x/apcu.so", "")], &native("apcu", "8.3.*"));
    lab.archive("ext-mongo", "1.6.0", EXTENSION, &[("x/mongo.so", "")], &native("mongo", "5.*"));
    for (name, extension) in [("p1", "apcu"), ("p2", "mongo"), ("p3", "mbstring")] {
        let provide = format!(r#""provide":{{"heroku-sys/ext-{extension}":"*"}}"#);
        lab.package(name, "1.0.0", "metapackage", &provide);
    }
    let wants = ["php", "ext-apcu", "ext-mongo", "ext-mbstring"];
    let wants: Vec<String> =
        wants.iter().map(|name| format!(r#""heroku-sys/{name}":"*""#)).collect();
    let wants = format!(r#""require":{{{}}}"#, wants.join(","));
    lab.package("user", "1.0.0", "metapackage", &wants);
    let all = ["p1", "p2", "p3", "user"];
    let all: Vec<String> = all.iter().map(|name| format!(r#""heroku-sys/{name}":"*""#)).collect();
    // The polyfills come first, as in an application's metapackages.
    lab.require(&all.join(","));
    let log = lab.workspace.path("provided");
    let run = |native: &[&str]| {
        let process = lab.install().args(native).env("providedextensionslog_file_path", &log);
        process.run().success().stderr
    };
    let first = run(&[]);
    let log_text = fs::read_to_string(&log).unwrap();
    for (package, extension) in [("p2", "mongo"), ("p3", "mbstring")] {
        let line = format!("heroku-sys/{package} heroku-sys/ext-{extension}:*\n");
        assert!(log_text.contains(&line), "{log_text}");
    }
    // What there is of it was installed at once, or is now; what was there stays.
    let second = run(&["--native"]);
    assert!(second.contains("- ext-mbstring (already enabled)\n"), "{second}");
    assert!(second.contains("- no suitable native version of ext-mongo available\n"), "{second}");
    assert!(format!("{first}{second}").contains("- ext-apcu (5.1.23)\n"), "{first}{second}");
    assert!(lab.app("etc/php/conf.d/020-ext-apcu.ini").is_file() || first.contains("ext-apcu"));
    assert!(lab.read("composer.json").contains("ext-mbstring.native"));
    assert!(!lab.read("composer.json").contains("ext-mongo.native"));
    assert_eq!(run(&[]), "Nothing to install.\n");
}

#[test]
fn install_scripts_change_the_environment() {
    let mut lab = Lab::new();
    let script = |path: &str| {
        format!(
            "#!/bin/sh\nprintf '[{{\"name\":\"PATH\",\"scope\":\"all\",\"modification_behavior\":\
             \"prepend\",\"value\":\"%s/{path}\"}},{{\"name\":\"PATH\",\"scope\":\"all\",\
             \"modification_behavior\":\"delimiter\",\"value\":\":\"}}]' \"$1\"\n"
        )
    };
    let extra = r#""extra":{"install":"install.sh","profile":{"NOT":"me"}}"#;
    lab.archive("php", "8.3.4", PHP, &[("install.sh", &script("one"))], extra);
    let kind = "heroku-sys-program";
    let more = r#""require":{"heroku-sys/php":"*"},"extra":{"install":"bin/i"}"#;
    lab.archive("tool", "1.0.0", kind, &[("bin/i", &script("two"))], more);
    // A polyfill, whose real extension comes afterwards, and also has a script.
    let wants = r#""require":{"heroku-sys/ext-a":"*"}"#;
    lab.package("app", "1.0.0", "metapackage", wants);
    lab.package("fill", "1.0.0", "metapackage", r#""provide":{"heroku-sys/ext-a":"*"}"#);
    let short = r##"#!/bin/sh
echo '[{"name":"A","value":"1"}]'
"##;
    let more = r#""extra":{"install":"s"}"#;
    lab.archive("ext-a.native", "1.0.0", EXTENSION, &[("s", short)], more);
    lab.require(r#""heroku-sys/tool":"*","heroku-sys/fill":"*","heroku-sys/app":"*""#);
    let file = lab.workspace.path("layer_env.json");
    let install = lab
        .install()
        .arg("--native")
        .env("CNB_TARGET_OS", "linux")
        .env("CNB_TARGET_ARCH", "amd64")
        .env("profile_dir_path", lab.workspace.path("profile"))
        .env("layer_env_file_path", &file);
    let output = install.run().success();
    assert!(output.stderr.ends_with("- ext-a.native (1.0.0)\n"), "{}", output.stderr);
    let app = fs::canonicalize(lab.app("")).unwrap().display().to_string();
    let text = fs::read_to_string(&file).unwrap().replace("\\/", "/").replace(&app, "<APP>");
    assert_eq!(
        text,
        r#"[{"scope":"all","modification_behavior":"prepend","name":"PATH","value":"<APP>/two:<APP>/one"},{"scope":"all","modification_behavior":"delimiter","name":"PATH","value":":"},{"scope":"all","modification_behavior":"override","name":"A","value":"1"}]"#
    );
    assert!(!lab.workspace.path("profile").exists());
}

#[test]
fn the_list_goes_where_the_caller_wants_it() {
    let mut lab = Lab::new();
    php(&mut lab);
    lab.require(r#""heroku-sys/php":"*""#);
    let shell = |more: &str| {
        test_kit::Process::new("/bin/sh")
            .args(["-c", &format!("{more} exec \"$0\" 7>\"$1\"")])
            .arg(env!("CARGO_BIN_EXE_platform-install"))
            .arg(lab.workspace.path("list"))
            .folder(lab.workspace.path("app"))
            .env("PHP_PLATFORM_INSTALLER_DISPLAY_OUTPUT_FDNO", "7")
            .env("PHP_PLATFORM_INSTALLER_DISPLAY_OUTPUT_INDENT", "4")
            .run()
    };
    let output = shell("NO_COLOR=1").success();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let list = fs::read_to_string(lab.workspace.path("list")).unwrap();
    assert_eq!(list, "    - php (8.3.4)\n");
    fs::remove_dir_all(lab.app("vendor")).unwrap();
    shell("").success();
    let list = fs::read_to_string(lab.workspace.path("list")).unwrap();
    assert!(list.contains("    Downloaded 1/1 ["), "{list}");
    assert!(list.ends_with("\r\x1b[2K    - php (8.3.4)\n"), "{list:?}");
}

#[test]
fn a_dry_run_says_what_would_be_and_does_nothing() {
    let mut lab = Lab::new();
    php(&mut lab);
    let more = r#""require":{"heroku-sys/php":"*"}"#;
    lab.archive("ext-x", "1.0.0", EXTENSION, &[("x.so", "")], more);
    lab.root(r#""require":{"heroku-sys/php":"*"},"require-dev":{"heroku-sys/ext-x":"*"}"#);
    let before = lab.picture();
    let output = lab.install().args(["--dry-run", "--json"]).run().success();
    assert_eq!(output.stderr, "- php (8.3.4)\n- ext-x (1.0.0)\n");
    let url = lab.server.url();
    assert_eq!(
        output.stdout.replace(&url, "<URL>"),
        r#"{
    "packages": [
        {
            "name": "heroku-sys/php",
            "version": "8.3.4",
            "type": "heroku-sys-php",
            "url": "<URL>/php-8.3.4.tar.gz"
        },
        {
            "name": "heroku-sys/ext-x",
            "version": "1.0.0",
            "type": "heroku-sys-php-extension",
            "url": "<URL>/ext-x-1.0.0.tar.gz"
        }
    ]
}
"#
    );
    assert_eq!(lab.picture(), before);
    assert_eq!(lab.server.requests().len(), 1);
    let output = lab.install().args(["-n", "--no-dev"]).run().success();
    assert_eq!(output.stderr, "- php (8.3.4)\n");
    let output = lab.install().args(["--no-dev", "--json"]).run().success();
    assert!(output.stdout.contains("\"sha256\": \""), "{}", output.stdout);
    assert!(!lab.app("x.so").exists());
}

#[test]
fn a_lock_says_which_versions() {
    let mut lab = Lab::new();
    php(&mut lab);
    lab.require(r#""heroku-sys/php":"*""#);
    lab.install().run().success();
    let lock = lab.read("composer.lock");
    // A newer one comes, and another machine installs from the lock.
    lab.archive("php", "8.3.5", PHP, &[("bin/php", "new")], "");
    lab.publish();
    let composer_json = lab.read("composer.json");
    fs::remove_dir_all(lab.app("")).unwrap();
    lab.workspace.write("app/composer.json", &composer_json);
    lab.workspace.write("app/composer.lock", &lock);
    let output = lab.install().run().success();
    assert_eq!(output.stderr, "- php (8.3.4)\n");
    assert_eq!(lab.read("composer.lock"), lock);
    // One that is out of date still decides, and stays so.
    lab.archive("tool", "1.0.0", "heroku-sys-program", &[("bin/tool", "")], "");
    lab.require(r#""heroku-sys/php":"^8""#);
    let output = lab.install().run().success();
    assert!(output.stderr.contains("composer.lock is not up to date"), "{}", output.stderr);
    assert_eq!(lab.read("composer.lock"), lock);
    // Without the lock it is the newer one, which does not go over the old one.
    fs::remove_file(lab.app("composer.lock")).unwrap();
    let before = lab.picture();
    let output = lab.install().run().expect(2);
    assert!(output.stderr.contains("php 8.3.4 is installed here already"), "{}", output.stderr);
    assert_eq!(lab.picture(), before);
}

#[test]
fn the_cache_spares_the_network() {
    let mut lab = Lab::new();
    php(&mut lab);
    lab.require(r#""heroku-sys/php":"*""#);
    let cache = lab.workspace.path("cache");
    let run = || lab.install().arg("--cache-dir").arg(&cache).run().success();
    run();
    let composer_json = lab.read("composer.json");
    fs::remove_dir_all(lab.app("")).unwrap();
    lab.workspace.write("app/composer.json", &composer_json);
    let before = lab.server.requests().len();
    run();
    let archives: Vec<_> = lab.server.requests().split_off(before);
    let archives: Vec<_> =
        archives.iter().filter(|request| request.target.ends_with(".tar.gz")).collect();
    assert_eq!(archives.len(), 1);
    assert!(archives[0].headers.contains_key("if-none-match"));
    assert_eq!(lab.read("bin/php"), "#!/bin/sh\n");
}

#[test]
fn what_cannot_be_met_is_explained() {
    let mut lab = Lab::new();
    php(&mut lab);
    let more = r#""require":{"heroku-sys/php":"^7"}"#;
    lab.archive("ext-old", "1.0.0", EXTENSION, &[("x.so", "")], more);
    lab.require(r#""heroku-sys/ext-foo":"*","heroku-sys/ext-old":"*","heroku-sys/php":"^8""#);
    let before = lab.picture();
    let output = lab.install().run().expect(2);
    assert!(output.stderr.contains("ext-foo"), "{}", output.stderr);
    assert!(output.stderr.contains("could not be found in any version"), "{}", output.stderr);
    assert!(output.stderr.contains("Problem 2"), "{}", output.stderr);
    assert!(!output.stderr.contains("heroku-sys/"), "{}", output.stderr);
    assert_eq!(lab.picture(), before);
}

#[test]
fn the_installer_plugin_is_there_for_composer_afterwards() {
    let mut lab = Lab::new();
    let more = r#""require":{"heroku/installer-plugin":"^1.6.0"}"#;
    lab.archive("tool", "1.0.0", "heroku-sys-program", &[("bin/tool", "")], more);
    lab.require(r#""heroku-sys/tool":"*""#);
    // Without it we stand in for it.
    let dry = lab.install().arg("-n").run().success();
    assert_eq!(dry.stderr, "- tool (1.0.0)\n");
    // Another package in its place is none.
    lab.workspace.write("no-installer/composer.json", r#"{"name":"some/thing","version":"1.0.0"}"#);
    let dry = lab.install().arg("-n").run().success();
    assert_eq!(dry.stderr, "- tool (1.0.0)\n");
    let plugin = r#"{"name":"heroku/installer-plugin","version":"1.7.0","type":"composer-plugin",
        "require":{"php":">=7.0","composer-plugin-api":"^1.0 || ^2.0"}}"#;
    lab.workspace.write("no-installer/composer.json", plugin);
    lab.workspace.write("no-installer/src/Plugin.php", "<?php");
    lab.workspace.write("no-installer/vendor/x", "");
    lab.install().run().success();
    assert_eq!(lab.read("vendor/heroku/installer-plugin/src/Plugin.php"), "<?php");
    assert!(!lab.app("vendor/heroku/installer-plugin/vendor").exists());
    assert!(lab.read("composer.lock").contains("\"version\": \"1.7.0\""));
    // One that is too old for the packages.
    let old = plugin.replace("1.7.0", "1.5.0");
    lab.workspace.write("no-installer/composer.json", old);
    fs::remove_file(lab.app("composer.lock")).unwrap();
    let output = lab.install().run().expect(2);
    assert!(output.stderr.contains("installer-plugin ^1.6.0"), "{}", output.stderr);
}
