//! Folders, plans, other services, and the historical planner.

use test_kit::Site;

use crate::*;

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
            output.stderr.ends_with(&format!("  - ext-demo-2.0.0\n\n{folder}")),
            "{}",
            output.stderr
        );
        assert!(!output.stderr.contains("Checking destination"));

        let output = run(&site, &["-s", "local"], "y\n").success();
        assert!(!output.stderr.contains("Fetching source repository"));
        assert!(output.stderr.contains("REMOVED\n from s3://php-stable"), "{}", output.stderr);
        assert!(!site.packages(STABLE.0).iter().any(|key| key.contains("ext-demo")));
        installable(&site, STABLE);
    }
}

#[test]
fn a_dry_run_and_a_plan_change_nothing() {
    for site in sites() {
        let dry = run(&site, &["--dry-run"], "").success();
        let archives: usize = PACKAGES.iter().map(|name| format!("archive of {name}").len()).sum();
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
        assert!(site.packages(STABLE.0).is_empty());
    }
}

#[test]
fn from_one_service_to_another_and_from_a_public_source() {
    let [folder, s3] = sites();
    let server = s3.server().unwrap();
    let stores = folder.workspace.path("stores");
    let endpoint = format!("file://{}", stores.display());
    sync(&s3).args(["--dest-endpoint", &endpoint, "--yes", STABLE.0, STABLE.1]).run().success();
    installable(&folder, STABLE);
    assert_eq!(
        folder.get(STABLE.0, &format!("{}packages.json", STABLE.1)).unwrap(),
        folder.index(STABLE.0, STABLE.1)
    );

    // Nobody's credentials: refused while the source is private, read once it is public.
    let anonymous = || {
        sync(&folder)
            .without("AWS_ACCESS_KEY_ID")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(["--source-endpoint", &server.endpoint(), "--yes", "mirror", "dist/"])
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
    site.manifest("a", "", "both-1", LATER, "https://src.s3.amazonaws.com/p/both-1.tar.gz");
    site.manifest("a", "", "new-1", TIME, "https://src.s3.eu-west-1.amazonaws.com/p/new-1.tar.gz");
    site.manifest("b", "", "both-1", TIME, "https://dst.s3.amazonaws.com/q/both-1.tar.gz");
    site.manifest("b", "", "old-1", TIME, "https://dst.s3.amazonaws.com/q/old-1.tar.gz");
    let ops = |dry: &[&str]| {
        site.process(env!("CARGO_BIN_EXE_repo-sync"))
            .without("AWS_ENDPOINT_URL_S3")
            .arg("ops")
            .args(dry)
            .args(["eu-west-1", "src", "p/", "stores/a", "us-east-1", "dst", "q/", "stores/b"])
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
    assert_eq!(found("dist", "remove", "old-1")["destination"], "s3://dst/q/old-1.tar.gz");

    ops(&[]);
    assert_eq!(site.keys("b"), ["both-1.composer.json", "new-1.composer.json"]);
    let text = String::from_utf8(site.get("b", "new-1.composer.json").unwrap()).unwrap();
    assert!(
        text.contains("https://dst.s3.dualstack.us-east-1.amazonaws.com/q/new-1.tar.gz"),
        "{text}"
    );
}
