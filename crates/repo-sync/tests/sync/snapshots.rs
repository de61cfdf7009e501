//! Snapshots, and what they keep.

use crate::*;

#[test]
fn a_yes_with_a_snapshot() {
    for site in sites() {
        let index = site.get(DEV.0, &format!("{}packages.json", DEV.1)).unwrap();
        site.put(DEV.0, &format!("{}packages-snap1.json", DEV.1), &index);
        let output = run(&site, &["-c", "snap1"], "yes\n").success();
        let expected = format!(
            "{ARRIVAL}Destination is empty; proceeding.\n{ADDED}
Copying 5 new or updated dists to destination...

Copying 5 new or updated manifests to, and removing 0 manifests from, destination...

Generating and uploading packages.json...

Sync complete.

"
        );
        assert_eq!(output.stderr, expected);

        let index = site.get(STABLE.0, &format!("{}packages.json", STABLE.1)).unwrap();
        assert_eq!(index, site.index(STABLE.0, STABLE.1));
        let snapshot = site.get(STABLE.0, &format!("{}packages-snap1.json", STABLE.1));
        assert_eq!(snapshot, Some(index));
        assert_eq!(site.packages(STABLE.0).len(), 12);
        let archive = format!("{}libdemo-1.2.10+build2.tar.gz", STABLE.1);
        assert_eq!(site.get(STABLE.0, &archive).unwrap(), b"archive of libdemo-1.2.10+build2");
        installable(&site, STABLE);

        // Records: one a package, then the publish, in a whole stream.
        let kinds: Vec<&str> =
            output.stdout.lines().map(|line| line.split('"').nth(3).unwrap()).collect();
        let mut expected = vec!["start.v1"];
        expected.extend(["sync.v1"; 5]);
        expected.extend(["publish.v1", "end.v1"]);
        assert_eq!(kinds, expected);

        // A second time: the destination has that snapshot already.
        run(&site, &["-c", "snap1"], "yes\n").expect(9);
    }
}

#[test]
fn a_snapshot_that_differs_from_the_source() {
    for site in sites() {
        run(&site, &["-c", "gone"], "yes\n").expect(4);
        let key = format!("{}packages-old.json", DEV.1);
        site.put(DEV.0, &key, r#"{"packages": {}}"#);
        run(&site, &["-c", "old"], "yes\n").expect(4);
        assert!(site.packages(STABLE.0).is_empty());
    }
}

#[test]
fn a_snapshot_alone() {
    for site in sites() {
        synced(&site);
        let index = site.get(DEV.0, &format!("{}packages.json", DEV.1)).unwrap();
        site.put(DEV.0, &format!("{}packages-snap2.json", DEV.1), &index);
        run(&site, &["-c", "snap2"], "y\n").success();
        let snapshot = site.get(STABLE.0, &format!("{}packages-snap2.json", STABLE.1));
        assert_eq!(snapshot, Some(site.index(STABLE.0, STABLE.1)));
    }
}

#[test]
fn archives_that_a_snapshot_lists_stay() {
    for site in sites() {
        let index = site.get(DEV.0, &format!("{}packages.json", DEV.1)).unwrap();
        site.put(DEV.0, &format!("{}packages-lts.json", DEV.1), &index);
        run(&site, &["-c", "lts"], "y\n").success();
        delete(&site, DEV, "libdemo-1.2.3.composer.json");
        site.publish(DEV.0, DEV.1);
        let output = run(&site, &[], "y\n").success();
        assert!(!output.stderr.contains("Removing 1 dists"), "{}", output.stderr);
        let archive = format!("{}libdemo-1.2.3.tar.gz", STABLE.1);
        assert!(site.get(STABLE.0, &archive).is_some());
    }
}
