//! What is asked, and what the answers do.

use crate::*;

#[test]
fn a_no_leaves_everything_as_it_is() {
    for site in sites() {
        let output = run(&site, &["--records", "/dev/null"], "n\n").success();
        let expected =
            format!("{ARRIVAL}Destination is empty; proceeding.\n{ADDED}Sync aborted.\n\n");
        assert_eq!(output.stderr, expected);
        assert_eq!(output.stdout, "");
        assert!(site.packages(STABLE.0).is_empty());
        assert!(site.workspace.litter().is_empty());
    }
}

#[test]
fn only_whole_words_are_answers() {
    for site in sites() {
        for answer in ["not really\n", "yesterday\n", "\n", "N\n"] {
            assert!(run(&site, &[], answer).success().stderr.ends_with("Sync aborted.\n\n"));
        }
        let closed = run(&site, &[], "").expect(1);
        assert!(closed.stderr.contains("stdin is closed"), "{}", closed.stderr);
        assert!(site.packages(STABLE.0).is_empty());
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
        for (options, input) in
            [(&[][..], "y\n"), (&[], "certainly abort\n"), (&[], "\n"), (&["--yes"], "")]
        {
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
fn what_is_missing_is_named() {
    for site in sites() {
        let output = sync(&site).args(["no-such", "p/"]).run().expect(7);
        assert!(output.stderr.contains("no-such"), "{}", output.stderr);
        let output = sync(&site).args([STABLE.0, STABLE.1, DEV.0, "empty/"]).run().expect(7);
        assert!(output.stderr.contains("empty/packages.json"), "{}", output.stderr);
        sync(&site).run().expect(2);
    }
}
