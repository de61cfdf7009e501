//! What others wrote, on its way to a terminal and to the log of a CI service: each tool is driven
//! with hostile names, versions, addresses, records and messages of a service. Nothing of these
//! moves a cursor, begins a line or commands who reads the log.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::fs;

use end_to_end::{Place, root, tools};
use serde_json::{Value, json};
use test_kit::{Output, Process, Site, s3};

/// A text with all that must not come out: `evil` and `forged` must.
const EVIL: &str = "evil\u{1b}[2J\u{9b}31m\u{7f}\r\n::error title=x::forged\n  ::add-mask::forged\n\
                    ##[error]forged\n##vso[task.x]forged\u{202e}\u{2066}\u{2028}forged\u{2029}forged\
                    \nsection_start:1:forged\r\u{1b}[0K\u{200b}\u{feff}";

/// The same as far as a key or the name of a file may have it.
const NAME: &str = "::error::evil \u{202e}##[error]forged\u{2028}::warning::forged";

/// No line is controlled, forged or a command; `evil` says that the text did come out.
fn examine(what: &str, text: &str) {
    for line in text.lines().chain(text.split('\n')) {
        let foul = |letter: char| {
            letter.is_control()
                || matches!(letter,
                    '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{feff}'
                    | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!line.contains(foul), "{what}: {line:?}");
        let trimmed = line.trim_start();
        assert!(!trimmed.starts_with("::"), "{what}: {line:?}");
        assert!(!line.contains("##[") && !line.contains("##vso["), "{what}: {line:?}");
        assert!(!line.contains("section_start:"), "{what}: {line:?}");
        for forged in ["forged", "##", "\\u{3a}:error title", "error title"] {
            assert!(!trimmed.starts_with(forged), "{what}: {line:?}");
        }
    }
}

/// Runs a process; its stderr is examined, and its stdout where that is for people.
fn shown(what: &str, process: Process, for_people: bool) -> Output {
    let output = process.env("CI", "true").env("GITHUB_ACTIONS", "true").run();
    examine(what, &output.stderr);
    if for_people {
        examine(what, &output.stdout);
    }
    let text = if for_people {
        format!("{}{}", output.stdout, output.stderr)
    } else {
        output.stderr.clone()
    };
    assert!(text.contains("evil"), "{what} ({:?}) says nothing of it: {text}", output.status);
    output
}

fn tool(site: &Site, name: &str) -> Process {
    site.process(tools().join(name))
        .env("S3_BUCKET", "hostile")
        .env("S3_PREFIX", "p/")
        .env("NO_COLOR", "1")
}

fn manifest(site: &Site, url: &str, more: &Value) -> Vec<u8> {
    let mut manifest = json!({
        "dist": {"type": "heroku-sys-tar", "url": url},
        "name": format!("heroku-sys/{EVIL}"),
        "require": {"heroku-sys/heroku": "^24.0.0", EVIL: EVIL},
        "time": "2026-01-01 00:00:00",
        "type": "heroku-sys-program",
        "version": EVIL,
    });
    for (key, value) in more.as_object().unwrap() {
        manifest[key] = value.clone();
    }
    let _ = site;
    serde_json::to_vec(&manifest).unwrap()
}

/// Two repositories whose manifests, keys, index and snapshot are hostile.
fn hostile(site: &Site) {
    site.create_bucket("hostile");
    for prefix in ["p/", "q/"] {
        let key = format!("{prefix}{NAME}.tar.gz");
        site.put("hostile", &key, "archive");
        let url = site.url("hostile", &key);
        let one = manifest(site, &url, &json!({"extra": {"sha256": EVIL, "size": EVIL}}));
        site.put("hostile", &format!("{prefix}{NAME}-{}.composer.json", &prefix[..1]), one);
        let dist =
            json!({"type": EVIL, "url": format!("https://evil.example/{EVIL}"), "shasum": EVIL});
        let two = manifest(site, "", &json!({"version": "2", "dist": dist}));
        site.put("hostile", &format!("{prefix}{NAME}-2.composer.json"), two);
        site.put("hostile", &format!("{prefix}lost/{NAME}"), "nothing refers to it");
        site.publish("hostile", prefix);
    }
    let index = json!({"packages": {EVIL: [{"name": EVIL, "version": EVIL,
        "dist": {"url": format!("https://evil.example/{EVIL}"), "type": "x"}}]}});
    let index = serde_json::to_vec(&index).unwrap();
    site.put("hostile", &format!("p/packages-{NAME}.json"), &index);
}

#[test]
fn repositories() {
    for site in Site::both() {
        hostile(&site);
        let run = |what: &str, name: &str, arguments: &[&str], for_people: bool| {
            shown(what, tool(&site, name).args(arguments), for_people)
        };
        run("check", "repo-check", &["--all"], true);
        run("check --deep --resolve", "repo-check", &["--all", "--deep", "--resolve"], true);
        run("gc", "repo-check", &["--gc", "--older-than", "0s", "--bare", "--dry-run"], true);
        run("sync --dry-run", "repo-sync", &["--dry-run", "hostile", "q/"], true);
        run("sync", "repo-sync", &["--yes", "hostile", "q/"], false);
        let more = manifest(&site, "", &json!({"version": "3"}));
        site.put("hostile", &format!("p/{NAME}-3.composer.json"), more);
        let who = |process: Process| process.env("GITHUB_ACTOR", EVIL).env("USER", EVIL);
        let upload =
            tool(&site, "repo-mkrepo").args(["--upload"]).folder(site.workspace.path("tmp"));
        examine("upload", &who(upload).run().success().stderr);
        run("log", "repo-mkrepo", &["log"], true);
        run("log of a bucket", "repo-mkrepo", &["log", "evil\n::error::", EVIL], true);
        run("remove --dry-run", "pkg-remove", &["--dry-run", &format!("{NAME}-2")], true);
        run("remove of nothing", "pkg-remove", &["--yes", EVIL], false);
        let removed = format!("{NAME}-2");
        run("remove", "pkg-remove", &["--yes", &removed], false);
        run("diff", "repo-mkrepo", &["diff", "HEAD~1", "HEAD"], true);
        run("no generation", "repo-mkrepo", &["diff", EVIL, "HEAD"], true);
        run("rollback", "repo-mkrepo", &["rollback", "--dry-run", "HEAD~1"], true);

        site.put("hostile", &format!("p/{NAME}-3.composer.json"), "{\"name\": \"a\u{202e}\", evil");
        run("broken manifest", "repo-mkrepo", &["--upload"], false);
        run("broken manifest, checked", "repo-check", &[], true);
        let file = site.workspace.write("evil\n::error::forged.composer.json", "[");
        run("broken file", "repo-mkrepo", &[file.to_str().unwrap()], false);
    }
}

#[test]
fn arguments() {
    let site = Site::folder();
    site.create_bucket("hostile");
    for name in [
        "bob-build",
        "pkg-deploy",
        "repo-mkrepo",
        "repo-sync",
        "pkg-remove",
        "repo-check",
        "manifest-gen",
        "platform-gen",
        "platform-install",
        "bp-detect",
        "bp-compile",
        "bp-release",
    ] {
        for option in [format!("--evil{EVIL}"), format!("--cache-dir={EVIL}"), EVIL.to_owned()] {
            let output = tool(&site, name).args([&option, &option]).run();
            examine(&format!("{name} {option:?}"), &format!("{}{}", output.stderr, output.stdout));
            let output = tool(&site, name).args(["--bob", &option]).env("S3_BUCKET", EVIL).run();
            examine(&format!("{name} --bob"), &format!("{}{}", output.stderr, output.stdout));
        }
        for variable in ["S3_REGION", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "S3_PREFIX", "STACK"] {
            let process = tool(&site, name).args(["a", "b", "c", "d"]).env(variable, EVIL);
            let output = process.env("AWS_MAX_ATTEMPTS", "1").run();
            examine(&format!("{name}, {variable}"), &output.stderr);
        }
    }
}

#[test]
fn records() {
    let site = Site::folder();
    site.create_bucket("hostile");
    let archive = site.workspace.write("evil.tar.gz", "archive");
    let sha256 = checksum::of_bytes("archive");
    let build = |change: &dyn Fn(&mut Value)| {
        let mut build = json!({
            "kind": "build.v1", "producer": "p", "formula": EVIL, "name": "a-1",
            "build-path": EVIL, "archive": {"path": archive, "size-bytes": 7, "sha256": sha256},
            "manifest": null, "dependencies": [], "seconds": 1.0, "log": null, "temporary": false,
        });
        change(&mut build);
        let start = json!({"kind": "start.v1", "producer": "p", "tool": "x", "version": "1.0.0"});
        let end = json!({"kind": "end.v1", "producer": "p", "records": 1, "status": 0});
        format!("{start}\n{build}\n{end}\n")
    };
    let deploy = |what: &str, input: String| {
        shown(what, tool(&site, "pkg-deploy").input(input), false);
    };
    deploy("name", build(&|build| build["name"] = json!(EVIL)));
    deploy(
        "manifest",
        build(&|build| {
            build["manifest"] = json!({"path": EVIL, "name": EVIL, "sha256": EVIL});
        }),
    );
    deploy("no archive", build(&|build| build["archive"] = Value::Null));
    deploy("checksum", build(&|build| build["archive"]["sha256"] = json!(EVIL)));
    deploy("path", build(&|build| build["archive"]["path"] = json!(EVIL)));
    deploy("no manifest", build(&|_| {}));
    deploy("kind", build(&|build| build["kind"] = json!(EVIL)));
    let failed = build(&|_| {}).replace("\"status\":0", "\"status\":3");
    deploy("failure", failed.replace("\"tool\":\"x\"", &format!("\"tool\":{}", json!(EVIL))));
    deploy("prose", format!("{{\"kind\": {0}, \"producer\": \"p\"}}\n", json!(EVIL)));
    let wrong = json!({"kind": "deploy.v1", "producer": "p", "formula": EVIL, "name": EVIL,
        "bucket": EVIL, "prefix": "p/", "manifest": null,
        "archive": {"key": EVIL, "etag": EVIL, "size-bytes": 1, "sha256": "", "upload": "new"}});
    let input = build(&|build| *build = wrong.clone());
    shown("mkrepo", tool(&site, "repo-mkrepo").arg("--upload").input(input), false);
    let plan = json!({"kind": "plan.v1", "tool": "evil", "note": EVIL});
    let plan = site.workspace.write("plan", plan.to_string());
    let plan = plan.to_str().unwrap();
    for name in ["repo-sync", "pkg-remove"] {
        examine(name, &tool(&site, name).args(["--apply", plan]).run().stderr);
    }
}

#[test]
fn formulae() {
    let site = Site::folder();
    site.create_bucket("hostile");
    let script = format!("#!/bin/bash\n# Build Path: /app/evil {NAME}\n# Build Deps: {NAME}\n");
    site.workspace.write(format!("formulae/{NAME}"), script);
    let workspace = site.workspace.path("formulae");
    for arguments in [["--dry-run", NAME], ["--dry-run", EVIL], ["--records=records", NAME]] {
        let process = tool(&site, "bob-build").args(arguments);
        let process = process.env("WORKSPACE_DIR", &workspace).env("UPSTREAM_S3_BUCKET", "hostile");
        shown("bob-build", process, true);
    }
    for position in 0..6 {
        let mut arguments = ["heroku-sys-program", "heroku-sys/a", "1", "a.tar.gz", "{}", "{}"];
        arguments[position] = EVIL;
        let output = tool(&site, "manifest-gen").args(arguments).run();
        examine("manifest-gen", &output.stderr);
    }
}

#[test]
fn platforms() {
    let site = Site::folder();
    let lock = json!({
        "platform": {}, "platform-dev": {}, "plugin-api-version": "2.6.0",
        "packages": [{"name": EVIL, "version": EVIL, "require": {"php": EVIL, "ext-evil": "*"}}],
        "packages-dev": [],
    });
    site.workspace.write("app/composer.lock", lock.to_string());
    site.workspace.write("app/composer.json", json!({"require": {}}).to_string());
    let app = site.workspace.path("app");
    let generate = |urls: &[&str]| {
        let process = tool(&site, "platform-gen").folder(&app);
        process.arg("--list-repositories").arg("/installer").args(urls).run()
    };
    for url in [
        "https://evil.example/\n::error::forged/",
        EVIL,
        "https://evil.example/?composer-repository-only[a][b]=\u{1b}",
    ] {
        examine(url, &generate(&[url]).stderr);
    }
    assert!(generate(&["https://evil.example/\n::error::x"]).stderr.contains("evil.example"));

    let package = |name: &str, more: Value| {
        let mut package = json!({"name": name, "version": "1.0.0", "type": "heroku-sys-program",
            "description": EVIL, "dist": {"type": "heroku-sys-tar", "url": EVIL, "shasum": EVIL}});
        for (key, value) in more.as_object().unwrap() {
            package[key] = value.clone();
        }
        package
    };
    let cases = [
        (
            "unsolvable",
            json!({"heroku-sys/a": "*"}),
            package("heroku-sys/a", json!({"require": {EVIL: "*"}})),
        ),
        (
            "constraint",
            json!({"heroku-sys/evil": "^1\n::error::forged"}),
            package("x/y", json!({})),
        ),
        (
            "providers",
            json!({"heroku-sys/evil": "*"}),
            package(&format!("x/{NAME}"), json!({"provide": {"heroku-sys/evil": "1.0"}})),
        ),
        ("address", json!({"heroku-sys/evil": "*"}), package("heroku-sys/evil", json!({}))),
        (
            "version",
            json!({"heroku-sys/evil": "*"}),
            package("heroku-sys/evil", json!({"version": EVIL})),
        ),
        ("type", json!({EVIL: EVIL}), package(EVIL, json!({"type": EVIL}))),
    ];
    for (what, require, package) in cases {
        let index = json!({"packages": {"x": [package]}}).to_string();
        let repository = site.workspace.write("repository/packages.json", index);
        let url = format!("file://{}", repository.parent().unwrap().display());
        let json = json!({"require": require, "repositories": [
            {"packagist.org": false}, {"type": "composer", "url": url}]});
        site.workspace.write("platform/composer.json", json.to_string());
        let folder = site.workspace.path("platform");
        shown(what, tool(&site, "platform-install").folder(&folder), true);
        let _ = fs::remove_dir_all(folder);
    }
}

#[test]
fn buildpacks() {
    let site = Site::folder();
    let app = site.workspace.path("app");
    let manifest = format!("Main-Class: evil {NAME}\nSpring-Boot-Version: {NAME}\n");
    site.workspace.write("app/META-INF/MANIFEST.MF", manifest);
    site.workspace.write("web/index.yml", format!("\"17.0.1\": {}\n", json!(EVIL)));
    let index = format!("file://{}", site.workspace.path("web").display());
    let run = |name: &str, variable: &str, value: &str| {
        let process = tool(&site, name).arg("--buildpack").arg(root().join("buildpacks/java"));
        let process = match name {
            "bp-compile" => process.arg(&app).arg(site.workspace.path("cache")),
            _ => process.arg(&app),
        };
        let output = process.env("JBP_LOG_LEVEL", "DEBUG").env(variable, value).run();
        examine(&format!("{name}, {variable}"), &format!("{}{}", output.stderr, output.stdout));
    };
    let repository = |root: &str| json!({"default_repository_root": root}).to_string();
    for name in ["bp-detect", "bp-compile", "bp-release"] {
        for (variable, value) in [
            ("JBP_DEFAULT_REPOSITORY", repository(&format!("http://127.0.0.1:1/{EVIL}"))),
            ("JBP_DEFAULT_REPOSITORY", repository(&index)),
            ("JBP_CONFIG_OPEN_JDK_JRE", json!({"jre": {"version": EVIL}}).to_string()),
            ("JBP_CONFIG_JAVA_MAIN", EVIL.to_owned()),
            ("VCAP_SERVICES", EVIL.to_owned()),
            ("VERSION", EVIL.to_owned()),
        ] {
            run(name, variable, &value);
        }
    }
}

/// What a service says of a failure.
#[test]
fn services() {
    let place = Place::in_process();
    let server = place.server().unwrap();
    for (status, code) in [
        (403, "evil&#10;::error::forged&#27;[2J"),
        (400, "evil&#13;&#10;##[error]forged"),
        (404, "evil\u{202e}\u{2028}::error::forged"),
    ] {
        server.set_hook(move |_| s3::Action::Answer(status, code));
        for (name, arguments) in [
            ("repo-check", &[][..]),
            ("repo-mkrepo", &["--upload"]),
            ("pkg-remove", &["--yes", "evil"]),
            ("repo-sync", &["--yes", "evil", "q/"]),
            ("bob-build", &["evil\n::error::forged"]),
        ] {
            let output = place.tool(name).args(arguments).env("AWS_MAX_ATTEMPTS", "1").run();
            examine(name, &format!("{}{}", output.stderr, output.stdout));
        }
    }
}
