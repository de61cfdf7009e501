//! Repositories that only their owner may read: in buckets, and behind passwords.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod support;

use support::Lab;
use test_kit::{Process, Site, Workspace};

fn install(site: &Site, workspace: &Workspace) -> Process {
    site.process(env!("CARGO_BIN_EXE_platform-install")).folder(workspace.path("app"))
}

#[test]
fn private_repositories_are_read_with_our_credentials() {
    for site in Site::both() {
        site.create_bucket("private");
        let workspace = Workspace::new();
        workspace.write("tree/bin/hello", "hello");
        let archive = support::pack(&workspace.path("tree"));
        site.put("private", "dist/hello+1.tar.gz", &archive);
        // As manifests of any age name archives: by the service in use, or by AWS.
        for url in [
            site.url("private", "dist/hello+1.tar.gz").replace('+', "%2B"),
            "https://private.s3.amazonaws.com/dist/hello%2B1.tar.gz".to_owned(),
        ] {
            let json = format!(
                r#"{{"packages":[[{{"name":"heroku-sys/hello","version":"1.0.0+1",
                "type":"heroku-sys-program","dist":{{"type":"heroku-sys-tar","url":"{url}"}}}}]]}}"#
            );
            site.put("private", "dist/packages.json", json);
            let root = r#"{"require":{"heroku-sys/hello":"*"},"repositories":[
                {"packagist":false},{"type":"composer","url":"s3://private/dist/"}]}"#;
            workspace.write("app/composer.json", root);
            install(&site, &workspace).run().success();
            let text = std::fs::read_to_string(workspace.path("app/bin/hello")).unwrap();
            assert_eq!(text, "hello");
            std::fs::remove_dir_all(workspace.path("app")).unwrap();
        }
        // Nobody else may.
        if site.server().is_some() {
            let root = r#"{"require":{},"repositories":[
                {"packagist":false},{"type":"composer","url":"s3://private/dist/"}]}"#;
            workspace.write("app/composer.json", root);
            let process = install(&site, &workspace)
                .without("AWS_ACCESS_KEY_ID")
                .without("AWS_SECRET_ACCESS_KEY");
            process.run().expect(8);
        }
    }
}

/// As with Composer: a repository names its archives without the password that it is read with.
#[test]
fn a_password_opens_the_archives_of_its_repository() {
    let mut lab = Lab::new();
    lab.archive("zz", "1.0.0", "heroku-sys-program", &[("bin/zz", "z")], "");
    lab.publish();
    let host = lab.server.url().replace("http://", "");
    let json = format!(
        r#"{{"require":{{"heroku-sys/zz":"*"}},"repositories":[{{"packagist":false}},
        {{"type":"composer","url":"http://{host}/empty"}},
        {{"type":"composer","url":"http://u:p@{host}"}}]}}"#
    );
    lab.workspace.write("app/composer.json", json);
    lab.workspace.write("web/empty/packages.json", r#"{"packages":[]}"#);
    lab.install().run().success();
    let lock = lab.read("composer.lock");
    assert!(lock.contains("/zz-1.0.0.tar.gz") && !lock.contains("u:p"), "{lock}");
    // From the lock alone it is not known of which repository a package is.
    std::fs::remove_dir_all(lab.app("vendor")).unwrap();
    lab.install().run().success();
    let requests = lab.server.requests();
    let archives: Vec<_> =
        requests.iter().filter(|request| request.target.contains("zz-")).collect();
    assert_eq!(archives.len(), 2);
    for request in archives {
        let sent = request.headers.get("authorization").map(String::as_str);
        assert_eq!(sent, Some("Basic dTpw"), "{request:?}");
    }
}
