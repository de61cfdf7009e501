//! Credentials as Composer is given them: `COMPOSER_AUTH` and `auth.json`, for repositories and
//! archives, beside the real Composer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod support;

use std::collections::BTreeMap;
use std::fs;

use support::Lab;
use test_kit::web::{Fault, Server};
use test_kit::{Output, Process};

/// `user:password`, encoded.
const BASIC: &str = "Basic dXNlcjpwYXNzd29yZA==";

/// A repository with one package, and Composer's home.
fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.archive("x", "1", "heroku-sys-library", &[("f", "text")], "");
    lab.require(r#""heroku-sys/x":"*""#);
    lab.workspace.write("composer/config.json", r#"{"config":{"secure-http":false}}"#);
    lab
}

fn host(server: &Server) -> String {
    server.url().replace("http://", "")
}

fn basic(host: &str) -> String {
    format!(r#"{{"http-basic":{{"{host}":{{"username":"user","password":"password"}}}}}}"#)
}

fn bearer(host: &str, token: &str) -> String {
    format!(r#"{{"bearer":{{"{host}":"{token}"}}}}"#)
}

fn with_home(lab: &Lab, process: Process) -> Process {
    process.env("COMPOSER_HOME", lab.workspace.path("composer"))
}

fn install(lab: &Lab) -> Process {
    with_home(lab, lab.install())
}

/// The header of each request for this path.
fn sent(server: &Server, path: &str, header: &str) -> Vec<Option<String>> {
    let requests = server.requests();
    let of_path = requests.iter().filter(|request| request.target == path);
    of_path.map(|request| request.headers.get(header).cloned()).collect()
}

/// Nothing that was said or written down has a password in it.
fn is_silent(lab: &Lab, output: &Output) {
    let picture: BTreeMap<String, String> = lab.picture();
    let written = picture.iter().filter(|(name, _)| name.as_str() != "auth.json");
    let written: Vec<&str> = written.map(|(_, text)| text.as_str()).collect();
    for secret in ["password", BASIC, "geheim"] {
        assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret), "{output:?}");
        assert!(written.iter().all(|text| !text.contains(secret)), "{secret} was written down");
    }
}

#[test]
fn repositories_and_archives_get_what_is_for_their_host() {
    let cases = [
        (basic("HOST"), "authorization", BASIC),
        (bearer("HOST", "geheim"), "authorization", "Bearer geheim"),
        (r#"{"custom-headers":{"HOST":["X-Token: geheim"]}}"#.to_owned(), "x-token", "geheim"),
    ];
    for (document, header, value) in cases {
        for place in ["COMPOSER_AUTH", "app/auth.json", "composer/auth.json"] {
            let lab = lab();
            let document = document.replace("HOST", &host(&lab.server));
            let process = match place {
                "COMPOSER_AUTH" => install(&lab).env("COMPOSER_AUTH", &document),
                file => {
                    lab.workspace.write(file, &document);
                    install(&lab)
                }
            };
            is_silent(&lab, &process.run().success());
            for path in ["/packages.json", "/x-1.tar.gz"] {
                assert_eq!(sent(&lab.server, path, header), [Some(value.to_owned())], "{place}");
            }
        }
    }
}

#[test]
fn no_other_host_gets_them_by_name_or_by_redirect() {
    let lab = lab();
    let other = Server::start(&lab.workspace.path("web"));
    for path in ["/packages.json", "/x-1.tar.gz"] {
        lab.server.always(path, Fault::Redirect(format!("{}{path}", other.url())));
    }
    let document = basic(&host(&lab.server));
    let output = install(&lab).env("COMPOSER_AUTH", &document).run().success();
    is_silent(&lab, &output);
    for path in ["/packages.json", "/x-1.tar.gz"] {
        assert_eq!(sent(&lab.server, path, "authorization"), [Some(BASIC.to_owned())]);
        assert_eq!(sent(&other, path, "authorization"), [None]);
    }
    // Each host has its own.
    let lab = self::lab();
    let redirect = Fault::Redirect(format!("{}/x-1.tar.gz", other.url()));
    lab.server.always("/x-1.tar.gz", redirect);
    let document = bearer(&host(&other), "geheim");
    install(&lab).env("COMPOSER_AUTH", &document).run().success();
    assert_eq!(sent(&lab.server, "/packages.json", "authorization"), [None]);
    let sent = sent(&other, "/x-1.tar.gz", "authorization");
    assert_eq!(sent.last().unwrap().as_deref(), Some("Bearer geheim"));
}

#[test]
fn a_password_in_the_address_goes_before_them() {
    let lab = lab();
    let url = lab.server.url();
    let text = lab.read("composer.json").replace(&url, &url.replace("://", "://user:password@"));
    lab.workspace.write("app/composer.json", text);
    let document = bearer(&host(&lab.server), "geheim");
    install(&lab).env("COMPOSER_AUTH", &document).run().success();
    for path in ["/packages.json", "/x-1.tar.gz"] {
        assert_eq!(sent(&lab.server, path, "authorization"), [Some(BASIC.to_owned())]);
    }
}

#[test]
fn what_is_not_valid_ends_with_status_2_and_is_not_shown() {
    let lab = lab();
    for document in [r#"{"bearer":{"h":["geheim"]}}"#, r#"{"http-basic":"geheim"}"#] {
        let output = install(&lab).env("COMPOSER_AUTH", document).run().expect(2);
        assert!(output.stderr.contains("COMPOSER_AUTH"), "{}", output.stderr);
        is_silent(&lab, &output);
    }
    // What is no JSON is not used: no request may need it.
    let output = install(&lab).env("COMPOSER_AUTH", "geheim").run().success();
    let warning = "WARNING: the credentials in COMPOSER_AUTH are not valid: it is not valid JSON";
    assert!(output.stderr.contains(warning), "{}", output.stderr);
    is_silent(&lab, &output);
    let _ = std::fs::remove_dir_all(lab.app("vendor"));
    // Nothing, and an empty variable, are fine.
    install(&lab).env("COMPOSER_AUTH", "").run().success();
}

#[test]
fn a_refusal_says_where_credentials_can_be() {
    let lab = lab();
    lab.server.always("/packages.json", Fault::Status(401));
    let output = install(&lab).env("COMPOSER_AUTH", basic("elsewhere")).run().expect(8);
    assert!(output.stderr.contains("COMPOSER_AUTH"), "{}", output.stderr);
    is_silent(&lab, &output);
}

/// The same sources for Composer and for ours: the same header comes out of them.
#[test]
fn the_real_composer_sends_the_same() {
    let places = ["composer/config.json", "composer/auth.json", "app/auth.json", "COMPOSER_AUTH"];
    let set = |lab: &Lab, process: Process, place: &str, document: &str| match place {
        "COMPOSER_AUTH" => process.env(place, document),
        "composer/config.json" => {
            let text = format!(r#"{{"config":{{"secure-http":false,{}}}"#, &document[1..]);
            lab.workspace.write(place, text);
            process
        }
        file => {
            lab.workspace.write(file, document);
            process
        }
    };
    for first in 0..places.len() {
        for second in first..places.len() {
            for twisted in [false, true] {
                let mut sent_by = Vec::new();
                for ours in [false, true] {
                    let mut lab = Lab::new();
                    lab.package("x", "1", "metapackage", "");
                    lab.require(r#""heroku-sys/x":"*""#);
                    lab.workspace
                        .write("composer/config.json", r#"{"config":{"secure-http":false}}"#);
                    fs::create_dir_all(lab.workspace.path("no-installer")).unwrap();
                    let host = host(&lab.server);
                    let (one, two) = (basic(&host), bearer(&host, "second"));
                    let (one, two) = if twisted { (two, one) } else { (one, two) };
                    let process = match ours {
                        true => install(&lab),
                        false => with_home(
                            &lab,
                            Process::new("composer")
                                .args(["update", "--no-install", "--no-interaction"])
                                .folder(lab.workspace.path("app"))
                                .env("COMPOSER_ALLOW_SUPERUSER", "1"),
                        ),
                    };
                    let process = set(&lab, process, places[first], &one);
                    let process = if second > first {
                        set(&lab, process, places[second], &two)
                    } else {
                        process
                    };
                    let output = process.run();
                    assert_eq!(output.status, 0, "{output:?}");
                    let mut headers = sent(&lab.server, "/packages.json", "authorization");
                    headers.dedup();
                    sent_by.push(headers);
                }
                let case = format!("{} {} {twisted}", places[first], places[second]);
                assert_eq!(sent_by[0], sent_by[1], "{case}");
                assert!(sent_by[0].iter().all(Option::is_some), "{case}: {sent_by:?}");
            }
        }
    }
}
