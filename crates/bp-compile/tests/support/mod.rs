//! A buildpack, a repository of small archives, and the cases.
//!
//! A case has a `name` and, as far as it differs from the defaults:
//! - `app`: files by path; `-> target` makes a link, `zip:N` a JAR with N classes
//! - `env`: variables; `components`: `containers`, `jres`, `frameworks` by their short names
//! - `java`: the version that is found, for the parts of the command that all have in common
//! - `classes`: how many classes the released command says; `headroom`, `threads` the same
//! - `detect`: the tags without the buildpack's, or `none`; `error` in place of all else: what is
//!   said when it fails, in all phases
//! - `compile`: paths and their content; `-> target`, `<file>`, `<executable>`, `<folder>`, `<absent>`
//! - `says`: texts that compile prints
//! - `options`: what follows the JRE's own in JAVA_OPTS; `agent`: what follows in jvmkill's
//! - `release`: the container's part of the command

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use component::value::{Map, Value};
use component::yaml;
use test_kit::{Output, Process};

pub struct Case {
    pub name: String,
    map: Map,
}

/// The cases of a file.
pub fn cases(name: &str, text: &str) -> Vec<Case> {
    let Some(Value::List(list)) = yaml::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"))
    else {
        panic!("{name}: no list");
    };
    let known = [
        "name",
        "app",
        "env",
        "components",
        "java",
        "classes",
        "headroom",
        "threads",
        "detect",
        "error",
        "compile",
        "says",
        "options",
        "agent",
        "release",
        "compile-error",
        "release-error",
    ];
    list.into_iter()
        .map(|value| {
            let Value::Map(map) = value else { panic!("{name}: {value} is no case") };
            for (key, _) in map.iter() {
                assert!(known.contains(&key.to_string().as_str()), "{name}: {key}");
            }
            Case { name: map.get("name").expect("a name").to_string(), map }
        })
        .collect()
}

impl Case {
    fn text(&self, key: &str) -> Option<String> {
        self.map
            .get(key)
            .map(|value| value.written().map_or_else(|| value.to_string(), str::to_owned))
    }

    fn pairs(&self, key: &str) -> Vec<(String, String)> {
        let map = self.map.get(key).and_then(Value::as_map);
        let pairs = map.into_iter().flat_map(Map::iter);
        pairs.map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    fn list(&self, key: &str) -> Vec<String> {
        match self.map.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(list)) => list.iter().map(ToString::to_string).collect(),
            Some(other) => vec![other.to_string()],
        }
    }
}

/// A buildpack and a repository.
pub struct Site {
    folder: tempfile::TempDir,
}

const JAVA_SECURITY: &str =
    "security.provider.2=Second\nsecurity.provider.10=Tenth\nsecurity.provider.1=First\n";

impl Site {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Self { folder };
        site.repository();
        site.buildpack();
        site
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A `.tar.gz` of files in one top folder.
    fn archive(&self, name: &str, top: &str, files: &[(&str, &str)]) {
        let work = self.path("work");
        let _ = fs::remove_dir_all(&work);
        for (file, content) in files {
            let path = self.write(Path::new("work").join(top).join(file), content);
            let mode = if file.contains("bin/") { 0o755 } else { 0o644 };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let target = self.write(format!("repository/{name}"), "");
        let status = Command::new("tar")
            .arg("-czf")
            .arg(target)
            .arg("-C")
            .arg(&work)
            .arg(top)
            .status()
            .unwrap();
        assert!(status.success());
    }

    fn repository(&self) {
        let index = |name: &str, entries: &[(&str, &str)]| {
            let lines = entries.iter().map(|(version, file)| format!("{version}: {file}\n"));
            self.write(format!("repository/{name}/index.yml"), lines.collect::<String>());
        };
        let java = "#!/bin/sh\necho java \"$@\"\n";
        let older = [("bin/java", java), ("lib/security/java.security", JAVA_SECURITY)];
        let newer = [("bin/java", java), ("conf/security/java.security", JAVA_SECURITY)];
        for (version, files) in [
            ("1.7.0_80", &older),
            ("1.8.0_100", &older),
            ("1.8.0_412", &older),
            ("11.0.23", &newer),
            ("17.0.11", &newer),
        ] {
            // As Cloud Foundry packs it: in the folder itself.
            self.archive(&format!("openjdk/{version}.tar.gz"), ".", files);
            self.archive(&format!("zulu/{version}.tar.gz"), "jre", files);
        }
        let javas = ["1.7.0_80", "1.8.0_100", "1.8.0_412", "11.0.23", "17.0.11"];
        let files: Vec<String> = javas.iter().map(|v| format!("{v}.tar.gz")).collect();
        let entries: Vec<(&str, &str)> = javas
            .into_iter()
            .zip(files.iter().map(String::as_str))
            .chain([("17", "bad")])
            .collect();
        index("openjdk", &entries);
        index("zulu", &entries);

        self.write("repository/jvmkill/jvmkill.so", "agent");
        index("jvmkill", &[("1.16.0_RELEASE", "jvmkill.so")]);
        let calculator = "java-buildpack-memory-calculator-linux";
        let work = self.path("work");
        let _ = fs::remove_dir_all(&work);
        fs::create_dir_all(&work).unwrap();
        fs::write(work.join(calculator), "#!/bin/sh\necho -Xmx1m\n").unwrap();
        let packed = self.path("repository/memory-calculator/3.tar.gz");
        fs::create_dir_all(packed.parent().unwrap()).unwrap();
        let tar =
            Command::new("tar").arg("-czf").arg(packed).arg("-C").arg(&work).arg(".").status();
        assert!(tar.unwrap().success());
        self.write("repository/memory-calculator/1.sh", "calculator");
        index("memory-calculator", &[("1.3.0", "1.sh"), ("3.13.0_RELEASE", "3.tar.gz")]);

        for version in ["7.0.109", "9.0.89", "10.1.24"] {
            let files = [
                ("bin/catalina.sh", "#!/bin/sh\n"),
                ("conf/context.xml", "<Context/>"),
                ("conf/web.xml", "<web-app/>"),
                ("lib/catalina.jar", "jar"),
                ("lib/tomcat-jdbc.jar", "jar"),
                ("webapps/docs/index.html", "docs"),
            ];
            self.archive(&format!("tomcat/{version}.tar.gz"), "apache-tomcat", &files);
        }
        index(
            "tomcat",
            &[
                ("7.0.109", "7.0.109.tar.gz"),
                ("9.0.89", "9.0.89.tar.gz"),
                ("10.1.24", "10.1.24.tar.gz"),
            ],
        );
        self.archive(
            "tomcat-external-configuration/1.tar.gz",
            "tomcat",
            &[("conf/web.xml", "<external/>"), ("conf/new.xml", "<new/>")],
        );
        index("tomcat-external-configuration", &[("1.0.0", "1.tar.gz")]);
        self.archive("spring-boot-cli/2.tar.gz", "spring", &[("bin/spring", "#!/bin/sh\n")]);
        index("spring-boot-cli", &[("2.7.18", "2.tar.gz")]);
        for (name, version) in [
            ("tomcat-access-logging-support", "3.4.0"),
            ("tomcat-lifecycle-support", "3.4.1"),
            ("tomcat-logging-support", "3.4.2"),
            ("redis-store", "1.3.6"),
            ("client-certificate-mapper", "1.11.0"),
            ("container-security-provider", "1.18.0"),
            ("mariadb-jdbc", "2.7.9"),
            ("postgresql-jdbc", "42.7.3"),
        ] {
            self.write(format!("repository/{name}/{name}.jar"), name);
            index(name, &[(version, &format!("{name}.jar"))]);
        }
    }

    fn buildpack(&self) {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../buildpacks/java");
        let status = Command::new("cp")
            .arg("-r")
            .args(["config", "resources", "lib"].map(|name| ours.join(name)))
            .arg(self.folder.path().join("."))
            .status()
            .unwrap();
        assert!(status.success());
        self.write("config/version.yml", "version: v1\n");
        let root =
            format!("default_repository_root: file://{}\n", self.path("repository").display());
        self.write("config/repository.yml", root);
        // The small archives are for every machine.
        for name in ["open_jdk_jre", "zulu_jre"] {
            let path = self.path(format!("config/{name}.yml"));
            let text = fs::read_to_string(&path).unwrap().replace("/{platform}/{architecture}", "");
            fs::write(path, text).unwrap();
        }
    }

    fn process(&self, phase: &str, case: &Case) -> Process {
        let full = |kind: &str, module: &str, default: &[&str]| {
            let listed = case.map.get("components").and_then(Value::as_map);
            let names = match listed.and_then(|map| map.get(kind)) {
                Some(Value::List(list)) => list.iter().map(ToString::to_string).collect(),
                _ => default.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
            };
            let names: Vec<String> =
                names.iter().map(|name| format!("\"JavaBuildpack::{module}::{name}\"")).collect();
            format!("{kind}: [{}]", names.join(", "))
        };
        let components = [
            full("containers", "Container", &["JavaMain", "SpringBootCLI", "Tomcat"]),
            full("jres", "Jre", &["OpenJdkJRE"]),
            full("frameworks", "Framework", &[]),
        ];
        let program = match phase {
            "compile" => env!("CARGO_BIN_EXE_bp-compile").into(),
            _ => test_kit::binary(&format!("bp-{phase}")),
        };
        let java = case.text("java").unwrap_or_else(|| "1.8.0_412".to_owned());
        let mut process = Process::new(program)
            .folder(self.folder.path())
            .env("BUILDPACK_DIR", self.folder.path())
            .env("TMPDIR", self.path("cache"))
            .env("NO_COLOR", "1")
            .env("JBP_RETRY_BASE_SECONDS", "0")
            .env("JBP_CONFIG_COMPONENTS", format!("{{{}}}", components.join(", ")))
            .env("JBP_DEFAULT_OPEN_JDK_JRE", format!("{{jre: {{version: {java}}}}}"))
            .env("JBP_DEFAULT_ZULU_JRE", format!("{{jre: {{version: {java}}}}}"));
        for (name, value) in case.pairs("env") {
            process = process.env(name, value);
        }
        process.arg(self.path("app"))
    }

    fn application(&self, case: &Case) {
        let app = self.path("app");
        let _ = fs::remove_dir_all(&app);
        fs::create_dir_all(&app).unwrap();
        fs::create_dir_all(self.path("cache")).unwrap();
        for (path, content) in case.pairs("app") {
            if let Some(target) = content.strip_prefix("-> ") {
                fs::create_dir_all(app.join(&path).parent().unwrap()).unwrap();
                symlink(target, app.join(path)).unwrap();
            } else if let Some(count) = content.strip_prefix("zip:") {
                let count = count.parse().unwrap();
                self.write(Path::new("app").join(path), zip(count));
            } else if path.ends_with('/') {
                fs::create_dir_all(app.join(path)).unwrap();
            } else {
                self.write(Path::new("app").join(path), content);
            }
        }
    }

    /// Runs the three phases and compares.
    pub fn check(&self, case: &Case) -> Result<(), String> {
        self.application(case);
        let mut wrong = Vec::new();
        let mut expect = |what: &str, found: &str, expected: &str| {
            if found != expected {
                wrong.push(format!("{what}\n   found: {found}\nexpected: {expected}"));
            }
        };
        let detect = self.process("detect", case).run();
        let error = case.text("error");
        if let Some(error) = &error {
            expect("detect", &failure(&detect), error);
        } else if case.text("detect").as_deref() == Some("none") {
            let found = format!("{} {:?} {:?}", detect.status, detect.stdout, detect.stderr);
            expect("detect", &found, "1 \"\" \"\"");
        } else {
            let line = detect.stdout.trim_end_matches('\n');
            let found = if detect.status == 0 { line.to_owned() } else { failure(&detect) };
            let mut expected: Vec<String> = case
                .text("detect")
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            expected.extend(self.jre_tags(case));
            expected.push("java-buildpack=v1".to_owned());
            expected.sort();
            let mut expected = expected.join(" ");
            if expected.len() > 255 {
                expected.truncate(252);
                expected += "...";
            }
            expect("detect", &found, &expected);
        }
        let compile = self.process("compile", case).arg(self.path("cache")).run();
        let none = "No container can run this application.";
        let is_none = case.text("detect").as_deref() == Some("none");
        let compile_error = case.text("compile-error").or_else(|| error.clone());
        let failed = compile_error.is_some() || is_none;
        if let Some(error) = &compile_error {
            let error = error.replace("@APP", &self.path("app").display().to_string());
            expect("compile", &failure(&compile), &error);
        } else if is_none {
            expect("compile", &compile.stderr.contains(none).to_string(), "true");
        } else {
            let status = if compile.status == 0 { "0".to_owned() } else { failure(&compile) };
            expect("compile's status", &status, "0");
        }
        for text in case.list("says") {
            if !compile.stdout.contains(&text) {
                expect("compile says", &compile.stdout, &text);
            }
        }
        for (path, expected) in case.pairs("compile") {
            expect(&path, &self.state(&path, &expected), &expected);
        }
        let release = self.process("release", case).run();
        let release_error = case.text("release-error").or_else(|| error.clone());
        if let Some(error) = release_error {
            expect("release", &failure(&release), &error);
        } else if is_none {
            expect("release", &release.stderr.contains(none).to_string(), "true");
        } else if !failed || case.map.get("release").is_some() {
            let found = match yaml::parse(&release.stdout) {
                Ok(Some(Value::Map(map))) if release.status == 0 => command(&map),
                _ => failure(&release),
            };
            expect("release", &found, &self.expected_command(case));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }

    fn jre_tags(&self, case: &Case) -> Vec<String> {
        let java = case.text("java").unwrap_or_else(|| "1.8.0_412".to_owned());
        if java == "none" {
            return Vec::new();
        }
        [
            "jvmkill-agent=1.16.0_RELEASE".to_owned(),
            format!("open-jdk-like-jre={java}"),
            "open-jdk-like-memory-calculator=3.13.0_RELEASE".to_owned(),
            "open-jdk-like-security-providers".to_owned(),
        ]
        .to_vec()
    }

    fn expected_command(&self, case: &Case) -> String {
        let java = case.text("java").unwrap_or_else(|| "1.8.0_412".to_owned());
        let jres =
            case.map.get("components").and_then(Value::as_map).and_then(|map| map.get("jres"));
        let id = if jres.is_some_and(|j| j.to_string() == "ZuluJRE") {
            "zulu_jre"
        } else {
            "open_jdk_jre"
        };
        let home = format!("$PWD/.java-buildpack/{id}");
        let agent = case.text("agent").unwrap_or_default();
        let mut options = vec![
            format!("-agentpath:{home}/bin/jvmkill-1.16.0_RELEASE=printHeapHistogram=1{agent}"),
            "-Djava.io.tmpdir=$TMPDIR".to_owned(),
        ];
        if !["1.7.0_80", "1.8.0_100"].contains(&java.as_str()) {
            options.push("-XX:ActiveProcessorCount=$(nproc)".to_owned());
        }
        options.extend(case.list("options"));
        let modern = java.starts_with("11") || java.starts_with("17");
        let classes =
            case.text("classes").unwrap_or_else(|| if modern { "14776" } else { "0" }.into());
        let threads = case.text("threads").unwrap_or_else(|| "250".to_owned());
        let room =
            case.text("headroom").map(|room| format!(" -headRoom={room}")).unwrap_or_default();
        let pool = if java.starts_with("1.7") { "permgen" } else { "metaspace" };
        format!(
            "JAVA_OPTS=\"{}\" && CALCULATED_MEMORY=$({home}/bin/java-buildpack-memory-calculator-\
             3.13.0_RELEASE -totMemory=$MEMORY_LIMIT{room} -loadedClasses={classes} \
             -poolType={pool} -stackThreads={threads} -vmOptions=\"$JAVA_OPTS\") && echo JVM Memory \
             Configuration: $CALCULATED_MEMORY && JAVA_OPTS=\"$JAVA_OPTS $CALCULATED_MEMORY\" && \
             MALLOC_ARENA_MAX=2 {}",
            options.join(" "),
            case.text("release").unwrap_or_default().replace("@HOME", &home),
        )
    }

    /// What is at a path of the application, as far as it is asked for.
    fn state(&self, path: &str, expected: &str) -> String {
        let path = self.path("app").join(path);
        let Ok(metadata) = path.symlink_metadata() else {
            return "<absent>".to_owned();
        };
        if metadata.is_symlink() {
            return format!("-> {}", fs::read_link(&path).unwrap().display());
        }
        if metadata.is_dir() {
            return "<folder>".to_owned();
        }
        match expected {
            "<executable>" if metadata.permissions().mode() & 0o777 == 0o755 => expected.to_owned(),
            "<file>" if metadata.permissions().mode() & 0o777 == 0o644 => expected.to_owned(),
            _ => fs::read_to_string(&path).unwrap(),
        }
    }
}

/// The error that a phase ends with: the last line, which the line of the log before it repeats.
fn failure(output: &Output) -> String {
    let lines: Vec<&str> = output.stderr.lines().collect();
    let message = lines.last().copied().unwrap_or_default();
    let logged = lines.iter().any(|line| {
        line.starts_with("[Buildpack]                      ERROR ")
            && line.ends_with(&format!(" failed with exception #<RuntimeError: {message}>"))
    });
    match (output.status, logged) {
        (1, true) => message.to_owned(),
        _ => format!("status {}: {:?} {:?}", output.status, output.stdout, output.stderr),
    }
}

fn command(map: &Map) -> String {
    let plain = |key: &str| map.get(key).map(|value| value.to_json().to_string());
    assert_eq!(plain("addons").as_deref(), Some("[]"));
    assert_eq!(plain("config_vars").as_deref(), Some("{}"));
    let types = map.get("default_process_types").and_then(Value::as_map).expect("process types");
    assert_eq!(types.get("web"), types.get("task"));
    types.get("web").expect("web").to_string()
}

/// A JAR with this many classes, and a file that is none.
fn zip(classes: usize) -> Vec<u8> {
    // Stored, without compression: headers, names, the directory, its end.
    let names: BTreeMap<String, ()> = (0..classes)
        .map(|n| (format!("p/C{n}.class"), ()))
        .chain([("a.txt".to_owned(), ())])
        .collect();
    let (mut files, mut directory) = (Vec::new(), Vec::new());
    for name in names.keys() {
        let offset = u32::try_from(files.len()).unwrap();
        let length = u16::try_from(name.len()).unwrap();
        files.extend(b"PK\x03\x04\x0a\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0");
        files.extend(length.to_le_bytes());
        files.extend([0, 0]);
        files.extend(name.bytes());
        directory.extend(b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0");
        directory.extend(length.to_le_bytes());
        directory.extend([0; 12]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let count = u16::try_from(names.len()).unwrap().to_le_bytes();
    let (start, size) = (files.len() as u32, directory.len() as u32);
    files.extend(directory);
    files.extend(b"PK\x05\x06\0\0\0\0");
    files.extend(count);
    files.extend(count);
    files.extend(size.to_le_bytes());
    files.extend(start.to_le_bytes());
    files.extend([0, 0]);
    files
}
