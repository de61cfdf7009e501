//! What the tools leave behind is right, as `repo-check` sees it; what is not, it finds and removes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use end_to_end::{DEVELOP, Place, STABLE};
use record::{Record, Stream};
use test_kit::Output;

fn places() -> [Place; 3] {
    [Place::folder(), Place::in_process(), Place::seaweed()]
}

fn succeed(place: &Place, script: &str) -> Output {
    place.shell(script).run().success()
}

/// The findings of a check: the kind, and the key without the prefix.
fn findings(place: &Place, arguments: &str, status: i32) -> Vec<(String, String)> {
    let output = place.shell(&format!("repo-check --json {arguments}")).run().expect(status);
    let stream = Stream::read(output.stdout.as_bytes()).unwrap();
    let finding = |record| match record {
        Record::Check(check) => {
            Some((check.finding, check.key.strip_prefix(DEVELOP).unwrap().to_owned()))
        }
        _ => None,
    };
    stream.records.into_iter().filter_map(finding).collect()
}

fn expect(place: &Place, arguments: &str, status: i32, expected: &[(&str, &str)]) {
    let found = findings(place, arguments, status);
    let found: Vec<(&str, &str)> =
        found.iter().map(|(kind, name)| (kind.as_str(), name.as_str())).collect();
    assert_eq!(found, expected, "{}", place.kind);
}

#[test]
fn what_the_tools_leave_is_right() {
    for place in places() {
        succeed(
            &place,
            "printf '%s\\n' libraries/libtally-2.0.1 php-8.3.9 php-8.3.10 | xargs -n1 bob-build |
                pkg-deploy | repo-mkrepo --upload",
        );
        let bare = ("bare-archive", "libraries/libtally-2.0.1.tar.gz");
        // All of it does as well with a compressed index, which a folder cannot have.
        let gzip = place.kind != "folder";
        if gzip {
            succeed(&place, "repo-mkrepo --upload --gzip < /dev/null");
        }
        expect(&place, "--deep --strict", 0, &[bare]);
        succeed(&place, &format!("repo-sync --yes {} {STABLE}", place.bucket));
        let stable = format!("--deep --strict {} {STABLE}", place.bucket);
        place.shell(&format!("repo-check {stable}")).run().success();

        // A snapshot keeps what it lists.
        succeed(&place, "repo-mkrepo --upload -c one < /dev/null; pkg-remove --yes php-8.3.9");
        let head = place.store().head(&format!("{DEVELOP}packages.json")).unwrap().unwrap();
        assert_eq!(head.is_gzip(), gzip, "{}", place.kind);
        let snapshot = ("snapshot-only", "packages-one.json");
        // PHP and two extensions that it comes with.
        let seen = [snapshot, snapshot, snapshot, bare];
        expect(&place, "--deep", 0, &seen);
        let gc = "repo-check --gc --yes --older-than 0 --keep-generations 1";
        succeed(&place, &format!("{gc} --keep-snapshots 1"));
        expect(&place, "--deep", 0, &seen);
        let log = succeed(&place, "repo-mkrepo log --json").stdout;
        assert_eq!(log.matches("generation.v1").count(), 1, "{log}");

        succeed(&place, &format!("{gc} --keep-snapshots 0"));
        expect(&place, "--deep", 0, &[bare]);
        let keys: Vec<String> = place.contents().into_iter().map(|(key, _)| key).collect();
        assert!(!keys.contains(&format!("{DEVELOP}php-8.3.9.tar.gz")), "{keys:?}");
        assert!(keys.contains(&format!("{STABLE}php-8.3.9.tar.gz")), "{keys:?}");
        assert_eq!(place.workspace.litter(), [""; 0], "{}", place.kind);
    }
}

#[test]
fn what_is_wrong_is_found() {
    for place in places() {
        succeed(
            &place,
            "printf '%s\\n' php-8.3.9 php-8.3.10 | xargs -n1 bob-build | pkg-deploy |
                repo-mkrepo --upload",
        );
        let store = place.store();
        let key = |name: &str| format!("{DEVELOP}{name}");
        let upload = store::Upload::new("application/octet-stream");
        store.put(&key("php-8.3.9.tar.gz"), b"not an archive", &upload).unwrap();
        store.put(&key("orphan.tar.gz"), b"x", &upload).unwrap();
        store.put(&key("broken-1.composer.json"), b"{", &upload).unwrap();
        store.delete_many(&[key("php-8.3.10.tar.gz")]).unwrap();
        expect(
            &place,
            "--deep",
            1,
            &[
                ("broken-manifest", "broken-1.composer.json"),
                ("missing-archive", "php-8.3.10.tar.gz"),
                ("orphaned-manifest", "php-8.3.10.composer.json"),
                ("damaged-archive", "orphan.tar.gz"),
                ("damaged-archive", "php-8.3.9.tar.gz"),
                ("orphaned-archive", "orphan.tar.gz"),
            ],
        );
        place.shell("repo-check --gc --yes --older-than 0").run().expect(6);

        // As it advises.
        store.delete_many(&[key("broken-1.composer.json")]).unwrap();
        succeed(
            &place,
            "printf '%s\\n' php-8.3.9 php-8.3.10 | xargs -n1 bob-build |
                pkg-deploy --overwrite --publish",
        );
        expect(&place, "", 1, &[("orphaned-archive", "orphan.tar.gz")]);
        succeed(&place, "repo-check --gc --yes --older-than 0");
        expect(&place, "--deep --strict", 0, &[]);

        // A generation without its manifests is none that one could go back to.
        let files = store.list(&key(".slipway/generations/")).unwrap();
        let mut bundles = files.iter().map(|object| &object.key);
        let bundle = bundles.rfind(|key| key.ends_with(".manifests.gz")).unwrap();
        store.delete_many(std::slice::from_ref(bundle)).unwrap();
        let generation = bundle.strip_prefix(DEVELOP).unwrap().strip_suffix(".manifests.gz");
        expect(&place, "", 1, &[("broken-generation", generation.unwrap())]);
    }
}

#[test]
fn a_removal_and_deploys_at_once() {
    const DEPLOYS: usize = 6;
    let mut place = Place::folder();
    for number in 0..DEPLOYS {
        let script = format!(
            "echo {number} > $1/x
             source '{}/bin-wrappers/include/manifest.sh'
             '{}/bin-wrappers/include/manifest.py' heroku-sys-library heroku-sys/p{number} 1 \
                p{number}-1.tar.gz > p{number}-1.composer.json
             print_or_export_manifest_cmd \"$(generate_manifest_cmd p{number}-1.composer.json)\"",
            end_to_end::root().display(),
            end_to_end::root().display(),
        );
        place.workspace.formula(&format!("p{number}-1"), &script);
    }
    let formulae = place.workspace.path("formulae").display().to_string();
    place.workspace.set("WORKSPACE_DIR", &formulae);
    succeed(&place, "bob-build p0-1 | pkg-deploy --publish");

    // Orphans of long ago, one after the other, while packages come.
    let deploys = format!(
        "seq 1 {} | sed 's/$/-1/; s/^/p/' | xargs -P3 -I@ sh -ec \
            'DEFAULT_BUILD_PATH=$PWD/build-@/ bob-build @ | pkg-deploy --publish'",
        DEPLOYS - 1
    );
    let running = place.shell(&deploys).spawn();
    let folder = place.workspace.path("stores").join(&place.bucket).join(DEVELOP);
    for round in 0..8 {
        let orphan = folder.join(format!("orphan-{round}.tar.gz"));
        std::fs::write(&orphan, "x").unwrap();
        succeed(&place, &format!("touch -d '3 hours ago' '{}'", orphan.display()));
        let output = place.shell("repo-check --gc --yes --older-than 2h --keep 'none'").run();
        // A repository that does not hold still for five looks is left for the next time.
        assert!([0, 12].contains(&output.status), "{}", output.stderr);
    }
    running.wait().success();
    succeed(&place, "repo-check --gc --yes --older-than 2h");
    expect(&place, "--deep --strict", 0, &[]);
    let keys: Vec<String> = place.contents().into_iter().map(|(key, _)| key).collect();
    for number in 0..DEPLOYS {
        assert!(keys.contains(&format!("{DEVELOP}p{number}-1.tar.gz")), "{keys:?}");
    }
    assert!(!keys.iter().any(|key| key.contains("orphan")), "{keys:?}");
}
