//! Many processes in one repository at once: nothing is lost, nothing half-done is left. On every kind
//! of store.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use end_to_end::crowd::{
    DAY, STAGE, at_once, bytes, check, check_clean, check_whole, deploy, keys, published, put,
    statuses, sync,
};
use end_to_end::{DEVELOP, Place, full};
use test_kit::Process;

/// How many deploy at once.
const MANY: usize = 16;

fn places() -> [Place; 3] {
    [Place::folder(), Place::in_process(), Place::seaweed()]
}

#[test]
fn parallel_deploys_lose_nothing() {
    for place in places() {
        let rounds = if full() || place.kind == "in-process S3" { 8 } else { 2 };
        let mut expected = Vec::new();
        for round in 0..rounds {
            let names: Vec<String> =
                (0..MANY).map(|number| format!("p{number:02}-{round}")).collect();
            let all = names.iter().map(|name| deploy(&place, name, name)).collect();
            check(&place, &at_once(all), &[0]);
            expected.extend(names);
            expected.sort();
            assert_eq!(published(&place, DEVELOP), expected, "{}, round {round}", place.kind);
        }
        assert_eq!(expected.len(), MANY * rounds);
        check_whole(&place, DEVELOP);
        check_clean(&place, DEVELOP);
        assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    }
}

#[test]
fn deploys_and_removals_and_syncs_at_once() {
    for place in places() {
        let old: Vec<String> = (0..6).map(|number| format!("old{number}-1")).collect();
        let packages: Vec<(&str, &str)> = old.iter().map(|name| (name.as_str(), DAY)).collect();
        put(&place, DEVELOP, &packages);
        put(&place, STAGE, &[("synced0-1", DAY), ("synced1-1", DAY), ("old5-1", DAY)]);

        // None of these stands in another's way: all must succeed, and all must be heeded.
        let remove = |name: &str| place.tool("pkg-remove").args(["--yes", name]);
        let mut all = Vec::new();
        for (number, name) in old.iter().take(4).enumerate() {
            all.push(remove(name));
            all.push(deploy(&place, &format!("new{number}-1"), "first"));
            all.push(sync(&place, &["--no-remove"], DEVELOP));
        }
        check(&place, &at_once(all), &[0]);
        let expected =
            ["new0-1", "new1-1", "new2-1", "new3-1", "old4-1", "old5-1", "synced0-1", "synced1-1"];
        assert_eq!(published(&place, DEVELOP), expected, "{}", place.kind);
        check_whole(&place, DEVELOP);
        check_clean(&place, DEVELOP);

        // These do: a sync removes what is deployed, a removal what is synced, a deploy replaces it.
        // Whoever is last is right, but whatever that is, it is whole.
        for round in 0..if full() { 8 } else { 2 } {
            let mut all = Vec::new();
            for (number, name) in ["synced0-1", "synced1-1", "old5-1", "late0-1"].iter().enumerate()
            {
                let content = format!("{number} of round {round}");
                all.push(sync(&place, &[], DEVELOP));
                all.push(deploy(&place, &format!("late{number}-1"), &content).arg("--overwrite"));
                all.push(remove(name));
                all.push(deploy(&place, name, &content).arg("--overwrite"));
            }
            let outputs = at_once(all);
            // A removal finds nothing to remove, it or a sync something that is replaced meanwhile.
            let (others, deploys): (Vec<_>, Vec<_>) =
                outputs.into_iter().enumerate().partition(|(number, _)| number % 2 == 0);
            for (number, output) in others {
                check(&place, &[output], if number % 4 == 0 { &[0, 12] } else { &[0, 7, 12] });
            }
            for (_, output) in deploys {
                check(&place, &[output], &[0]);
            }
            check_whole(&place, DEVELOP);

            // And then it can be brought to order.
            check(&place, &at_once(vec![sync(&place, &[], DEVELOP)]), &[0]);
            assert_eq!(published(&place, DEVELOP), published(&place, STAGE), "{}", place.kind);
            check_whole(&place, DEVELOP);
            check_clean(&place, DEVELOP);
        }
        assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    }
}

/// Whoever takes the last package takes the index too: not the one that names what comes meanwhile.
#[test]
fn the_last_is_removed_while_another_comes() {
    for place in places() {
        put(&place, DEVELOP, &[("p0-1", DAY)]);
        for round in 0..if full() { 16 } else { 4 } {
            let next = format!("p{}-1", round + 1);
            let remove = place.tool("pkg-remove").args(["--yes", &format!("p{round}-1")]);
            check(&place, &at_once(vec![remove, deploy(&place, &next, "next")]), &[0]);
            assert_eq!(published(&place, DEVELOP), [next], "{}", place.kind);
            check_whole(&place, DEVELOP);
            check_clean(&place, DEVELOP);
        }
        assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    }
}

#[test]
fn of_sixteen_deploys_of_one_name_one_wins() {
    for place in places() {
        let contents: Vec<String> =
            (0..MANY).map(|number| format!("archive {}", "x".repeat(number))).collect();
        let all = contents.iter().map(|content| deploy(&place, "same-1", content)).collect();
        let outputs = at_once(all);
        let one_wins: Vec<i32> = [0].into_iter().chain([5; MANY - 1]).collect();
        assert_eq!(statuses(&outputs), one_wins, "{}: {outputs:#?}", place.kind);
        let winner = outputs.iter().position(|output| output.status == 0).unwrap();
        let content = &contents[winner];
        assert_eq!(bytes(&place, &format!("{DEVELOP}same-1.tar.gz")), content.as_bytes());
        // Each build has a time of its own.
        let time = format!("2026-01-01 00:00:{:02}", content.len());
        let found = bytes(&place, &format!("{DEVELOP}same-1.composer.json"));
        let found = String::from_utf8(found).unwrap();
        assert!(found.contains(&time), "{}: expected {time} in {found}", place.kind);
        assert_eq!(
            keys(&place, DEVELOP),
            ["packages.json", "same-1.composer.json", "same-1.tar.gz"],
            "{}",
            place.kind
        );
        check_whole(&place, DEVELOP);
        check_clean(&place, DEVELOP);
    }
}

#[test]
fn wrappers_at_once() {
    for place in places() {
        let formulae = ["php-8.3.9", "php-8.3.10", "php-8.4.2", "programs/oldtimer-0.9.0"];
        // Nobody builds in another's folder.
        let deploys = formulae.iter().map(|formula| {
            let folder = place.workspace.path(format!("build-{formula}")).display().to_string();
            let wrapper = place.wrapper("deploy.sh").args(["--publish", formula]);
            // All of them are for this stack.
            wrapper.env("DEFAULT_BUILD_PATH", folder).env("STACK", "heroku-18")
        });
        let deploys: Vec<Process> = deploys.collect();
        check(&place, &at_once(deploys), &[0]);
        let expected = ["oldtimer-0.9.0", "php-8.3.10", "php-8.3.9", "php-8.4.2"];
        assert_eq!(published(&place, DEVELOP), expected, "{}", place.kind);
        check_whole(&place, DEVELOP);
        check_clean(&place, DEVELOP);
        assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    }
}
