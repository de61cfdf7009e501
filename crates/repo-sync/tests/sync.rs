//! The program, on both stores: messages, statuses, and what is in the buckets afterwards.

use test_kit::{Output, Process, Site};

const DEV: (&str, &str) = ("php-dev", "dist-heroku-24-amd64-develop/");
const STABLE: (&str, &str) = ("php-stable", "dist-heroku-24-amd64-stable/");
const TIME: &str = "2026-01-01 00:00:00";
const LATER: &str = "2026-01-02 00:00:00";

const ARRIVAL: &str = "\
Fetching source repository from
  s3://php-dev/dist-heroku-24-amd64-develop/...
Checking destination bucket at
  s3://php-stable/dist-heroku-24-amd64-stable/...
";
const ADDED: &str = "\
Fetching manifests from source... 

The following packages will be ADDED
 from s3://php-dev/dist-heroku-24-amd64-develop/
   to s3://php-stable/dist-heroku-24-amd64-stable/:
  - ext-demo-2.0.0
  - libdemo-1.2.3
  - libdemo-1.2.10+build2
  - php-8.4.6
  - php-8.4.10

WARNING: POTENTIALLY DESTRUCTIVE ACTION!

";
const PACKAGES: [&str; 5] = [
    "ext-demo-2.0.0",
    "libdemo-1.2.10+build2",
    "libdemo-1.2.3",
    "php-8.4.10",
    "php-8.4.6",
];

/// Both stores, with a published source of five packages and an empty destination.
fn sites() -> [Site; 2] {
    let mut sites = Site::both();
    for site in &mut sites {
        site.create_bucket(DEV.0);
        site.create_bucket(STABLE.0);
        site.workspace.repository(DEV.0, DEV.1);
        for name in PACKAGES {
            site.package(DEV.0, DEV.1, name, TIME);
        }
        site.publish(DEV.0, DEV.1);
    }
    sites
}

fn sync(site: &Site) -> Process {
    site.process(env!("CARGO_BIN_EXE_repo-sync"))
}

fn run(site: &Site, options: &[&str], input: &str) -> Output {
    let output = sync(site)
        .args(options)
        .args([STABLE.0, STABLE.1])
        .input(input)
        .run();
    Output {
        stderr: site.masked(&output.stderr),
        ..output
    }
}

/// A reader's view: every URL in the published index leads to an archive.
fn installable(site: &Site, (bucket, prefix): (&str, &str)) {
    let index = site.get(bucket, &format!("{prefix}packages.json")).unwrap();
    let index = String::from_utf8(index).unwrap();
    let root = site.url(bucket, "");
    for url in index.split('"').filter_map(|text| text.strip_prefix(&root)) {
        let key = url.replace("%2B", "+");
        assert!(site.get(bucket, &key).is_some(), "{key} is missing");
    }
}

fn synced(site: &Site) {
    run(site, &[], "y\n").success();
}

#[test]
fn a_no_leaves_everything_as_it_is() {
    for site in sites() {
        let output = run(&site, &["--records", "/dev/null"], "n\n").success();
        let expected =
            format!("{ARRIVAL}Destination is empty; proceeding.\n{ADDED}Sync aborted.\n\n");
        assert_eq!(output.stderr, expected);
        assert_eq!(output.stdout, "");
        assert!(site.keys(STABLE.0).is_empty());
        assert!(site.workspace.litter().is_empty());
    }
}

#[test]
fn only_whole_words_are_answers() {
    for site in sites() {
        for answer in ["not really\n", "yesterday\n", "\n", "N\n"] {
            assert!(
                run(&site, &[], answer)
                    .success()
                    .stderr
                    .ends_with("Sync aborted.\n\n")
            );
        }
        let closed = run(&site, &[], "").expect(1);
        assert!(
            closed.stderr.contains("stdin is closed"),
            "{}",
            closed.stderr
        );
        assert!(site.keys(STABLE.0).is_empty());
    }
}

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

        let index = site
            .get(STABLE.0, &format!("{}packages.json", STABLE.1))
            .unwrap();
        assert_eq!(index, site.index(STABLE.0, STABLE.1));
        let snapshot = site.get(STABLE.0, &format!("{}packages-snap1.json", STABLE.1));
        assert_eq!(snapshot, Some(index));
        assert_eq!(site.keys(STABLE.0).len(), 12);
        let archive = format!("{}libdemo-1.2.10+build2.tar.gz", STABLE.1);
        assert_eq!(
            site.get(STABLE.0, &archive).unwrap(),
            b"archive of libdemo-1.2.10+build2"
        );
        installable(&site, STABLE);

        // Records: one a package, then the publish, in a whole stream.
        let kinds: Vec<&str> = output
            .stdout
            .lines()
            .map(|line| line.split('"').nth(3).unwrap())
            .collect();
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
        assert!(site.keys(STABLE.0).is_empty());
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
fn nothing_to_do() {
    for site in sites() {
        synced(&site);
        let output = run(&site, &[], "").success();
        let expected =
            format!("{ARRIVAL}Fetching manifests from source... \n\nNothing to do - aborting.\n");
        assert_eq!(output.stderr, expected);
    }
}

#[test]
fn a_stale_source() {
    for site in sites() {
        synced(&site);
        site.package(DEV.0, DEV.1, "libdemo-1.2.9", TIME);
        let warning = format!(
            "{ARRIVAL}Fetching manifests from source... 

WARNING: packages.json from source does not match its list of manifests!
 You should run 'mkrepo.sh' to update, or ask the bucket maintainers to do so.
"
        );
        for (options, input) in [
            (&[][..], "y\n"),
            (&[], "certainly abort\n"),
            (&[], "\n"),
            (&["--yes"], ""),
        ] {
            let output = run(&site, options, input).expect(3);
            assert_eq!(output.stderr, warning);
        }
        run(&site, &[], "").expect(1);
        let output = run(&site, &[], "no\ny\n").success();
        assert!(output.stderr.ends_with("Sync complete.\n\n"));
        installable(&site, STABLE);
    }
}

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
        assert_eq!(output.stderr, expected);
        assert!(
            !site
                .keys(STABLE.0)
                .iter()
                .any(|key| key.contains("libdemo-1.2.3"))
        );
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
        let index = site
            .get(STABLE.0, &format!("{}packages.json", STABLE.1))
            .unwrap();
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
        site.manifest(
            DEV.0,
            DEV.1,
            "outside-1",
            TIME,
            "https://example.com/outside-1.tar.gz",
        );
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
            site.get(STABLE.0, &format!("{}packages.json", STABLE.1))
                .unwrap(),
            site.index(STABLE.0, STABLE.1)
        );
        installable(&site, STABLE);
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
        assert!(
            !output.stderr.contains("Removing 1 dists"),
            "{}",
            output.stderr
        );
        let archive = format!("{}libdemo-1.2.3.tar.gz", STABLE.1);
        assert!(site.get(STABLE.0, &archive).is_some());
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
        site.put(
            STABLE.0,
            &format!("{}packages-lts.json", STABLE.1),
            r#"{"packages": {}}"#,
        );
        for name in PACKAGES {
            delete(&site, DEV, &format!("{name}.composer.json"));
        }
        site.publish(DEV.0, DEV.1);
        let output = run(&site, &[], "y\n").success();
        assert!(
            output.stderr.contains("IN ITS ENTIRETY"),
            "{}",
            output.stderr
        );
        assert!(
            output.stderr.contains("Removing packages.json...\n\n"),
            "{}",
            output.stderr
        );
        assert!(site.keys(STABLE.0).is_empty(), "{:?}", site.keys(STABLE.0));
    }
}

#[test]
fn a_destination_that_was_left_unpublished_is_completed() {
    for site in sites() {
        synced(&site);
        // As after a crash between the manifests and packages.json.
        site.put(
            STABLE.0,
            &format!("{}packages.json", STABLE.1),
            r#"{"packages": {}}"#,
        );
        let output = run(&site, &["--yes"], "").success();
        assert!(
            output.stderr.contains("does not match its manifests"),
            "{}",
            output.stderr
        );
        assert_eq!(
            site.get(STABLE.0, &format!("{}packages.json", STABLE.1))
                .unwrap(),
            site.index(STABLE.0, STABLE.1)
        );
    }
}

#[test]
fn folders_in_place_of_buckets() {
    for site in sites() {
        synced(&site);
        // A copy of the source without one package, as historical scripts made it.
        for name in &PACKAGES[1..] {
            let file = format!("{name}.composer.json");
            let bytes = site.get(DEV.0, &format!("{}{file}", DEV.1)).unwrap();
            site.workspace.write(format!("local/{file}"), bytes);
        }
        let output = run(&site, &["-d", "local"], "").success();
        let folder = "Nothing to do with local dir as destination - aborting.\n";
        assert!(
            output
                .stderr
                .ends_with(&format!("  - ext-demo-2.0.0\n\n{folder}")),
            "{}",
            output.stderr
        );
        assert!(!output.stderr.contains("Checking destination"));

        let output = run(&site, &["-s", "local"], "y\n").success();
        assert!(!output.stderr.contains("Fetching source repository"));
        assert!(
            output.stderr.contains("REMOVED\n from s3://php-stable"),
            "{}",
            output.stderr
        );
        assert!(
            !site
                .keys(STABLE.0)
                .iter()
                .any(|key| key.contains("ext-demo"))
        );
        installable(&site, STABLE);
    }
}

#[test]
fn a_dry_run_and_a_plan_change_nothing() {
    for site in sites() {
        let dry = run(&site, &["--dry-run"], "").success();
        let archives: usize = PACKAGES
            .iter()
            .map(|name| format!("archive of {name}").len())
            .sum();
        let sizes =
            format!("Dry run: would copy {archives} bytes and remove 0 bytes of archives.\n\n");
        assert!(dry.stderr.ends_with(&sizes), "{}", dry.stderr);
        let plan = run(&site, &["--plan"], "").success();
        let document: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
        assert_eq!(document["kind"], "plan.v1");
        assert_eq!(document["operations"].as_array().unwrap().len(), 10);
        assert_eq!(document["copied-bytes"], archives);
        assert!(document["source"]["etag"].is_string());
        assert!(document["destination"]["etag"].is_null());
        assert!(site.keys(STABLE.0).is_empty());
    }
}

#[test]
fn what_is_missing_is_named() {
    for site in sites() {
        let output = sync(&site).args(["no-such", "p/"]).run().expect(7);
        assert!(output.stderr.contains("no-such"), "{}", output.stderr);
        let output = sync(&site)
            .args([STABLE.0, STABLE.1, DEV.0, "empty/"])
            .run()
            .expect(7);
        assert!(
            output.stderr.contains("empty/packages.json"),
            "{}",
            output.stderr
        );
        sync(&site).run().expect(2);
    }
}

#[test]
fn from_one_service_to_another_and_from_a_public_source() {
    let [folder, s3] = sites();
    let server = s3.server().unwrap();
    let stores = folder.workspace.path("stores");
    let endpoint = format!("file://{}", stores.display());
    sync(&s3)
        .args(["--dest-endpoint", &endpoint, "--yes", STABLE.0, STABLE.1])
        .run()
        .success();
    installable(&folder, STABLE);
    assert_eq!(
        folder
            .get(STABLE.0, &format!("{}packages.json", STABLE.1))
            .unwrap(),
        folder.index(STABLE.0, STABLE.1)
    );

    // Nobody's credentials: refused while the source is private, read once it is public.
    let anonymous = || {
        sync(&folder)
            .without("AWS_ACCESS_KEY_ID")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args([
                "--source-endpoint",
                &server.endpoint(),
                "--yes",
                "mirror",
                "dist/",
            ])
            .args([DEV.0, DEV.1])
            .run()
    };
    folder.create_bucket("mirror");
    anonymous().expect(8);
    server.set_public(DEV.0, true);
    let output = anonymous().success();
    assert!(output.stderr.contains("anonymously"), "{}", output.stderr);
    installable(&folder, ("mirror", "dist/"));
}

#[test]
fn the_historical_planner() {
    let site = Site::folder();
    site.manifest(
        "a",
        "",
        "both-1",
        LATER,
        "https://src.s3.amazonaws.com/p/both-1.tar.gz",
    );
    site.manifest(
        "a",
        "",
        "new-1",
        TIME,
        "https://src.s3.eu-west-1.amazonaws.com/p/new-1.tar.gz",
    );
    site.manifest(
        "b",
        "",
        "both-1",
        TIME,
        "https://dst.s3.amazonaws.com/q/both-1.tar.gz",
    );
    site.manifest(
        "b",
        "",
        "old-1",
        TIME,
        "https://dst.s3.amazonaws.com/q/old-1.tar.gz",
    );
    let ops = |dry: &[&str]| {
        site.process(env!("CARGO_BIN_EXE_repo-sync"))
            .without("AWS_ENDPOINT_URL_S3")
            .arg("ops")
            .args(dry)
            .args([
                "eu-west-1",
                "src",
                "p/",
                "stores/a",
                "us-east-1",
                "dst",
                "q/",
                "stores/b",
            ])
            .run()
            .success()
    };
    let before = site.keys("b");
    let output = ops(&["--dry-run"]);
    assert_eq!(site.keys("b"), before);
    let operations: Vec<serde_json::Value> = serde_json::from_str(&output.stdout).unwrap();
    let found = |kind: &str, op: &str, package: &str| {
        operations
            .iter()
            .find(|o| o["kind"] == kind && o["op"] == op && o["package"] == package)
            .unwrap_or_else(|| panic!("{kind} {op} {package}: {}", output.stdout))
    };
    assert_eq!(operations.len(), 6);
    let dist = found("dist", "add", "new-1");
    assert_eq!(dist["source"], "s3://src/p/new-1.tar.gz");
    assert_eq!(dist["source-region"], "eu-west-1");
    assert_eq!(dist["destination"], "s3://dst/q/new-1.tar.gz");
    let manifest = found("manifest", "update", "both-1");
    assert_eq!(manifest["source"], "stores/b/both-1.composer.json");
    assert_eq!(manifest["destination"], "s3://dst/q/both-1.composer.json");
    assert_eq!(
        found("dist", "remove", "old-1")["destination"],
        "s3://dst/q/old-1.tar.gz"
    );

    ops(&[]);
    assert_eq!(
        site.keys("b"),
        ["both-1.composer.json", "new-1.composer.json"]
    );
    let text = String::from_utf8(site.get("b", "new-1.composer.json").unwrap()).unwrap();
    assert!(
        text.contains("https://dst.s3.dualstack.us-east-1.amazonaws.com/q/new-1.tar.gz"),
        "{text}"
    );
}

fn delete(site: &Site, (bucket, prefix): (&str, &str), file: &str) {
    site.delete(bucket, &format!("{prefix}{file}"));
}
