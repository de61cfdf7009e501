//! `S3_ACL` is for what readers need. What the tools keep for themselves is written without it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::collections::BTreeSet;

use end_to_end::{Place, STABLE};
use test_kit::s3::Server;

const ACL: &str = "public-read";

/// What was written since the last look: how, the kind of key, and whether with the ACL.
fn written(server: &Server) -> BTreeSet<(String, &'static str, bool)> {
    let requests = server.requests();
    server.forget_requests();
    let writes = requests.iter().filter_map(|request| {
        // Parts and completions of an upload belong to the request that begins it.
        let begins = match request.method.as_str() {
            "PUT" => !request.query.contains("partNumber"),
            "POST" => request.query.starts_with("uploads"),
            _ => false,
        };
        let key = request.path.strip_prefix("/slipway-tests/").filter(|_| begins)?;
        let kind = match key.split_once("/.slipway/") {
            Some((_, own)) if own.starts_with("generations/") => "generation",
            Some((_, own)) if own.starts_with("pending/") => "pending",
            Some(_) => "scratch",
            None if key.ends_with(".tar.gz") => "archive",
            None if key.ends_with(".composer.json") => "manifest",
            None if key.ends_with("/packages.json") => "index",
            None => "snapshot",
        };
        // Wildcards of the historical tools must not match it.
        let own = ["generation", "pending", "scratch"].contains(&kind);
        assert!(!own || !key.ends_with(".composer.json"), "{key}");
        let acl = request.acl.as_deref();
        assert!(acl.is_none_or(|acl| acl == ACL), "{acl:?}");
        Some((request.method.clone(), kind, acl.is_some()))
    });
    writes.collect()
}

fn check(server: &Server, what: &str, expected: &[(&str, &'static str)]) {
    let found = written(server);
    for (method, kind, acl) in &found {
        let private = ["generation", "pending", "scratch"].contains(kind);
        assert_eq!(*acl, !private, "{what}: {method} {kind}");
    }
    for (method, kind) in expected {
        let is = |(m, k, _): &(String, &str, bool)| (m.as_str(), *k) == (*method, *kind);
        assert!(found.iter().any(is), "{what}: no {method} of a {kind}: {found:?}");
    }
}

#[test]
fn what_is_ours_is_written_without_the_acl() {
    let mut place = Place::in_process();
    place.workspace.set("S3_ACL", ACL);
    let cache = place.workspace.path("cache").display().to_string();
    place.workspace.set("XDG_CACHE_HOME", &cache);
    // An archive that goes up, and is copied, in parts: 40 MB that do not compress.
    place.workspace.write(
        "formulae/big-1",
        "#!/usr/bin/env bash\n# Build Path: /app/\nhead -c 40000000 /dev/urandom > \"$1/random\"\n",
    );
    let server = || place.server().unwrap();
    let run = |script: &str| place.shell(script).run().success();

    run("printf '%s\\n' libraries/libtally-2.0.1 php-8.3.9 | xargs -n1 bob-build |
        pkg-deploy --publish > deployed");
    let publish = ["archive", "manifest", "index", "generation", "scratch"];
    check(server(), "deploy", &publish.map(|kind| ("PUT", kind)));

    run("bob-build php-8.3.10 | pkg-deploy --publish > deployed");
    run("WORKSPACE_DIR=$PWD/formulae bob-build big-1 | pkg-deploy > deployed");
    check(server(), "deploy of a large archive", &[("POST", "archive")]);

    run("repo-mkrepo --upload -c first < /dev/null > published");
    check(server(), "snapshot", &[("PUT", "snapshot")]);

    let sync = format!("repo-sync --yes {} {STABLE} > synced", place.bucket);
    run(&sync);
    let copies = ["archive", "manifest", "index", "generation"];
    check(server(), "sync", &copies.map(|kind| ("PUT", kind)));

    run("repo-mkrepo rollback --yes HEAD~1 > published");
    check(server(), "rollback", &[("PUT", "index"), ("PUT", "generation")]);

    run(&format!("S3_PREFIX={STABLE} pkg-remove --yes php-8.3.10 > removed"));
    let removal = ["index", "generation", "pending"];
    check(server(), "removal", &removal.map(|kind| ("PUT", kind)));

    run("repo-check --gc --older-than 0s --yes");
    check(server(), "gc", &[]);
}

#[test]
fn without_an_acl_none_is_sent() {
    let place = Place::in_process();
    place.shell("bob-build php-8.3.9 | pkg-deploy --publish > /dev/null").run().success();
    let server = place.server().unwrap();
    assert!(written(server).iter().all(|(_, _, acl)| !acl));
}
