//! What goes wrong in real life: one clear message, the documented status, no litter, and nothing
//! half-done in the bucket.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::time::Duration;

use end_to_end::{Place, STABLE};

/// A call, its documented status, and what its message must name.
fn check(place: &Place, wrapper: &str, arguments: &[&str], status: i32, names: &str) {
    let output = place.wrapper(wrapper).args(arguments).input("y\n").run();
    let said = format!("{}{}", output.stdout, output.stderr);
    assert_eq!(output.status, status, "{wrapper} {arguments:?}: {said}");
    assert!(said.contains(names), "{wrapper} {arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(place.workspace.litter(), [""; 0], "{wrapper} {arguments:?}");
}

/// All wrappers that need the bucket, on a place that is broken in some way.
fn check_all(place: &Place, status: i32, deploy: i32, names: &str) {
    check(place, "deploy.sh", &["php-8.3.9"], deploy, names);
    check(place, "bob", &["deploy", "php-8.3.9"], 1, names);
    check(place, "mkrepo.sh", &["--upload"], status, names);
    check(place, "remove.sh", &["php-8.3.9"], status, names);
    check(place, "sync.sh", &[&place.bucket, STABLE], status, names);
}

#[test]
fn no_network() {
    let mut place = Place::in_process();
    // Nobody listens there.
    place.workspace.set("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9");
    check_all(&place, 10, 10, "http://127.0.0.1:9");
}

#[test]
fn wrong_credentials() {
    let mut place = Place::seaweed();
    place.workspace.set("AWS_SECRET_ACCESS_KEY", "not-the-secret");
    check_all(&place, 8, 8, &place.bucket);
    let output = place.wrapper("mkrepo.sh").arg("--upload").run();
    assert!(!output.stderr.contains("not-the-secret"));
}

#[test]
fn no_credentials() {
    let mut place = Place::seaweed();
    place.workspace.unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY");
    check(&place, "deploy.sh", &["php-8.3.9"], 2, "redentials");
    check(
        &place,
        "bob",
        &["deploy", "php-8.3.9"],
        1,
        "ERROR: Deploy requires valid AWS credentials.",
    );
    check(&place, "remove.sh", &["php-8.3.9"], 2, "redentials");
}

#[test]
fn a_missing_bucket() {
    for mut place in [Place::folder(), Place::in_process(), Place::seaweed()] {
        place.bucket = "nosuch-bucket".to_owned();
        place.workspace.set("S3_BUCKET", "nosuch-bucket");
        check_all(&place, 7, 7, "nosuch-bucket");
    }
}

#[test]
fn a_missing_variable() {
    let mut place = Place::folder();
    place.workspace.unset("S3_BUCKET");
    for (wrapper, arguments, status) in [
        ("bob", &["build", "php-8.3.9"][..], 1),
        ("deploy.sh", &["php-8.3.9"], 2),
        ("mkrepo.sh", &["--upload"], 2),
        ("remove.sh", &["php-8.3.9"], 2),
        ("sync.sh", &["slipway-tests", STABLE], 2),
    ] {
        check(&place, wrapper, arguments, status, "S3_BUCKET");
    }
}

#[test]
fn a_formula_that_is_not_there_or_not_readable() {
    let mut place = Place::folder();
    check(&place, "bob", &["build", "nosuch-1"], 1, "ERROR: Formula nosuch-1 doesn't exist.");
    check(&place, "deploy.sh", &["nosuch-1"], 7, "ERROR: Formula nosuch-1 doesn't exist.");
    let folder = place.workspace.path("work").display().to_string();
    place.workspace.write("work/a/b-1", "true");
    // A link in a circle cannot be read, not even by root.
    std::os::unix::fs::symlink("circle-1", place.workspace.path("work/circle-1")).unwrap();
    place.workspace.write("work/bad-1", b"# Build Path: /\xff\xfe\n");
    place.workspace.set("WORKSPACE_DIR", &folder);
    check(&place, "bob", &["build", "a"], 1, "Formula a doesn't exist.");
    check(&place, "deploy.sh", &["bad-1"], 6, "line 1 (Build Path:) is not UTF-8");
    let output = place.wrapper("deploy.sh").arg("circle-1").run();
    assert!(output.status == 7 || output.status == 11, "{output:?}");
    assert!(output.stdout.contains("circle-1"), "{output:?}");
}

#[test]
fn a_full_disk() {
    let mut place = Place::folder();
    place
        .workspace
        .write("work/big-1", "for i in 1 2 3; do head -c 900000 /dev/urandom > $1/$i; done");
    let folder = place.workspace.path("work").display().to_string();
    place.workspace.set("WORKSPACE_DIR", &folder);
    // A limit on the size of files stands in for a disk: what writes past it gets an error too.
    let output = place.shell("trap '' XFSZ; ulimit -f 1500; deploy.sh big-1").run();
    assert_eq!(output.status, 11, "{output:?}");
    assert!(output.stdout.contains("cannot archive"), "{output:?}");
    assert_eq!(place.workspace.litter(), [""; 0]);
    assert_eq!(place.contents(), []);
}

#[test]
fn ctrl_c_in_a_pipeline_and_in_a_wrapper() {
    for script in ["exec deploy.sh slow-1", "bob-build slow-1 | pkg-deploy | repo-mkrepo --upload"]
    {
        let mut place = Place::folder();
        let started = place.workspace.path("started");
        place.workspace.write("work/slow-1", format!(": > '{}'; sleep 3600", started.display()));
        let folder = place.workspace.path("work").display().to_string();
        place.workspace.set("WORKSPACE_DIR", &folder);
        let mut running = place.shell(script).spawn();
        while !started.exists() {
            assert!(!running.ended(), "the formula did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        running.interrupt();
        let output = running.wait();
        assert_eq!(output.status, 130, "{script}: {output:?}");
        assert_eq!(place.workspace.litter(), [""; 0], "{script}");
        assert_eq!(place.contents(), [], "{script}");
    }
}
