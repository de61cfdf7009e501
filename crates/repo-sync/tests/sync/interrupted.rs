//! Runs that end in the middle, and the next ones.

use std::collections::BTreeMap;

use test_kit::s3::{Action, Request, Server};

use crate::*;

/// The destination, as readers and later runs see it.
fn state(site: &Site) -> BTreeMap<String, Vec<u8>> {
    let keys = site.packages(STABLE.0).into_iter();
    keys.map(|key| (key.clone(), site.get(STABLE.0, &key).unwrap())).collect()
}

/// A destination that is one package ahead, one behind, and has one under another archive's name.
fn differing() -> Site {
    let [_, site] = sites();
    synced(&site);
    let old = site.url(STABLE.0, &format!("{}php-8.4.6-old.tar.gz", STABLE.1));
    site.put(STABLE.0, &format!("{}php-8.4.6-old.tar.gz", STABLE.1), "old");
    site.manifest(STABLE.0, STABLE.1, "php-8.4.6", "2025-01-01 00:00:00", &old);
    site.package(STABLE.0, STABLE.1, "own-1", TIME);
    site.publish(STABLE.0, STABLE.1);
    for name in ["new-1", "new-2", "php-8.4.6"] {
        site.package(DEV.0, DEV.1, name, LATER);
    }
    site.publish(DEV.0, DEV.1);
    site
}

/// Each archive that the published index names is there.
fn readable(site: &Site, when: &str) {
    let index = site.get(STABLE.0, &format!("{}packages.json", STABLE.1)).unwrap();
    for manifest in manifest::Index::parse(index).unwrap().manifests() {
        let url = manifest.dist_url().unwrap();
        let name = url.rsplit('/').next().unwrap().replace("%2B", "+");
        let key = format!("{}{name}", STABLE.1);
        assert!(site.get(STABLE.0, &key).is_some(), "{when}: {key} is gone");
    }
}

/// From the `number`-th request on, nothing is answered well.
fn die_at(server: &Server, number: usize) {
    server.forget_requests();
    server.set_hook(move |request| match request.number < number {
        true => Action::Serve,
        false => Action::Answer(403, "AccessDenied"),
    });
}

#[test]
fn wherever_a_sync_ends_the_next_one_completes_it() {
    let undisturbed = differing();
    run(&undisturbed, &["--yes", "--no-cache"], "").success();
    let expected = |site: &Site| {
        let endpoint = |site: &Site| site.server().unwrap().endpoint();
        let (from, to) = (endpoint(&undisturbed), endpoint(site));
        let replaced = |bytes: Vec<u8>| match String::from_utf8(bytes) {
            Ok(text) => text.replace(&from, &to).into_bytes(),
            Err(binary) => binary.into_bytes(),
        };
        let all = state(&undisturbed).into_iter();
        all.map(|(key, bytes)| (key, replaced(bytes))).collect::<BTreeMap<_, _>>()
    };
    let total = undisturbed.server().unwrap().requests().len();
    let mut ended = 0;
    // Each second request, and each of the last ones, which tidy up.
    for number in (1..total + 8).step_by(2).chain((total - 3..=total).filter(|n| n % 2 == 0)) {
        let site = differing();
        let server = site.server().unwrap();
        die_at(server, number);
        let output = sync(&site).args(["--yes", "--no-cache", STABLE.0, STABLE.1]).run();
        server.clear_hook();
        readable(&site, &format!("ended at request {number}"));
        ended += usize::from(output.status != 0);
        run(&site, &["--yes", "--no-cache"], "").success();
        assert_eq!(state(&site), expected(&site), "ended at request {number}");
        assert!(!site.keys(STABLE.0).iter().any(|key| key.contains("pending")), "{number}");
    }
    assert!(ended > 10, "{ended} of these runs ended early");
}

fn archives(requests: &[Request], method: &str) -> usize {
    let of = |r: &&Request| r.method == method && r.path.ends_with(".tar.gz");
    requests.iter().filter(of).count()
}

#[test]
fn what_was_copied_is_neither_copied_nor_asked_for_again() {
    let [_, site] = sites();
    for number in 0..40 {
        site.package(DEV.0, DEV.1, &format!("p-{number}"), TIME);
    }
    site.publish(DEV.0, DEV.1);
    let server = site.server().unwrap();
    // 30 archives arrive, then all ends.
    let mut copies = 0;
    server.set_hook(move |request| {
        copies += usize::from(request.method == "PUT" && request.path.ends_with(".tar.gz"));
        if copies > 30 { Action::Answer(403, "AccessDenied") } else { Action::Serve }
    });
    run(&site, &["--yes"], "").expect(8);
    server.clear_hook();
    let there = site.packages(STABLE.0).len();
    assert!((1..=30).contains(&there), "{there}");

    server.forget_requests();
    run(&site, &["--yes"], "").success();
    let requests = server.requests();
    assert_eq!(archives(&requests, "PUT"), 45 - there);
    // Of each copy a look at the source, at its place before, and at what has arrived; none at what
    // was there.
    assert_eq!(archives(&requests, "HEAD"), 3 * (45 - there));
    assert_eq!(archives(&requests, "GET"), 0);
    installable(&site, STABLE);

    // Nothing to do costs no request for any archive, nor for a manifest that is known.
    server.forget_requests();
    run(&site, &["--yes"], "").success();
    let requests = server.requests();
    assert!(!requests.iter().any(|r| r.path.contains(".tar.gz") || r.method == "PUT"));
    assert!(requests.len() < 12, "{} requests", requests.len());
}

#[test]
fn a_manifest_that_others_change_meanwhile_stays_and_the_rest_is_published() {
    let site = std::sync::Arc::new(differing());
    let server = site.server().unwrap();
    let other = std::sync::Arc::downgrade(&site);
    let mut done = false;
    server.set_hook(move |request| {
        let manifest = format!("/{}/{}php-8.4.6.composer.json", STABLE.0, STABLE.1);
        if !done && request.method == "PUT" && request.path == manifest {
            done = true;
            let site = other.upgrade().unwrap();
            site.package(STABLE.0, STABLE.1, "php-8.4.6", "2026-06-06 00:00:00");
        }
        Action::Serve
    });
    let output = run(&site, &["--yes"], "").expect(12);
    assert!(output.stderr.contains("php-8.4.6.composer.json was changed"), "{}", output.stderr);
    server.clear_hook();
    // In the index is what the manifests make, and all that it names is there.
    installable(&site, STABLE);
    let index = site.get(STABLE.0, &format!("{}packages.json", STABLE.1)).unwrap();
    let index = String::from_utf8(index).unwrap();
    assert!(index.contains("2026-06-06") && index.contains("new-1.tar.gz"), "{index}");
}
