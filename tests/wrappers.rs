//! The drop-in wrappers as the scripts that they replace were used, with the real tools, on every
//! kind of store.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use end_to_end::{DEVELOP, Place, STABLE};
use test_kit::Process;

/// What a step said: stdout, stderr and status, masked.
type Said = (String, String, i32);

fn said(place: &Place, step: Process) -> Said {
    let output = step.run();
    (place.masked(&output.stdout), timeless(&place.masked(&output.stderr)), output.status)
}

/// A text without the time until which a change can be undone.
fn timeless(text: &str) -> String {
    let until = "undone until ";
    match text
        .split_once(until)
        .and_then(|(before, rest)| Some((before, rest.split_once(" UTC")?.1)))
    {
        Some((before, after)) => format!("{before}{until}{after}"),
        None => text.to_owned(),
    }
}

/// Everything that the old readme walks through.
fn walk(place: &Place) -> (Vec<Said>, Vec<(String, String)>) {
    let bucket = &place.bucket;
    let steps = [
        place.wrapper("bob").args(["deploy", "libraries/libtally-2.0.1"]),
        place.wrapper("deploy.sh").args(["--publish", "php-8.3.9"]),
        place.wrapper("deploy.sh").args(["php-8.3.9"]),
        place.wrapper("deploy.sh").args(["php-8.3.9", "--overwrite"]),
        place.wrapper("deploy.sh").args(["php-8.3.10"]),
        place.wrapper("deploy.sh").args(["--dry-run", "ext-counter-1.0.0_php-8.3"]),
        place.wrapper("deploy.sh").args(["ext-counter-1.0.0_php-8.3"]),
        place.wrapper("deploy.sh").args(["programs/oldtimer-0.9.0"]),
        place.wrapper("mkrepo.sh"),
        // Not published yet: the default is to abort.
        place.wrapper("sync.sh").args([bucket, STABLE, bucket, DEVELOP]).input("\n"),
        place.wrapper("mkrepo.sh").arg("--upload"),
        place.wrapper("sync.sh").args([bucket, STABLE, bucket, DEVELOP]),
        place.wrapper("sync.sh").args([bucket, STABLE, bucket, DEVELOP]).input("n\n"),
        place.wrapper("sync.sh").args([bucket, STABLE, bucket, DEVELOP]).input("y\n"),
        place.wrapper("sync.sh").args([bucket, STABLE, bucket, DEVELOP]).input("y\n"),
        place.wrapper("remove.sh").arg("php-8.3.9.composer.json").input("y\n"),
        place.wrapper("remove.sh").arg("nosuch-1").input("y\n"),
        place.wrapper("formulae-hash.sh").arg(end_to_end::root().join("formulae")),
    ];
    let said = steps.into_iter().map(|step| said(place, step)).collect();
    assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    (said, place.contents())
}

#[test]
fn all_stores_say_and_do_the_same() {
    let (folder, contents) = walk(&Place::folder());
    let statuses: Vec<i32> = folder.iter().map(|(_, _, status)| *status).collect();
    let expected = [0, 0, 5, 0, 0, 0, 0, 9, 0, 3, 0, 1, 0, 0, 0, 0, 7, 0];
    assert_eq!(statuses, expected, "{folder:#?}");
    for place in [Place::in_process(), Place::seaweed()] {
        let (other, there) = walk(&place);
        for (number, (ours, others)) in folder.iter().zip(&other).enumerate() {
            assert_eq!(ours, others, "step {number} on {}", place.kind);
        }
        assert_eq!(contents, there, "{}", place.kind);
    }
    let names: Vec<&str> = contents.iter().map(|(key, _)| key.as_str()).collect();
    assert!(names.contains(&format!("{STABLE}php-8.3.9.tar.gz").as_str()));
    assert!(!names.contains(&format!("{DEVELOP}php-8.3.9.tar.gz").as_str()));
}

#[test]
fn a_library_may_be_the_first_that_is_published() {
    let place = Place::folder();
    place.wrapper("deploy.sh").args(["--publish", "libraries/libtally-2.0.1"]).run().success();
    let index = place.store().get(&format!("{DEVELOP}packages.json")).unwrap().unwrap();
    assert_eq!(index.bytes, br#"{"packages": {}}"#);
}

#[test]
fn a_deploy_says_what_it_always_said() {
    let place = Place::folder();
    let (stdout, stderr, status) =
        said(&place, place.wrapper("deploy.sh").args(["--publish", "php-8.3.9"]));
    assert_eq!(status, 0);
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines[0], "Building formula php-8.3.9 in <WORK>/tmp/*:");
    assert_eq!(lines[1], "");
    let tail = lines.iter().position(|line| line.starts_with("Build complete: ")).unwrap();
    assert_eq!(
        lines[tail - 1..],
        [
            "",
            "Build complete: <WORK>/build",
            "Archiving.",
            "Created: <WORK>/tmp/*",
            "Deploying.",
            "Uploading to: <STORE>/dist-heroku-24-develop/php-8.3.9.tar.gz",
            "Upload complete!",
            "",
            "Uploading manifest...",
            "Updating repository...",
        ]
    );
    assert_eq!(
        stderr,
        "-----> Fetching manifests... \n-----> Generating packages.json...\n\
         -----> Uploading packages.json...\n-----> Done.\n"
    );
}
