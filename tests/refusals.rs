//! What a service refuses, and why: its own code and message reach the user, with the right advice;
//! credentials with rights below one prefix do for everything; archived objects are found.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use end_to_end::{DEVELOP, Place};
use record::{Record, Severity, Stream};
use test_kit::s3::{Action, Attributes, Quirks};
use test_kit::{Output, Process};

const DEPLOY: &str = "bob-build php-8.3.9 | pkg-deploy --publish";

/// A place with a published package.
fn place() -> Place {
    let place = Place::in_process();
    place.shell(DEPLOY).run().success();
    place
}

/// Tools that read or write the repository, none of which gets far in these tests.
fn tools(place: &Place) -> Vec<(&'static str, Process)> {
    let all: [(&'static str, &[&str]); 6] = [
        ("repo-mkrepo", &["--upload", "--no-cache"]),
        ("repo-mkrepo", &["log"]),
        ("repo-check", &["--no-cache"]),
        ("repo-check", &["--gc", "--dry-run"]),
        ("pkg-remove", &["--yes", "php-8.3.9"]),
        ("repo-sync", &["--yes", "slipway-tests", "other/"]),
    ];
    let tool = |(name, args): (&'static str, &[&str])| (name, place.tool(name).args(args));
    let mut all: Vec<_> = all.into_iter().map(tool).collect();
    all.push(("pkg-deploy", place.shell("bob-build php-8.3.10 | pkg-deploy")));
    all
}

/// Checks that a tool ended with status 8, and that its message has all of these words.
fn refused(name: &str, output: &Output, words: &[&str]) {
    let said = &output.stderr;
    assert_eq!(output.status, 8, "{name}: {said}");
    for word in words {
        assert!(said.contains(word), "{name}: {word:?} is not in {said}");
    }
}

#[test]
fn rights_below_one_prefix_do_for_everything() {
    let place = Place::in_process();
    let server = place.server().unwrap();
    server.set_quirks(Quirks { restricted_to: Some(DEVELOP), ..Quirks::default() });
    // The first one: there is neither packages.json nor anything else.
    place.shell(DEPLOY).run().success();
    place.shell("bob-build php-8.3.10 | pkg-deploy | repo-mkrepo --upload >&2").run().success();
    place.shell("deploy.sh --overwrite php-8.3.10").run().success();
    for (tool, args) in [
        ("repo-mkrepo", &["--upload"][..]),
        ("repo-mkrepo", &["log"]),
        ("repo-check", &["--deep"]),
        ("repo-check", &["--gc", "--dry-run"]),
        ("pkg-remove", &["--yes", "php-8.3.10"]),
        ("repo-mkrepo", &["rollback", "--yes", "1"]),
        ("repo-check", &[]),
    ] {
        let output = place.tool(tool).args(args).run();
        assert_eq!(output.status, 0, "{tool} {args:?}: {}", output.stderr);
        assert!(!output.stderr.contains("anonymously"), "{tool}: {}", output.stderr);
    }
    // A key that is there, and may not be read, is not taken for a missing one.
    let key = format!("/{}/{DEVELOP}packages.json", place.bucket);
    server.set_hook(move |request| match request.path == key {
        true => Action::Say(403, "AccessDenied", "Access Denied"),
        false => Action::Serve,
    });
    let output = place.tool("repo-mkrepo").args(["--upload", "--no-cache"]).run();
    refused("repo-mkrepo", &output, &["AccessDenied: Access Denied", "packages.json"]);
}

#[test]
fn the_service_s_own_words_reach_the_user() {
    for (status, code, message, advice) in [
        (403, "AccessDenied", "Access Denied", "Check the credentials"),
        (403, "InvalidAccessKeyId", "The key Id does not exist.", "Check the access key"),
        (403, "SignatureDoesNotMatch", "The signature differs.", "Check the access key"),
        (403, "RequestTimeTooSkewed", "The difference is too large.", "Set the clock"),
        (400, "ExpiredToken", "The provided token has expired.", "Get new credentials"),
        (403, "ExpiredToken", "The provided token has expired.", "Get new credentials"),
        (400, "UserProjectMissing", "It is a requester pays bucket.", "AWS_REQUEST_PAYER"),
        (400, "KMS.DisabledException", "The key is disabled.", "enable that key"),
        (403, "AccessDenied", "not authorized to perform: kms:Decrypt", "kms:Decrypt to read"),
        (403, "QuotaExceeded", "The account is full.", "Make room"),
    ] {
        let place = place();
        place.server().unwrap().set_hook(move |_| Action::Say(status, code, message));
        for (name, tool) in tools(&place) {
            let words = format!("{code}: {message}");
            refused(name, &tool.run(), &[&words, advice]);
        }
    }
}

#[test]
fn the_first_refusal_is_reported_and_not_that_of_nobody() {
    for (status, code, message, advice) in [
        (400, "ExpiredToken", "The provided token has expired.", "Get new credentials"),
        (403, "RequestTimeTooSkewed", "The difference is too large.", "Set the clock"),
        (403, "InvalidAccessKeyId", "The key Id does not exist.", "Check the access key"),
    ] {
        let mut place = place();
        let server = place.server().unwrap();
        server.create_bucket("upstream");
        server.set_hook(move |request| match request.signed {
            true => Action::Say(status, code, message),
            false => Action::Say(403, "AccessDenied", "Access Denied"),
        });
        let words = format!("{code}: {message}");
        for (name, tool) in tools(&place) {
            let output = tool.run();
            refused(name, &output, &[&words, advice]);
            assert!(!output.stderr.contains("AccessDenied"), "{name}: {}", output.stderr);
        }
        // A dependency of a formula, from either bucket.
        let formula = "# Build Deps: libraries/zlib-1\ntrue";
        place.workspace.formula("needs", formula);
        let formulae = place.workspace.path("formulae").display().to_string();
        place.workspace.set("WORKSPACE_DIR", &formulae).set("UPSTREAM_S3_BUCKET", "upstream");
        let output = place.tool("bob-build").arg("needs").run();
        assert!(output.stderr.contains(&words), "{}", output.stderr);
        assert!(output.stderr.contains(advice), "{}", output.stderr);
        assert!(!output.stderr.contains("AccessDenied"), "{}", output.stderr);
    }
}

#[test]
fn who_reads_a_public_bucket_anonymously_is_told_why() {
    let place = place();
    let server = place.server().unwrap();
    server.set_public(&place.bucket, true);
    server.set_hook(|request| match request.signed {
        true => Action::Say(400, "ExpiredToken", "The provided token has expired."),
        false => Action::Serve,
    });
    let output = place.tool("repo-check").run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let notice = output.stderr.lines().find(|line| line.starts_with("NOTICE")).unwrap();
    assert!(notice.contains("ExpiredToken: The provided token has expired."), "{notice}");
    assert!(notice.contains("anonymously"), "{notice}");
}

#[test]
fn what_is_refused_only_when_it_is_written_or_read() {
    for (method, status, code, message, advice) in [
        ("PUT", 403, "QuotaExceeded", "The bucket is full.", "Make room"),
        ("PUT", 507, "XMinioStorageFull", "The drive is full.", "Make room"),
        ("PUT", 400, "XMinioAdminBucketQuotaExceeded", "Bucket quota exceeded", "Make room"),
        ("PUT", 400, "KMS.DisabledException", "The key is disabled.", "enable that key"),
        ("PUT", 403, "AccessDenied", "not allowed: kms:GenerateDataKey", "kms:GenerateDataKey to"),
        ("GET", 403, "InvalidObjectState", "It is in GLACIER.", "restore it first"),
    ] {
        let place = place();
        place.server().unwrap().set_hook(move |request| {
            let object = request.path.ends_with(".gz") || request.path.ends_with(".json");
            match request.method == method && object {
                true => Action::Say(status, code, message),
                false => Action::Serve,
            }
        });
        let output = place.shell("bob-build php-8.3.10 | pkg-deploy --publish").run();
        refused(code, &output, &[&format!("{code}: {message}"), advice]);
        assert!(!output.stderr.contains("access denied") || code == "AccessDenied");
    }
}

#[test]
fn a_head_that_is_refused_is_asked_again_by_a_get_of_a_byte() {
    let place = place();
    let server = place.server().unwrap();
    server.put(&place.bucket, &format!("{DEVELOP}php-8.4.2.tar.gz"), "", Attributes::default());
    server.forget_requests();
    // As of proxies that let no HEAD through.
    server.set_hook(|request| match request.method == "HEAD" {
        true => Action::Say(403, "Forbidden", "no HEAD here"),
        false => Action::Serve,
    });
    place.tool("repo-check").arg("--deep").run().expect(1);
    // One with bytes, and one without any, is there.
    for formula in ["php-8.3.9", "php-8.4.2"] {
        place.shell(&format!("bob-build {formula} | pkg-deploy")).run().expect(5);
    }
    place.shell("bob-build php-8.3.10 | pkg-deploy --publish").run().success();
}

#[test]
fn archived_objects_are_found() {
    let place = place();
    let server = place.server().unwrap();
    let archive = format!("{DEVELOP}php-8.3.9.tar.gz");
    let archived = |key: &str, class: &str| {
        let stored = server.object(&place.bucket, key).unwrap();
        let attributes =
            Attributes { storage_class: Some(class.to_owned()), ..stored.attributes.clone() };
        server.put(&place.bucket, key, stored.bytes, attributes);
    };
    // These are read as any other.
    for class in ["STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR"] {
        archived(&archive, class);
        place.tool("repo-check").arg("--deep").run().success();
    }
    for class in ["GLACIER", "DEEP_ARCHIVE"] {
        archived(&archive, class);
        for deep in [&[][..], &["--deep"]] {
            let output = place.tool("repo-check").args(deep).run().expect(1);
            assert!(output.stdout.contains("php-8.3.9.tar.gz"), "{}", output.stdout);
            assert!(output.stdout.contains(class), "{}", output.stdout);
            assert!(output.stdout.contains("restore-object"), "{}", output.stdout);
        }
        let output = place.tool("repo-check").args(["--deep", "--json"]).run().expect(1);
        let records = Stream::read(output.stdout.as_bytes()).unwrap().records;
        let findings: Vec<_> = records
            .into_iter()
            .filter_map(|record| match record {
                Record::Check(check) => Some(check),
                _ => None,
            })
            .collect();
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(
            (finding.finding.as_str(), finding.severity),
            ("archived-object", Severity::Error)
        );
        assert_eq!(finding.key, archive);
    }
    // It cannot be set aside, so it is not written over.
    let output = place.shell("bob-build php-8.3.9 | pkg-deploy --overwrite").run();
    refused("pkg-deploy", &output, &["InvalidObjectState", "restore it first"]);
    // Documents that cannot be read are findings too, and end nothing.
    for name in ["php-8.3.9.composer.json", "packages.json"] {
        archived(&format!("{DEVELOP}{name}"), "GLACIER");
    }
    let generations: Vec<String> = server.keys(&place.bucket);
    for key in generations.iter().filter(|key| key.contains("/.slipway/generations/")) {
        archived(key, "GLACIER");
    }
    let output = place.tool("repo-check").args(["--deep", "--no-cache", "--all"]).run().expect(1);
    for name in ["packages.json", "php-8.3.9.composer.json", ".slipway/generations/"] {
        assert!(output.stdout.contains(name), "{name}: {}", output.stdout);
    }
    let output = place.tool("repo-check").args(["--gc", "--yes", "--no-cache"]).run().expect(6);
    assert!(output.stderr.contains("InvalidObjectState"), "{}", output.stderr);
}

#[test]
fn an_archived_package_over_http_is_refused_in_the_service_s_words() {
    let place = Place::in_process();
    let server = place.server().unwrap();
    server.set_public(&place.bucket, true);
    let url = format!("{}/{}/p", server.endpoint(), place.bucket);
    let index = format!(
        r#"{{"packages":[[{{"name":"heroku-sys/x","version":"1","type":"heroku-sys-library",
        "dist":{{"type":"heroku-sys-tar","url":"{url}/x.tar.gz"}}}}]]}}"#
    );
    server.put(&place.bucket, "p/packages.json", index, Attributes::default());
    let glacier = Attributes { storage_class: Some("GLACIER".to_owned()), ..Attributes::default() };
    server.put(&place.bucket, "p/x.tar.gz", "x", glacier);
    let root = format!(
        r#"{{"require":{{"heroku-sys/x":"*"}},"repositories":[{{"packagist":false}},
        {{"type":"composer","url":"{url}/packages.json"}}]}}"#
    );
    place.workspace.write("app/composer.json", root);
    let tool = place.tool("platform-install").folder(place.workspace.path("app"));
    refused("platform-install", &tool.run(), &["InvalidObjectState", "storage class", "x.tar.gz"]);
}
