//! Processes that are killed at any moment, from outside: readers never notice, and running them again
//! completes them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::thread;
use std::time::{Duration, Instant};

use end_to_end::crowd::{
    DAY, STAGE, bytes, check, check_clean, check_readable, check_whole, deploy, keys, published,
    put, sync,
};
use end_to_end::series::Series;
use end_to_end::{DEVELOP, Place, STABLE};
use test_kit::Process;

/// Kills a process after a part of the time that it takes; was it still there?
fn killed(process: Process, after: Duration) -> bool {
    let running = process.spawn();
    thread::sleep(after);
    running.kill();
    let output = running.wait();
    assert!([0, 5, 137].contains(&output.status), "{}: {}", output.status, output.stderr);
    output.status == 137
}

#[test]
fn killed_at_any_moment() {
    for (place, rounds) in [(Place::folder(), 20), (Place::seaweed(), 10)] {
        let mut series = Series::new(7);
        // What each takes when nobody disturbs it, in the end of the round before.
        let (mut deploying, mut syncing) = (Duration::from_millis(200), Duration::from_millis(200));
        let (mut deploys, mut syncs) = (0, 0);
        put(&place, STAGE, &[("kept-1", DAY), ("gone0-1", DAY), ("new-1", DAY)]);
        let snapshot = place.tool("repo-mkrepo").args(["--upload", "-c", "before"]);
        let _ = snapshot.args([&place.bucket, STAGE]).run().success();
        let _ = sync(&place, &["-c", "before"], STABLE).run().success();
        for round in 0..rounds {
            // One comes, one changes, one goes.
            let (coming, going) = (format!("gone{}-1", round + 1), format!("gone{round}-1"));
            let later = format!("2026-02-01 00:00:{round:02}");
            place
                .store()
                .delete_many(&[
                    format!("{STAGE}{going}.composer.json"),
                    format!("{STAGE}{going}.tar.gz"),
                ])
                .unwrap();
            put(&place, STAGE, &[(&coming, DAY), ("new-1", &later)]);
            let run = || sync(&place, &[], STABLE);
            let when = format!("sync {round}");
            syncs += usize::from(killed(run(), syncing.mul_f64(series.fraction())));
            check_readable(&place, STABLE, &when);
            let begin = Instant::now();
            let _ = run().run().success();
            syncing = begin.elapsed();
            assert_eq!(published(&place, STABLE), published(&place, STAGE), "{}", place.kind);
            // The snapshot still names what went first.
            let mut expected = keys(&place, STAGE);
            expected.push("gone0-1.tar.gz".to_owned());
            expected.sort();
            assert_eq!(keys(&place, STABLE), expected, "{}, {when}", place.kind);
            for name in ["new-1.tar.gz", &format!("{coming}.tar.gz")] {
                let [there, here] = [STABLE, STAGE].map(|at| bytes(&place, &format!("{at}{name}")));
                assert_eq!(there, here, "{}, {when}: {name}", place.kind);
            }

            let name = format!("p{round}-1");
            let when = format!("deploy {round}");
            let run = || deploy(&place, &name, &name);
            deploys += usize::from(killed(run(), deploying.mul_f64(series.fraction())));
            if round > 0 {
                check_readable(&place, DEVELOP, &when);
            }
            let begin = Instant::now();
            let again = run().run();
            // Killed when it was complete.
            check(&place, std::slice::from_ref(&again), &[0, 5]);
            if again.status == 0 {
                deploying = begin.elapsed();
            }
            assert_eq!(published(&place, DEVELOP).len(), round + 1, "{}, {when}", place.kind);
            assert_eq!(keys(&place, DEVELOP).len(), 2 * (round + 1) + 1, "{}, {when}", place.kind);
        }
        check_whole(&place, STABLE);
        check_whole(&place, DEVELOP);
        check_clean(&place, STABLE);
        check_clean(&place, DEVELOP);
        // Most of them were under way; a test that only ever comes too late is none.
        assert!(deploys > 0 && syncs > 0, "{}: {deploys} and {syncs} killed", place.kind);
    }
}
