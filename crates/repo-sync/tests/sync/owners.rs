//! A sync owns only what it names: archives of other packages are never written over, and what is
//! replaced is said before.

use serde_json::Value;
use test_kit::Site;

use crate::*;

const SHARED: &str = "shared.tar.gz";

fn put(site: &Site, place: (&str, &str), file: &str, bytes: &str) {
    site.put(place.0, &format!("{}{file}", place.1), bytes);
}

/// A manifest that names the shared archive, with what it says of it.
fn manifest(site: &Site, place: (&str, &str), name: &str, time: &str, facts: &str) {
    let url = site.url(place.0, &format!("{}{SHARED}", place.1));
    site.manifest(place.0, place.1, name, time, &url);
    let key = format!("{}{name}.composer.json", place.1);
    let text = String::from_utf8(site.get(place.0, &key).unwrap()).unwrap();
    let text = text.replacen(r#""require""#, &format!(r#""extra": {facts}, "require""#), 1);
    site.put(place.0, &key, text);
}

/// Both sides hold the shared archive: the destination's package `old-1` names it, and the
/// source's `new-1`. All else is synced.
fn shared(bytes: (&str, &str), facts: (&str, &str)) -> [Site; 2] {
    let sites = sites();
    for site in &sites {
        synced(site);
        put(site, DEV, SHARED, bytes.0);
        put(site, STABLE, SHARED, bytes.1);
        manifest(site, DEV, "new-1", TIME, facts.0);
        manifest(site, STABLE, "old-1", TIME, facts.1);
        site.publish(DEV.0, DEV.1);
        site.publish(STABLE.0, STABLE.1);
    }
    sites
}

/// Everything in the destination, but for what is the tools' own.
fn picture(site: &Site) -> Vec<(String, Vec<u8>)> {
    let keys = site.keys(STABLE.0).into_iter().filter(|key| !key.contains("/.slipway/"));
    keys.map(|key| (key.clone(), site.get(STABLE.0, &key).unwrap())).collect()
}

fn refused(site: &Site, options: &[&str]) {
    let before = picture(site);
    let output = run(site, options, "").expect(6);
    let expected = "\
repo-sync: s3://php-stable/dist-heroku-24-amd64-stable/ has other packages with archives that the sync would write over
  shared.tar.gz: old-1 has it there, and new-1 would bring other contents
repo-sync: Nothing was changed.";
    assert!(output.stderr.contains(expected), "{}", output.stderr);
    assert!(!output.stderr.contains("Are you sure"), "{}", output.stderr);
    assert_eq!(picture(site), before);
}

#[test]
fn an_archive_of_a_package_that_stays_is_not_replaced() {
    let (one, two) = (r#"{"sha256": "AB"}"#, r#"{"sha256": "cd"}"#);
    for (bytes, facts) in [
        // By the listings: another size; and one size.
        (("theirs", "ours, longer"), ("{}", "{}")),
        (("theirs", "oursss"), ("{}", "{}")),
        // By the manifests, whatever the archives are.
        (("same", "same"), (one, two)),
        (("same", "same"), (r#"{"size": 1}"#, r#"{"size": 2}"#)),
    ] {
        for site in shared(bytes, facts) {
            for options in [&["--no-remove"][..], &["--no-remove", "--yes"]] {
                refused(&site, options);
            }
            refused(&site, &["--no-remove", "--dry-run"]);
            refused(&site, &["--no-remove", "--plan"]);
        }
    }
}

#[test]
fn a_plan_is_refused_too() {
    for site in shared(("same", "same"), ("{}", "{}")) {
        let output = run(&site, &["--no-remove", "--plan"], "").success();
        site.workspace.write("plan.json", &output.stdout);
        put(&site, DEV, SHARED, "other");
        let before = picture(&site);
        let output = sync(&site).args(["--apply", "plan.json"]).input("").run();
        assert!([6, 13].contains(&output.status), "{output:?}");
        assert_eq!(picture(&site), before);
    }
}

#[test]
fn packages_share_an_archive() {
    let one = r#"{"sha256": "AB"}"#;
    for (bytes, facts) in [(("same", "same"), ("{}", "{}")), (("same", "same"), (one, one))] {
        for site in shared(bytes, facts) {
            let output = run(&site, &["--no-remove"], "y\n").success();
            assert!(!output.stderr.contains("REPLACED"), "{}", output.stderr);
            installable(&site, STABLE);
            assert!(site.packages(STABLE.0).len() > 5);
        }
    }
}

#[test]
fn what_the_same_plan_removes_or_updates_has_no_say() {
    let said = "\
The following dists will be REPLACED, with other contents
 at s3://php-stable/dist-heroku-24-amd64-stable/:
  - shared.tar.gz

";
    for updates in [false, true] {
        for site in shared(("theirs", "oursss"), ("{}", "{}")) {
            if updates {
                manifest(&site, DEV, "old-1", LATER, r#"{"a": 1}"#);
                site.publish(DEV.0, DEV.1);
            }
            let output = run(&site, &["--dry-run"], "").success();
            assert!(output.stderr.contains(said), "{}", output.stderr);
            let plan = run(&site, &["--plan"], "").success();
            let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
            let key = format!("s3://{}/{}{SHARED}", STABLE.0, STABLE.1);
            assert_eq!(plan["replaced"], serde_json::json!([key]));
            let output = run(&site, &[], "y\n").success();
            let (before, _) = output.stderr.split_once("WARNING: POTENTIALLY").unwrap();
            assert!(before.contains(said), "{}", output.stderr);
            let key = format!("{}{SHARED}", STABLE.1);
            assert_eq!(site.get(STABLE.0, &key).unwrap(), b"theirs");
            installable(&site, STABLE);
        }
    }
}

#[test]
fn what_is_replaced_is_said() {
    for site in sites() {
        synced(&site);
        site.package(DEV.0, DEV.1, "php-8.4.6", LATER);
        put(&site, DEV, "php-8.4.6.tar.gz", "built again");
        site.publish(DEV.0, DEV.1);
        let output = run(&site, &["--dry-run"], "").success();
        let said = "REPLACED, with other contents\n at s3://php-stable/dist-heroku-24-amd64-stable/:\n  - php-8.4.6.tar.gz\n\n";
        assert!(output.stderr.contains(said), "{}", output.stderr);
        let plan = run(&site, &["--plan"], "").success();
        assert!(plan.stdout.contains(r#""replaced": ["s3://php-stable/"#), "{}", plan.stdout);
        run(&site, &[], "y\n").success();
        let plan = run(&site, &["--plan"], "").success();
        assert!(!plan.stdout.contains("replaced\""), "{}", plan.stdout);
    }
}

#[test]
fn an_archive_that_a_package_names_by_another_host_is_not_replaced() {
    let prefix = STABLE.1;
    for url in [
        format!("https://cdn.example/{prefix}{SHARED}"),
        format!("HTTPS://CDN.example/x/{prefix}shared%2Etar.gz?v=1"),
        format!("http://localhost//{SHARED}"),
        SHARED.to_owned(),
    ] {
        for site in shared(("theirs", "mine"), ("{}", "{}")) {
            site.manifest(STABLE.0, STABLE.1, "old-1", TIME, &url);
            site.publish(STABLE.0, STABLE.1);
            refused(&site, &["--no-remove", "--yes"]);
        }
    }
}
