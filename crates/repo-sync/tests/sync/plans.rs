//! Plans: printed, read again, and applied only where nothing has moved.

use serde_json::Value;
use test_kit::Site;

use crate::*;

/// Prints a plan into `plan.json`.
fn plan(site: &Site, options: &[&str]) -> Value {
    let output = run(site, &[options, &["--plan"]].concat(), "").success();
    site.workspace.write("plan.json", &output.stdout);
    serde_json::from_str(&output.stdout).unwrap()
}

fn apply(site: &Site, options: &[&str]) -> Output {
    let output = sync(site).args(["--apply", "plan.json"]).args(options).input("").run();
    Output { stderr: site.masked(&output.stderr), ..output }
}

fn key(place: (&str, &str), file: &str) -> String {
    format!("{}{file}", place.1)
}

#[test]
fn a_plan_says_all_that_it_rests_on() {
    for site in sites() {
        synced(&site);
        site.package(DEV.0, DEV.1, "php-8.4.6", LATER);
        site.delete(DEV.0, &key(DEV, "ext-demo-2.0.0.composer.json"));
        site.publish(DEV.0, DEV.1);
        let document = plan(&site, &[]);
        assert_eq!(document["tool"], "repo-sync");
        assert_eq!(document["options"]["no-remove"], false);
        for side in ["source", "destination"] {
            let side = &document[side];
            assert!(side["etag"].is_string(), "{side}");
            assert_eq!(side["fingerprint"].as_str().unwrap().len(), 64);
            assert!(side["manifests"].as_object().unwrap().len() >= 4);
        }
        assert!(document["source"]["generation"].is_null(), "written without a history");
        assert!(document["destination"]["generation"].is_string());
        let size = |name: &str| format!("archive of {name}").len();
        assert_eq!(document["copied-bytes"], size("php-8.4.6"));
        assert_eq!(document["removed-bytes"], size("ext-demo-2.0.0"));
        let operations = document["operations"].as_array().unwrap();
        let find = |kind: &str, op: &str| {
            operations.iter().find(|o| o["kind"] == kind && o["op"] == op).unwrap()
        };
        assert_eq!(operations.len(), 4);
        let update = find("dist", "update");
        assert_eq!(update["size-bytes"], size("php-8.4.6"));
        assert!(update["etag"].is_string() && update["replaces-etag"].is_string());
        assert_eq!(find("dist", "remove")["size-bytes"], size("ext-demo-2.0.0"));
        assert!(find("manifest", "update")["etag"].is_string());
        assert!(find("manifest", "remove")["etag"].is_string());
    }
}

#[test]
fn it_is_applied_once_without_a_question() {
    for site in sites() {
        plan(&site, &[]);
        let dry = apply(&site, &["--dry-run"]).success();
        assert!(dry.stderr.contains("Dry run: would copy"), "{}", dry.stderr);
        assert!(site.packages(STABLE.0).is_empty());

        let output = apply(&site, &[]).success();
        assert!(output.stderr.contains("will be ADDED"), "{}", output.stderr);
        assert!(output.stderr.ends_with("Sync complete.\n\n"), "{}", output.stderr);
        installable(&site, STABLE);
        let before = site.keys(STABLE.0);

        let again = apply(&site, &[]).expect(13);
        for part in ["the destination s3://php-stable", "php-8.4.6.composer.json was added"] {
            assert!(again.stderr.contains(part), "{part}: {}", again.stderr);
        }
        assert_eq!(site.keys(STABLE.0), before);
        plan(&site, &[]);
        let nothing = apply(&site, &[]).success();
        assert!(nothing.stderr.contains("Nothing to do"), "{}", nothing.stderr);

        // A snapshot is part of the plan.
        let index = site.get(DEV.0, &key(DEV, "packages.json")).unwrap();
        site.put(DEV.0, &key(DEV, "packages-first.json"), &index);
        let document = plan(&site, &["-c", "first"]);
        assert_eq!(document["options"]["snapshot"], "first");
        apply(&site, &[]).success();
        assert!(site.get(STABLE.0, &key(STABLE, "packages-first.json")).is_some());
        apply(&site, &[]).expect(9);
    }
}

#[test]
fn where_a_side_has_moved_nothing_is_changed() {
    type Move = fn(&Site);
    let moves: [(&str, &[&str], Move); 9] = [
        ("source s3://php-dev", &["new-1.composer.json was added"], |site| {
            site.package(DEV.0, DEV.1, "new-1", TIME);
        }),
        ("source s3://php-dev", &["php-8.4.6.composer.json was changed"], |site| {
            site.package(DEV.0, DEV.1, "php-8.4.6", LATER);
        }),
        ("source s3://php-dev", &["php-8.4.10.composer.json was removed"], |site| {
            site.delete(DEV.0, &key(DEV, "php-8.4.10.composer.json"));
        }),
        ("source s3://php-dev", &["packages.json was changed"], |site| {
            site.put(DEV.0, &key(DEV, "packages.json"), "{\"packages\": {}}");
        }),
        ("source s3://php-dev", &["php-8.4.6.tar.gz was changed"], |site| {
            site.put(DEV.0, &key(DEV, "php-8.4.6.tar.gz"), "another archive");
        }),
        ("destination s3://php-stable", &["packages-kept.json was added"], |site| {
            let index = site.get(DEV.0, &key(DEV, "packages.json")).unwrap();
            site.put(STABLE.0, &key(STABLE, "packages-kept.json"), index);
        }),
        ("destination s3://php-stable", &["other-1.composer.json was added"], |site| {
            site.package(STABLE.0, STABLE.1, "other-1", TIME);
        }),
        ("destination s3://php-stable", &["php-8.4.6.tar.gz was changed"], |site| {
            site.put(STABLE.0, &key(STABLE, "php-8.4.6.tar.gz"), "an archive");
        }),
        // The last one: without it there is nothing to make a plan from.
        ("source s3://php-dev", &["packages.json was removed"], |site| {
            site.delete(DEV.0, &key(DEV, "packages.json"));
        }),
    ];
    for site in sites() {
        for (number, (side, names, change)) in moves.iter().enumerate() {
            plan(&site, &[]);
            change(&site);
            let before = site.keys(STABLE.0);
            let output = apply(&site, &[]).expect(13);
            for part in [side].into_iter().chain(*names) {
                assert!(output.stderr.contains(part), "{number} {part}: {}", output.stderr);
            }
            assert!(output.stderr.contains("Nothing was changed"), "{}", output.stderr);
            assert_eq!(site.keys(STABLE.0), before, "{number}");
        }
    }
}

#[test]
fn what_is_no_plan_of_ours_is_refused() {
    for site in sites() {
        plan(&site, &[]);
        let whole = std::fs::read_to_string(site.workspace.path("plan.json")).unwrap();
        let edited = whole.replacen("\"op\": \"add\"", "\"op\": \"update\"", 1);
        let foreign = whole.replacen("\"tool\": \"repo-sync\"", "\"tool\": \"pkg-remove\"", 1);
        assert!(edited != whole && foreign != whole);
        for (text, part) in [
            (&whole[..whole.len() / 2], "plan.json is not a plan"),
            ("", "plan.json is not a plan: it is empty"),
            ("{\"packages\": {}}", "plan.json is not a plan"),
            ("not even JSON", "plan.json is not a plan"),
            (edited.as_str(), "not what follows from the repositories"),
            (foreign.as_str(), "a plan of pkg-remove"),
        ] {
            site.workspace.write("plan.json", text);
            let output = apply(&site, &[]).expect(6);
            assert!(output.stderr.contains(part), "{part}: {}", output.stderr);
            assert!(site.packages(STABLE.0).is_empty());
        }
        sync(&site).args(["--apply", "gone.json"]).run().expect(7);
        sync(&site).args(["--apply", "-"]).input(&whole).run().success();
        installable(&site, STABLE);
    }
}

#[test]
fn a_plan_remembers_services_folders_and_choices() {
    let [folder, s3] = sites();
    // From the S3 server to a folder, without a word of it when it is applied.
    let endpoint = format!("file://{}", folder.workspace.path("stores").display());
    let there = ["--dest-endpoint", &endpoint, "--plan", STABLE.0, STABLE.1];
    let planned = sync(&s3).args(there).run().success();
    sync(&s3).args(["--apply", "-"]).input(&planned.stdout).run().success();
    installable(&folder, STABLE);

    // What only the destination has stays; the source's manifests come from a folder.
    folder.package(STABLE.0, STABLE.1, "own-1", TIME);
    folder.publish(STABLE.0, STABLE.1);
    for name in &PACKAGES[1..] {
        let file = format!("{name}.composer.json");
        let bytes = folder.get(DEV.0, &key(DEV, &file)).unwrap();
        folder.workspace.write(format!("local/{file}"), bytes);
    }
    folder.package(DEV.0, DEV.1, "php-8.4.6", LATER);
    let newer = folder.get(DEV.0, &key(DEV, "php-8.4.6.composer.json")).unwrap();
    folder.workspace.write("local/php-8.4.6.composer.json", newer);
    let document = plan(&folder, &["--no-remove", "-s", "local"]);
    assert_eq!(document["options"]["no-remove"], true);
    let text = std::fs::read_to_string(folder.workspace.path("local/php-8.4.10.composer.json"));
    folder.workspace.write("local/php-8.4.10.composer.json", format!("{}\n", text.unwrap()));
    let moved = apply(&folder, &[]).expect(13);
    assert!(moved.stderr.contains("php-8.4.10.composer.json was changed"), "{}", moved.stderr);
    plan(&folder, &["--no-remove", "-s", "local"]);
    apply(&folder, &[]).success();
    assert!(folder.get(STABLE.0, &key(STABLE, "own-1.composer.json")).is_some());
    installable(&folder, STABLE);
}
