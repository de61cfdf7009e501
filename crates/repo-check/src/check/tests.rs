use super::*;
use crate::testing::{Repository, manifest, manifest_of};

const INDEX: &str = "packages.json";

fn repository() -> Repository {
    let mut repository = Repository::default();
    repository.package("a-1", 0).package("b-1", 0).publish(INDEX, 0);
    repository
}

fn findings_with(repository: &Repository, evidence: Evidence) -> Vec<String> {
    let state = repository.state();
    let heads = repository.heads();
    let wanted = wanted_heads(&state).into_iter();
    let heads = wanted.map(|name| (name.clone(), heads.get(&name).cloned().flatten())).collect();
    check(&state, &Evidence { heads, ..evidence })
        .iter()
        .map(|finding| format!("{}: {} {}", finding.kind.name(), finding.name, finding.message))
        .collect()
}

#[track_caller]
fn expect(repository: &Repository, expected: &[&str]) {
    assert_eq!(findings_with(repository, Evidence::default()), expected);
}

#[test]
fn nothing_is_wrong_with_what_was_published() {
    expect(&repository(), &[]);
    let mut with_snapshot = repository();
    with_snapshot.publish("packages-one.json", 0);
    expect(&with_snapshot, &[]);
    expect(Repository::default().publish(INDEX, 0), &[]);
}

#[test]
fn an_index_that_is_not_what_the_manifests_make() {
    let mut one = repository();
    one.package("c-1", 0);
    expect(&one, &["stale-index: packages.json lacks heroku-sys/c 1 of c-1.composer.json"]);

    let mut one = repository();
    one.files.remove("a-1.composer.json");
    one.files.remove("a-1.tar.gz");
    expect(
        &one,
        &[
            "stale-index: packages.json lists heroku-sys/a 1, for which there is no manifest",
            "missing-archive: a-1.tar.gz is not there, but named by packages.json",
        ],
    );

    let mut one = repository();
    one.put("a-1.composer.json", manifest("a", "1", "b-1.tar.gz"), 0);
    expect(
        &one,
        &[
            "stale-index: packages.json has another heroku-sys/a 1 of a-1.composer.json: they differ in dist",
        ],
    );

    let mut one = repository();
    one.files.remove(INDEX);
    expect(&one, &["missing-index: packages.json is not there, though there are 2 manifests"]);

    let mut one = repository();
    one.put(INDEX, "{}", 0);
    let found = findings_with(&one, Evidence::default());
    assert_eq!(found, ["unreadable-index: packages.json packages: expected an object"]);
}

#[test]
fn every_broken_manifest_is_named() {
    let mut one = repository();
    one.put("x-1.composer.json", "{", 0).put("y-1.composer.json", "[]", 0);
    let found = findings_with(&one, Evidence::default());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("broken-manifest: x-1.composer.json "), "{found:?}");
    assert!(found[1].starts_with("broken-manifest: y-1.composer.json "), "{found:?}");
}

#[test]
fn archives_that_are_not_there() {
    let mut one = repository();
    one.publish("packages-s.json", 0);
    one.files.remove("a-1.tar.gz");
    expect(
        &one,
        &[
            "missing-archive: a-1.tar.gz is not there, but named by packages.json and packages-s.json",
            "orphaned-manifest: a-1.composer.json names a-1.tar.gz, which is not there",
        ],
    );
    // The listing was older than the manifest.
    let state = one.state();
    let head = repository().heads()["a-1.tar.gz"].clone();
    let evidence =
        Evidence { heads: [("a-1.tar.gz".to_owned(), head)].into(), ..Evidence::default() };
    assert_eq!(check(&state, &evidence), []);
}

#[test]
fn archives_that_nothing_names() {
    let mut one = repository();
    one.put("x.tar.gz", "x", 0)
        .put("libraries/bare-1.tar.gz", "x", 0)
        .note("libraries/bare-1.tar.gz", SHA256, "ab")
        .put("half-1.tar.gz", "x", 0)
        .note("half-1.tar.gz", SHA256, "ab")
        .note("half-1.tar.gz", MANIFEST, "half-1.composer.json")
        .put("old-1.tar.gz", "x", 0)
        .put("kept/1.tar.gz", "x", 0)
        .put("stable/packages.json", "{}", 0)
        .put("stable/x.tar.gz", "x", 0)
        .put("index.html", "x", 0)
        .put(".slipway/probe-1", "x", 0)
        .put(".slipway/pending/1.json", "x", 0)
        .put(".slipway/generations/lost", "x", 0)
        .put(".slipway/generations/kept", "x", 0);
    one.history.archives.insert("old-1.tar.gz".to_owned());
    one.history.lost.insert(".slipway/generations/lost".to_owned());
    let evidence = Evidence { keep: vec!["kept/*".to_owned()], ..Evidence::default() };
    assert_eq!(
        findings_with(&one, evidence),
        [
            "orphaned-archive: half-1.tar.gz belongs to half-1.composer.json, which is not there",
            "orphaned-archive: x.tar.gz is named by nothing",
            "leftover: .slipway/generations/lost is of a publish that lost a race, or did not come to its end",
            "leftover: .slipway/pending/1.json is of a removal that did not come to its end; the next change completes it",
            "leftover: .slipway/probe-1 is a scratch object of a tool that did not come to its end",
            "bare-archive: libraries/bare-1.tar.gz was deployed without a manifest",
            "history-only: old-1.tar.gz is named by generations of the history only",
            "nested-repository: stable/ is a repository of its own, and left alone",
            "other-object: index.html is left alone",
        ]
    );
}

#[test]
fn archives_elsewhere_and_nowhere() {
    let mut one = Repository::default();
    one.put("a-1.composer.json", manifest_of("a", "1", "https://example.com/a.tgz?x", "{}"), 0)
        .put("b-1.composer.json", manifest_of("b", "1", "", "{}"), 0)
        .publish(INDEX, 0);
    expect(
        &one,
        &[
            "no-url: b-1.composer.json has no dist.url",
            "external-url: a-1.composer.json names https://example.com/a.tgz, and so does packages.json",
        ],
    );
}

#[test]
fn sizes_and_checksums() {
    let mut one = Repository::default();
    let (good, bad) = ("ab".repeat(32), "cd".repeat(32));
    let url = crate::testing::location().dist_url("a-1.tar.gz");
    let extra = format!(r#"{{"sha256": "{good}", "size": 3}}"#);
    one.put("a-1.composer.json", manifest_of("a", "1", &url, &extra), 0)
        .put("a-1.tar.gz", "abc", 0)
        .note("a-1.tar.gz", SHA256, &good)
        .publish(INDEX, 0);
    expect(&one, &[]);
    one.note("a-1.tar.gz", SHA256, &bad).put("a-1.tar.gz", "abcd", 0);
    let by = "a-1.composer.json and packages.json";
    expect(
        &one,
        &[
            &format!("wrong-size: a-1.tar.gz has 4 bytes, but 3 by {by}"),
            &format!("wrong-checksum: a-1.tar.gz has the stored SHA-256 {bad}, but {good} by {by}"),
        ],
    );
    // What was read counts more than what is stored beside it.
    let deep = Deep {
        size: 3,
        sha256: good.clone(),
        stored: Some(bad.clone()),
        damage: Some("is cut".to_owned()),
        unpacked: true,
        ..Deep::default()
    };
    let deep = [("a-1.tar.gz".to_owned(), deep)].into();
    assert_eq!(
        findings_with(&one, Evidence { deep, ..Evidence::default() }),
        [
            format!(
                "wrong-checksum: a-1.tar.gz has the SHA-256 {good}, but {bad} by what its upload stored"
            ),
            "damaged-archive: a-1.tar.gz is cut".to_owned(),
        ]
    );
}

#[test]
fn a_snapshot_may_list_what_is_gone() {
    let mut one = repository();
    one.publish("packages-s.json", 0);
    one.files.remove("a-1.composer.json");
    one.publish(INDEX, 0);
    expect(
        &one,
        &["snapshot-only: packages-s.json lists heroku-sys/a 1, for which there is no manifest"],
    );
    one.put("packages-s.json", "nonsense", 0);
    let found = findings_with(&one, Evidence::default());
    assert!(found[0].starts_with("unreadable-snapshot: packages-s.json "), "{found:?}");
}

#[test]
fn an_index_that_the_history_does_not_know() {
    let mut one = repository();
    one.history.index_sha256 = Some(checksum::of_bytes(&one.files[INDEX].0));
    expect(&one, &[]);
    one.history.index_sha256 = Some("other".to_owned());
    one.history.damaged.insert(".slipway/generations/1".to_owned(), "is cut".to_owned());
    expect(
        &one,
        &[
            "broken-generation: .slipway/generations/1 is cut",
            "outside-history: packages.json was written by something that left no record of it in the history",
        ],
    );
}

#[test]
fn many_are_not_all_named() {
    let sources: Vec<Source> =
        (0..5).map(|number| Source::Manifest(number.to_string().into())).collect();
    assert_eq!(named_by(&sources[..1]), "0");
    assert_eq!(named_by(&sources[..2]), "0 and 1");
    assert_eq!(named_by(&sources[..3]), "0, 1 and 2");
    assert_eq!(named_by(&sources), "0, 1, 2 and 2 more");
}
