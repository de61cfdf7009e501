//! The Java buildpack with a real Java: `bp-compile` installs what `bob-build` built and
//! `pkg-deploy` deployed, and the released commands run.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use end_to_end::{root, tools};
use test_kit::{Output, Process, Running, Workspace};

/// Packing a Java runtime and unpacking it takes its time, with programs that are not optimised.
const LIMIT: Duration = Duration::from_secs(300);

/// A sample application, staged with what the repository has.
struct Sample<'a> {
    workspace: &'a Workspace,
    repository: &'a str,
    folder: PathBuf,
    /// The components' settings, of the user.
    settings: Vec<(&'static str, &'static str)>,
}

impl<'a> Sample<'a> {
    /// A copy of it, not yet staged.
    fn new(workspace: &'a Workspace, repository: &'a str, name: &str) -> Self {
        let folder = workspace.path(name);
        let from = root().join("buildpacks/java/samples").join(name);
        workspace.process("cp").arg("-R").arg(from).arg(&folder).run().success();
        Self { workspace, repository, folder, settings: Vec::new() }
    }

    fn phase(&self, phase: &str) -> Process {
        self.workspace
            .process(root().join("buildpacks/java/bin").join(phase))
            .path_first(tools())
            .env(
                "JBP_DEFAULT_REPOSITORY",
                format!("{{default_repository_root: \"{}\"}}", self.repository),
            )
            .env("NO_COLOR", "1")
            .envs(self.settings.iter().copied())
            .arg(&self.folder)
            .limit(LIMIT)
    }

    /// Detects and compiles it, and returns what these have said.
    fn stage(&self) -> (String, String) {
        let detected = self.phase("detect").run().success();
        let compiled = self.phase("compile").arg(self.workspace.path("cache")).run().success();
        (detected.stdout, compiled.stdout)
    }

    /// The command that `release` prints, as the platform starts it.
    fn command(&self, release: Process) -> Process {
        let release = release.run().success();
        let web = release.stdout.lines().find_map(|line| line.strip_prefix("  web: ")).unwrap();
        let command: String = serde_json::from_str(web).unwrap();
        self.workspace
            .process("bash")
            .args(["-c", &command])
            .folder(&self.folder)
            .env("MEMORY_LIMIT", "768M")
            .env("TMPDIR", self.workspace.path(""))
            .limit(LIMIT)
    }

    fn run(&self, options: &str) -> Output {
        self.command(self.phase("release")).env("JAVA_OPTS", options).run()
    }
}

fn repository(workspace: &Workspace) -> String {
    let script = root().join("buildpacks/java/build-repository");
    let run = |folder: &Path| {
        let process = workspace.process(&script).arg(folder).path_first(tools());
        // Where `.ci/setup test` has put Debian's packages, so that they are not fetched again.
        process.env("XDG_CACHE_HOME", root().join(".cache")).limit(LIMIT).run().success()
    };
    let first = run(&workspace.path("java"));
    // Nothing is built anew.
    let again = run(&workspace.path("java"));
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), (first.stdout.as_str(), ""));
    first.stdout.trim_end().to_owned()
}

#[test]
fn the_samples_run_on_what_we_packed() {
    let workspace = Workspace::new();
    let repository = repository(&workspace);
    a_plain_application(&Sample::new(&workspace, &repository, "main"));
    groovy_scripts(&Sample::new(&workspace, &repository, "groovy"));
    a_web_application(Sample::new(&workspace, &repository, "war"));
}

fn a_plain_application(sample: &Sample<'_>) {
    let (detected, compiled) = sample.stage();
    for tag in ["java-main", "open-jdk-like-jre=", "jvmkill-agent=1.0.0"] {
        assert!(detected.contains(tag), "{detected}");
    }
    assert!(compiled.contains("Expanding Open Jdk JRE to .java-buildpack/open_jdk_jre"));

    let output = sample.run("-Dgreeting=hi").success();
    let lines: Vec<&str> = output.stdout.lines().collect();
    let runtime = sample.folder.join(".java-buildpack/open_jdk_jre");
    let home = format!("java.home {}", runtime.display());
    assert_eq!(lines[1..4], ["Hello, world!", &home, "greeting hi"], "{output:?}");
    assert!(lines[0].starts_with("JVM Memory Configuration: "), "{output:?}");
    // What the memory calculator left of 768M.
    let heap = lines[4].strip_prefix("heap ").and_then(|heap| heap.strip_suffix('M')).unwrap();
    assert!((50..500).contains(&heap.parse::<u32>().unwrap()), "{output:?}");

    // A container that is too small for it is not started.
    let output = sample.run("-XX:MaxMetaspaceSize=2G").expect(1);
    assert!(output.stderr.contains("are too little"), "{output:?}");

    // Out of memory: the agent ends it, so that the platform starts another one.
    let exhausted = sample.workspace.process(runtime.join("bin/java")).folder(&sample.folder);
    let agent = "-agentpath:.java-buildpack/open_jdk_jre/bin/jvmkill-1.0.0";
    let exhausted = exhausted.args([agent, "-Xmx16M", "-cp", ".", "Greeter", "exhaust"]);
    let output = exhausted.limit(LIMIT).run().expect(137);
    assert!(output.stderr.contains("jvmkill: out of heap"), "{output:?}");
}

fn groovy_scripts(sample: &Sample<'_>) {
    let (detected, compiled) = sample.stage();
    assert!(detected.contains("spring-boot-cli=2.0.0_groovy-"), "{detected}");
    assert!(compiled.contains("Expanding Spring Boot CLI to"), "{compiled}");

    let output = sample.run("-Dgreeting=hi").success();
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines[1..], ["Hello, world, from Groovy!", "greeting hi"], "{output:?}");

    // What only Spring could run is not run by halves.
    fs::write(sample.folder.join("page.groovy"), "@RestController\nclass Page {\n}\n").unwrap();
    let output = sample.run("").expect(1);
    for part in ["RestController", "stand-in for the Spring Boot CLI"] {
        assert!(output.stderr.contains(part), "{output:?}");
    }
}

/// A certificate of CN=Somebody, as a router forwards it.
const CERTIFICATE: &str = "MIIBfTCCASOgAwIBAgIUfRrXapSfz6matOkKdAZub2kqjU8wCgYIKoZIzj0EAwIwEzERMA8GA1UEAwwIU29tZWJvZHkwIBcNMjYxMTIxMTUyMjMyWhgPMjEyNjEwMjgxNTIyMzJaMBMxETAPBgNVBAMMCFNvbWVib2R5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEc4JyK+SVtUbR1HwTOXKey1ndeUYJ6Lkr9TTw0jpbc1thZx630eaKCgZYlGDEbh2PWEMKNsLskbLLaXLUE45tIqNTMFEwHQYDVR0OBBYEFGIb+aP/fkV9+CP7mU6KyuxJNXjdMB8GA1UdIwQYMBaAFGIb+aP/fkV9+CP7mU6KyuxJNXjdMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAI6bllTJ+Thmyvsv0EB9N3av13+ZAJ58lE/R07a8Ie5FAiAyUp448FRsrlxcVONurumwjHqPp/3tbTSMADa0udU0Rw==";

/// Says who the client is.
const WHO: &str = r#"<%@ page import="java.security.cert.X509Certificate" %><%
var found = (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
%>client: <%= found == null ? "unknown" : found[0].getSubjectX500Principal() %>."#;

fn a_web_application(mut sample: Sample<'_>) {
    sample.settings = vec![
        ("JBP_CONFIG_TOMCAT", "{access_logging_support: {access_logging: enabled}}"),
        (
            "JBP_CONFIG_COMPONENTS",
            "{frameworks: [ClientCertificateMapper, JavaSecurity, JavaOpts]}",
        ),
    ];
    fs::write(sample.folder.join("who.jsp"), WHO).unwrap();
    let (detected, compiled) = sample.stage();
    assert!(detected.contains("client-certificate-mapper=1.0.0 "), "{detected}");
    assert!(detected.contains(" tomcat-access-logging-support=3.0.0 "), "{detected}");
    assert!(compiled.contains("Expanding Tomcat Instance to .java-buildpack/tomcat"), "{compiled}");

    let port = free_port();
    let command = || sample.command(sample.phase("release")).env("PORT", port.to_string());
    let mut tomcat = command().spawn();
    let page = first_answer(&mut tomcat, port, "/");
    assert!(page.contains("200") && page.contains("Served by Tomcat from a droplet."), "{page}");
    // Compiled when it is asked for.
    let page = get(port, "/version.jsp", "").unwrap();
    assert!(page.contains("Served by Apache Tomcat/10.1."), "{page}");
    let page = get(port, "/none", "").unwrap();
    assert!(page.starts_with("HTTP/1.1 404"), "{page}");
    let header = "X-Forwarded-Client-Cert: ";
    for (headers, who) in [
        (String::new(), "client: unknown."),
        (format!("{header}rubbish\r\n"), "client: unknown."),
        (format!("{header}{CERTIFICATE}\r\n"), "client: CN=Somebody."),
    ] {
        let page = get(port, "/who.jsp", &headers).unwrap();
        assert!(page.contains(who), "{headers}{page}");
    }
    tomcat.interrupt();
    let output = tomcat.wait().expect(130);
    assert!(output.stdout.contains("GET /version.jsp HTTP/1.0 200 "), "{output:?}");
    assert!(output.stderr.contains("[CONTAINER] org.apache.catalina"), "{output:?}");

    // An application that cannot start ends the server.
    let broken = "<web-app><listener><listener-class>None</listener-class></listener></web-app>";
    fs::write(sample.folder.join("WEB-INF/web.xml"), broken).unwrap();
    let output = command().run().expect(1);
    assert!(output.stderr.contains("has not started: ending Tomcat"), "{output:?}");
}

fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// The whole answer to a request.
fn get(port: u16, path: &str, headers: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    connection.set_read_timeout(Some(LIMIT))?;
    write!(connection, "GET {path} HTTP/1.0\r\n{headers}\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The first answer that a server gives.
fn first_answer(server: &mut Running, port: u16, path: &str) -> String {
    let start = Instant::now();
    loop {
        match get(port, path, "") {
            Ok(answer) => return answer,
            Err(error) => assert!(start.elapsed() < LIMIT && !server.ended(), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_is_missing_is_named() {
    let workspace = Workspace::new();
    let nowhere = format!("file://{}", workspace.path("nowhere").display());
    let sample = Sample::new(&workspace, &nowhere, "main");
    let output = sample.phase("detect").run().expect(1);
    assert!(output.stderr.contains("nowhere/jvmkill/"), "{output:?}");
}

/// What comes from Debian, on a system that has no network, or no lists of packages.
#[test]
fn packages_that_cannot_be_had_are_named() {
    let workspace = Workspace::new();
    let script = root().join("buildpacks/java/build-repository");
    let build = |settings: &str, dependency: &str| {
        let settings = workspace.write("apt.conf", settings);
        let process = workspace.process(&script).arg(workspace.path("java")).arg(dependency);
        process.path_first(tools()).env("APT_CONFIG", settings).limit(LIMIT).run().expect(1)
    };
    let nobody = "Acquire::http::Proxy \"http://127.0.0.1:1\";\nAcquire::Retries \"0\";\n";
    let output = build(nobody, "spring-boot-cli");
    assert!(output.stderr.contains("Cannot fetch these packages: groovy."), "{output:?}");
    let output = build(
        "Dir::State::lists \"/nowhere\";\nDir::State::status \"/dev/null\";\nDir::Cache \"/nowhere\";\n",
        "tomcat",
    );
    assert!(output.stderr.contains("not known here: tomcat10."), "{output:?}");
    assert!(output.stderr.contains("apt-get update"), "{output:?}");
    assert_eq!(output.stdout, "");

    let unknown = workspace.process(&script).arg(workspace.path("java")).arg("cobol");
    let output = unknown.path_first(tools()).run().expect(2);
    assert!(output.stderr.contains("no formula for 'cobol'"), "{output:?}");
}
