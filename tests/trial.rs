//! Operations that change a repository, each on a fresh S3 server, for tests that disturb them.
//!
//! A trial runs one operation, and checks what must hold however it is disturbed:
//!
//! - whoever reads meanwhile finds a `packages.json`, and in it and in every snapshot only archives
//!   that are there ([`Trial::unreadable`]);
//! - it ends with a documented status and says why, if it is not killed;
//! - run again, undisturbed, it comes to the end that it would have come to ([`Trial::state`]).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use manifest::Index;
use record::{Archive, Build, ManifestFile, Producer};
use test_kit::s3::{Action, Request, Server};
use test_kit::{Output, Process, Site};

/// How many trials run side by side. Most of the time they wait.
const SIDE_BY_SIDE: usize = 12;
/// The seconds that a connection may stand still where it is made to. Undisturbed, it has as many as
/// it has for users: a machine that is busy is no fault of the service.
const PATIENCE: &str = "0.3";

/// What is disturbed.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its name in messages.
    pub name: &'static str,
    /// Makes what is there before.
    pub prepare: fn(&Site),
    /// The process itself; the same when it is run again.
    pub process: fn(&Site) -> Process,
    /// Whether it takes the repository away, so that a missing `packages.json` is right.
    pub empties: bool,
}

/// All operations that change a repository.
pub const OPERATIONS: [Operation; 8] =
    [SYNC, REMOVE, EMPTY, DEPLOY, OVERWRITE, PUBLISH, SYNC_ALL, ROLLBACK];

const DAY: &str = "2026-01-01 00:00:00";
const LATER: &str = "2026-02-01 00:00:00";

/// Brings additions, an update and removals to a repository that has a snapshot.
const SYNC: Operation = Operation {
    name: "repo-sync",
    prepare: |site| {
        site.create_bucket("stage");
        site.create_bucket("prod");
        for name in ["same-1.0", "new-1.0", "new-2.0"] {
            site.package("stage", "p/", name, DAY);
        }
        site.package("stage", "p/", "changed-1.0", LATER);
        site.publish("stage", "p/");
        for name in ["kept-1.0", "same-1.0", "old-1.0", "old-2.0", "changed-1.0"] {
            site.package("prod", "p/", name, DAY);
        }
        // An update that brings another archive; the old one goes.
        site.put("prod", "p/changed-old.tar.gz", "archive of old");
        let url = site.url("prod", "p/changed-old.tar.gz");
        site.manifest("prod", "p/", "changed-1.0", DAY, &url);
        site.delete("prod", "p/changed-1.0.tar.gz");
        site.publish("prod", "p/");
        let snapshot = site.index("prod", "p/");
        for name in ["old-1.0", "old-2.0", "changed-1.0"] {
            site.delete("prod", &format!("p/{name}.composer.json"));
        }
        site.put("prod", "p/packages-before.json", site.index("prod", "p/"));
        for name in ["old-1.0", "old-2.0"] {
            site.package("prod", "p/", name, DAY);
        }
        site.manifest("prod", "p/", "changed-1.0", DAY, &url);
        assert_eq!(snapshot, site.index("prod", "p/"));
    },
    process: |site| {
        let tool = site.process(test_kit::binary("repo-sync"));
        tool.args(["--yes", "prod", "p/", "stage", "p/"])
    },
    empties: false,
};

/// The first sync, into an empty bucket, with a snapshot.
const SYNC_ALL: Operation = Operation {
    name: "repo-sync of everything, with a snapshot",
    prepare: |site| {
        site.create_bucket("stage");
        site.create_bucket("prod");
        for name in ["one-1.0", "two-1.0"] {
            site.package("stage", "p/", name, DAY);
        }
        site.publish("stage", "p/");
        site.put("stage", "p/packages-first.json", site.index("stage", "p/"));
    },
    process: |site| {
        let tool = site.process(test_kit::binary("repo-sync"));
        tool.args(["--yes", "-c", "first", "prod", "p/", "stage", "p/"])
    },
    // There is none at first.
    empties: true,
};

fn four_packages(site: &Site) {
    site.create_bucket("prod");
    for name in ["a-1.0", "a-2.0", "b-1.0", "b-2.0"] {
        site.package("prod", "p/", name, DAY);
    }
    site.publish("prod", "p/");
}

const REMOVE: Operation = Operation {
    name: "pkg-remove",
    prepare: four_packages,
    process: |site| {
        let tool = site.process(test_kit::binary("pkg-remove"));
        tool.env("S3_BUCKET", "prod").env("S3_PREFIX", "p/").args(["--yes", "a-*", "b-1.0"])
    },
    empties: false,
};

const EMPTY: Operation = Operation {
    name: "pkg-remove of all",
    prepare: |site| {
        four_packages(site);
        site.put("prod", "p/packages-snap.json", site.index("prod", "p/"));
    },
    process: |site| {
        let tool = site.process(test_kit::binary("pkg-remove"));
        tool.env("S3_BUCKET", "prod").env("S3_PREFIX", "p/").args(["--yes", "*"])
    },
    empties: true,
};

const DEPLOY: Operation = Operation {
    name: "pkg-deploy --publish",
    prepare: |site| {
        four_packages(site);
        builds(site, &["c-1.0", "c-2.0"]);
    },
    process: |site| deploy(site, &["--publish"]),
    empties: false,
};

const OVERWRITE: Operation = Operation {
    name: "pkg-deploy --publish --overwrite",
    prepare: |site| {
        four_packages(site);
        builds(site, &["a-1.0", "c-1.0"]);
    },
    process: |site| deploy(site, &["--publish", "--overwrite"]),
    empties: false,
};

const PUBLISH: Operation = Operation {
    name: "repo-mkrepo --upload",
    prepare: |site| {
        four_packages(site);
        site.package("prod", "p/", "c-1.0", DAY);
    },
    process: |site| {
        let tool = site.process(test_kit::binary("repo-mkrepo"));
        let tool = tool.env("S3_BUCKET", "prod").env("S3_PREFIX", "p/");
        tool.args(["--upload", "-c", "now"])
    },
    empties: false,
};

/// Back to the first of three generations: a manifest comes back, one changes back, one goes.
const ROLLBACK: Operation = Operation {
    name: "repo-mkrepo rollback",
    prepare: |site| {
        let publish = || {
            let tool = site.process(test_kit::binary("repo-mkrepo"));
            let _ = tool.args(["--upload", "prod", "p/"]).run().success();
        };
        four_packages(site);
        site.package("prod", "p/", "b-1.0", LATER);
        publish();
        site.delete("prod", "p/a-1.0.composer.json");
        publish();
        site.package("prod", "p/", "c-1.0", DAY);
        site.package("prod", "p/", "b-1.0", DAY);
        publish();
    },
    process: |site| {
        let tool = site.process(test_kit::binary("repo-mkrepo"));
        tool.args(["rollback", "--yes", "1", "prod", "p/"])
    },
    empties: false,
};

/// Puts builds in place as `bob-build --output` leaves them, with their records in `built`.
fn builds(site: &Site, names: &[&str]) {
    let mut bytes = Vec::new();
    let mut producer = Producer::start(&mut bytes, "bob-build", "0.1.0").unwrap();
    for name in names {
        let (package, version) = name.rsplit_once('-').unwrap();
        let url = site.url("prod", &format!("p/{name}.tar.gz"));
        let text = format!(
            r#"{{"dist": {{"type": "heroku-sys-tar", "url": "{url}"}}, "name": "heroku-sys/{package}", "require": {{}}, "time": "{LATER}", "type": "heroku-sys-library", "version": "{version}"}}"#
        );
        let content = format!("build of {name}");
        let file = format!("{name}.composer.json");
        let build = Build {
            formula: (*name).to_owned(),
            name: (*name).to_owned(),
            build_path: "/app/".into(),
            archive: Some(Archive {
                path: site.workspace.write(format!("out/{name}.tar.gz"), &content),
                size_bytes: content.len() as u64,
                sha256: checksum::of_bytes(&content),
            }),
            manifest: Some(ManifestFile {
                path: site.workspace.write(format!("out/{file}"), &text),
                name: file,
                sha256: checksum::of_bytes(&text),
                acl: None,
            }),
            dependencies: Some(Vec::new()),
            dependencies_file: None,
            seconds: 1.0,
            log: None,
            temporary: false,
        };
        producer.write(build).unwrap();
    }
    producer.end(0).unwrap();
    site.workspace.write("built", bytes);
}

fn deploy(site: &Site, options: &[&str]) -> Process {
    let tool = site.process(test_kit::binary("pkg-deploy"));
    let tool = tool.env("S3_BUCKET", "prod").env("S3_PREFIX", "p/");
    tool.args(options).arg("built")
}

/// One operation on a server of its own.
pub struct Trial {
    operation: Operation,
    /// Where it takes place.
    pub site: Site,
}

/// What lies in the bucket, as far as it must be the same each time: contents, types, checksums.
pub type State = BTreeMap<String, String>;

impl Trial {
    /// A fresh one, prepared.
    #[must_use]
    pub fn new(operation: Operation) -> Trial {
        let site = Site::s3();
        (operation.prepare)(&site);
        let trial = Trial { operation, site };
        trial.server().forget_requests();
        trial
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &Server {
        self.site.server().unwrap()
    }

    /// Runs the operation to its end, undisturbed.
    #[must_use]
    pub fn run(&self) -> Output {
        self.process().run()
    }

    /// Runs it to its end while the service fails.
    #[must_use]
    pub fn run_disturbed(&self) -> Output {
        self.process().env("SLIPWAY_TIMEOUT", PATIENCE).run()
    }

    /// The process of the operation.
    #[must_use]
    pub fn process(&self) -> Process {
        (self.operation.process)(&self.site).limit(Duration::from_secs(600))
    }

    /// Runs the operation and kills it at its n-th request, after the effect or before it. What it
    /// has still on the way has no effect any more.
    #[must_use]
    pub fn run_until_killed(&self, number: usize, after: bool) -> Output {
        // Held until the process is known: its first request waits that long.
        let process = Arc::new(Mutex::new(0));
        let mut id = process.lock().unwrap();
        let known = Arc::clone(&process);
        self.server().set_hook(move |request: &Request| {
            let id = *known.lock().unwrap();
            match request.number.cmp(&number) {
                std::cmp::Ordering::Less => Action::Serve,
                std::cmp::Ordering::Equal if after => Action::KillAfter(id),
                std::cmp::Ordering::Equal => Action::KillBefore(id),
                std::cmp::Ordering::Greater => Action::ResetBefore,
            }
        });
        let running = self.process().spawn();
        *id = running.id();
        drop(id);
        let output = running.wait();
        self.server().clear_hook();
        output
    }

    /// What a reader of the published repository stumbles over.
    #[must_use]
    pub fn unreadable(&self) -> Vec<String> {
        unreadable(self.server(), "prod", "p/", self.operation.empties)
    }

    /// The destination's objects as they must be in the end.
    #[must_use]
    pub fn state(&self) -> State {
        let server = self.server();
        let keys = server.keys("prod").into_iter();
        // The history has times and random names, and what else is there is litter of ours
        // that readers ignore, or tells of what is checked by its effect.

        keys.filter(|key| !key.contains("/.slipway/"))
            .map(|key| {
                let object = server.object("prod", &key).unwrap();
                let text = String::from_utf8_lossy(&object.bytes);
                let text = text.replace(&server.endpoint(), "http://s3");
                // A checksum that is of something with the server's address in it is another one.
                let sha256 = object.attributes.metadata.get("sha256");
                let right = sha256.is_none_or(|sum| *sum == checksum::of_bytes(&object.bytes));
                let kind = object.attributes.content_type.unwrap_or_default();
                (key, format!("{kind} {right} {text}"))
            })
            .collect()
    }
}

/// What a reader of a repository stumbles over: an index that is not there or no index, in it or a
/// snapshot an archive that is not there.
#[must_use]
pub fn unreadable(server: &Server, bucket: &str, prefix: &str, may_lack: bool) -> Vec<String> {
    let mut problems = Vec::new();
    let keys = server.keys(bucket);
    let index = format!("{prefix}packages.json");
    if !may_lack && !keys.contains(&index) {
        problems.push(format!("{index} is missing"));
    }
    let is_index = |key: &&String| {
        let rest = key.strip_prefix(prefix).unwrap_or_default();
        rest.starts_with("packages") && rest.ends_with(".json") && !rest.contains(".composer.")
    };
    for key in keys.iter().filter(is_index) {
        // Gone since it was listed: a snapshot that was removed.
        let Some(object) = server.object(bucket, key) else { continue };
        let parsed = match Index::parse(&object.bytes) {
            Ok(parsed) => parsed,
            Err(error) => {
                problems.push(format!("{key}: {error}"));
                continue;
            }
        };
        let base = format!("{}/{bucket}/", server.endpoint());
        for url in parsed.manifests().filter_map(manifest::Manifest::dist_url) {
            let there = url.strip_prefix(&base).is_some_and(|archive| {
                server.object(bucket, &archive.replace("%2B", "+")).is_some()
            });
            if !there {
                problems.push(format!("{key} names {url}, which is not there"));
            }
        }
    }
    problems
}

/// Runs cases side by side; a message for each that fails.
///
/// # Panics
/// When any case fails, with all messages.
pub fn all<C: Sync>(cases: &[C], check: impl Fn(&C) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = check(case) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

/// How two states differ, in lines.
#[must_use]
pub fn difference(expected: &State, found: &State) -> String {
    let mut lines = String::new();
    for key in expected.keys().chain(found.keys()).collect::<std::collections::BTreeSet<_>>() {
        let (before, after) = (expected.get(key), found.get(key));
        if before != after {
            lines.push_str(&format!("    {key}: expected {before:?}, found {after:?}\n"));
        }
    }
    lines
}
