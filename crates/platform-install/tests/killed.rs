//! Runs that are killed, or that cannot do what lies outside the folder: the next one completes
//! them, and nothing has its effect twice.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use support::Lab;
use test_kit::{Output, Process};

/// The calls of the program's main thread that change something, or end a step.
const CALLS: &str = "write,openat,?rename,?renameat,?renameat2,?unlink,unlinkat,?mkdir,mkdirat,\
                     ?rmdir,?chmod,fchmod,fchmodat,ftruncate,?symlink,symlinkat,?link,linkat,\
                     ?fork,?vfork,clone,?clone3,wait4,waitid,exit_group";

/// One installation in folders of its own.
struct Case<'a> {
    lab: &'a Lab,
    folder: PathBuf,
    scripts: bool,
}

impl<'a> Case<'a> {
    fn new(lab: &'a Lab, name: &str, scripts: bool) -> Self {
        let folder = lab.workspace.path(name);
        lab.workspace.write(format!("{name}/app/composer.json"), lab.read("composer.json"));
        lab.workspace.write(format!("{name}/export"), "before\n");
        lab.workspace.write(format!("{name}/profile/100-other.sh"), "");
        Self { lab, folder, scripts }
    }

    /// The program, run by `runner` where that is not empty.
    fn process(&self, runner: &[String]) -> Process {
        let program = env!("CARGO_BIN_EXE_platform-install").to_owned();
        let words: Vec<String> = runner.iter().cloned().chain([program]).collect();
        let process = Process::new(&words[0])
            .args(&words[1..])
            .arg("--native")
            .folder(self.folder.join("app"))
            .env("TMPDIR", self.lab.workspace.path("tmp"))
            .env("profile_dir_path", self.folder.join("profile"))
            .env("export_file_path", self.folder.join("export"))
            .env("layer_env_file_path", self.folder.join("layer.json"))
            .env("providedextensionslog_file_path", self.folder.join("provided"));
        match self.scripts {
            true => process.env("CNB_TARGET_OS", "linux").env("CNB_TARGET_ARCH", "amd64"),
            false => process,
        }
    }

    fn run(&self) -> Output {
        self.process(&[]).run()
    }

    /// All files, as they are in every case.
    fn picture(&self) -> BTreeMap<String, String> {
        let here = self.folder.display().to_string();
        let escaped = here.replace('/', "\\/");
        let text = |text: String| text.replace(&here, "<HERE>").replace(&escaped, "<HERE>");
        let picture = support::picture(&self.folder).into_iter();
        picture.map(|(name, content)| (name, text(content))).collect()
    }
}

/// Packages with everything that is done outside the folder, and a polyfill whose real extension
/// is installed after them.
fn lab() -> Lab {
    let mut lab = Lab::new();
    let script = |name: &str, changes: &str| {
        format!("#!/bin/sh\necho {name} > \"$1/../ran-{name}\"\necho '{changes}'\n")
    };
    let change = |value: &str| {
        format!(
            r#"[{{"name":"P","modification_behavior":"prepend","value":"{value}"}},{{"name":"P","modification_behavior":"delimiter","value":":"}}]"#
        )
    };
    lab.archive(
        "php",
        "8.3.4",
        "heroku-sys-php",
        &[
            ("bin/php", "#!/bin/sh\n"),
            ("profile.sh", "export PHP=1\n"),
            ("export.sh", "export PHP=2\n"),
            ("install.sh", &script("php", &change("/php"))),
        ],
        r#""extra":{"profile":"profile.sh","export":"export.sh","install":"install.sh"}"#,
    );
    lab.archive(
        "tool",
        "1.0.0",
        "heroku-sys-program",
        &[("bin/tool", "t"), ("i.sh", &script("tool", &change("/tool")))],
        r#""require":{"heroku-sys/php":"*"},
           "extra":{"profile":{"T":"1"},"export":{"T":"2"},"install":"i.sh"}"#,
    );
    let wants = r#""require":{"heroku-sys/ext-a":"*","heroku-sys/ext-b":"*"}"#;
    lab.package("app", "1.0.0", "metapackage", wants);
    let provides = r#""provide":{"heroku-sys/ext-a":"*","heroku-sys/ext-b":"*"}"#;
    lab.package("fill", "1.0.0", "metapackage", provides);
    for name in ["a", "b"] {
        lab.archive(
            &format!("ext-{name}.native"),
            "1.0.0",
            "heroku-sys-php-extension",
            &[("x.so", name), ("e.sh", &script(name, &change(&format!("/{name}"))))],
            r#""extra":{"export":{"E":"3"},"install":"e.sh"}"#,
        );
    }
    lab.require(r#""heroku-sys/tool":"*","heroku-sys/fill":"*","heroku-sys/app":"*""#);
    lab
}

/// A moment of a run: before the `nth` call of a kind.
#[derive(Clone, Debug)]
struct Moment {
    kind: String,
    nth: usize,
    call: String,
    /// Whether the call only prepares files in the stage, or removes them there.
    in_stage: bool,
}

impl Moment {
    /// Whether it may matter: the call changes something, or waits for what does.
    fn counts(&self) -> bool {
        match self.kind.as_str() {
            "openat" => ["O_CREAT", "O_WRONLY", "O_RDWR"].iter().any(|w| self.call.contains(w)),
            // What it says.
            "write" => !self.call.starts_with("write(2,"),
            _ => true,
        }
    }

    /// Whether other moments leave the same behind: the call fails, or what it changes is a stage
    /// that is removed either way.
    fn is_like_others(&self) -> bool {
        self.in_stage || self.call.contains(" = -1 E")
    }

    /// The tracer that kills a program as it comes to this moment.
    fn killer(&self) -> Vec<String> {
        let (kind, nth) = (&self.kind, self.nth);
        let trace = format!("trace={kind}");
        let inject = format!("inject={kind}:signal=KILL:when={nth}");
        let words = ["strace", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
        words.map(str::to_owned).into()
    }
}

/// The moments of an undisturbed run, in their order.
fn moments(case: &Case<'_>, log: &Path) -> Vec<Moment> {
    let trace = format!("trace={CALLS}");
    let words = ["strace", "-qq", "-o", &log.display().to_string(), "-e", &trace];
    let _ = case.process(&words.map(str::to_owned)).run().success();
    let log = fs::read_to_string(log).unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut stage = StageFiles::default();
    log.lines()
        .filter_map(|line| {
            let (kind, arguments) = line.split_once('(')?;
            let nth = counts.entry(kind).or_insert(0);
            *nth += 1;
            let in_stage = stage.concerns(kind, arguments);
            Some(Moment { kind: kind.to_owned(), nth: *nth, call: line.to_owned(), in_stage })
        })
        .collect()
}

/// The open files of a run that lie in a stage.
#[derive(Default)]
struct StageFiles(BTreeSet<String>);

impl StageFiles {
    /// Whether a call concerns such a file, or a path in the trees of a stage. A rename moves a file
    /// out of it.
    fn concerns(&mut self, kind: &str, arguments: &str) -> bool {
        let first = arguments.split([',', ')']).next().unwrap_or_default();
        match kind {
            "write" | "fchmod" | "ftruncate" => self.0.contains(first),
            _ if kind.starts_with("rename") => false,
            _ => {
                // What is opened, made or removed in an open folder is in a stage.
                let inside = first.bytes().all(|byte| byte.is_ascii_digit())
                    && kind.ends_with("at")
                    || ["/tree/", "/archives/"].iter().any(|part| arguments.contains(part));
                if kind == "openat"
                    && let Some((_, file)) = arguments.rsplit_once(" = ")
                {
                    let _ = match inside {
                        true => self.0.insert(file.to_owned()),
                        false => self.0.remove(file),
                    };
                }
                inside
            }
        }
    }
}

/// Whether each moment is tried, or those that may leave something of their own behind.
fn tries_all() -> bool {
    std::env::var("SLIPWAY_TEST_ROUNDS")
        .is_ok_and(|rounds| rounds.parse().is_ok_and(|rounds: u64| rounds >= 200))
}

fn killed_at_every_call(scripts: bool) {
    let lab = lab();
    let whole = Case::new(&lab, "whole", scripts);
    let moments = moments(&whole, &lab.workspace.path("calls"));
    let end = whole.picture();
    // Before that it only reads.
    let first = moments.iter().position(|moment| moment.kind.starts_with("mkdir")).unwrap();
    let all = tries_all();
    let tried = |moment: &&Moment| moment.counts() && (all || !moment.is_like_others());
    let moments = moments[first..].iter().filter(tried);
    let moments: Vec<(usize, &Moment)> = moments.enumerate().collect();
    assert!(moments.len() > 50, "{moments:#?}");
    let (at, deaths) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((number, moment)) = moments.get(at.fetch_add(1, Ordering::Relaxed)) {
                    let case = Case::new(&lab, &format!("case-{number}"), scripts);
                    let killed = case.process(&moment.killer()).run();
                    let when = format!("killed before {}", moment.call);
                    deaths.fetch_add(usize::from(killed.status == 137), Ordering::Relaxed);
                    if number % 2 == 0 {
                        // The one that completes it may be killed, too.
                        let _ = case.process(&moment.killer()).run();
                    }
                    let again = case.run();
                    assert_eq!(again.status, 0, "{when}: {}", again.stderr);
                    assert_eq!(case.picture(), end, "{when}: {}", again.stderr);
                    fs::remove_dir_all(&case.folder).unwrap();
                }
            });
        }
    });
    let (deaths, cases) = (deaths.into_inner(), moments.len());
    assert!(deaths * 10 >= cases * 9, "{deaths} of {cases} were killed");
}

#[test]
fn killed_at_every_call_of_profile_export_and_log() {
    killed_at_every_call(false);
}

#[test]
fn killed_at_every_call_of_install_scripts() {
    killed_at_every_call(true);
}

/// What is in the way of a file, and how it is put right.
type Trouble = (&'static str, fn(&Path), fn(&Path));

const TROUBLES: [Trouble; 3] = [
    ("a folder", |path| fs::create_dir(path).unwrap(), |path| fs::remove_dir(path).unwrap()),
    (
        "a link to nowhere",
        |path| std::os::unix::fs::symlink("gone/file", path).unwrap(),
        |path| fs::remove_file(path).unwrap(),
    ),
    (
        "a full disk",
        |path| std::os::unix::fs::symlink("/dev/full", path).unwrap(),
        |path| fs::remove_file(path).unwrap(),
    ),
];

/// Everything outside the folder, in turn: the run says what it could not write, and so does each
/// one after it, until that is put right. Then it is as if it had been right all the time.
#[test]
fn what_could_not_be_written_is_written_once_it_can_be() {
    let lab = lab();
    for (scripts, file) in [(false, "export"), (false, "provided"), (true, "layer.json")] {
        let whole = Case::new(&lab, "whole", scripts);
        let _ = whole.run().success();
        let end = whole.picture();
        for (number, (what, spoil, repair)) in TROUBLES.iter().enumerate() {
            let case = Case::new(&lab, &format!("case-{number}"), scripts);
            let path = case.folder.join(file);
            let before = fs::read(&path).ok();
            if before.is_some() {
                fs::remove_file(&path).unwrap();
            }
            spoil(&path);
            for _ in 0..2 {
                let output = case.run().expect(11);
                let name = path.display().to_string();
                let says = [name.as_str(), "in place", "run it again"];
                for text in says {
                    assert!(output.stderr.contains(text), "{what}: {text}: {}", output.stderr);
                }
            }
            repair(&path);
            if let Some(text) = before {
                fs::write(&path, text).unwrap();
            }
            let dry = case.process(&[]).arg("--dry-run").run().success();
            assert!(dry.stderr.contains("The next one completes it"), "{}", dry.stderr);
            let output = case.run().success();
            assert!(output.stderr.contains("is done now"), "{file}, {what}: {}", output.stderr);
            assert_eq!(case.picture(), end, "{file}, {what}");
            // And nothing is left to do.
            assert_eq!(case.run().success().stderr.matches("NOTICE").count(), 0);
            fs::remove_dir_all(&case.folder).unwrap();
        }
        fs::remove_dir_all(&whole.folder).unwrap();
    }
}

#[test]
fn profile_scripts_come_once_their_folder_can_be_made() {
    let lab = lab();
    let new = |name: &str| {
        let case = Case::new(&lab, name, false);
        fs::remove_dir_all(case.folder.join("profile")).unwrap();
        case
    };
    let whole = new("whole");
    let _ = whole.run().success();
    let case = new("case");
    fs::write(case.folder.join("profile"), "no folder").unwrap();
    for _ in 0..2 {
        let output = case.run().expect(11);
        assert!(output.stderr.contains("/case/profile"), "{}", output.stderr);
    }
    fs::remove_file(case.folder.join("profile")).unwrap();
    let _ = case.run().success();
    assert_eq!(case.picture(), whole.picture());
}

/// An install script that has ended is not run again, one that has failed is.
#[test]
fn install_scripts_are_run_until_they_succeed() {
    let mut lab = Lab::new();
    let count = r#"#!/bin/sh
echo x >> "$1/../ran-$(basename "$0")"
"#;
    let fails = format!("{count}[ -e \"$1/../repaired\" ]\n");
    for (name, text) in [("aa", count), ("bb", &fails), ("cc", count)] {
        let more = format!(r#""extra":{{"install":"{name}.sh"}}"#);
        lab.archive(name, "1.0.0", "heroku-sys-program", &[(&format!("{name}.sh"), text)], &more);
    }
    lab.require(r#""heroku-sys/aa":"*","heroku-sys/bb":"*","heroku-sys/cc":"*""#);
    let case = Case::new(&lab, "case", true);
    for _ in 0..2 {
        let output = case.run().expect(1);
        assert!(output.stderr.contains("the install script of bb 1.0.0"), "{}", output.stderr);
    }
    fs::write(case.folder.join("repaired"), "").unwrap();
    let _ = case.run().success();
    let _ = case.run().success();
    let ran = |name: &str| fs::read_to_string(case.folder.join(name)).unwrap().lines().count();
    assert_eq!(["ran-aa.sh", "ran-bb.sh", "ran-cc.sh"].map(ran), [1, 3, 1]);
    assert_eq!(fs::read_to_string(case.folder.join("layer.json")).unwrap(), "[]");
}

#[test]
fn interrupted_in_an_install_script() {
    let mut lab = Lab::new();
    let script = "#!/bin/sh\necho >> \"$1/../begun\"\n[ -e \"$1/../go\" ] || sleep 600\n";
    let more = r#""extra":{"install":"i.sh"}"#;
    lab.archive("aa", "1.0.0", "heroku-sys-program", &[("i.sh", script)], more);
    lab.require(r#""heroku-sys/aa":"*""#);
    let case = Case::new(&lab, "case", true);
    let running = case.process(&[]).spawn();
    while !case.folder.join("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.interrupt();
    assert_eq!(running.wait().status, 130);
    fs::write(case.folder.join("go"), "").unwrap();
    let output = case.run().success();
    assert!(output.stderr.contains("is done now"), "{}", output.stderr);
    assert_eq!(fs::read_to_string(case.folder.join("layer.json")).unwrap(), "[]");
    let names = fs::read_dir(case.folder.join("app")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with('.')).count(), 0);
}

/// Where things go is for the environment of the run that does them to say.
#[test]
fn the_next_run_says_where_it_goes() {
    let lab = lab();
    let case = Case::new(&lab, "case", false);
    fs::remove_file(case.folder.join("export")).unwrap();
    fs::create_dir(case.folder.join("export")).unwrap();
    let _ = case.run().expect(11);
    let output = case.process(&[]).without("export_file_path").run().expect(2);
    assert!(output.stderr.contains("export_file_path must be set"), "{}", output.stderr);
    let other = case.folder.join("other");
    let _ = case.process(&[]).env("export_file_path", &other).run().success();
    assert_eq!(
        fs::read_to_string(other).unwrap(),
        "\nexport PHP=2\n\n\nexport T=\"2\"\n\nexport E=\"3\"\n\nexport E=\"3\"\n"
    );
}
