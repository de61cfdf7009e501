use proptest::prelude::*;

use super::*;
use crate::check::{Evidence, MANIFEST, SHA256, check};
use crate::entry::Archive;
use crate::finding::{Kind, Severity};
use crate::testing::Repository;

/// What was written now is young.
const NOW: i64 = 1000;

fn rules() -> Rules {
    Rules {
        now: Timestamp::MAX,
        before: Timestamp::from_second(NOW - 1).unwrap(),
        keep_snapshots: None,
        keep_generations: 1,
        bare: false,
        keep: Vec::new(),
        locked: BTreeSet::new(),
    }
}

fn garbage(repository: &Repository, rules: &Rules) -> Vec<Garbage> {
    let state = repository.state();
    rules.settle(rules.candidates(&state), &repository.heads(), &state)
}

#[track_caller]
fn expect(repository: &Repository, rules: &Rules, expected: &[&str]) {
    let found = garbage(repository, rules);
    let found: Vec<String> =
        found.iter().map(|one| format!("{} {}", one.what.name(), one.item.name)).collect();
    assert_eq!(found, expected);
}

/// A repository with one package, and an orphan of each sort.
fn repository() -> Repository {
    let mut one = Repository::default();
    one.package("a-1", 0)
        .publish("packages.json", 0)
        .put("old.tar.gz", "x", 0)
        .put("young.tar.gz", "x", NOW)
        .put("bare.tar.gz", "x", 0)
        .note("bare.tar.gz", SHA256, "x")
        .put("half.tar.gz", "x", 0)
        .note("half.tar.gz", SHA256, "x")
        .note("half.tar.gz", MANIFEST, "half.composer.json")
        .put("index.html", "x", 0)
        .put("stable/packages.json", "x", 0)
        .put("stable/x.tar.gz", "x", 0)
        .put(".slipway/probe-1", "x", 0)
        .put(".slipway/probe-2", "x", NOW)
        .put(".slipway/else", "x", 0);
    one
}

#[test]
fn what_nothing_refers_to() {
    let probe = "leftover .slipway/probe-1";
    expect(&repository(), &rules(), &[probe, "archive half.tar.gz", "archive old.tar.gz"]);
    let bare = Rules { bare: true, ..rules() };
    let all = ["archive bare.tar.gz", "archive half.tar.gz", "archive old.tar.gz"];
    expect(&repository(), &bare, &[probe, all[0], all[1], all[2]]);
    let kept =
        Rules { keep: vec!["h*".to_owned()], locked: ["old.tar.gz".to_owned()].into(), ..rules() };
    expect(&repository(), &kept, &[probe]);
    let nothing = Rules { before: Timestamp::MIN, ..rules() };
    expect(&repository(), &nothing, &[]);
}

#[test]
fn snapshots_beyond_those_that_stay() {
    let mut one = repository();
    // Each lists one more package, which has left the index since.
    for (number, time) in [(1, 10), (2, 30), (3, 20), (4, NOW)] {
        one.package(&format!("s{number}-1"), 0);
        one.publish(&format!("packages-{number}.json"), time);
        one.files.remove(&format!("s{number}-1.composer.json"));
    }
    one.publish("packages.json", 0);
    let probe = "leftover .slipway/probe-1";
    let orphans = ["archive half.tar.gz", "archive old.tar.gz"];
    expect(&one, &rules(), &[probe, orphans[0], orphans[1]]);
    let keep = |number| Rules { keep_snapshots: Some(number), ..rules() };
    expect(&one, &keep(4), &[probe, orphans[0], orphans[1]]);
    let third = "snapshot packages-3.json";
    let first = "snapshot packages-1.json";
    expect(
        &one,
        &keep(2),
        &[
            first,
            third,
            probe,
            orphans[0],
            orphans[1],
            "archive s1-1.tar.gz",
            "archive s3-1.tar.gz",
        ],
    );
    // The youngest is too young.
    let all = keep(0);
    let names: Vec<String> =
        garbage(&one, &all).into_iter().map(|garbage| garbage.item.name).collect();
    assert!(!names.iter().any(|name| name.contains('4')), "{names:?}");
    assert!(names.contains(&"packages-2.json".to_owned()), "{names:?}");
    let named = Rules { keep: vec!["packages-1.json".to_owned()], ..keep(2) };
    let kept: Vec<String> =
        garbage(&one, &named).into_iter().map(|garbage| garbage.item.name).collect();
    for name in ["packages-1.json", "s1-1.tar.gz"] {
        assert!(!kept.contains(&name.to_owned()), "{kept:?}");
    }
}

#[test]
fn the_history_keeps_its_archives() {
    let mut one = repository();
    one.put(".slipway/generations/1", "x", 0)
        .put(".slipway/generations/2", "x", 0)
        .put(".slipway/generations/lost", "x", 0)
        .put(".slipway/generations/young", "x", NOW);
    one.history.archives.insert("old.tar.gz".to_owned());
    one.history.old.insert(".slipway/generations/1".to_owned());
    one.history.lost.insert(".slipway/generations/lost".to_owned());
    one.history.lost.insert(".slipway/generations/young".to_owned());
    expect(
        &one,
        &rules(),
        &[
            "generation .slipway/generations/1",
            "leftover .slipway/generations/lost",
            "leftover .slipway/probe-1",
            "archive half.tar.gz",
        ],
    );
}

/// A manifest may name another archive by now; that of the deploy is not taken from it.
#[test]
fn what_names_a_manifest_that_exists_stays() {
    let mut one = repository();
    one.note("half.tar.gz", MANIFEST, "a-1.composer.json");
    expect(&one, &rules(), &["leftover .slipway/probe-1", "archive old.tar.gz"]);
}

/// The removal completes it itself, unless it died long ago.
#[test]
fn what_a_removal_under_way_is_about_stays() {
    for (time, stays) in [(NOW, true), (0, false)] {
        let mut one = repository();
        one.put(".slipway/pending/1", "x", time);
        let mut state = one.state();
        state.pending.insert("old.tar.gz".to_owned(), vec![".slipway/pending/1".to_owned()]);
        let found = rules().settle(rules().candidates(&state), &one.heads(), &state);
        assert_eq!(found.iter().all(|garbage| garbage.item.name != "old.tar.gz"), stays);
    }
}

/// What a package of the generated repositories has.
#[derive(Debug, Clone)]
struct Part {
    manifest: bool,
    archive: bool,
    published: bool,
    snapshots: [bool; 3],
    locked: bool,
    history: bool,
    marked: bool,
    bare: bool,
    old: bool,
}

fn part() -> impl Strategy<Value = Part> {
    any::<([bool; 8], [bool; 3])>().prop_map(|(is, snapshots)| Part {
        manifest: is[0],
        archive: is[1],
        published: is[2],
        snapshots,
        locked: is[3],
        history: is[4],
        marked: is[5],
        bare: is[6],
        old: is[7],
    })
}

fn assemble(parts: &[Part], times: [bool; 3]) -> (Repository, BTreeSet<String>) {
    let mut one = Repository::default();
    let mut locked = BTreeSet::new();
    let archive = |number: usize| format!("p{number}-1.tar.gz");
    let write = |one: &mut Repository, which: &dyn Fn(&Part) -> bool| {
        for (number, part) in parts.iter().enumerate() {
            let name = format!("p{number}-1");
            if which(part) {
                one.package(&name, 0);
            } else {
                one.files.remove(&format!("{name}.composer.json"));
            }
        }
    };
    for (snapshot, old) in times.iter().enumerate() {
        write(&mut one, &|part| part.snapshots[snapshot]);
        one.publish(&format!("packages-{snapshot}.json"), if *old { 0 } else { NOW });
    }
    write(&mut one, &|part| part.published);
    one.publish("packages.json", 0);
    write(&mut one, &|part| part.manifest);
    for (number, part) in parts.iter().enumerate() {
        let name = archive(number);
        one.files.remove(&name);
        if part.archive {
            one.put(&name, "x", if part.old { 0 } else { NOW });
        }
        if part.marked {
            one.note(&name, SHA256, "x");
        }
        if !part.bare {
            one.note(&name, MANIFEST, "x");
        }
        if part.locked {
            locked.insert(name.clone());
        }
        if part.history {
            one.history.archives.insert(name);
        }
    }
    (one, locked)
}

proptest! {
    /// Nothing goes that anything which stays refers to; a removal makes no error that was not
    /// there; and after it there is nothing left to remove.
    #[test]
    fn nothing_goes_that_is_needed(
        parts in prop::collection::vec(part(), 0..8),
        times in any::<[bool; 3]>(),
        keep in prop::option::of(0usize..4),
        bare in any::<bool>(),
    ) {
        let (before, locked) = assemble(&parts, times);
        let rules = Rules { keep_snapshots: keep, bare, locked, ..rules() };
        let found = garbage(&before, &rules);
        let mut after = before.clone();
        for garbage in &found {
            prop_assert!(garbage.item.modified < rules.before);
            prop_assert!(!rules.locked.contains(&garbage.item.name));
            prop_assert!(!before.history.archives.contains(&garbage.item.name));
            prop_assert!(!garbage.item.name.ends_with(".composer.json"));
            prop_assert!(garbage.item.name != "packages.json");
            after.files.remove(&garbage.item.name);
        }
        let names: BTreeSet<&str> = found.iter().map(|one| one.item.name.as_str()).collect();
        after.state().each_entry(&mut |source, entry| {
            if let Archive::Here(name) = &entry.archive {
                assert!(!names.contains(name.as_str()), "{name} went, though {source} names it");
            }
        });
        // The same for every prefix of the removal: a reader is never sent to what is gone.
        let mut partly = before.clone();
        for garbage in &found {
            partly.files.remove(&garbage.item.name);
            partly.state().each_entry(&mut |source, entry| {
                if let Archive::Here(name) = &entry.archive {
                    let gone = !partly.files.contains_key(name) && before.files.contains_key(name);
                    assert!(!gone, "{name} went before {source}");
                }
            });
        }
        let errors = |repository: &Repository| -> BTreeSet<(Kind, String)> {
            // A check without lock files takes for orphans what they keep.
            let keep = rules.locked.iter().cloned().collect();
            let evidence = Evidence { heads: repository.heads(), keep, ..Evidence::default() };
            check(&repository.state(), &evidence)
                .into_iter()
                .filter(|finding| finding.kind.severity() == Severity::Error)
                .map(|finding| (finding.kind, finding.name))
                .collect()
        };
        // But for archives of removed snapshots that are too young to go with them.
        let old = |name: &str| after.files.get(name).is_none_or(|(_, time)| *time < NOW);
        let before = errors(&before);
        let new = errors(&after).into_iter().find(|error| !before.contains(error) && old(&error.1));
        prop_assert_eq!(new, None);
        prop_assert_eq!(garbage(&after, &rules), []);
    }
}
