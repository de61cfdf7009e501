use super::*;

/// A repository whose URLs are `https://HOST/PREFIX…`, where `%2B` may stand for `+`.
struct Host(&'static str);

impl Urls for Host {
    fn relative(&self, url: &str) -> Option<String> {
        let path = url.strip_prefix("https://")?.strip_prefix(self.0)?.strip_prefix('/')?;
        Some(path.split('?').next()?.replace("%2B", "+"))
    }

    fn written<'u>(&self, url: &'u str) -> Option<Cow<'u, str>> {
        let path = url.strip_prefix("https://")?.strip_prefix(self.0)?.strip_prefix('/')?;
        Some(path.split('?').next()?.into())
    }

    fn url(&self, written: &str) -> String {
        format!("https://{}/{written}", self.0)
    }
}

/// One manifest: package, time, URL of the archive, something that tells contents apart.
type Line = (&'static str, &'static str, &'static str, &'static str);

fn entries(lines: &[Line]) -> Vec<Entry> {
    let entries = lines.iter().map(|(package, time, url, contents)| {
        let text = format!(
            r#"{{"name":"a/b","version":"1","time":"{time}","dist":{{"url":"{url}","type":"tar"}},"extra":"{contents}"}}"#
        );
        Entry {
            file_name: format!("{package}{}", crate::FILE_SUFFIX),
            manifest: Manifest::parse(text).unwrap(),
            modified: "2020-01-01T00:00:00Z".parse().unwrap(),
        }
    });
    entries.collect()
}

/// The plan from `https://src/…` to `https://dst/…`.
fn plan_of(source: &[Entry], destination: &[Entry], options: &Options) -> Plan {
    let side = |host: &'static Host| {
        let place = Place { region: "r".into(), bucket: host.0.into(), prefix: "p/".into() };
        Side { place, urls: host }
    };
    let (here, there) = (side(&Host("src")), side(&Host("dst")));
    let planner = Planner { source: here, destination: there, options: options.clone() };
    planner.plan(source, destination)
}

/// A plan in short: `+`, `~`, `-` and `!` (left alone) with the package and the archive, then the
/// archives that go.
fn planned(source: &[Line], destination: &[Line], options: &Options) -> Vec<String> {
    let plan = plan_of(&entries(source), &entries(destination), options);
    let changes = plan.changes.iter().map(|change| {
        let sign = match change.action {
            Action::Add => '+',
            Action::Update => '~',
            Action::Remove => '-',
        };
        match change.ignored {
            Some(reason) => format!("!{sign} {}: {reason}", change.package),
            None => format!(
                "{sign} {} {}",
                change.package,
                change.archive.as_deref().unwrap_or("(external)")
            ),
        }
    });
    changes.chain(plan.archives_to_remove.iter().map(|path| format!("rm {path}"))).collect()
}

const OLD: &str = "2024-01-01 00:00:00";
const NEW: &str = "2024-01-02 00:00:00";

#[test]
fn what_goes_over_is_written_as_it_was() {
    let lines: &[Line] = &[
        ("a", OLD, "https://src/a%2B1+(2).tgz?extension=a%2Fb", ""),
        ("b", "2024-1-2 3:4:5", "https://elsewhere/b", ""),
        ("c", "", "https://src/c.tgz", ""),
    ];
    let plan = plan_of(&entries(lines), &[], &Options::default());
    let written: Vec<_> = plan
        .manifests_to_write()
        .map(|(_, m)| (m.dist_url().unwrap(), m.time().unwrap()))
        .collect();
    let expected = [
        ("https://dst/a%2B1+(2).tgz?extension=a%2Fb", OLD),
        ("https://elsewhere/b", "2024-01-02 03:04:05"),
        ("https://dst/c.tgz", "2020-01-01 00:00:00"),
    ];
    assert_eq!(written, expected);
}

#[test]
fn a_manifest_without_an_archive_has_an_empty_one() {
    let mut bare = entries(&[("a", OLD, "", "")]);
    let text = format!(r#"{{"name":"a/b","version":"1","time":"{OLD}"}}"#);
    bare[0].manifest = Manifest::parse(text).unwrap();
    let first = |plan: Plan| plan.operations[0].clone();
    let added = first(plan_of(&bare, &[], &Options::default()));
    assert_eq!((added.source.as_deref(), added.skip), (Some(""), true));
    let removed = first(plan_of(&[], &bare, &Options::default()));
    assert_eq!((removed.destination.as_deref(), removed.skip), (Some(""), true));
}

#[test]
fn manifests_are_compared_by_time() {
    let cases: &[(&[Line], &[Line], &[&str])] = &[
        (&[], &[], &[]),
        (&[("a", OLD, "https://src/a.tgz", "")], &[], &["+ a a.tgz"]),
        (&[], &[("a", OLD, "https://dst/a.tgz", "")], &["- a a.tgz", "rm a.tgz"]),
        (
            &[("a", NEW, "https://src/a.tgz", "")],
            &[("a", OLD, "https://dst/a.tgz", "")],
            &["~ a a.tgz"],
        ),
        (
            &[("a", OLD, "https://src/a.tgz", "")],
            &[("a", NEW, "https://dst/a.tgz", "")],
            &["!~ a: destination is newer"],
        ),
        (
            &[("a", OLD, "https://src/a.tgz", "1")],
            &[("a", OLD, "https://dst/a.tgz", "2")],
            &["!~ a: contents differ, but times are identical"],
        ),
        (&[("a", OLD, "https://src/a.tgz", "")], &[("a", OLD, "https://elsewhere/b", "")], &[]),
        // Natural order of the names.
        (
            &[("b-1.10", OLD, "https://src/x", ""), ("b-1.9", OLD, "https://src/y", "")],
            &[("b-1.2", OLD, "https://dst/z", "")],
            &["- b-1.2 z", "+ b-1.9 y", "+ b-1.10 x", "rm z"],
        ),
    ];
    for (source, destination, expected) in cases {
        assert_eq!(planned(source, destination, &Options::default()), *expected);
    }
}

#[test]
fn archives_elsewhere_stay_there() {
    let source = entries(&[
        ("a", OLD, "https://src/d%2B1/a.tgz?extension=x%2Fy", ""),
        ("b", OLD, "https://cdn/b.tgz", ""),
    ]);
    let destination = entries(&[("c", OLD, "https://cdn/c.tgz", "")]);
    let plan = plan_of(&source, &destination, &Options::default());
    let urls: Vec<_> = plan.manifests_to_write().map(|(name, m)| (name, m.dist_url())).collect();
    assert_eq!(
        urls,
        [
            ("a.composer.json", Some("https://dst/d%2B1/a.tgz?extension=x%2Fy")),
            ("b.composer.json", Some("https://cdn/b.tgz")),
        ]
    );
    assert_eq!(plan.archives_to_copy(), BTreeSet::from(["d+1/a.tgz"]));
    assert_eq!(plan.archives_to_remove, BTreeSet::new());
    assert_eq!(plan.manifests_to_remove().collect::<Vec<_>>(), ["c.composer.json"]);
    let result = plan.result(&destination);
    let names: Vec<&str> = result.keys().map(String::as_str).collect();
    assert_eq!(names, ["a.composer.json", "b.composer.json"]);
}

#[test]
fn archives_in_use_are_never_removed() {
    let cases: &[(&[Line], &[Line], &[&str])] = &[
        // A removal shares its archive with an addition,
        (
            &[("b", OLD, "https://src/x.tgz", "")],
            &[("a", OLD, "https://dst/x.tgz", "")],
            &["- a x.tgz", "+ b x.tgz"],
        ),
        // with an update,
        (
            &[("b", NEW, "https://src/x.tgz", "")],
            &[("a", OLD, "https://dst/x.tgz", ""), ("b", OLD, "https://dst/old.tgz", "")],
            &["- a x.tgz", "~ b x.tgz", "rm old.tgz"],
        ),
        // with a package that stays as it is,
        (
            &[("b", OLD, "https://src/x.tgz", "")],
            &[("a", OLD, "https://dst/x.tgz?extension=a", ""), ("b", OLD, "https://dst/x.tgz", "")],
            &["- a x.tgz"],
        ),
        // with one that is left alone although it differs.
        (
            &[("b", OLD, "https://src/y.tgz", "")],
            &[("a", OLD, "https://dst/x.tgz", ""), ("b", NEW, "https://dst/x.tgz", "")],
            &["- a x.tgz", "!~ b: destination is newer"],
        ),
        // The old archive of an update, where another package still has it.
        (
            &[("a", NEW, "https://src/new.tgz", ""), ("b", OLD, "https://src/old.tgz", "")],
            &[("a", OLD, "https://dst/old.tgz", ""), ("b", OLD, "https://dst/old.tgz", "")],
            &["~ a new.tgz"],
        ),
        // An update that moves out of the bucket leaves nothing behind.
        (
            &[("a", NEW, "https://cdn/a.tgz", "")],
            &[("a", OLD, "https://dst/a.tgz", "")],
            &["~ a (external)", "rm a.tgz"],
        ),
    ];
    for (source, destination, expected) in cases {
        assert_eq!(planned(source, destination, &Options::default()), *expected);
    }
}

#[test]
fn options_spare_packages_and_archives() {
    let gone: &[Line] = &[("a", OLD, "https://dst/a.tgz", "")];
    let keep = Options { keep: true, ..Options::default() };
    assert_eq!(planned(&[], gone, &keep), ["!- a: removals are not wanted"]);
    let needed = Options { needed: ["a.tgz".to_owned()].into(), ..Options::default() };
    assert_eq!(planned(&[], gone, &needed), ["- a a.tgz"]);

    let plan = plan_of(&[], &entries(gone), &keep);
    assert!(plan.is_empty() && plan.ignored().next().is_none());
    assert_eq!(plan.result(&entries(gone)).len(), 1);
}

#[test]
fn without_a_time_the_object_s_counts() {
    let with = |source: &[Line], modified: &str, destination: &[Line]| {
        let mut source = entries(source);
        source[0].modified = modified.parse().unwrap();
        plan_of(&source, &entries(destination), &Options::default())
    };
    let untimed: &[Line] = &[("a", "soon", "https://src/a.tgz", "")];
    let other: &[Line] = &[("a", "soon", "https://dst/a.tgz", "other")];

    let plan = with(untimed, "2021-01-01T00:00:00Z", other);
    assert_eq!(plan.with(Action::Update).count(), 1);
    let warnings: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "manifest a.composer.json has invalid time entry, using mtime: 2021-01-01 00:00:00",
            "manifest a.composer.json has invalid time entry, using mtime: 2020-01-01 00:00:00",
        ]
    );
    let plan = with(untimed, "2019-01-01T00:00:00Z", other);
    assert_eq!(
        plan.ignored().map(|(_, reason)| reason).collect::<Vec<_>>(),
        [Reason::DestinationNewer]
    );
    // Equal contents are equal, whenever the copies were made.
    let equal: &[Line] = &[("a", "soon", "https://dst/a.tgz", "")];
    assert_eq!(with(untimed, "2021-01-01T00:00:00Z", equal).changes, []);
}

#[test]
fn the_machine_form_names_every_step() {
    let source = entries(&[
        ("a", OLD, "https://src/a.tgz", ""),
        ("b", OLD, "https://cdn/b.tgz", ""),
        ("c", NEW, "https://src/c2.tgz", ""),
        ("d", OLD, "https://src/d.tgz", ""),
    ]);
    let destination = entries(&[
        ("c", OLD, "https://dst/c1.tgz", ""),
        ("d", NEW, "https://dst/d.tgz", ""),
        ("e", OLD, "https://dst/e.tgz", ""),
        ("f", OLD, "https://dst/d.tgz", ""),
        ("g", OLD, "https://cdn/g.tgz", ""),
    ]);
    let plan = plan_of(&source, &destination, &Options::default());
    let lines: Vec<String> =
        plan.operations.iter().map(|step| serde_json::to_string(step).unwrap()).collect();
    assert_eq!(
        lines,
        [
            r#"{"kind":"dist","op":"add","package":"a","source":"s3://src/p/a.tgz","source-region":"r","destination":"s3://dst/p/a.tgz","destination-region":"r"}"#,
            r#"{"kind":"manifest","op":"add","package":"a","source":"s3://src/p/a.composer.json","source-region":"r","destination":"s3://dst/p/a.composer.json","destination-region":"r"}"#,
            r#"{"kind":"dist","op":"add","package":"b","source":"https://cdn/b.tgz","skip":true,"reason":"file located outside of bucket"}"#,
            r#"{"kind":"manifest","op":"add","package":"b","source":"s3://src/p/b.composer.json","source-region":"r","destination":"s3://dst/p/b.composer.json","destination-region":"r"}"#,
            r#"{"kind":"dist","op":"update","package":"c","source":"s3://src/p/c2.tgz","source-region":"r","destination":"s3://dst/p/c2.tgz","destination-region":"r"}"#,
            r#"{"kind":"manifest","op":"update","package":"c","source":"s3://src/p/c.composer.json","source-region":"r","destination":"s3://dst/p/c.composer.json","destination-region":"r"}"#,
            r#"{"kind":"dist","op":"remove","package":"c","destination":"s3://dst/p/c1.tgz","destination-region":"r"}"#,
            r#"{"kind":"manifest","op":"update","package":"d","source":"s3://src/p/d.composer.json","skip":true,"reason":"destination is newer"}"#,
            r#"{"kind":"dist","op":"remove","package":"e","destination":"s3://dst/p/e.tgz","destination-region":"r"}"#,
            r#"{"kind":"manifest","op":"remove","package":"e","destination":"s3://dst/p/e.composer.json","destination-region":"r"}"#,
            r#"{"kind":"dist","op":"remove","package":"f","destination":"s3://dst/p/d.tgz","destination-region":"r","skip":true,"reason":"archive is still needed"}"#,
            r#"{"kind":"manifest","op":"remove","package":"f","destination":"s3://dst/p/f.composer.json","destination-region":"r"}"#,
            r#"{"kind":"dist","op":"remove","package":"g","destination":"https://cdn/g.tgz","skip":true,"reason":"file located outside of bucket"}"#,
            r#"{"kind":"manifest","op":"remove","package":"g","destination":"s3://dst/p/g.composer.json","destination-region":"r"}"#,
        ]
    );
    let again: Vec<Operation> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(again, plan.operations);
}

/// The claims on what is planned: archive, owner, package, contents.
fn claimed(source: &[(&str, &str)], destination: &[(&str, &str)], keep: bool) -> Vec<String> {
    let entries = |host: &str, lines: &[(&str, &str)]| -> Vec<Entry> {
        let entries = lines.iter().map(|(package, facts)| {
            let text = format!(
                r#"{{"name":"a/b","version":"1","time":"2026-01-01 00:00:00","dist":{{"url":"https://{host}/x%2By.tar.gz","type":"tar","shasum":"{facts}"}},"extra":{{"sha256":"{facts}"}}}}"#
            );
            Entry {
                file_name: format!("{package}{}", crate::FILE_SUFFIX),
                manifest: Manifest::parse(text).unwrap(),
                modified: "2020-01-01T00:00:00Z".parse().unwrap(),
            }
        });
        entries.collect()
    };
    let (source, destination) = (entries("src", source), entries("dst", destination));
    let plan = plan_of(&source, &destination, &Options { keep, ..Options::default() });
    let now = destination.iter().map(|entry| (entry.file_name.as_str(), &entry.manifest));
    let claims = plan.claims(now, &Host("dst"));
    let shown = claims.iter().map(|claim| {
        let Claim { archive, owner, package, contents } = claim;
        format!("{archive} {owner} {package} {contents:?}")
    });
    shown.collect()
}

#[test]
fn archives_that_others_name() {
    let new = [("new", "AB")];
    for (facts, said) in [("ab", "Same"), ("cd", "Other"), ("", "Unknown")] {
        let expected = format!("x+y.tar.gz old new {said}");
        assert_eq!(claimed(&new, &[("old", facts)], true), [expected], "{facts}");
        // One that the same plan removes has no say.
        assert_eq!(claimed(&new, &[("old", facts)], false), [""; 0], "{facts}");
    }
    // It stays in both, and is left alone.
    let (both, old) = ([("new", "AB"), ("old", "ab")], [("old", "ab")]);
    assert_eq!(claimed(&both, &old, false), ["x+y.tar.gz old new Same"]);
    // Its contents differ and its time does not: it is not updated.
    let both = [("new", "AB"), ("old", "cd")];
    assert_eq!(claimed(&both, &[("old", "ef")], false), ["x+y.tar.gz old new Other"]);
    assert_eq!(claimed(&[], &[("old", "ab"), ("older", "cd")], true), [""; 0]);
}
