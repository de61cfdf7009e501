//! Archives that the destination lacks, and copies that were none.

use std::sync::Arc;

use test_kit::s3::{Action, Quirks};

use crate::*;

#[test]
fn an_archive_that_is_missing_is_copied_again() {
    for site in sites() {
        synced(&site);
        let key = format!("{}php-8.4.6.tar.gz", STABLE.1);
        let archive = site.get(STABLE.0, &key).unwrap();
        delete(&site, STABLE, "php-8.4.6.tar.gz");
        let dry = run(&site, &["--dry-run"], "").success();
        assert!(dry.stderr.contains("will be COPIED again"), "{}", dry.stderr);
        assert!(dry.stderr.contains("  - php-8.4.6.tar.gz\n"), "{}", dry.stderr);
        assert_eq!(site.get(STABLE.0, &key), None);
        run(&site, &["--yes"], "").success();
        assert_eq!(site.get(STABLE.0, &key), Some(archive));
        let again = run(&site, &["--yes"], "").success();
        assert!(again.stderr.contains("Nothing to do"), "{}", again.stderr);
        // What the source does not have either cannot be copied.
        delete(&site, STABLE, "php-8.4.6.tar.gz");
        delete(&site, DEV, "php-8.4.6.tar.gz");
        let neither = run(&site, &["--yes"], "").success();
        assert!(neither.stderr.contains("Nothing to do"), "{}", neither.stderr);
    }
}

#[test]
fn a_plan_has_the_missing_archives_too() {
    for site in sites() {
        synced(&site);
        delete(&site, STABLE, "php-8.4.6.tar.gz");
        let plan = run(&site, &["--plan"], "").success().stdout;
        assert!(plan.contains("it is missing in the destination"), "{plan}");
        site.workspace.write("plan.json", &plan);
        let _ = sync(&site).args(["--apply", "plan.json"]).run().success();
        installable(&site, STABLE);
    }
}

#[test]
fn a_copy_that_copies_nothing_is_made_through_this_machine() {
    let [_, site] = sites();
    site.server().unwrap().set_quirks(Quirks { copy_nothing: true, ..Quirks::default() });
    run(&site, &["--yes"], "").success();
    installable(&site, STABLE);
    // Over other archives too.
    for name in PACKAGES {
        site.package(DEV.0, DEV.1, name, LATER);
        site.put(DEV.0, &format!("{}{name}.tar.gz", DEV.1), format!("later {name}"));
    }
    site.publish(DEV.0, DEV.1);
    run(&site, &["--yes"], "").success();
    for name in PACKAGES {
        let archive = site.get(STABLE.0, &format!("{}{name}.tar.gz", STABLE.1)).unwrap();
        assert_eq!(archive, format!("later {name}").into_bytes());
    }
}

#[test]
fn an_archive_that_others_bring_back_meanwhile_is_copied_again() {
    let [_, site] = sites();
    synced(&site);
    let key = format!("{}php-8.4.6.tar.gz", STABLE.1);
    let before = site.get(STABLE.0, &key).unwrap();
    site.package(DEV.0, DEV.1, "php-8.4.6", LATER);
    site.put(DEV.0, &format!("{}php-8.4.6.tar.gz", DEV.1), "later");
    site.publish(DEV.0, DEV.1);
    let site = Arc::new(site);
    let other = Arc::downgrade(&site);
    // A rollback that began earlier puts the former archive back below the new manifest.
    let index = format!("PUT /{}/{}packages.json", STABLE.0, STABLE.1);
    let (mut done, put) = (false, key.clone());
    site.server().unwrap().set_hook(move |request| {
        if !done && request.line() == index {
            done = true;
            other.upgrade().unwrap().put(STABLE.0, &put, before.clone());
        }
        Action::Serve
    });
    run(&site, &["--yes"], "").success();
    assert_eq!(site.get(STABLE.0, &key).as_deref(), Some(b"later".as_slice()));
}
