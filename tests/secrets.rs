//! Where credentials may not be: in nothing that a full run prints, writes, keeps, uploads or hands
//! to another program.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use end_to_end::{DEVELOP, Place, STABLE, files, root};
use flate2::read::MultiGzDecoder;
use test_kit::s3::{Action, SECRET_KEY};
use test_kit::{Output, Process};

/// As long and as full of special characters as real ones.
const TOKEN: &str = "FwoGZXIvYXdzEJr//session+token/of+the=tests==";

/// What no text may hold: the credentials, as they are and as they stand in URLs, and signatures,
/// which are as good as the request that they are for.
fn needles() -> [String; 6] {
    [
        SECRET_KEY.to_owned(),
        TOKEN.to_owned(),
        TOKEN.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"),
        TOKEN.replace('+', "%2B").replace('=', "%3D"),
        "Signature=".to_owned(),
        "X-Amz-Signature".to_owned(),
    ]
}

/// Which of [`needles`] are in there, or in there when it is unpacked.
fn leaks(bytes: &[u8]) -> Vec<String> {
    let mut unpacked = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let _ = MultiGzDecoder::new(bytes).read_to_end(&mut unpacked).unwrap();
    }
    let holds = |text: &[u8], needle: &str| {
        text.windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle.as_bytes()))
    };
    needles().into_iter().filter(|n| holds(bytes, n) || holds(&unpacked, n)).collect()
}

/// All that was looked at, and what was found where.
#[derive(Default)]
struct Sweep {
    looked_at: Vec<String>,
    found: Vec<String>,
}

impl Sweep {
    fn look(&mut self, place: &str, bytes: &[u8]) {
        self.looked_at.push(place.to_owned());
        self.found.extend(leaks(bytes).into_iter().map(|needle| format!("{needle} in {place}")));
    }

    fn output(&mut self, what: &str, output: &Output) {
        self.look(&format!("stdout of {what}"), output.stdout.as_bytes());
        self.look(&format!("stderr of {what}"), output.stderr.as_bytes());
    }

    /// Every file below a folder, and its name.
    fn folder(&mut self, folder: &Path) {
        for (name, bytes) in files(folder) {
            self.look(&format!("name {name}"), name.as_bytes());
            self.look(&name, &bytes);
        }
    }

    /// Every object: key, content, metadata.
    fn bucket(&mut self, place: &Place) {
        let store = place.store();
        for object in store.list("").unwrap() {
            let content = store.get(&object.key).unwrap().unwrap();
            let metadata = format!("{} {:?}", object.key, content.head);
            self.look(&format!("metadata of {}", object.key), metadata.as_bytes());
            self.look(&format!("object {}", object.key), &content.bytes);
        }
    }

    fn saw(&self, part: &str) -> bool {
        self.looked_at.iter().any(|place| place.contains(part))
    }
}

/// A place with temporary credentials, and a formula that tells all that it can see.
///
/// It leaves in `seen/`: its environment, the argument lists of itself and its parent, a copy of
/// the temporary folder as it is meanwhile, and what of that others could read.
fn place() -> Place {
    let mut place = Place::in_process();
    let formulae = place.workspace.path("formulae").display().to_string();
    let seen = place.workspace.path("seen").display().to_string();
    place
        .workspace
        .set("AWS_SESSION_TOKEN", TOKEN)
        .set("WORKSPACE_DIR", &formulae)
        .set("SEEN", &seen);
    fs::create_dir(&seen).unwrap();
    let formula = r#"
        umask 022
        env
        declare -p | tee "$1/variables" "$SEEN/variables" > /dev/null
        env > variables-in-the-working-folder
        cat /proc/$$/cmdline "/proc/$PPID/cmdline" > "$SEEN/arguments"
        find "$TMPDIR" -mindepth 1 ! -type l -perm /077 -printf '%m %P\n' |
            grep -v -e variables-in-the-working-folder -e /output/ >> "$SEEN/readable" || :
        cp -R "$TMPDIR" "$SEEN/tmp-$$"
        source "$DEMO"
    "#;
    place.workspace.set("DEMO", &root().join("formulae/php").display().to_string());
    for version in ["8.3.76", "8.3.77", "8.3.78"] {
        let _ = place.workspace.formula(&format!("php-{version}"), formula);
    }
    place
}

/// What was seen while the tools waited for answers.
#[derive(Default)]
struct Meanwhile {
    /// The argument lists of every process of the place.
    arguments: Vec<u8>,
    /// The files in the temporary folder.
    temporary: Vec<u8>,
    /// What lay there that others could read.
    open: Vec<String>,
}

/// Looks around at each request that a process of this place sends.
fn watch(place: &Place) -> Arc<Mutex<Meanwhile>> {
    let meanwhile = Arc::new(Mutex::new(Meanwhile::default()));
    let kept = Arc::clone(&meanwhile);
    let ours = place.workspace.path("seen").display().to_string();
    let tmp = place.workspace.path("tmp");
    place.server().unwrap().set_hook(move |_| {
        let mut kept = kept.lock().unwrap();
        // Processes and files come and go, and not all processes are ours to read.
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let read = |name: &str| fs::read(process.path().join(name)).unwrap_or_default();
            let env = read("environ");
            if env.windows(ours.len()).any(|part| part == ours.as_bytes()) {
                kept.arguments.extend(read("cmdline"));
                kept.arguments.push(b'\n');
            }
        }
        let _ = Command::new("find").arg(&tmp).args(["-type", "f"]).output().map(|found| {
            for file in String::from_utf8_lossy(&found.stdout).lines() {
                kept.temporary.extend(file.as_bytes());
                kept.temporary.extend(fs::read(file).unwrap_or_default());
            }
        });
        // What is in a private folder is private.
        for entry in fs::read_dir(&tmp).unwrap().flatten() {
            let mode = entry.metadata().map_or(0, |metadata| metadata.permissions().mode());
            if mode & 0o077 != 0 {
                kept.open.push(format!("{mode:o} {}", entry.path().display()));
            }
        }
        Action::Serve
    });
    meanwhile
}

/// The tools and the wrappers, one after the other, as in a working day.
fn cycle(place: &Place) -> Vec<(&'static str, Process, i32)> {
    let bucket = &place.bucket;
    let shell = |script: &str| place.shell(&format!("umask 000; {script}"));
    let sync = [bucket.as_str(), STABLE, bucket, DEVELOP];
    let wrapper = |name: &str, args: &str| shell(&format!("exec {name} {args}"));
    vec![
        (
            "build and deploy",
            shell(
                "bob-build -o out php-8.3.76 php-8.3.77 | tee built | pkg-deploy --publish | tee deployed",
            ),
            0,
        ),
        ("mkrepo", shell("repo-mkrepo --upload -c first < /dev/null | tee published"), 0),
        ("sync", shell(&format!("repo-sync --yes -c first {} | tee synced", sync.join(" "))), 0),
        ("plan", shell("pkg-remove --plan php-8.3.77 | tee plan"), 0),
        ("deploy.sh", wrapper("deploy.sh", "--publish php-8.3.78"), 0),
        ("deploy.sh again", wrapper("deploy.sh", "php-8.3.78"), 5),
        ("mkrepo.sh", wrapper("mkrepo.sh", "--upload"), 0),
        ("sync.sh", wrapper("sync.sh", &sync.join(" ")).input("y\n"), 0),
        ("remove.sh", wrapper("remove.sh", "php-8.3.78").input("y\n"), 0),
        ("remove", shell("pkg-remove --yes php-8.3.77 | tee removed"), 0),
        ("log", shell("repo-mkrepo log; repo-mkrepo log --json | tee log.json"), 0),
        ("rollback", shell("repo-mkrepo rollback --yes 1 | tee rolled"), 0),
        ("check", shell(&format!("repo-check --json --deep {bucket} {STABLE} | tee checked")), 0),
        ("gc", shell(&format!("repo-check --gc --plan {bucket} {DEVELOP} | tee gc")), 0),
    ]
}

#[test]
fn a_full_run_leaves_no_credentials_anywhere() {
    let place = place();
    let meanwhile = watch(&place);
    let mut sweep = Sweep::default();
    for (what, process, status) in cycle(&place) {
        let output = process.run();
        assert_eq!(output.status, status, "{what}: {output:?}");
        sweep.output(what, &output);
    }
    // The whole workspace: formulae, records, logs, archives, caches, home, what the formulae saw.
    sweep.folder(&place.workspace.path(""));
    sweep.bucket(&place);
    let meanwhile = meanwhile.lock().unwrap();
    sweep.look("argument lists", &meanwhile.arguments);
    sweep.look("temporary files", &meanwhile.temporary);
    for request in place.server().unwrap().requests() {
        sweep.look(&format!("the URL of {}", request.line()), request.query.as_bytes());
    }
    assert_eq!(sweep.found, [""; 0]);

    // It has looked at what it was to look at.
    for part in [
        "out/php-8.3.77.tar.gz",
        "out/php-8.3.77.composer.json",
        "home/.cache/",
        "built",
        "seen/variables",
        "seen/arguments",
        "seen/tmp-",
        "dist-heroku-24-stable/packages.json",
        "dist-heroku-24-develop/packages-first.json",
        ".slipway/",
    ] {
        assert!(sweep.saw(part), "nothing of {part} among {:#?}", sweep.looked_at);
    }
    let lists = String::from_utf8_lossy(&meanwhile.arguments);
    for tool in ["pkg-deploy", "repo-mkrepo", "repo-sync", "pkg-remove", "repo-check", "deploy.sh"]
    {
        assert!(lists.contains(tool), "{tool} was not seen at work: {lists}");
    }
    assert!(String::from_utf8_lossy(&meanwhile.temporary).contains("/deploy.sh."));
    let variables = fs::read_to_string(place.workspace.path("seen/variables")).unwrap();
    assert!(variables.contains("S3_BUCKET") && !variables.contains("AWS_SECRET"), "{variables}");
    assert!(!variables.contains("AWS_SESSION"), "{variables}");
    assert_eq!(place.workspace.litter(), [""; 0]);

    // The caller's umask was 000. What is in a private `output/` is as `--output` leaves it.
    let readable = fs::read_to_string(place.workspace.path("seen/readable")).unwrap();
    assert_eq!(meanwhile.open, [""; 0]);
    assert_eq!(readable, "", "others could read this meanwhile");
    assert_eq!(open_to_others(&place.workspace.path("home")), [""; 0]);
}

/// What below a folder others than its owner may read, write or enter.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut open = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        if mode & 0o077 != 0 {
            open.push(format!("{:o} {}", mode & 0o7777, path.display()));
        }
        if path.is_dir() {
            open.extend(open_to_others(&path));
        }
    }
    open
}

/// What changes data, and what only reads, by the tools and the wrappers.
fn attempts(place: &Place) -> Vec<(&'static str, Process)> {
    let bucket = &place.bucket;
    vec![
        ("build, deploy", place.shell("bob-build php-8.3.77 | pkg-deploy --publish")),
        ("mkrepo", place.shell("repo-mkrepo --upload")),
        ("log", place.shell("repo-mkrepo log")),
        ("sync", place.shell(&format!("repo-sync -n {bucket} {STABLE} {bucket} {DEVELOP}"))),
        ("remove", place.shell("pkg-remove --yes php-8.3.77")),
        ("check", place.shell(&format!("repo-check {bucket} {DEVELOP}"))),
        ("deploy.sh", place.wrapper("deploy.sh").arg("php-8.3.77")),
        ("mkrepo.sh", place.wrapper("mkrepo.sh").arg("--upload")),
        ("sync.sh", place.wrapper("sync.sh").args([bucket, STABLE, bucket, DEVELOP])),
        ("remove.sh", place.wrapper("remove.sh").arg("php-8.3.77")),
        ("bob", place.wrapper("bob").args(["deploy", "php-8.3.77"])),
    ]
}

#[test]
fn errors_show_no_credentials() {
    // What the wrong secret signs is no more for others to see than what the right one does.
    let wrong = format!("{SECRET_KEY}-that-is-wrong");
    let cases = [
        ("AWS_SECRET_ACCESS_KEY", wrong.as_str()),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9"),
        ("S3_BUCKET", "nosuch-bucket"),
        ("AWS_ENDPOINT_URL_S3", "http://user:test-kit-secret@127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_S3", "user:test-kit-secret@127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9/?X-Amz-Signature=test-kit-secret"),
        ("AWS_SESSION_TOKEN", "two\nlines test-kit-secret"),
        ("http_proxy", "ftp://user:test-kit-secret@127.0.0.1:9"),
    ];
    for (variable, value) in cases {
        let mut place = place();
        if variable == "S3_BUCKET" {
            place.bucket = value.to_owned();
        }
        if variable == "http_proxy" {
            place.workspace.set("AWS_ENDPOINT_URL_S3", "http://store.example");
            // A formula downloads its sources through it, so it sees it; let it not tell.
            let _ = place.workspace.formula("php-8.3.77", "touch $1/x");
        }
        place.workspace.set(variable, value);
        let mut sweep = Sweep::default();
        for (what, attempt) in attempts(&place) {
            let output = attempt.run();
            assert_ne!(output.status, 0, "{what} with {variable}={value}: {output:?}");
            sweep.output(what, &output);
        }
        sweep.folder(&place.workspace.path(""));
        assert_eq!(sweep.found, [""; 0], "{variable}={value}");
    }
}

#[test]
fn a_formula_that_is_given_credentials_has_them_and_this_test_finds_them() {
    let place = place();
    let output = place.shell("bob-build --pass-credentials -o out php-8.3.77").run().success();
    let variables = fs::read_to_string(place.workspace.path("seen/variables")).unwrap();
    assert!(variables.contains(&format!("AWS_SECRET_ACCESS_KEY=\"{SECRET_KEY}\"")), "{variables}");
    assert!(variables.contains(&format!("AWS_SESSION_TOKEN=\"{TOKEN}\"")), "{variables}");

    // It has printed them, and put them in a file of the archive.
    let mut sweep = Sweep::default();
    sweep.output("bob-build", &output);
    sweep.folder(&place.workspace.path("out"));
    for place in ["stderr of bob-build", "php-8.3.77.tar.gz", "php-8.3.77.log"] {
        for needle in [SECRET_KEY, TOKEN] {
            let expected = format!("{needle} in {place}");
            assert!(sweep.found.contains(&expected), "no {expected} in {:#?}", sweep.found);
        }
    }
}

#[test]
fn all_kinds_of_leaks_are_found() {
    assert_eq!(leaks(b"AWS_ACCESS_KEY_ID=AKIDTESTKIT, signature, a-token"), [""; 0]);
    for needle in needles() {
        let text = format!("a line\n{needle}x\n");
        assert!(leaks(text.as_bytes()).contains(&needle), "{needle}");
        let mut gzip = flate2::read::GzEncoder::new(text.as_bytes(), flate2::Compression::fast());
        let mut packed = Vec::new();
        let _ = gzip.read_to_end(&mut packed).unwrap();
        assert!(leaks(&packed).contains(&needle), "{needle}, packed");
    }
}
