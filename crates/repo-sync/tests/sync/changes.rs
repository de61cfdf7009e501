//! What is added, updated, removed and left alone.

use test_kit::without_undo;

use crate::*;

#[test]
fn removals() {
    for site in sites() {
        synced(&site);
        for file in ["libdemo-1.2.3.composer.json", "libdemo-1.2.3.tar.gz"] {
            delete(&site, DEV, file);
        }
        site.publish(DEV.0, DEV.1);

        let kept = run(&site, &["--no-remove"], "").success();
        let expected = format!(
            "{ARRIVAL}Fetching manifests from source... 

The following packages will NOT be REMOVED
 from s3://php-stable/dist-heroku-24-amd64-stable/
 because '--no-remove' was given:
  - libdemo-1.2.3

Nothing to do - aborting.
"
        );
        assert_eq!(kept.stderr, expected);

        let output = run(&site, &[], "y\n").success();
        let expected = format!(
            "{ARRIVAL}Fetching manifests from source... 

The following packages will be REMOVED
 from s3://php-stable/dist-heroku-24-amd64-stable/:
  - libdemo-1.2.3

WARNING: POTENTIALLY DESTRUCTIVE ACTION!


Copying 0 new or updated manifests to, and removing 1 manifests from, destination...

Generating and uploading packages.json...

Removing 1 dists from destination...

Sync complete.

"
        );
        assert_eq!(without_undo(&output.stderr), expected);
        assert!(!site.packages(STABLE.0).iter().any(|key| key.contains("libdemo-1.2.3")));
        installable(&site, STABLE);
    }
}

#[test]
fn kept_packages_stay_listed() {
    for site in sites() {
        synced(&site);
        delete(&site, DEV, "libdemo-1.2.3.composer.json");
        site.package(DEV.0, DEV.1, "new-1", TIME);
        site.publish(DEV.0, DEV.1);
        run(&site, &["--no-remove"], "y\n").success();
        let index = site.get(STABLE.0, &format!("{}packages.json", STABLE.1)).unwrap();
        let index = String::from_utf8(index).unwrap();
        assert!(index.contains("libdemo-1.2.3") && index.contains("new-1"));
        installable(&site, STABLE);
    }
}

#[test]
fn updates_and_what_is_left_alone() {
    for site in sites() {
        synced(&site);
        site.package(DEV.0, DEV.1, "php-8.4.6", LATER);
        site.package(STABLE.0, STABLE.1, "php-8.4.10", LATER);
        site.manifest(DEV.0, DEV.1, "outside-1", TIME, "https://example.com/outside-1.tar.gz");
        site.publish(DEV.0, DEV.1);
        let output = run(&site, &[], "y\n").success();
        let summary = output.stderr.split("source... \n\n").nth(1).unwrap();
        let expected = "\
The following packages will be IGNORED:
  - php-8.4.10 (destination is newer)

The following packages will be ADDED
 from s3://php-dev/dist-heroku-24-amd64-develop/
   to s3://php-stable/dist-heroku-24-amd64-stable/:
  - outside-1 (manifest only, dist is external)

The following packages will be UPDATED (source manifest is newer)
 from s3://php-dev/dist-heroku-24-amd64-develop/
   to s3://php-stable/dist-heroku-24-amd64-stable/:
  - php-8.4.6

";
        assert!(summary.starts_with(expected), "{summary}");
        assert_eq!(
            site.get(STABLE.0, &format!("{}packages.json", STABLE.1)).unwrap(),
            site.index(STABLE.0, STABLE.1)
        );
        installable(&site, STABLE);
    }
}

#[test]
fn an_archive_that_a_removed_and_an_added_package_share() {
    for site in sites() {
        synced(&site);
        delete(&site, DEV, "libdemo-1.2.3.composer.json");
        let url = site.url(DEV.0, &format!("{}libdemo-1.2.3.tar.gz", DEV.1));
        site.manifest(DEV.0, DEV.1, "renamed-1.2.3", TIME, &url);
        site.publish(DEV.0, DEV.1);
        run(&site, &[], "y\n").success();
        installable(&site, STABLE);
    }
}

#[test]
fn emptying_the_destination() {
    for site in sites() {
        synced(&site);
        site.put(STABLE.0, &format!("{}packages-lts.json", STABLE.1), r#"{"packages": {}}"#);
        for name in PACKAGES {
            delete(&site, DEV, &format!("{name}.composer.json"));
        }
        site.publish(DEV.0, DEV.1);
        let output = run(&site, &[], "y\n").success();
        assert!(output.stderr.contains("IN ITS ENTIRETY"), "{}", output.stderr);
        assert!(output.stderr.contains("Removing packages.json...\n\n"), "{}", output.stderr);
        assert!(site.packages(STABLE.0).is_empty(), "{:?}", site.keys(STABLE.0));
    }
}

#[test]
fn a_destination_that_was_left_unpublished_is_completed() {
    for site in sites() {
        synced(&site);
        // As after a crash between the manifests and packages.json.
        site.put(STABLE.0, &format!("{}packages.json", STABLE.1), r#"{"packages": {}}"#);
        let output = run(&site, &["--yes"], "").success();
        assert!(output.stderr.contains("does not match its manifests"), "{}", output.stderr);
        assert_eq!(
            site.get(STABLE.0, &format!("{}packages.json", STABLE.1)).unwrap(),
            site.index(STABLE.0, STABLE.1)
        );
    }
}

/// On a service whose ETags are all the same, a new manifest comes with its new archive.
#[test]
fn a_rebuilt_archive_arrives_where_all_etags_are_the_same() {
    let mut site = Site::s3();
    let quirks = test_kit::s3::Quirks { constant_etags: true, ..Default::default() };
    site.server().unwrap().set_quirks(quirks);
    for bucket in [DEV.0, STABLE.0] {
        site.create_bucket(bucket);
    }
    site.workspace.repository(DEV.0, DEV.1);
    for name in ["php-8.4.6", "ext-demo-2.0.0"] {
        site.package(DEV.0, DEV.1, name, TIME);
    }
    site.publish(DEV.0, DEV.1);
    run(&site, &[], "y\n").success();
    let (from, to) =
        (format!("{}php-8.4.6.tar.gz", DEV.1), format!("{}php-8.4.6.tar.gz", STABLE.1));
    let mut archive = site.get(STABLE.0, &to).unwrap();
    archive.reverse();
    archive[0] = archive[0].wrapping_add(1);
    site.package(DEV.0, DEV.1, "php-8.4.6", LATER);
    site.put(DEV.0, &from, &archive);
    site.publish(DEV.0, DEV.1);
    run(&site, &[], "y\n").success();
    assert_eq!(site.get(STABLE.0, &to).unwrap(), archive);
}
