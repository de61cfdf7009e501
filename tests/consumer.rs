//! Real clients on repositories that our tools built and published: Composer and PHP, and
//! platform-install beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end::{DEVELOP, Place, STABLE, root};
use test_kit::Process;
use test_kit::web::Server;

/// Makes a package of what its formula says: see [`Repository::formula`].
const MAKE: &str = r#"#!/usr/bin/env bash
set -eu
source "$WRAPPERS/include/manifest.sh"
prefix=$1 formula=$2 type=$3 name=$4 version=$5 require=$6 conflict=$7 replace=$8 extra=$9
shift 9
for file in "$@"; do
	mkdir -p "$prefix/$(dirname "${file%%=*}")"
	printf '%s' "${file#*=}" >"$prefix/${file%%=*}"
done
manifest=${formula##*/}.composer.json
manifest-gen "$type" "heroku-sys/$name" "$version" "$formula.tar.gz" "$require" "$conflict" "$replace" '{}' "$extra" >"$manifest"
print_or_export_manifest_cmd "$(generate_manifest_cmd "$manifest")"
"#;

/// A repository, and who reads it.
struct Repository {
    place: Place,
    /// The bucket's address for readers.
    url: String,
    /// Serves the folder store.
    _server: Option<Server>,
}

/// A package: formula, type, name, version, then JSON for require, conflict, replace and extra.
type Package<'a> = (&'a str, &'a str, &'a str, &'a str, [&'a str; 4]);

const PHP: &str = "heroku-sys-php";
const EXTENSION: &str = "heroku-sys-php-extension";
const PACKAGES: [Package<'_>; 13] = [
    (
        "php-8.2.29",
        PHP,
        "php",
        "8.2.29",
        [
            "{}",
            "{}",
            "{}",
            r#"{"shared":{"heroku-sys/ext-gd":"self.version"},"profile":"bin/p.sh"}"#,
        ],
    ),
    // As they were made of old: it stands for its extensions itself.
    (
        "php-7.4.33",
        PHP,
        "php",
        "7.4.33",
        [
            "{}",
            "{}",
            r#"{"heroku-sys/ext-bcmath":"7.4.33","heroku-sys/ext-curl":"7.4.33","heroku-sys/ext-json":"1.7"}"#,
            r#"{"shared":{"heroku-sys/ext-bcmath":true,"heroku-sys/ext-curl":true}}"#,
        ],
    ),
    (
        "php-8.3.14",
        PHP,
        "php",
        "8.3.14",
        [
            "{}",
            "{}",
            "{}",
            r#"{"shared":{"heroku-sys/ext-gd":"self.version"},"profile":"bin/p.sh"}"#,
        ],
    ),
    (
        "ext-redis-6.0.2_php-8.2",
        EXTENSION,
        "ext-redis",
        "6.0.2",
        [r#"{"heroku-sys/php":"8.2.*"}"#, "{}", "{}", "{}"],
    ),
    (
        "ext-redis-6.0.2_php-8.3",
        EXTENSION,
        "ext-redis",
        "6.0.2",
        [r#"{"heroku-sys/php":"8.3.*"}"#, "{}", "{}", "{}"],
    ),
    (
        "ext-old-1.0.0_php-8.2",
        EXTENSION,
        "ext-old",
        "1.0.0",
        [r#"{"heroku-sys/php":"8.2.*"}"#, "{}", "{}", r#"{"config":"etc/ext-old.ini"}"#],
    ),
    (
        "ext-new-1.0.0_php-8.3",
        EXTENSION,
        "ext-new",
        "1.0.0",
        [r#"{"heroku-sys/php":"8.3.*"}"#, r#"{"heroku-sys/ext-shy":"*"}"#, "{}", "{}"],
    ),
    (
        "ext-shy-1.0.0_php-8.3",
        EXTENSION,
        "ext-shy",
        "1.0.0",
        [r#"{"heroku-sys/php":"8.3.*"}"#, "{}", "{}", "{}"],
    ),
    ("apache-2.4.58", "heroku-sys-webserver", "apache", "2.4.58", ["{}", "{}", "{}", "{}"]),
    ("nginx-1.25.1", "heroku-sys-webserver", "nginx", "1.25.1", ["{}", "{}", "{}", "{}"]),
    (
        "nginx-1.25.1+build2",
        "heroku-sys-webserver",
        "nginx",
        "1.25.1+build2",
        ["{}", "{}", "{}", "{}"],
    ),
    (
        "composer-2.8.4",
        "heroku-sys-program",
        "composer",
        "2.8.4",
        ["{}", "{}", r#"{"heroku-sys/composer-plugin-api":"2.6.0"}"#, "{}"],
    ),
    (
        "composer-3.0.0RC1",
        "heroku-sys-program",
        "composer",
        "3.0.0-RC1",
        ["{}", "{}", r#"{"heroku-sys/composer-plugin-api":"2.7.0"}"#, "{}"],
    ),
];

impl Repository {
    fn on_folder() -> Self {
        let mut place = Place::folder();
        let server = Server::start(&place.workspace.path("stores"));
        let url = format!("{}/{}", server.url(), place.bucket);
        place.workspace.set("S3_PUBLIC_URL", &url);
        Self { place, url, _server: Some(server) }
    }

    fn on_seaweed() -> Self {
        let (place, url) = Place::public_seaweed();
        Self { place, url, _server: None }
    }

    /// Builds, deploys and publishes packages in one pipeline, on a stack.
    fn build(&self, stack: &str, packages: &[Package<'_>]) {
        self.place.workspace.write("formulae/_make", MAKE);
        let quoted = |text: &str| format!("'{text}'");
        for (formula, kind, name, version, json) in packages {
            let arguments: Vec<String> =
                [*kind, *name, *version].iter().chain(json).map(|text| quoted(text)).collect();
            let files = [
                format!("bin/{name}={version}"),
                format!("share/of/{formula}={formula}"),
                "bin/p.sh=export P=1".to_owned(),
                format!("etc/{name}.ini=extension=old.so"),
            ];
            let files: Vec<String> = files.iter().map(|file| quoted(file)).collect();
            let script = format!(
                "#!/usr/bin/env bash\nexec bash \"${{0%/*}}/_make\" \"$1\" '{formula}' {} {}\n",
                arguments.join(" "),
                files.join(" ")
            );
            self.place.workspace.formula(formula, &script);
        }
        let formulae: Vec<&str> = packages.iter().map(|package| package.0).collect();
        let script = format!(
            "export STACK={stack} WORKSPACE_DIR='{}' WRAPPERS='{}'\n\
             printf '%s\\n' {} | xargs -n1 bob-build | pkg-deploy --checksums | repo-mkrepo --upload >&2",
            self.place.workspace.path("formulae").display(),
            root().join("bin-wrappers").display(),
            formulae.join(" ")
        );
        self.place.shell(&script).limit(Duration::from_secs(300)).run().success();
    }

    /// An application with this lock, and the platform's `composer.json` in two folders.
    fn application(&self, name: &str, platform: &str, urls: &[String]) -> [PathBuf; 2] {
        let workspace = &self.place.workspace;
        let lock = format!(
            r#"{{"content-hash":"0123","packages":[{{"name":"vendor/library","version":"1.0.0",
            "require":{{"php":">=7.1"}}}}],"packages-dev":[],"stability-flags":{{}},
            "platform":{{{platform}}},"platform-dev":{{}},"plugin-api-version":"2.6.0"}}"#
        );
        workspace.write(format!("{name}/app/composer.json"), "{}");
        workspace.write(format!("{name}/app/composer.lock"), lock);
        let json = self
            .place
            .tool("platform-gen")
            .arg(root().join("tests/consumer/plugin"))
            .args(urls)
            .folder(workspace.path(format!("{name}/app")))
            .run()
            .success()
            .stdout;
        ["composer", "ours"].map(|folder| {
            let path = workspace.path(format!("{name}/{folder}"));
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("composer.json"), &json).unwrap();
            path
        })
    }

    fn composer(&self, folder: &Path) -> Process {
        let home = self.place.workspace.path("composer-home");
        fs::create_dir_all(&home).unwrap();
        let config = r#"{"config":{"secure-http":false}}"#;
        fs::write(home.join("config.json"), config).unwrap();
        Process::new("composer")
            .folder(folder)
            .env("COMPOSER_HOME", &home)
            .env("COMPOSER_ALLOW_SUPERUSER", "1")
            .env("COMPOSER_NO_INTERACTION", "1")
            .env("HOME", &home)
            .limit(Duration::from_secs(120))
    }

    /// Installs with both, and compares: statuses, what, in which order, files, and the lock.
    /// Returns what was installed.
    fn both(&self, name: &str, platform: &str, urls: &[String]) -> Result<Vec<String>, String> {
        let [theirs, ours] = self.application(name, platform, urls);
        let composer = self.composer(&theirs).args(["install", "--no-dev"]).run();
        let own =
            self.place.tool("platform-install").args(["--no-dev", "--json"]).folder(&ours).run();
        assert_eq!(own.status, composer.status, "{name}\n{}\n{}", composer.stderr, own.stderr);
        if own.status != 0 {
            let left: Vec<_> = fs::read_dir(&ours).unwrap().collect();
            assert_eq!(left.len(), 1, "{left:?}");
            return Err(own.stderr);
        }
        let installed = fs::read_to_string(theirs.join("installed.log")).unwrap();
        let order: Vec<&str> = installed.lines().collect();
        assert_eq!(picks(&own.stdout), order, "{name}");
        assert_eq!(tree(&ours), tree(&theirs), "{name}");
        let lock = |folder: &Path| {
            let text = fs::read_to_string(folder.join("composer.lock")).unwrap();
            // Newer versions of Composer write {} where older ones write [].
            let versions: Vec<&str> =
                text.lines().filter(|line| !line.contains("plugin-api-version")).collect();
            versions.join("\n").replace("{}", "[]")
        };
        assert_eq!(lock(&ours), lock(&theirs), "{name}");
        // Composer goes on from what we leave.
        let again = self.composer(&ours).args(["install", "--no-dev"]).run().success();
        assert!(again.stderr.contains("Nothing to install, update or remove"), "{}", again.stderr);
        Ok(order.iter().map(|line| line.replace("heroku-sys/", "")).collect())
    }
}

/// Names and versions of the JSON that platform-install prints.
fn picks(json: &str) -> Vec<String> {
    let member = |line: &str, key: &str| {
        let value = line.trim().strip_prefix(&format!("\"{key}\": \""))?;
        Some(value.trim_end_matches(['"', ',']).to_owned())
    };
    let names = json.lines().filter_map(|line| member(line, "name"));
    let versions = json.lines().filter_map(|line| member(line, "version"));
    names.zip(versions).map(|(name, version)| format!("{name} {version}")).collect()
}

/// The files that packages brought, with their contents.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = end_to_end::files(folder).into_iter();
    files
        .filter(|(name, _)| !name.starts_with("vendor/") && !name.starts_with("composer."))
        .filter(|(name, _)| name != "installed.log")
        .collect()
}

fn run(repository: &Repository) {
    repository.build("heroku-24", &PACKAGES);
    let other =
        [("apache-2.4.99", "heroku-sys-webserver", "apache", "2.4.99", ["{}", "{}", "{}", "{}"])];
    repository.build("heroku-22", &other);
    let script = "repo-mkrepo --upload -c first </dev/null >&2 && repo-sync --yes \
                  $S3_BUCKET dist-heroku-24-stable/ >&2";
    repository.place.shell(script).run().success();
    // What is newer is in the one repository only, and not in its snapshot.
    let newer: Package<'_> =
        ("php-8.3.15", PHP, "php", "8.3.15", ["{}", "{}", "{}", r#"{"profile":"bin/p.sh"}"#]);
    repository.build("heroku-24", &[newer]);

    // The resolver, asked of the repository itself, agrees: all of it can be installed somewhere.
    let script = "repo-check --resolve --stack heroku-24 --stack heroku-22 --json";
    repository.place.shell(script).run().success();

    let url = |file: &str| vec![format!("{}/{DEVELOP}{file}", repository.url)];
    let has = |found: &Result<Vec<String>, String>, wanted: &[&str]| {
        let found = found.as_ref().unwrap();
        for package in wanted {
            assert!(found.iter().any(|name| name == package), "{package}: {found:?}");
        }
    };
    // The highest PHP that all of it works with; the later build; the right stack; no candidate.
    let found = repository.both("any", r#""ext-redis":"*""#, &url(""));
    has(
        &found,
        &[
            "php 8.3.15",
            "ext-redis 6.0.2",
            "nginx 1.25.1+build2",
            "apache 2.4.58",
            "composer 2.8.4",
        ],
    );
    let tree = tree(&repository.place.workspace.path("any/ours"));
    assert!(tree.contains_key("share/of/ext-redis-6.0.2_php-8.3"), "{:?}", tree.keys());
    let found = repository.both(
        "older",
        r#""php":"8.2.*","ext-redis":"*","ext-gd":"*""#,
        &url("packages.json"),
    );
    has(&found, &["php 8.2.29", "ext-redis 6.0.2", "ext-gd 8.2.29"]);
    let found =
        repository.both("snapshot", r#""php":"^8","ext-gd":"*""#, &url("packages-first.json"));
    has(&found, &["php 8.3.14", "ext-gd 8.3.14"]);
    // A requirement that only an older PHP can meet.
    let found = repository.both("pulled", r#""ext-old":"*","php":"*""#, &url(""));
    has(&found, &["php 8.2.29", "ext-old 1.0.0"]);

    // An old PHP stands for extensions; those that are wanted, and not compiled in, are enabled.
    let old = r#""php":"7.4.*","ext-curl":"*","ext-bcmath":"*","ext-json":"*""#;
    let found = repository.both("old", old, &url(""));
    has(&found, &["php 7.4.33"]);
    let enabled = fs::read_dir(repository.place.workspace.path("old/ours/etc/php/conf.d"));
    assert_eq!(enabled.unwrap().count(), 2);

    // Two repositories: the last one is asked first, and has the last word unless it says not so.
    let two = |query: &str| {
        vec![
            format!("{}/{DEVELOP}packages.json", repository.url),
            format!("{}/{STABLE}packages.json{query}", repository.url),
        ]
    };
    for (name, query, php) in [
        ("canonical", "", "php 8.3.14"),
        ("not-canonical", "?composer-repository-canonical=false", "php 8.3.15"),
        ("only", "?composer-repository-only=ext-redis,nginx", "php 8.3.15"),
        ("exclude", "?composer-repository-exclude[]=php", "php 8.3.15"),
    ] {
        let found = repository.both(name, r#""php":"*","ext-redis":"*""#, &two(query));
        has(&found, &[php]);
    }

    // What cannot be.
    for (name, platform, says) in [
        ("conflict", r#""ext-new":"*","ext-shy":"*""#, "ext-new 1.0.0"),
        ("series", r#""ext-new":"*","ext-old":"*""#, "ext-old"),
        ("unknown", r#""ext-foo":"*""#, "ext-foo"),
        ("version", r#""php":"^9""#, "php"),
    ] {
        let problem = repository.both(name, platform, &url("")).unwrap_err();
        assert!(problem.contains("Problem 1") && problem.contains(says), "{name}: {problem}");
        assert!(!problem.contains("heroku-sys/"), "{problem}");
    }
}

#[test]
fn composer_and_ours_agree_on_a_folder_behind_a_web_server() {
    run(&Repository::on_folder());
}

#[test]
fn composer_and_ours_agree_on_seaweedfs() {
    let repository = Repository::on_seaweed();
    run(&repository);
    // The same again from an index that is served compressed.
    let url = format!("{}/{DEVELOP}", repository.url);
    let script = "repo-mkrepo --upload --gzip </dev/null >&2
        python3 -c 'import sys, urllib.request as web
assert web.urlopen(sys.argv[1]).headers[\"Content-Encoding\"] == \"gzip\"' \"$URL\"";
    repository.place.shell(script).env("URL", format!("{url}packages.json")).run().success();
    let found = repository.both("gzip", r#""php":"8.2.*","ext-redis":"*","ext-gd":"*""#, &[url]);
    let found = found.unwrap();
    for package in ["php 8.2.29", "ext-redis 6.0.2", "ext-gd 8.2.29"] {
        assert!(found.iter().any(|name| name == package), "{package}: {found:?}");
    }
}

#[test]
fn composer_verifies_the_checksum_that_manifest_gen_writes() {
    let repository = Repository::on_folder();
    repository.build("heroku-24", &[PACKAGES[2], PACKAGES[8], PACKAGES[9], PACKAGES[11]]);
    let prefix = repository.place.workspace.path("stores").join(&repository.place.bucket);
    let prefix = prefix.join(DEVELOP);
    let publish = |archive: &str| {
        let script = format!(
            "cd '{}' && manifest-gen --archive '{archive}' heroku-sys-webserver heroku-sys/apache \
             2.4.58 apache-2.4.58.tar.gz > apache-2.4.58.composer.json && \
             repo-mkrepo --upload --no-cache </dev/null >&2",
            prefix.display()
        );
        repository.place.shell(&script).run().success();
    };
    let urls = [format!("{}/{DEVELOP}", repository.url)];
    publish("apache-2.4.58.tar.gz");
    repository.both("right", r#""php":"*""#, &urls).unwrap();
    let lock = fs::read_to_string(repository.place.workspace.path("right/ours/composer.lock"));
    assert!(lock.unwrap().contains("\"shasum\": \""));
    publish("nginx-1.25.1.tar.gz");
    let [theirs, ours] = repository.application("wrong", r#""php":"*""#, &urls);
    let composer = repository.composer(&theirs).args(["install", "--no-dev"]).run();
    assert!(composer.status != 0 && composer.stderr.contains("checksum"), "{}", composer.stderr);
    let own = repository.place.tool("platform-install").folder(&ours).run().expect(6);
    assert!(own.stderr.contains("apache 2.4.58"), "{}", own.stderr);
    assert!(own.stderr.contains("apache-2.4.58.tar.gz"), "{}", own.stderr);
}

/// The exception to "either can go on where the other stopped": docs/consuming.md.
#[test]
fn composer_keeps_another_build_of_a_version_and_ours_refuses_it() {
    let repository = Repository::on_folder();
    let packages = [PACKAGES[2], PACKAGES[8], PACKAGES[9], PACKAGES[11]];
    repository.build("heroku-24", &packages);
    let urls = [format!("{}/{DEVELOP}", repository.url)];
    repository.both("builds", r#""php":"*""#, &urls).unwrap();
    repository.build("heroku-24", &[PACKAGES[10]]);
    let read = |folder: &Path, file: &str| fs::read_to_string(folder.join(file)).unwrap();
    for name in ["composer", "ours"] {
        let folder = repository.place.workspace.path(format!("builds/{name}"));
        let before = read(&folder, "vendor/composer/installed.json");
        let output = repository.composer(&folder).args(["update", "--no-dev"]).run().success();
        assert!(output.stderr.contains("Nothing to install, update or remove"), "{output:?}");
        assert!(read(&folder, "composer.lock").contains(r#""version": "1.25.1+build2""#));
        assert_eq!(read(&folder, "vendor/composer/installed.json"), before);
        assert_eq!(read(&folder, "bin/nginx"), "1.25.1");
        let own = repository.place.tool("platform-install").arg("--no-dev").folder(&folder);
        let own = own.run().expect(2);
        assert!(own.stderr.contains("nginx 1.25.1 is installed here already"), "{}", own.stderr);
        assert!(own.stderr.contains("1.25.1+build2"), "{}", own.stderr);
    }
}

#[test]
fn real_php_loads_an_extension_that_bob_build_compiled() {
    let repository = Repository::on_folder();
    let workspace = &repository.place.workspace;
    for name in ["php-8.2.0", "ext-greeting-1.0.0_php-8.2"] {
        let formula = fs::read_to_string(root().join("tests/consumer/formulae").join(name));
        workspace.formula(name, &formula.unwrap());
    }
    let script = format!(
        "export WORKSPACE_DIR='{}' WRAPPERS='{}' STACK=heroku-24\n\
         bob-build php-8.2.0 | pkg-deploy >&2\n\
         bob-build ext-greeting-1.0.0_php-8.2 | pkg-deploy --publish >&2",
        workspace.path("formulae").display(),
        root().join("bin-wrappers").display(),
    );
    repository.place.shell(&script).limit(Duration::from_secs(300)).run().success();
    repository.build("heroku-24", &[PACKAGES[8], PACKAGES[9], PACKAGES[11]]);

    let urls = [format!("{}/{DEVELOP}", repository.url)];
    let [_, ours] = repository.application("greeting", r#""ext-greeting":"*""#, &urls);
    repository.place.tool("platform-install").folder(&ours).run().success();
    assert_eq!(
        fs::read_to_string(ours.join("etc/php/conf.d/100-ext-greeting.ini")).unwrap(),
        "extension=greeting.so\n"
    );
    let output = Process::new(ours.join("bin/php"))
        .args(["-r", "echo greeting('Composer'), extension_loaded('greeting') ? '!' : '?';"])
        .run()
        .success();
    assert_eq!(output.stdout, "Hello, Composer!");
}
