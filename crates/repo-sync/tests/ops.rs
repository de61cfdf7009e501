//! `repo-sync ops` beside a second writing of its rules in Python, operation for operation, for pairs
//! of folders made at random, the same in every run.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use test_kit::{Process, Workspace};

const PAIRS: u64 = 80;
/// Region, bucket, prefix and folder of each side.
const SIDES: [[&str; 4]; 2] =
    [["us-east-1", "dev", "dist/", "source"], ["eu-west-1", "stable", "stable/", "destination"]];
const TIMES: [Option<&str>; 5] = [
    Some("2024-01-01 00:00:00"),
    Some("2024-01-01 00:00:00"),
    Some("2024-02-01 00:00:00"),
    Some("x"),
    None,
];

/// A small generator of numbers that look random.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// The text of a manifest with one of a few archives, times and contents.
fn manifest(side: &[&str; 4], draw: &mut Draw) -> String {
    let [region, bucket, prefix, _] = side;
    let hosts = [
        format!("https://{bucket}.s3.amazonaws.com"),
        format!("https://{bucket}.s3.dualstack.{region}.amazonaws.com"),
        format!("https://s3.{region}.amazonaws.com/{bucket}"),
        "https://example.com".to_owned(),
    ];
    let files = ["a-1.tar.gz", "a-2%2Bbuild2.tar.gz", "b/a-1.tar.gz", "c-1.tar.gz?extension=x%2Fy"];
    let url = format!("{}/{prefix}{}", hosts[draw.below(4)], files[draw.below(4)]);
    let mut manifest = json!({"name": "a/b", "version": "1", "dist": {"type": "tar", "url": url},
        "extra": {"n": draw.below(5) / 4}});
    if let Some(time) = TIMES[draw.below(TIMES.len())] {
        manifest["time"] = time.into();
    }
    manifest.to_string()
}

/// Writes a side's folder; the side as the oracle is told of it.
fn make(workspace: &Workspace, pair: u64, side: &[&str; 4], draw: &mut Draw) -> Value {
    let [region, bucket, prefix, folder] = side;
    let folder = workspace.path(format!("{pair}/{folder}"));
    let mut files = Vec::new();
    for name in ["a-1", "a-2", "a-10", "a-02", "b", "ext-c-1.0_php-8.3", "ü-1"] {
        if draw.below(4) == 0 {
            continue;
        }
        let (name, text) = (format!("{name}.composer.json"), manifest(side, draw));
        let path = workspace.write(folder.join(&name), &text);
        // 2020-01-01: the time of what has none.
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800);
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        files.push([name, text]);
    }
    workspace.write(folder.join("other.txt"), "");
    json!({"region": region, "bucket": bucket, "prefix": prefix, "folder": folder, "files": files})
}

#[test]
fn operations_are_those_of_the_rules() {
    let workspace = Workspace::new();
    let mut draw = Draw(1);
    let pairs: Vec<[Value; 2]> = (0..PAIRS)
        .map(|pair| SIDES.each_ref().map(|side| make(&workspace, pair, side, &mut draw)))
        .collect();
    let questions: Vec<String> = pairs
        .iter()
        .map(|[s, d]| format!("{}\n", json!({"op": "ops", "source": s, "destination": d})))
        .collect();
    let oracle = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifest/tests/oracle.py");
    let python = Process::new("python3").args(["-B", oracle]).input(questions.concat());
    let answers = python.run().success().stdout;
    let mut kinds = std::collections::BTreeSet::new();
    for (sides, answer) in pairs.iter().zip(answers.lines()) {
        let expected: String = serde_json::from_str(answer).unwrap();
        let mut process =
            workspace.process(env!("CARGO_BIN_EXE_repo-sync")).args(["ops", "--dry-run"]);
        for side in sides {
            let word = |key: &str| side[key].as_str().unwrap().to_owned();
            process = process.args(["region", "bucket", "prefix", "folder"].map(word));
        }
        let output = process.run().success();
        assert_eq!(output.stdout, expected, "{sides:#?}");
        for step in serde_json::from_str::<Vec<Value>>(&expected).unwrap() {
            kinds.insert(format!("{} {} {}", step["kind"], step["op"], step["reason"]));
        }
    }
    // Each kind of step, and each reason to leave something alone.
    assert_eq!(kinds.len(), 12, "{kinds:#?}");
}

#[test]
fn the_public_address_of_the_own_bucket_is_known() {
    let mut workspace = Workspace::new();
    workspace.set("S3_BUCKET", "dev");
    workspace.set("S3_PUBLIC_URL", "https://cdn.example/packages/");
    let url = "http://CDN.example:80/packages/dist/a%2B1.tar.gz";
    let manifest = json!({"name": "a/b", "version": "1", "dist": {"url": url}});
    workspace.write("source/a.composer.json", manifest.to_string());
    workspace.write("destination/x.txt", "");
    let ops = workspace.process(env!("CARGO_BIN_EXE_repo-sync")).args(["ops", "--dry-run"]);
    let output = ops.args(SIDES.concat()).run().success();
    let steps: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(steps[0]["source"], "s3://dev/dist/a+1.tar.gz", "{steps}");
}

const ARGUMENTS: [&str; 8] =
    ["us-east-1", "b", "dev/", "./new/", "us-east-1", "b", "stable/", "old"];

/// Two folders, with a package to add and one to remove.
fn two_folders() -> Workspace {
    let workspace = Workspace::new();
    for (file, url) in [
        ("new/a-1", "https://b.s3.us-east-1.amazonaws.com/dev/a-1.tar.gz"),
        ("old/z-1", "https://elsewhere.example/z-1.tar.gz"),
    ] {
        let manifest = json!({"name": "a/b", "version": "1", "dist": {"type": "tar", "url": url},
            "time": "2026-11-21 10:00:00"});
        workspace.write(format!("{file}.composer.json"), manifest.to_string());
    }
    workspace
}

#[test]
fn members_are_in_the_planners_order() {
    let workspace = two_folders();
    let process = workspace.process(env!("CARGO_BIN_EXE_repo-sync"));
    let output = process.args(["ops", "--dry-run"]).args(ARGUMENTS).run().success();
    let expected = [
        r#"[{"kind": "dist", "source": "s3://b/dev/a-1.tar.gz", "source-region": "us-east-1", "#,
        r#""destination": "s3://b/stable/a-1.tar.gz", "destination-region": "us-east-1", "#,
        r#""op": "add", "package": "a-1"}, "#,
        r#"{"kind": "manifest", "op": "add", "package": "a-1", "#,
        r#""source": "old/a-1.composer.json", "#,
        r#""destination": "s3://b/stable/a-1.composer.json", "destination-region": "us-east-1"}, "#,
        r#"{"kind": "dist", "op": "remove", "skip": true, "package": "z-1", "#,
        r#""destination": "https://elsewhere.example/z-1.tar.gz", "#,
        r#""reason": "file located outside of bucket"}, "#,
        r#"{"kind": "manifest", "op": "remove", "package": "z-1", "#,
        r#""destination": "s3://b/stable/z-1.composer.json", "destination-region": "us-east-1"}]"#,
    ];
    assert_eq!(output.stdout, expected.concat());
}

#[test]
fn the_python_planner_hands_over() {
    let workspace = two_folders();
    let tool = Path::new(env!("CARGO_BIN_EXE_repo-sync"));
    let wrapper = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bin-wrappers/include/sync.py");
    // A copy far from any checkout, in a folder of other scripts.
    let copy = workspace.path("support build/include/sync.py");
    workspace.write(&copy, std::fs::read_to_string(wrapper).unwrap());
    let python = |arguments: &[&str]| {
        workspace.process("python3").arg("-B").arg(&copy).args(arguments).args(ARGUMENTS)
    };
    let output = python(&[]).run().expect(127);
    assert_eq!(
        output.stderr,
        "sync.py: cannot find the program 'repo-sync': put it on $PATH, or build it with 'make build'\n"
    );
    let run = |arguments: &[&str]| python(arguments).path_first(tool.parent().unwrap()).run();
    let own = workspace.process(tool).args(["ops", "--dry-run"]).args(ARGUMENTS).run().success();
    assert_eq!(run(&["--dry-run"]).success(), own);
    assert!(workspace.path("old/z-1.composer.json").exists());
    run(&[]).success();
    assert!(workspace.path("old/a-1.composer.json").exists());
    assert!(!workspace.path("old/z-1.composer.json").exists());
    run(&["--no-such-option"]).expect(2);
}
